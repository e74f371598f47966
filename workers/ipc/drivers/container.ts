/**
 * The driver for containers: a Node worker in a container that docker or podman makes, talked to over the stdin and
 * stdout of the engine's command. A small program of ours inside (the relay) starts the worker and ends with the host.
 */
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { checkEngine } from '../container/engine.ts';
import { checkImage } from '../container/image.ts';
import { measureContainer } from '../container/measure.ts';
import { bindsOf, limitsOf } from '../container/policy.ts';
import type { ContainerPolicy } from '../container/policy.ts';
import { Preflight } from '../container/preflight.ts';
import { machineRoom } from '../container/room.ts';
import type { MachineRoom } from '../container/room.ts';
import { startOfWorker } from '../container/start.ts';
import { ContainerRun } from '../container/run.ts';
import { TEMPORARY } from '../container/arguments.ts';
import type { ContainerPlan } from '../container/arguments.ts';
import type { Channel } from '../channel.ts';
import type { BuiltInDriver, LaunchContext, LaunchOptions, ServerDriver, WorkerHandle } from '../driver.ts';
import { DriverError, SpawnError } from '../errors.ts';
import type { DriverExit } from '../exit.ts';
import { toError } from '../realm.ts';
import type { SandboxReport } from '../sandbox/canary.ts';
import { isWithin } from '../sandbox/policy.ts';
import { StreamChannel } from '../stream-channel.ts';
import { handshakeProblem } from '../wire.ts';
import { leftOut } from './child.ts';
import { serveLine } from './container-worker.ts';
import { IDLE, takeReport, WATCH } from './guard.ts';
import { IGNORED_FLOOD, onLines } from './lines.ts';
import { pipeCapabilities } from './pipe-capabilities.ts';
import { scriptPath } from './script-path.ts';
import { refuseOptions } from './unsupported.ts';

export { ContainerError } from '../container/failures.ts';
export type { ContainerFailureCause } from '../container/failure-cause.ts';
export type { ContainerPolicy } from '../container/policy.ts';
export type { MachineRoom } from '../container/room.ts';

/** Which containers. */
export interface ContainerSettings {
  /**
   * With its digest (`name@sha256:…`), or the id of an image of this machine (`sha256:…`). It needs Node 22.13 or later,
   * and where the worker loads native packages of this machine, the same C library.
   */
  readonly image: string;
  /** A command or its absolute path. Default: docker, and podman if that does not answer. */
  readonly engine?: string | undefined;
  /** Node inside. Default `node`. */
  readonly nodePath?: string | undefined;
  /** `missing`: an image that is not on this machine may be fetched. Default `never`. */
  readonly pull?: 'never' | 'missing' | undefined;
  /** The image may be named by a tag, which may mean another image tomorrow. Default `false`. */
  readonly allowTag?: boolean | undefined;
  /** For people who look at their containers: what they work on. Becomes the label `bulkhead.workspace`. */
  readonly workspace?: string | undefined;
}

/** What the driver knows of the machine; for tests. */
export interface ContainerMachine {
  readonly platform?: NodeJS.Platform | undefined;
  readonly room?: (() => Promise<MachineRoom>) | undefined;
}

/** The driver for containers, for `createWorker`. One serves any number of workers. */
export class ContainerDriver implements BuiltInDriver<'container', typeof pipeCapabilities> {
  readonly name = 'container';
  readonly builtIn = 'container';
  readonly capabilities = pipeCapabilities;
  readonly serve = serveLine;
  readonly #settings: ContainerSettings;
  readonly #preflight: Preflight;
  readonly #platform: NodeJS.Platform;

  /** @throws DriverError for settings that mean nothing */
  constructor(settings: ContainerSettings, machine: ContainerMachine = {}) {
    const { engine, pull = 'never', allowTag = false, nodePath = 'node' } = settings;
    const image = checkImage(settings.image, allowTag);
    checkEngine(engine);
    if (nodePath === '' || nodePath.startsWith('-')) throw new DriverError(`'${nodePath}' is no path of Node.`);
    if (pull !== 'never' && pull !== 'missing')
      throw new DriverError(`The option 'pull' is '${String(pull)}'; it is 'never' or 'missing'.`);
    this.#settings = settings;
    this.#platform = machine.platform ?? process.platform;
    this.#preflight = new Preflight({ image, engine, pull, room: machine.room ?? (() => machineRoom()) });
  }

  readonly launch = (options: LaunchOptions, context: LaunchContext): WorkerHandle => {
    this.#refuseWindows();
    refuseOptions('container', options, NOT_HERE);
    const script = scriptPath(options.script);
    const policy = policyOf(options);
    const plan = this.#plan({ ...policy, read: [...policy.read, path.dirname(script)] }, options.cwd);
    return new ContainerWorker({ plan, policy, script, preflight: this.#preflight }, options, context);
  };

  /**
   * Tries in a container what must not work there.
   * @throws DriverError for a policy that means nothing
   */
  async measure(policy: ContainerPolicy = NOTHING): Promise<SandboxReport> {
    this.#refuseWindows();
    return measureContainer(
      this.#preflight,
      (read) => this.#plan({ ...policy, read: [...policy.read, ...read] }),
      policy,
    );
  }

  #plan(policy: ContainerPolicy, cwd?: string): ContainerPlan {
    const { image, nodePath = 'node', workspace } = this.#settings;
    const network: unknown = policy.network;
    if (network !== 'none' && network !== 'host')
      throw new DriverError("The network of a container is 'none' or 'host': single hosts cannot be allowed in it.");
    const binds = bindsOf(policy);
    const isThere = (folder: string): boolean => binds.some(({ target }) => isWithin(folder, target));
    if (cwd !== undefined && !isThere(cwd) && !isWithin(cwd, TEMPORARY))
      throw new DriverError(`The working directory '${cwd}' is not in the container. Name it in 'sandbox.read'.`);
    const own = workingDirectory();
    const usual = own !== undefined && isThere(own) ? own : '/';
    return { image, nodePath, network, binds, limits: limitsOf(policy), cwd: cwd ?? usual, workspace };
  }

  #refuseWindows(): void {
    if (this.#platform !== 'win32') return;
    throw new DriverError(
      'A worker in a container needs the paths of this machine, and a container has no drives of Windows. Run the program in WSL.',
    );
  }
}

/** A driver for containers of an image. @throws DriverError for settings that mean nothing */
export function containerDriver(settings: ContainerSettings): ContainerDriver {
  return new ContainerDriver(settings);
}

/** The worker's side of it, for `startWorkerServer`; a worker finds it by itself. */
export class ContainerServer implements ServerDriver {
  readonly name = 'container';
  readonly serve = serveLine;
}

const NOTHING: ContainerPolicy = { network: 'none', read: [], write: [], env: [] };

const NOT_HERE: readonly (keyof LaunchOptions)[] = [
  'execPath',
  'detached',
  'endStrays',
  'stdio',
  'socketPath',
  'reconnect',
  'spawnOptions',
  'eval',
  'resourceLimits',
  'transferList',
  'command',
  'args',
  'handshake',
];

function policyOf({ sandbox = NOTHING }: LaunchOptions): ContainerPolicy {
  if (sandbox.launcher === undefined) return sandbox;
  throw new DriverError("A container has no use for 'sandbox.launcher': it belongs to child-process.");
}

/** Undefined when it does not exist any more. */
function workingDirectory(): string | undefined {
  try {
    return process.cwd();
  } catch {
    return undefined;
  }
}

interface Launch {
  readonly plan: ContainerPlan;
  readonly policy: ContainerPolicy;
  readonly script: string;
  readonly preflight: Preflight;
}

class ContainerWorker implements WorkerHandle {
  readonly ready: Promise<Channel>;
  readonly exited: Promise<DriverExit>;
  readonly #ready = Promise.withResolvers<Channel>();
  readonly #context: LaunchContext;
  #run: ContainerRun | undefined;
  /** Asked for before there was a container: nothing waits for what an engine takes its time for. */
  readonly #killed = Promise.withResolvers<undefined>();
  #keepsAlive = true;
  /** Bytes that the container uses, where it tells. */
  #memory = 0;

  constructor(launch: Launch, options: LaunchOptions, context: LaunchContext) {
    this.#context = context;
    // What cannot be cloned is told at once.
    const start = startOfWorker(launch.script, launch.policy, launch.plan.limits, options, context);
    this.ready = this.#ready.promise;
    this.ready.catch(() => undefined);
    this.exited = this.#live(launch, start);
  }

  /** That of the engine's command: the worker's own is the engine's. */
  get pid(): number | undefined {
    return this.#run?.pid;
  }

  terminate(): void {
    if (this.#run === undefined) this.#killed.resolve(undefined);
    else this.#run.terminate();
  }

  kill(): void {
    this.#killed.resolve(undefined);
    this.#run?.kill();
  }

  watch(on: boolean): void {
    this.#run?.line?.lifeline(on ? WATCH : IDLE);
  }

  keepAlive(on: boolean): void {
    this.#keepsAlive = on;
    this.#run?.keepAlive(on);
  }

  async #live({ plan, policy, preflight }: Launch, start: ReturnType<typeof startOfWorker>): Promise<DriverExit> {
    let run: ContainerRun;
    const reports = new PassThrough();
    const printed = new PassThrough();
    try {
      // First, so that it wins if both are there.
      const engine = await Promise.race([this.#killed.promise, preflight.check(plan.limits, policy)]);
      if (engine === undefined) return { outOfMemory: false, stderrTail: [] };
      const missing = (['memory', 'pids'] as const).filter((limit) => !engine.limits.has(limit));
      if (missing.length > 0)
        this.#context.logger.warn(`The engine cannot limit ${missing.join(' and ')} here: the container runs without.`);
      run = new ContainerRun(engine, plan, start, this.#context, {
        printed: (bytes) => void printed.write(bytes),
        report: (bytes) => void reports.write(bytes),
        memory: (bytes) => (this.#memory = bytes),
        failed: (reason) => this.#ready.reject(new SpawnError(reason)),
      });
    } catch (error) {
      if (error instanceof DriverError) this.#ready.reject(error);
      return { outOfMemory: false, stderrTail: [], error: toError(error), errorKind: 'spawn-failed' };
    }
    this.#run = run;
    if (!this.#keepsAlive) run.keepAlive(false);
    onLines(reports, (line) => this.#report(line, run), IGNORED_FLOOD);
    const context = this.#context;
    onLines(printed, (message) => context.onLog({ source: 'stdout', level: 'info', message }), {
      leftOut: leftOut('stdout', context),
    });
    if (run.line !== undefined) this.#listen(run.line);
    const exit = await run.exited;
    if (exit.errorKind === 'spawn-failed') preflight.forget();
    for (const stream of [reports, printed]) stream.end();
    // What it still printed is delivered before its end.
    if (!printed.readableEnded) await new Promise((resolve) => void printed.once('end', resolve));
    return exit;
  }

  #listen(line: NonNullable<ContainerRun['line']>): void {
    const { serializer, maxFrameBytes } = this.#context;
    const channel: StreamChannel = new StreamChannel(line.fromWorker, line.toWorker, {
      serializer,
      maxFrameBytes,
      onHandshake: (handshake) => {
        const problem = handshakeProblem(handshake, serializer.name);
        if (problem === undefined) this.#ready.resolve(channel);
        else this.#ready.reject(new SpawnError(problem));
      },
    });
  }

  #report(line: string, run: ContainerRun): void {
    takeReport(line, {
      vitals: (vitals) => this.#context.onVitals({ ...vitals, rssBytes: Math.max(vitals.rssBytes, this.#memory) }),
      uncaught: (error) => run.uncaught(error),
      refused: (error) => this.#ready.reject(error),
    });
  }
}
