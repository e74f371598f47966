/** What a caller may say about a worker, with the defaults. */
import type { ContainerPolicy } from './container/policy.ts';
import type { DriverName } from './driver-names.ts';
import type { BuiltInDriver, DriverCapabilities, LaunchOptions, LogEntry, Vitals, WorkerDriver } from './driver.ts';
import type { LifecycleListeners } from './lifecycle.ts';
import type { Logger } from './logger.ts';
import type { Handlers, MessageDefinitions, TransactionId } from './messages.ts';
import type { Middleware } from './middleware.ts';
import type { Retry } from './backoff.ts';
import type { NetworkAttempt } from './sandbox/proxy.ts';
import type { SandboxPolicy } from './sandbox/policy.ts';
import type { Serializer } from './serializer.ts';
import { duration, numberWithin, timeLimit } from './timers.ts';

/** All in milliseconds; 0 and `Infinity` are none, unless it says otherwise. */
export interface Timeouts {
  /** From the start to ready. Default 60,000. */
  readonly startup?: number | undefined;
  /** For the connection to a worker that listens. Default 10,000. */
  readonly connect?: number | undefined;
  /** For each answer, unless `messages` or the request itself says otherwise. Default 0. */
  readonly message?: number | undefined;
  /** For each answer, by type of message. */
  readonly messages?: Readonly<Record<string, number>> | undefined;
  /**
   * A worker that has not stopped working on a request so long after the request was cancelled or timed out is killed;
   * 0 is at once. Default: never.
   */
  readonly killAfter?: number | undefined;
  /** A worker with a request in work whose event loop has not turned for so long is killed. Default 0. */
  readonly unresponsive?: number | undefined;
}

/** What every driver takes. */
export interface ClientOptions {
  readonly timeouts?: Timeouts | undefined;
  /** For workers that fail to start. Default: no retry; else 250 ms, doubled up to 30 s, half of it random. */
  readonly retry?: Partial<Retry> | undefined;
  /** For connections to a worker that listens. Default: 5 retries, 50 ms, doubled up to 1 s, half of it random. */
  readonly connectRetry?: Partial<Retry> | undefined;
  /** Default JSON. Drivers that clone messages have no use for one. */
  readonly serializer?: Serializer | undefined;
  readonly middleware?: readonly Middleware[] | undefined;
  /** `console` is one. Default: nothing is logged. */
  readonly logger?: Logger | undefined;
  /** Default 64 MB; at most 4 GB, which is what `Infinity` means. */
  readonly maxFrameBytes?: number | undefined;
  /** Unique among the requests in flight. Default: 1, 2, 3 … */
  readonly transactionId?: (() => TransactionId) | undefined;
  /** From the very start, before there is a client to listen on. */
  readonly onLog?: ((entry: LogEntry) => void) | undefined;
  readonly onVitals?: ((vitals: Vitals) => void) | undefined;
  /** With a sandbox that allows some hosts: what became of each wish to reach one. */
  readonly onNetwork?: ((attempt: NetworkAttempt) => void) | undefined;
  /** Listeners to what happens to the worker and its line, from the very start: the first `connect` included. */
  readonly on?: LifecycleListeners | undefined;
  /** Gives up a start that is under way. */
  readonly signal?: AbortSignal | undefined;
}

/** The launch options of one driver; another driver's do not compile. */
type Only<K extends keyof LaunchOptions> = Pick<LaunchOptions, K> & {
  readonly [Other in Exclude<keyof LaunchOptions, K>]?: undefined;
};
interface WithScript {
  readonly script: string | URL;
}
/** Drivers that clone messages have no use for a serializer. */
type WithoutSerializer = Omit<ClientOptions, 'serializer'> & { readonly serializer?: undefined };
/** By name or as an object. */
type Chosen<N extends DriverName> = N | BuiltInDriver<N, DriverCapabilities>;

type ForAll = 'script' | 'name' | 'workerData' | 'keepAlive';
type ForNode = ForAll | 'env' | 'argv' | 'execArgv';
type ForProcesses = ForNode | 'cwd' | 'execPath' | 'spawnOptions';

/** What only containers can keep. */
type WithoutLimits = { readonly [Limit in Exclude<keyof ContainerPolicy, keyof SandboxPolicy>]?: undefined };

/** For a Node process of its own: the default. */
export type ChildProcessOptions = ClientOptions &
  Omit<Only<ForProcesses | 'detached' | 'endStrays' | 'stdio' | 'socketPath' | 'reconnect'>, 'sandbox'> &
  WithScript & {
    readonly sandbox?: (SandboxPolicy & WithoutLimits) | undefined;
    /** By name, or a driver of your own. Default `child-process`. */
    readonly driver?: Chosen<'child-process'> | undefined;
  };
/** For a program in any language, or a Node worker, that speaks on stdin and stdout. */
export type StdioOptions = ClientOptions & { readonly driver: Chosen<'stdio'> } & (
    | (Only<ForProcesses | 'handshake'> & WithScript)
    | (Only<'name' | 'env' | 'cwd' | 'command' | 'args' | 'handshake' | 'spawnOptions' | 'keepAlive'> & {
        readonly command: string;
      })
  );
/** For a Node worker in a container. */
export type ContainerOptions = ClientOptions &
  Only<ForNode | 'cwd' | 'sandbox'> &
  WithScript & { readonly driver: BuiltInDriver<'container', DriverCapabilities> };
/** For a thread of the host's process. */
export type WorkerThreadsOptions = WithoutSerializer &
  Only<ForNode | 'resourceLimits' | 'transferList' | 'eval'> &
  WithScript & { readonly driver: Chosen<'worker-threads'> };
/** For a worker in the host's own thread. */
export type InlineOptions = WithoutSerializer &
  Only<ForAll | 'transferList'> &
  WithScript & { readonly driver: Chosen<'inline'> };
/** For a built-in driver that is chosen when the program runs: what all of them take. */
export type CommonOptions = WithoutSerializer & Only<ForAll> & WithScript & { readonly driver: DriverName };
/** For a driver of your own, or one that is only known when the program runs: it refuses what it cannot do. */
export type OwnDriverOptions<C extends DriverCapabilities = DriverCapabilities> = ClientOptions &
  LaunchOptions & { readonly driver: WorkerDriver<C> & { readonly builtIn?: undefined } };

/** The options of each driver. */
export type WorkerOptions =
  | ChildProcessOptions
  | StdioOptions
  | ContainerOptions
  | WorkerThreadsOptions
  | InlineOptions
  | CommonOptions
  | OwnDriverOptions;

/** The same without regard to the driver, as the library passes them on. */
export type AnyWorkerOptions = ClientOptions &
  LaunchOptions & { readonly driver?: DriverName | WorkerDriver | undefined };

/** The same with what answers the worker's calls, whose types end at the wire. */
export type AnyHostOptions = AnyWorkerOptions & { readonly handlers?: object | undefined };

/** What answers the worker's calls, if it makes any. */
export type HostHandlersOption<H extends MessageDefinitions> = [keyof H] extends [never]
  ? { readonly handlers?: undefined }
  : { readonly handlers: Handlers<H> };

const defaultTimeouts = { startup: 60_000, connect: 10_000, message: 0, unresponsive: 0 };
const defaultRetry: Retry = { maxRetries: 0, delayMs: 250, maxDelayMs: 30_000, jitter: 0.5 };
const defaultConnectRetry: Retry = { maxRetries: 5, delayMs: 50, maxDelayMs: 1_000, jitter: 0.5 };
const DEFAULT_MAX_FRAME_BYTES = 64 * 1024 * 1024;
/** What four bytes of length can say. */
const LARGEST_FRAME_BYTES = 2 ** 32 - 1;

/** The numbers among the options, with the defaults and checked. Times are milliseconds; `Infinity` is no limit. */
export interface Limits {
  readonly startup: number;
  readonly connect: number;
  readonly message: number;
  /** By type of message. */
  readonly messages: ReadonlyMap<string, number>;
  readonly unresponsive: number;
  readonly killAfter: number;
  readonly retry: Retry;
  readonly connectRetry: Retry;
  readonly maxFrameBytes: number;
}

/** @throws DriverError for the first number that means nothing */
export function limitsOf(options: ClientOptions): Limits {
  const { timeouts = {} } = options;
  const limit = (name: keyof typeof defaultTimeouts): number =>
    timeLimit(timeouts[name] ?? defaultTimeouts[name], `timeouts.${name}`);
  const messages = Object.entries(timeouts.messages ?? {}).map(
    ([type, ms]) => [type, timeLimit(ms, `timeouts.messages.${type}`)] as const,
  );
  const maxFrameBytes = numberWithin(options.maxFrameBytes ?? DEFAULT_MAX_FRAME_BYTES, 'maxFrameBytes', 1);
  return {
    startup: limit('startup'),
    connect: limit('connect'),
    message: limit('message'),
    messages: new Map(messages),
    unresponsive: limit('unresponsive'),
    killAfter: duration(timeouts.killAfter ?? Infinity, 'timeouts.killAfter'),
    retry: retryOf(options.retry, defaultRetry, 'retry'),
    connectRetry: retryOf(options.connectRetry, defaultConnectRetry, 'connectRetry'),
    maxFrameBytes: Math.min(maxFrameBytes, LARGEST_FRAME_BYTES),
  };
}

function retryOf(given: Partial<Retry> | undefined, defaults: Retry, name: string): Retry {
  const delayMs = given?.delayMs ?? defaults.delayMs;
  return {
    maxRetries: numberWithin(given?.maxRetries ?? defaults.maxRetries, `${name}.maxRetries`, 0),
    delayMs: typeof delayMs === 'function' ? delayMs : duration(delayMs, `${name}.delayMs`),
    maxDelayMs: duration(given?.maxDelayMs ?? defaults.maxDelayMs, `${name}.maxDelayMs`),
    jitter: numberWithin(given?.jitter ?? defaults.jitter, `${name}.jitter`, 0, 1),
  };
}

/** All in milliseconds; `Infinity` waits as long as it takes. */
export interface CloseOptions {
  /** For requests in flight to settle before they are cancelled. Default 5,000. */
  readonly drainMs?: number | undefined;
  /** For the worker to go by itself before SIGTERM. Default 1,000. */
  readonly graceMs?: number | undefined;
  /** After SIGTERM, before SIGKILL. Default 1,000. */
  readonly terminateMs?: number | undefined;
}

const defaultClose: Required<Record<keyof CloseOptions, number>> = {
  drainMs: 5_000,
  graceMs: 1_000,
  terminateMs: 1_000,
};

/** @throws DriverError */
export function closeLimits(options: CloseOptions): Required<Record<keyof CloseOptions, number>> {
  const limit = (name: keyof CloseOptions): number => duration(options[name] ?? defaultClose[name], name);
  return { drainMs: limit('drainMs'), graceMs: limit('graceMs'), terminateMs: limit('terminateMs') };
}

/** Such a worker may wait for a debugger before it runs. */
export function startsInspected({ execArgv = [], env }: AnyWorkerOptions): boolean {
  const options = env !== undefined && 'NODE_OPTIONS' in env ? env['NODE_OPTIONS'] : process.env['NODE_OPTIONS'];
  return [...execArgv, ...(options ?? '').split(' ')].some((option) => /^--inspect-(brk|wait)\b/.test(option));
}
