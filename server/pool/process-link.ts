/** The link to a worker of the worker library, with any driver. Lives as long as its process. */
import { constants } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import path from 'node:path';
import type { WorkerMessages, PlanEvent } from '../../workers/protocol/worker-messages.ts';
import { CancelledError, createWorker, RemoteError, SpawnError, StartupTimeoutError } from '../../workers/ipc/index.ts';
import type { SandboxPolicy, Vitals as WorkerVitals, WorkerClient, WorkerExit } from '../../workers/ipc/index.ts';
import type { CheckEvent, CheckRequest, PlanRequest } from '../../workers/protocol/detector-protocol.ts';
import { selfSignalMark } from '../../workers/protocol/self-signals.ts';
import { DetectorFailure, LinkLost, RequestCancelled } from './link.ts';
import { nodeProcess } from './runtimes.ts';
import type { Sandbox } from './sandbox.ts';
import { Vetting, vettedPlan } from './vetting.ts';
import type { CheckAnswer, WorkerLink, Launch, LaunchOptions, LinkExit, PlanAnswer, Vitals } from './link.ts';

type Client = WorkerClient<WorkerMessages>;
type StartResult = { readonly client: Client } | { readonly exit: LinkExit };

export const launchProcess: Launch = (options) => new ProcessLink(options);

/** Starts processes in a sandbox, where there is one for them. */
export function launchIn(sandbox: Sandbox): Launch {
  return (options) => new ProcessLink(options, sandbox);
}

class ProcessLink implements WorkerLink {
  readonly ready: Promise<boolean>;
  readonly exited: Promise<LinkExit>;
  vitals: Vitals | undefined;
  sandboxed = false;
  readonly #sandbox: Sandbox | undefined;
  readonly #modules: Readonly<Record<string, string>>;
  readonly #starting = new AbortController();
  #client: Client | undefined;
  #onVitals: (vitals: Vitals) => void = () => {};

  constructor(options: LaunchOptions, sandbox?: Sandbox) {
    this.#sandbox = sandbox;
    this.#modules = options.entry.modules ?? {};
    const started = this.#start(options);
    this.ready = started.then((result) => 'client' in result);
    this.exited = started.then(async (result) =>
      'exit' in result ? result.exit : linkExit(await result.client.exited),
    );
  }

  get pid(): number | undefined {
    return this.#client?.pid;
  }

  onVitals(listener: (vitals: Vitals) => void): void {
    this.#onVitals = listener;
  }

  plan(request: PlanRequest, onLoading: (file: string) => void, signal: AbortSignal): Promise<PlanAnswer> {
    const onEvent = (event: PlanEvent | null): void => {
      if (typeof event?.loading === 'string') onLoading(event.loading);
    };
    return this.#ask(async (client) => {
      const options = { onEvent, signal, cancel: 'acknowledged' } as const;
      const plan = vettedPlan(await client.send('plan', { request, ...this.#moduleOf(request) }, options));
      if (typeof plan === 'string') throw new DetectorFailure(`The worker of ${request.detector} sent no valid plan: ${plan}.`); // prettier-ignore
      return plan;
    });
  }

  check(
    request: CheckRequest,
    onEvent: (event: CheckEvent) => void | Promise<void>,
    signal: AbortSignal,
  ): Promise<CheckAnswer> {
    const vetting = new Vetting(request);
    return this.#ask(async (client) => {
      const options = {
        onEvent: (event: CheckEvent) => each(vetting.events(event), onEvent),
        signal,
        cancel: 'acknowledged',
      } as const;
      const answer = vetting.result(await client.send('check', { request, ...this.#moduleOf(request) }, options));
      if (answer === undefined) throw new DetectorFailure(`The worker of ${request.detector} sent no valid answer.`);
      return answer;
    });
  }

  async capture(kind: 'heap-snapshot' | 'cpu-profile', file: string, durationMs: number): Promise<void> {
    await this.#ask(async (client) => {
      const { socketPath } = client;
      if (!this.sandboxed || socketPath === undefined) return client.send('capture', { kind, file, durationMs });
      // The only folder outside of its sandbox that it may write to.
      const written = path.join(path.dirname(socketPath), path.basename(file));
      try {
        await client.send('capture', { kind, file: written, durationMs });
        await copyRegularFile(written, file);
      } finally {
        await rm(written, { force: true });
      }
      return undefined;
    });
  }

  close(): void {
    if (this.#client === undefined) this.kill();
    else void this.#client.close();
  }

  kill(): void {
    this.#starting.abort();
    void this.#client?.kill();
  }

  async #start(options: LaunchOptions): Promise<StartResult> {
    const sandbox = this.#sandbox;
    let policy: SandboxPolicy | undefined;
    try {
      policy = await sandbox?.policyFor(options);
    } catch (error) {
      const refused = error instanceof Error ? error.message : String(error);
      return { exit: { expected: false, outOfMemory: false, stderr: [], refused } };
    }
    const result = await this.#startOnce(options, policy);
    if (policy === undefined || sandbox === undefined) return result;
    if ('client' in result) sandbox.started(options, policy);
    else if (!this.#starting.signal.aborted && sandbox.failed(options.name, result.exit.stderr))
      return this.#startOnce(options, undefined);
    return result;
  }

  async #startOnce(options: LaunchOptions, policy: SandboxPolicy | undefined): Promise<StartResult> {
    const { entry, startMs, log, name } = options;
    const { driver, options: driverOptions } = entry.runtime ?? nodeProcess;
    this.sandboxed = policy !== undefined;
    try {
      const client = await createWorker<WorkerMessages>({
        ...driverOptions(options),
        ...(policy === undefined ? {} : { sandbox: policy }),
        driver,
        name,
        timeouts: { startup: startMs },
        signal: this.#starting.signal,
        // Stacks of native code and chatter of tools: the reason of an exit quotes what matters.
        onLog: ({ level, message, source }) => log(source === 'worker' ? level : 'debug', message),
        onVitals: (vitals) => this.#reportVitals(vitals),
        onNetwork: (attempt) => this.#sandbox?.reached(name, attempt),
      });
      this.#client = client;
      return { client };
    } catch (error) {
      return { exit: startFailure(error) };
    }
  }

  #reportVitals({ heartbeatAt, rssBytes, heapUsedBytes, utilization }: WorkerVitals): void {
    this.vitals = {
      heartbeatAt,
      rssBytes,
      ...(heapUsedBytes === undefined ? {} : { heapUsedBytes }),
      ...(utilization === undefined ? {} : { utilization }),
    };
    this.#onVitals(this.vitals);
  }

  async #ask<Answer>(send: (client: Client) => Promise<Answer>): Promise<Answer> {
    const client = this.#client;
    if (client === undefined) throw new LinkLost('The worker is not ready.');
    try {
      return await send(client);
    } catch (error) {
      if (error instanceof DetectorFailure) throw error;
      if (error instanceof RemoteError) throw new DetectorFailure(error.message, { cause: error });
      if (error instanceof CancelledError) throw new RequestCancelled(error.message, { cause: error });
      throw new LinkLost(error instanceof Error ? error.message : String(error), { cause: error });
    }
  }

  #moduleOf(request: { readonly detector: string }): { readonly module?: string } {
    const module = this.#modules[request.detector];
    return module === undefined ? {} : { module };
  }
}

/** What the code of a worker has put there may be a link or a pipe. */
async function copyRegularFile(from: string, to: string): Promise<void> {
  await using source = await open(from, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  if (!(await source.stat()).isFile()) throw new DetectorFailure(`The worker wrote no file: ${from}.`);
  await using target = await open(to, 'wx', 0o600);
  const buffer = Buffer.allocUnsafe(1 << 20);
  for (;;) {
    const { bytesRead } = await source.read(buffer);
    if (bytesRead === 0) return;
    await target.writeFile(buffer.subarray(0, bytesRead));
  }
}

/** @returns a promise only if a listener returned one */
function each<Item>(items: readonly Item[], take: (item: Item) => void | Promise<void>): void | Promise<void> {
  const [first] = items;
  if (items.length === 1 && first !== undefined) return take(first);
  const pending = items.map((item) => take(item)).filter((taken) => taken instanceof Promise);
  return pending.length === 0 ? undefined : Promise.all(pending).then(() => undefined);
}

function startFailure(error: unknown): LinkExit {
  const exit = error instanceof SpawnError || error instanceof StartupTimeoutError ? error.exit : undefined;
  const startTimeout = error instanceof StartupTimeoutError;
  if (exit !== undefined) return { ...linkExit(exit), ...(startTimeout ? { startTimeout } : {}) };
  const message = error instanceof Error ? error.message : String(error);
  return { expected: false, outOfMemory: false, stderr: [message], ...(startTimeout ? { startTimeout } : {}) };
}

function linkExit(exit: WorkerExit): LinkExit {
  const said = exit.stderrTail.length > 0 || exit.error === undefined ? exit.stderrTail : [exit.error.message];
  return {
    expected: exit.expected,
    ...(exit.exitCode === undefined ? {} : { exitCode: exit.exitCode }),
    ...(exit.signal === undefined ? {} : { signal: exit.signal }),
    outOfMemory: exit.outOfMemory,
    selfInflicted: exit.stderrTail.some((line) => line.startsWith(selfSignalMark)),
    ...(exit.kind === 'protocol' ? { protocolError: exit.reason } : {}),
    ...(exit.kind === 'startup-timeout' ? { startTimeout: true } : {}),
    stderr: said,
  };
}
