/** What a driver is: how a worker is made, talked to and ended. The client and the server know nothing else of it. */
import type { SpawnOptions } from 'node:child_process';
import type { ResourceLimits, Transferable } from 'node:worker_threads';
import type { Channel } from './channel.ts';
import type { DriverExit } from './exit.ts';
import type { KeepAliveMode } from './keep-alive.ts';
import type { Logger } from './logger.ts';
import type { LogLevel, TransactionId } from './messages.ts';
import type { Retry } from './backoff.ts';
import type { ContainerPolicy } from './container/policy.ts';
import type { SandboxPolicy } from './sandbox/policy.ts';
import type { NetworkAttempt } from './sandbox/proxy.ts';
import type { Serializer } from './serializer.ts';
import type { StartupData } from './startup.ts';

/** What a driver can do. Its client has the methods for it, and no others. */
export interface DriverCapabilities {
  /** The line can be dropped and taken up again while the worker lives. */
  readonly reconnect: boolean;
  /** The worker can outlive the host. */
  readonly detach: boolean;
  /** Objects can be moved instead of copied. */
  readonly transfer: boolean;
  /** A SharedArrayBuffer in a message is the same memory on both sides. */
  readonly sharedMemory: boolean;
  /** What protects the host from the worker. */
  readonly isolation: 'process' | 'thread' | 'none';
}

/** Signs of life, from something that is not the working thread. Only while a request is in work. */
export interface Vitals {
  /** When it came, in milliseconds of `performance.now()`. */
  readonly heartbeatAt: number;
  /** Resident memory of the worker's process; of a thread, what V8 has taken for its heap. */
  readonly rssBytes: number;
  readonly heapUsedBytes: number | undefined;
  /** Event-loop utilization of the working thread over the last beat, 0 to 1. */
  readonly utilization: number | undefined;
  /** CPU time of the worker since it started; not known for a thread. */
  readonly cpuMs: number | undefined;
  /** For so long the working thread has not turned its event loop. */
  readonly blockedMs: number;
  /** Its inspector is open: it may stand at a breakpoint. Such a worker is never killed as unresponsive. */
  readonly inspected?: boolean | undefined;
}

/** One line of a worker's. */
export interface LogEntry {
  /** `worker`: its `context.log`; the others are lines it wrote. */
  readonly source: 'worker' | 'stdout' | 'stderr';
  readonly level: LogLevel;
  readonly message: string;
  readonly tx?: TransactionId | undefined;
}

/** What Node's `spawn` takes beside what the library sets itself (`cwd`, `env`, `stdio`, a process group of its own). */
export type ProcessSpawnOptions = Readonly<
  Pick<SpawnOptions, 'uid' | 'gid' | 'argv0' | 'windowsHide' | 'windowsVerbatimArguments'>
>;

/** How to make a worker. Every driver refuses what it cannot do with a DriverError; none ignores it. */
export interface LaunchOptions {
  /** Script of the worker: an absolute path, or a `file:` URL. With `eval`, the code itself. */
  readonly script?: string | URL | undefined;
  /** For logs; default: the script's name. */
  readonly name?: string | undefined;
  /** Added to the host's environment; `undefined` removes a variable. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  readonly argv?: readonly string[] | undefined;
  /**
   * Options for Node itself, for instance `--max-old-space-size=512`. Default: for a process, those of the host that
   * decide how modules are loaded (`--import`, `--require`, `--conditions`, …), unless `execPath` is another Node; for
   * a thread, all of the host's.
   */
  readonly execArgv?: readonly string[] | undefined;
  /** child-process, stdio: working directory. */
  readonly cwd?: string | undefined;
  /** child-process: the Node to run; default: the host's own. */
  readonly execPath?: string | undefined;
  /** child-process: the worker may outlive the host. */
  readonly detached?: boolean | undefined;
  /**
   * child-process: processes that the worker started and that left its process group end with it too. Default `false`.
   * Found on Linux only, by a variable of the environment that they inherit.
   */
  readonly endStrays?: boolean | undefined;
  /**
   * child-process: what the worker and all that it starts may reach; nothing else. Linux (with bubblewrap) and macOS.
   * Such a worker cannot be detached, and has no socket path of the caller's. container: the same, with how much it may use.
   */
  readonly sandbox?: SandboxPolicy | ContainerPolicy | undefined;
  /** child-process: what becomes of stdout and stderr; default `pipe`: lines for `onLog`. */
  readonly stdio?: 'pipe' | 'inherit' | 'ignore' | undefined;
  /** child-process: a socket (or named pipe) of your own; default: one in a private directory. */
  readonly socketPath?: string | undefined;
  /** child-process, stdio: more about the process, for Node's `spawn`. */
  readonly spawnOptions?: ProcessSpawnOptions | undefined;
  /**
   * child-process: take the line up again when it breaks although the worker lives; tries as `connectRetry` says.
   * Default `false`: such a worker is ended.
   */
  readonly reconnect?: boolean | undefined;
  /** worker-threads: `script` is code (CommonJS) instead of a file. Its `require` starts at the working directory. */
  readonly eval?: boolean | undefined;
  /** worker-threads. Does not count Buffers. */
  readonly resourceLimits?: ResourceLimits | undefined;
  /**
   * When the worker keeps the host's process alive. `in-work`, the default: while it starts, while requests are in work,
   * and while it is being closed. `always`: until it ends. `never`: only while it starts.
   */
  readonly keepAlive?: KeepAliveMode | undefined;
  /** Any clonable value, of any size, for `getStartupData().workerData`. */
  readonly workerData?: unknown;
  /** worker-threads, inline: what to move with `workerData`. */
  readonly transferList?: readonly Transferable[] | undefined;
  /** stdio: the program to run. */
  readonly command?: string | undefined;
  readonly args?: readonly string[] | undefined;
  /** stdio: `false` for a program that never says it is ready. */
  readonly handshake?: boolean | undefined;
}

/** What a driver is given by the client that starts a worker. */
export interface LaunchContext {
  readonly serializer: Serializer;
  readonly serializerGiven: boolean;
  readonly maxFrameBytes: number;
  /** Milliseconds; `Infinity` is no limit. */
  readonly connectTimeoutMs: number;
  readonly connectRetry: Retry;
  readonly logger: Logger;
  /** To be called with each line of output. */
  onLog(entry: LogEntry): void;
  /** To be called about once a second while {@link WorkerHandle.watch} is on. */
  onVitals(vitals: Vitals): void;
  /** To be called for each host that a sandboxed worker wishes to reach, where only some are allowed. */
  onNetwork(attempt: NetworkAttempt): void;
}

/** One worker, from the moment it is being started. */
export interface WorkerHandle {
  readonly pid: number | undefined;
  /** Where it listens, if it does. */
  readonly socketPath?: string | undefined;
  /** The worker is somebody else's: a line that ends is no reason to end the worker. */
  readonly isAttached?: boolean | undefined;
  /**
   * The line, once the worker has said it is ready.
   * Rejects with a SpawnError, ConnectTimeoutError or ProtocolError; {@link exited} tells if the worker ended meanwhile.
   */
  readonly ready: Promise<Channel>;
  /** Settles once the worker is gone and all it said has been delivered. Never rejects. */
  readonly exited: Promise<DriverExit>;
  /** Asks the operating system to end it (SIGTERM); does nothing where that cannot be asked. */
  terminate(): void;
  /** Ends it and all it started, at once. May be called any number of times. */
  kill(): void;
  /** Starts and stops the heartbeat. */
  watch(on: boolean): void;
  /** Whether the worker keeps the host's process alive; it does until this is called. */
  keepAlive?(on: boolean): void;
  /** With the capability `reconnect`: the next connection to the same worker. */
  reconnect?(): Promise<Channel>;
  /** With the capability `detach`: lets go of it; it lives on when the host ends. Returns what is needed to attach. */
  detach?(): WorkerAddress;
}

/** Where a detached worker can be reached: plain data. */
export interface WorkerAddress {
  readonly socketPath: string;
  /** When it was detached. For people: a worker says itself which process it is. */
  readonly pid: number | undefined;
}

/** The worker's side of the line. */
export interface WorkerEnd {
  /** Called for each connection; a new one replaces the one before. */
  accept(listener: (channel: Channel) => void): Promise<void>;
  /** Tells the host why this worker will not work, and ends. */
  refuse(reason: string): Promise<void>;
  /** Stops listening; open channels are ended by the server. */
  stop(): void;
  /** Ends the worker. */
  exit(code: number): void;
}

/** What the worker's side of a driver is given. */
export interface ServeContext {
  readonly serializer: Serializer;
  readonly maxFrameBytes: number;
  readonly logger: Logger;
}

/** A way to make workers and to talk to them; one for any number of workers. */
export interface WorkerDriver<C extends DriverCapabilities = DriverCapabilities> {
  readonly name: string;
  readonly capabilities: C;
  /** Begins to start a worker. @throws DriverError when the options ask for what it cannot do */
  launch(options: LaunchOptions, context: LaunchContext): WorkerHandle;
  /** Runs in the worker. */
  serve(startup: StartupData, context: ServeContext): WorkerEnd;
}

/** The worker's side of a driver; the driver itself is one too. */
export type ServerDriver = Pick<WorkerDriver, 'name' | 'serve'>;

/** One of the library's own drivers: its type tells the compiler which options belong to it. */
export interface BuiltInDriver<N extends string, C extends DriverCapabilities> extends WorkerDriver<C> {
  readonly name: N;
  readonly builtIn: N;
}

/**
 * Declares a driver of your own. Capabilities are taken literally, so that `createWorker` gives its client
 * `disconnect`, `reconnect` and `detach` only if the driver has them. The worker passes it to `startWorkerServer`.
 */
export function defineWorkerDriver<const C extends DriverCapabilities>(driver: WorkerDriver<C>): WorkerDriver<C> {
  return driver;
}
