/** What the pool promises the engine. The engine knows units and revisions; the pool knows workers and faults. */
import type {
  CheckEvent,
  CheckRequest,
  CheckResult,
  PlanRequest,
  PlanResult,
  Unit,
} from '../../workers/protocol/detector-protocol.ts';
import type { Revision } from '../journal.ts';

/** Why a worker ended, or a task with it. */
export type ExitKind =
  'oom-heap' | 'oom-kernel' | 'rss-limit' | 'signal' | 'exit' | 'protocol' | 'hang' | 'start-timeout' | 'cancelled';

export interface ExitReason {
  readonly kind: ExitKind;
  /** One sentence for a person: what happened, with the limit or signal that applies. */
  readonly message: string;
  readonly exitCode?: number;
  readonly signal?: string;
  /** The last 20 lines of stderr. */
  readonly stderr: readonly string[];
  /** The input in work when it happened, relative to the root. */
  readonly input?: string;
}

/** Lower runs first. */
export type Priority = 'open' | 'recent' | 'background';

export interface CheckTask {
  /** The pool adds `changed`: what a worker has not heard of yet. */
  readonly request: Omit<CheckRequest, 'changed'>;
  /**
   * What changed after a revision, as far as it concerns the detector: undefined if anything may have. Absent: anything
   * may have changed after any revision. Each worker keeps the newest revision that it was asked about.
   */
  readonly changedSince?: (revision: Revision) => readonly string[] | undefined;
  readonly priority: Priority;
  readonly signal: AbortSignal;
  /**
   * Called in order for every event of the task; never after it settled. A returned promise slows the worker down.
   * After a fault the pool repeats what was not `done`: a unit may begin again, and its issues then start afresh.
   */
  readonly onEvent: (event: CheckEvent) => void | Promise<void>;
}

/** An input that killed a worker twice: skipped and reported until it, the detector or the configuration changes. */
export interface QuarantinedInput {
  readonly detector: string;
  readonly root: string;
  readonly unit: Unit;
  readonly file: string;
  readonly reason: ExitReason;
  /** The memory limit that applied, in megabytes. */
  readonly limitMb?: number;
  /** Milliseconds since the epoch. */
  readonly since: number;
}

/**
 * Where the quarantine of a root is stored between sessions. One record for each input, so that processes that add at the
 * same time do not lose each other's.
 */
export interface QuarantineStorage {
  /** What is there now, whoever put it there. What cannot be read is not there. */
  list(): Promise<ReadonlyMap<string, unknown>>;
  /** @param value plain data */
  put(key: string, value: unknown): void;
  remove(key: string): void;
}

/** How a check settled: exactly once, with everything that was not analysed named. */
export type CheckOutcome =
  | {
      readonly kind: 'done';
      readonly result: CheckResult;
      readonly quarantined: readonly QuarantinedInput[];
      /** Units that another process answered for. */
      readonly borrowed?: ReadonlySet<string>;
    }
  | { readonly kind: 'cancelled' }
  | {
      readonly kind: 'failed';
      readonly message: string;
      readonly reason?: ExitReason;
      /** Units without an answer. */
      readonly unfinished: readonly Unit[];
      readonly quarantined: readonly QuarantinedInput[];
      readonly borrowed?: ReadonlySet<string>;
    };

export type SupervisedWorkerState = 'starting' | 'ready' | 'busy' | 'backing-off' | 'degraded' | 'disabled' | 'stopped';

export interface WorkerHealth {
  /** Stable over restarts, for instance `eslint#2`. */
  readonly name: string;
  readonly detector: string;
  readonly root: string;
  /** Name of the driver, for instance `child-process`. */
  readonly driver: string;
  readonly state: SupervisedWorkerState;
  readonly pid?: number;
  /** Resident memory of the process tree (heap for threads), bytes; and its peak since the pool started. */
  readonly memoryBytes: number;
  readonly peakMemoryBytes: number;
  readonly limitBytes: number;
  /** Of one core. */
  readonly cpuPercent: number;
  readonly tasksDone: number;
  readonly tasksFailed: number;
  readonly queued: number;
  readonly restarts: number;
  readonly consecutiveCrashes: number;
  readonly lastExit?: ExitReason;
  readonly uptimeMs: number;
  readonly heartbeatAgeMs: number;
  /** Of the working thread, while it works: what V8 uses of its heap, bytes; and event-loop utilization, 0 to 1. */
  readonly heapUsedBytes?: number;
  readonly eventLoopUtilization?: number;
  /** From launch to ready, of the last start. */
  readonly startedInMs?: number;
}

/** Something the user should hear once. */
export interface PoolNotice {
  /**
   * `degraded`: it crashes too often, its work is refused and asked for again when it may be tried. `disabled`: it never
   * became ready and is off until a restart is asked for. `stopped`: several detectors crash, everything is off until then.
   */
  readonly kind: 'degraded' | 'disabled' | 'stopped';
  /** Name of the worker group, for instance `eslint`. */
  readonly group: string;
  /** The same for a person. */
  readonly title: string;
  readonly reason: ExitReason;
}

/** A worker is over 85 % of its memory limit; told again only after it was under 80 %. */
export interface MemoryAlert {
  readonly worker: string;
  readonly memoryBytes: number;
  readonly limitBytes: number;
}

export type ErrorSeverity = 'critical' | 'high' | 'medium' | 'low';

export type ErrorCode =
  | 'TIMEOUT'
  | 'WORKER_CRASH'
  | 'OOM'
  | 'HANG'
  | 'TOOL_ERROR'
  | 'DETECTOR_NOT_FOUND'
  | 'INVALID_RESULT'
  | 'PROTOCOL'
  | 'CONFIG_ERROR';

/** One failure, however often it happened. */
export interface AggregatedError {
  readonly detector: string;
  readonly severity: ErrorSeverity;
  readonly code: ErrorCode;
  readonly message: string;
  readonly cause?: string;
  /** File it happened on, relative to the root. */
  readonly input?: string;
  /** Milliseconds since the epoch. */
  readonly first: number;
  readonly last: number;
  readonly count: number;
}

/** The machine, or the container we may use of it. */
export interface MachineHealth {
  readonly totalBytes: number;
  /** Without starting to swap; page cache counts as free. */
  readonly freeBytes: number;
  /** Where the total comes from. */
  readonly source: 'machine' | 'cgroup';
  /** Memory of all workers. */
  readonly workerBytes: number;
  /** Processes of all workers, what they started included. */
  readonly processes: number;
  /** Free space where results are kept. */
  readonly diskFreeBytes?: number;
}

/** What a user may change while the pool runs. In `configure` an absent setting stays as it is. */
export interface PoolSettings {
  /** Workers at the same time. 0, the default: as many as the machine can carry. */
  readonly maxWorkers?: number;
  /** Megabytes of an ordinary worker; some groups have a multiple of it. 0, the default: 1,024. */
  readonly memoryMb?: number;
  /** Between health samples while something is in work, milliseconds. Default: 5,000. */
  readonly healthIntervalMs?: number;
  /** Path of the Node.js that runs workers; empty: the one that runs the pool. Applies to workers when they start. */
  readonly node?: string;
}

export interface Pool {
  /** @throws PlanFailure when the detector's worker cannot answer; its `reason` says why. */
  plan(request: PlanRequest, signal: AbortSignal): Promise<PlanResult>;
  /** Settles exactly once, never rejects. */
  check(task: CheckTask): Promise<CheckOutcome>;
  health(): readonly WorkerHealth[];
  /** Called after a worker changed state or a health sample was taken; returns the way to stop listening. */
  onHealth(listener: () => void): () => void;
  /**
   * Called with a detector's name when work that was refused or given up for a while may be asked for again; returns
   * the way to stop listening.
   */
  onAvailable(listener: (detector: string) => void): () => void;
  /** Ends the workers of a detector (all when absent) and lifts its circuit; work in flight is repeated. */
  restart(detector?: string): Promise<void>;
  /** Cancels everything, ends every process, resolves when none is left. */
  dispose(): Promise<void>;
}

/** What operating a pool needs beyond using it: the server's and the terminal's views. */
export interface SupervisedPool extends Pool {
  /** Measures anew, without blocking. */
  machine(): Promise<MachineHealth>;
  /** Recent waits from the loss of a process to the next that is ready for its work, milliseconds, oldest first. */
  restartTimes(): readonly number[];
  /** Failures since the start or the last reset, most severe first. */
  errors(detector?: string): readonly AggregatedError[];
  clearErrors(detector?: string): void;
  /** As far as it is known: a root's storage is read when the first of its units is checked. */
  quarantined(): readonly QuarantinedInput[];
  /**
   * Keeps the quarantine of a root in a storage, where it outlives this pool and is shared with all who use the same storage.
   * Call it before the first check of the root.
   * @returns a function that closes it: resolves when everything is stored; the pool then no longer lists what is there
   */
  openQuarantine(root: string, storage: QuarantineStorage): () => Promise<void>;
  /** Frees inputs, and offers their detectors again. @returns how many */
  releaseQuarantine(matches?: (input: QuarantinedInput) => boolean): number;
  /**
   * Writes a heap snapshot, or a CPU profile of `durationMs`, of a worker to an absolute path.
   * @throws Error when no worker of that name runs, or it ends meanwhile
   */
  capture(worker: string, kind: 'heap-snapshot' | 'cpu-profile', file: string, durationMs?: number): Promise<void>;
  /**
   * Applies settings at once. Of too many workers the free ones end, the busy ones after their job. Warm workers stay
   * unless they hold more memory than the new limit; the heap limit of a process that runs stays until its next start.
   */
  configure(settings: PoolSettings): void;
}
