/**
 * What the pool needs of the connection to a worker. process-link.ts implements it with the worker library; the simulation
 * of the tests has its own. A link lives as long as one process (or thread) and is never reused.
 */
import type {
  CheckEvent,
  CheckRequest,
  CheckResult,
  PlanRequest,
  PlanResult,
} from '../../workers/protocol/detector-protocol.ts';
import type { WorkerStart } from './worker-entry.ts';

/** How a process ended. */
export interface LinkExit {
  /** We asked for it. */
  readonly expected: boolean;
  readonly exitCode?: number;
  readonly signal?: string;
  readonly outOfMemory: false | 'heap' | 'kernel';
  /** The process sent the signal to itself. */
  readonly selfInflicted?: boolean;
  /** The connection failed: an invalid frame, a failed handshake. */
  readonly protocolError?: string;
  /** No process was started: why, for a person. */
  readonly refused?: string;
  /** It was ended because it did not become ready in time. */
  readonly startTimeout?: boolean;
  /** At most 20 lines. */
  readonly stderr: readonly string[];
}

/** A heartbeat with measurements, sent by another thread than the working one. */
export interface Vitals {
  /** Monotonic milliseconds of the pool's clock. */
  readonly heartbeatAt: number;
  readonly rssBytes: number;
  readonly heapUsedBytes?: number;
  /** Event-loop utilization of the working thread, 0 to 1. */
  readonly utilization?: number;
}

export interface WorkerLink {
  readonly pid: number | undefined;
  /** The process runs in a sandbox. */
  readonly sandboxed?: boolean;
  /** True: the process is ready for work. False: it ended before; `exited` says how. Never rejects. */
  readonly ready: Promise<boolean>;
  /** Resolves when the process is gone. Never rejects. */
  readonly exited: Promise<LinkExit>;
  /**
   * `onLoading` gets the file whose code runs next.
   * @throws DetectorFailure when the detector threw
   * @throws RequestCancelled after `signal` was aborted, when the worker has stopped: it is free again
   * @throws LinkLost when the worker died or the connection broke
   */
  plan(request: PlanRequest, onLoading: (file: string) => void, signal: AbortSignal): Promise<PlanAnswer>;
  /** A returned promise of `onEvent` slows the worker down. Throws like {@link plan}. */
  check(
    request: CheckRequest,
    onEvent: (event: CheckEvent) => void | Promise<void>,
    signal: AbortSignal,
  ): Promise<CheckAnswer>;
  /** Writes a heap snapshot or a CPU profile of `durationMs` to a path on this machine. Throws like {@link plan}. */
  capture(kind: 'heap-snapshot' | 'cpu-profile', file: string, durationMs: number): Promise<void>;
  readonly vitals: Vitals | undefined;
  /** Called for each heartbeat while a request is in work. One listener. */
  onVitals(listener: (vitals: Vitals) => void): void;
  /** Asks the process to end, and kills it if it does not. `exited` resolves when it is gone. */
  close(): void;
  /** Ends the whole process group at once. */
  kill(): void;
}

export interface PlanAnswer {
  readonly plan: PlanResult;
  /** The detector's own version. */
  readonly version: string;
}

export interface CheckAnswer {
  readonly result: CheckResult;
  readonly version: string;
}

export interface LaunchOptions extends WorkerStart {
  readonly startMs: number;
  readonly log: (level: 'error' | 'warn' | 'info' | 'debug', message: string) => void;
}

/** Starts a process. Never throws: a failed start is an exit before `ready`. */
export type Launch = (options: LaunchOptions) => WorkerLink;

/** The detector threw; its worker is still alive. */
export class DetectorFailure extends Error {
  override readonly name = 'DetectorFailure';
}

/** The request was cancelled, and the worker has stopped working on it. */
export class RequestCancelled extends Error {
  override readonly name = 'RequestCancelled';
}

/** The worker is gone or the connection broke; `exited` says why. */
export class LinkLost extends Error {
  override readonly name = 'LinkLost';
}
