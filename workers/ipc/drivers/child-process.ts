/**
 * The driver for child processes: a Node process in a group of its own, reached over a Unix domain socket in a private
 * directory (a named pipe on Windows), with a guard thread that ends it when the host dies.
 */
import { realpathSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { Readable, Writable } from 'node:stream';
import type { Channel } from '../channel.ts';
import type {
  BuiltInDriver,
  LaunchContext,
  LaunchOptions,
  ServerDriver,
  WorkerAddress,
  WorkerHandle,
} from '../driver.ts';
import { DriverError, SpawnError } from '../errors.ts';
import type { DriverExit } from '../exit.ts';
import { installationOf, sandboxed } from '../sandbox/launcher.ts';
import type { SandboxedProgram } from '../sandbox/launcher.ts';
import { keptEnvironment } from '../sandbox/policy.ts';
import type { SandboxPolicy } from '../sandbox/policy.ts';
import { AllowProxy, type ProxyOptions } from '../sandbox/proxy.ts';
import { newRelayPlace, relayEnvironment, type RelayPlace } from '../sandbox/relay.ts';
import { within } from '../timers.ts';
import { Child } from './child.ts';
import { serveSocket } from './child-process-worker.ts';
import { dial } from './dial.ts';
import { DATA_FD } from './file-descriptors.ts';
import { IDLE, LISTENING, LISTENS, RELEASE, takeReport, WATCH } from './guard.ts';
import { IGNORED_FLOOD, onLines } from './lines.ts';
import { nodeEnvironment, nodeProgram } from './node-process.ts';
import type { Program } from './node-process.ts';
import { scriptPath } from './script-path.ts';
import { claimSocketPath } from './socket-path.ts';
import type { SocketPlace } from './socket-path.ts';
import { spawnOptionsOf } from './spawn-options.ts';
import { removeStaleSockets } from './stale-sockets.ts';
import { refuseOptions } from './unsupported.ts';
import { newMark } from './strays.ts';
import { packWorkerData, sendWorkerData } from './worker-data.ts';

const capabilities = {
  reconnect: true,
  detach: true,
  transfer: false,
  sharedMemory: false,
  isolation: 'process',
} as const;

/** The driver for child processes, as an object for `createWorker`. One serves any number of workers. */
export class ChildProcessDriver implements BuiltInDriver<'child-process', typeof capabilities> {
  readonly name = 'child-process';
  readonly builtIn = 'child-process';
  readonly capabilities = capabilities;
  readonly launch: (options: LaunchOptions, context: LaunchContext) => WorkerHandle;
  readonly serve = serveSocket;

  /** @param proxy how the hosts that a sandbox allows are found; for tests */
  constructor(proxy: ProxyOptions = {}) {
    this.launch = (options, context) => new SocketWorker(options, context, proxy);
  }
}

/** A driver for child processes: what `createWorker` takes by default. */
export const childProcessDriver: ChildProcessDriver = new ChildProcessDriver();

/** The worker's side of it, for `startWorkerServer`; a worker finds it by itself. */
export class ChildProcessServer implements ServerDriver {
  readonly name = 'child-process';
  readonly serve = serveSocket;
}

let tidied = false;

/** Once per process: what hosts before us had no time to remove. */
function tidyUp(socketPath: string, ownsDirectory: boolean): void {
  if (tidied || !ownsDirectory) return;
  tidied = true;
  void removeStaleSockets(path.dirname(path.dirname(socketPath)));
}

class SocketWorker implements WorkerHandle {
  readonly ready: Promise<Channel>;
  readonly exited: Promise<DriverExit>;
  readonly #child: Child;
  readonly #context: LaunchContext;
  readonly #place: SocketPlace;
  readonly #sandboxed: boolean;
  readonly #proxy: AllowProxy | undefined;
  readonly #listening = Promise.withResolvers<void>();
  readonly #end = new AbortController();
  /** Aborted once the worker has ended. */
  readonly #gone = this.#end.signal;
  /** Settles with the last channel's end: what a dying worker still sent is delivered before its exit. */
  #channelEnded: Promise<void> = Promise.resolve();

  constructor(options: LaunchOptions, context: LaunchContext, proxyOptions: ProxyOptions) {
    refuseOptions('child-process', options, ['resourceLimits', 'transferList', 'command', 'args', 'handshake', 'eval']);
    this.#context = context;
    this.#sandboxed = options.sandbox !== undefined;
    const script = scriptPath(options.script);
    const node = nodeProgram(script, options);
    refuseInSandbox(options);
    const data = packWorkerData(options.workerData);
    const spawnOptions = spawnOptionsOf(options);
    const mark = options.endStrays === true ? newMark() : undefined;
    this.#place = claimSocketPath(options.socketPath, spawnOptions);
    const { path: socketPath, ownsDirectory } = this.#place;
    const relay = allowsHosts(options.sandbox) ? newRelayPlace(path.dirname(socketPath)) : undefined;
    const box = options.sandbox === undefined ? undefined : sandboxOf(options, node, script, this.#place, relay);
    this.#proxy = proxyOf(options, context, proxyOptions, this.#place, relay);
    const program: Program = box ?? node;
    const isInside = box?.insidePid !== undefined;
    const output = options.stdio ?? 'pipe';
    const startup = {
      driver: 'child-process',
      serializer: context.serializer.name,
      maxFrameBytes: context.maxFrameBytes,
      script,
      socketPath,
      ownsDirectory,
      ...(relay === undefined ? {} : { relay }),
    };
    this.#child = new Child(
      {
        command: program.command,
        args: program.args,
        insidePid: box?.insidePid,
        env: nodeEnvironment(sandboxEnvironment(options, box, relay), startup, data.packed, {
          ...(ownsDirectory ? { socketPath, ownsDirectory } : { givenSocketPath: socketPath }),
          // In a namespace of its own, everything ends with the worker's process.
          leadsGroup: process.platform !== 'win32' && !isInside,
          tellsExitCode: isInside,
          released: options.detached ?? false,
          pipedOutput: output === 'pipe',
          mark,
        }),
        cwd: options.cwd,
        spawnOptions,
        stdio: ['ignore', output, output, 'pipe', 'pipe', ...(data.bytes === undefined ? [] : ['pipe' as const])],
        stdoutIsLine: false,
        mark,
      },
      context,
    );
    sendWorkerData(this.#stream(DATA_FD) as Writable | undefined, data.bytes);
    tidyUp(socketPath, ownsDirectory);
    const lifeline = this.#stream(3) as Writable | undefined;
    // The worker may be gone before it reads.
    lifeline?.on('error', () => undefined);
    const reports = this.#stream(4) as Readable | undefined;
    if (reports !== undefined) onLines(reports, (line) => this.#report(line), IGNORED_FLOOD);
    if (options.detached === true) this.#place.leave();
    this.exited = this.#watchEnd();
    this.ready = this.#connectFirst();
    this.ready.catch(() => undefined);
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get socketPath(): string {
    return this.#place.path;
  }

  terminate(): void {
    this.#child.terminate();
  }

  kill(): void {
    this.#child.kill();
  }

  watch(on: boolean): void {
    this.#command(on ? WATCH : IDLE);
  }

  keepAlive(on: boolean): void {
    this.#child.keepAlive(on);
  }

  reconnect(): Promise<Channel> {
    return this.#connect();
  }

  detach(): WorkerAddress {
    this.#place.leave();
    this.#command(RELEASE);
    this.#child.keepAlive(false);
    return { socketPath: this.#place.path, pid: this.pid };
  }

  #stream(fd: number): unknown {
    return (this.#child.process?.stdio as readonly unknown[] | undefined)?.[fd] ?? undefined;
  }

  #command(command: string): void {
    const lifeline = this.#stream(3) as Writable | undefined;
    if (lifeline?.writable === true) lifeline.write(command);
  }

  #report(line: string): void {
    if (line === LISTENING) {
      this.#place.taken();
      this.#command(LISTENS);
      this.#listening.resolve();
    } else
      takeReport(line, {
        vitals: (vitals) => this.#context.onVitals(vitals),
        uncaught: (error) => this.#child.uncaught(error),
        exits: (code) => this.#child.exits(code),
        refused: (error) => this.#listening.reject(error),
      });
  }

  async #watchEnd(): Promise<DriverExit> {
    const exit = await this.#child.exited;
    this.#end.abort();
    this.#proxy?.close();
    await within(this.#channelEnded, 500);
    this.#place.release();
    if (this.#sandboxed) await removeScratch(path.dirname(this.#place.path));
    this.#listening.reject(new SpawnError('The worker ended before it was ready.'));
    return exit;
  }

  async #connectFirst(): Promise<Channel> {
    await this.#listening.promise;
    return this.#connect();
  }

  async #connect(): Promise<Channel> {
    const { channel, socket, closed } = await dial(this.#place.path, this.#context, this.#gone);
    // The process itself holds the host, where anything does.
    socket.unref();
    this.#channelEnded = closed;
    return channel;
  }
}

/**
 * A sandboxed worker could write there, whatever and how much it wanted. So removing it blocks nothing, is not waited for
 * any longer, and may fail.
 */
async function removeScratch(directory: string): Promise<void> {
  await within(
    rm(directory, { recursive: true, force: true }).catch(() => undefined),
    500,
  );
}

/** @throws DriverError for what does not go together with a sandbox */
function refuseInSandbox({ sandbox, detached, socketPath }: LaunchOptions): void {
  if (sandbox === undefined) return;
  const other = detached === true ? 'detached' : socketPath === undefined ? undefined : 'socketPath';
  if (other !== undefined) throw new DriverError(`The options 'sandbox' and '${other}' exclude each other.`);
  const limit = (['memory', 'pids', 'cpu', 'tmp'] as const).find((name) => name in sandbox && sandbox[name as never] !== undefined); // prettier-ignore
  if (limit !== undefined)
    throw new DriverError(`The driver 'child-process' has no use for 'sandbox.${limit}': it belongs to container.`);
}

function allowsHosts(policy: SandboxPolicy | undefined): boolean {
  return typeof policy?.network === 'object';
}

/** Listens where the relay of the worker leads. */
function proxyOf(
  { sandbox }: LaunchOptions,
  { onNetwork, onLog }: LaunchContext,
  options: ProxyOptions,
  place: SocketPlace,
  relay: RelayPlace | undefined,
): AllowProxy | undefined {
  if (relay === undefined || typeof sandbox?.network !== 'object') return undefined;
  try {
    const proxy = new AllowProxy(sandbox.network.allow, onNetwork, options);
    proxy.listen(relay.socketPath, (error) =>
      onLog({ source: 'worker', level: 'error', message: `The proxy of allowed hosts failed: ${error.message}` }),
    );
    return proxy;
  } catch (error) {
    place.release();
    throw error;
  }
}

function sandboxOf(
  options: LaunchOptions,
  node: Program,
  script: string,
  place: SocketPlace,
  relay: RelayPlace | undefined,
): SandboxedProgram {
  const policy = options.sandbox as SandboxPolicy;
  const own = path.dirname(place.path);
  try {
    const read = [...policy.read, installationOf(realpathSync(node.command)), node.command, path.dirname(script)];
    const write = [...policy.write, own];
    return sandboxed(node.command, node.args, { ...policy, read, write }, () => own, relay);
  } catch (error) {
    place.release();
    throw error;
  }
}

/** What stays of the host's environment, with what the caller adds. */
function sandboxEnvironment(
  options: LaunchOptions,
  box: SandboxedProgram | undefined,
  relay: RelayPlace | undefined,
): LaunchOptions {
  const { sandbox, env } = options;
  if (sandbox === undefined || box === undefined) return options;
  const kept = keptEnvironment(sandbox.env);
  const removed = Object.fromEntries(
    Object.keys(process.env)
      .filter((name) => !Object.hasOwn(kept, name))
      .map((name) => [name, undefined]),
  );
  return { ...options, env: { ...removed, TMPDIR: box.temporary, ...(relay && relayEnvironment(relay)), ...env } };
}
