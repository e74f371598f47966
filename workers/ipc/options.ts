/** What a caller may say about a worker, with the defaults. */
import type { DriverName } from './driver-names.ts';
import type { LaunchOptions, LogEntry, Vitals, WorkerDriver } from './driver.ts';
import type { Logger } from './logger.ts';
import type { TransactionId } from './messages.ts';
import type { Middleware } from './middleware.ts';
import type { Retry } from './backoff.ts';
import type { Serializer } from './serializer.ts';

/** All in milliseconds; 0 is none. */
export interface Timeouts {
  /** From the start to ready. Default 60,000. */
  readonly startup?: number | undefined;
  /** For the connection to a worker that listens. Default 10,000. */
  readonly connect?: number | undefined;
  /** For each answer, unless `messages` or the request itself says otherwise. Default 0. */
  readonly message?: number | undefined;
  /** For each answer, by type of message. */
  readonly messages?: Readonly<Record<string, number>> | undefined;
  /** A worker with a request in work whose event loop has not turned for so long is killed. Default 0. */
  readonly unresponsive?: number | undefined;
}

export interface WorkerOptions extends LaunchOptions {
  /** By name, or a driver of your own. Default `child-process`. */
  readonly driver?: DriverName | WorkerDriver | undefined;
  readonly timeouts?: Timeouts | undefined;
  /** For workers that fail to start. Default: no retry; else 250 ms, doubled up to 30 s, half of it random. */
  readonly retry?: Partial<Retry> | undefined;
  /** For connections to a worker that listens. Default: 5 retries, 50 ms, doubled up to 1 s, half of it random. */
  readonly connectRetry?: Partial<Retry> | undefined;
  /** Default JSON. Drivers that clone messages have no use for one. */
  readonly serializer?: Serializer | undefined;
  readonly middleware?: readonly Middleware[] | undefined;
  /** Default: nothing is logged. */
  readonly logger?: Logger | undefined;
  /** Default 64 MB. */
  readonly maxFrameBytes?: number | undefined;
  /** Unique among the requests in flight. Default: 1, 2, 3 … */
  readonly transactionId?: (() => TransactionId) | undefined;
  /** From the very start, before there is a client to listen on. */
  readonly onLog?: ((entry: LogEntry) => void) | undefined;
  readonly onVitals?: ((vitals: Vitals) => void) | undefined;
  /** Gives up a start that is under way. */
  readonly signal?: AbortSignal | undefined;
}

export const defaultTimeouts = { startup: 60_000, connect: 10_000, message: 0, unresponsive: 0 };
export const defaultRetry: Retry = { maxRetries: 0, delayMs: 250, maxDelayMs: 30_000, jitter: 0.5 };
export const defaultConnectRetry: Retry = { maxRetries: 5, delayMs: 50, maxDelayMs: 1_000, jitter: 0.5 };

export interface CloseOptions {
  /** For requests in flight to settle before they are cancelled. Default 5,000. */
  readonly drainMs?: number | undefined;
  /** For the worker to go by itself before SIGTERM. Default 1,000. */
  readonly graceMs?: number | undefined;
  /** After SIGTERM, before SIGKILL. Default 1,000. */
  readonly terminateMs?: number | undefined;
}

export const defaultClose = { drainMs: 5_000, graceMs: 1_000, terminateMs: 1_000 };
