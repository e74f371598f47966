/** The pool's interface for the engine. The engine knows units and revisions; the pool knows workers and faults. */
import type {
  CheckEvent,
  CheckRequest,
  CheckResult,
  PlanRequest,
  PlanResult,
  Unit,
} from '../../workers/protocol/detector-protocol.ts';
import type {
  AggregatedError,
  ExitReason,
  MachineHealth,
  QuarantinedInput,
  WorkerHealth,
} from '../../workers/protocol/health.ts';
import type { TaskFigures } from '../../workers/ipc/index.ts';
import type { Revision } from '../journal.ts';
import type { SandboxSettings } from './sandbox-settings.ts';

/** The part that views show. */
export type * from '../../workers/protocol/health.ts';

/** Lower runs first. */
export type Priority = 'open' | 'recent' | 'background';

export interface CheckTask {
  /** The pool adds `changed`: the changes that a worker does not know yet. */
  readonly request: Omit<CheckRequest, 'changed'>;
  /** What the plan named as configuration: when one of these files changes, inputs in quarantine get another try. */
  readonly configFiles?: readonly string[];
  /**
   * What changed after a revision, as far as it concerns the detector; undefined if anything may have changed. Absent:
   * anything may have changed after any revision. The pool keeps the newest revision that each worker knows.
   */
  readonly changedSince?: (revision: Revision) => readonly string[] | undefined;
  readonly priority: Priority;
  readonly signal: AbortSignal;
  /**
   * Called for every event of the task in order, and never after the task settled. A returned promise slows the worker down.
   * After a fault the pool repeats what was not `done`: a unit may begin again, and its earlier issues do not count.
   */
  readonly onEvent: (event: CheckEvent) => void | Promise<void>;
}

/**
 * Where the quarantine of a root is stored between sessions: one record per input, so that processes that write at the same
 * time do not overwrite each other's inputs. The pool does not know the store: whoever opens a folder hands in a storage.
 */
export interface QuarantineStorage {
  /** The stored records by key, of all processes, without those that cannot be read. */
  list(): Promise<ReadonlyMap<string, unknown>>;
  /** @param value plain data */
  put(key: string, value: unknown): void;
  remove(key: string): void;
}

/** How a check settled, with every unit that was not analysed. */
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

/** Something to tell the user once. */
export interface PoolNotice {
  /**
   * `degraded`: its workers crash too often; its work is refused, and offered again later. `disabled`: its workers never
   * became ready; it is off until the user restarts it. `stopped`: several detectors crash; all are off until a restart.
   */
  readonly kind: 'degraded' | 'disabled' | 'stopped';
  /** Name of the worker group, for instance `eslint`. */
  readonly group: string;
  /** The same for a person. */
  readonly title: string;
  readonly reason: ExitReason;
}

/** A worker uses more than 85 % of its memory limit. The next alert comes only after it was below 80 %. */
export interface MemoryAlert {
  readonly worker: string;
  readonly memoryBytes: number;
  readonly limitBytes: number;
}

/** How many workers there may be at a time. */
export interface WorkerNumbers {
  /** Those that start, have a job, or are ending. */
  readonly working: number;
  /** All, those included that wait for their next job. */
  readonly processes: number;
}

/** What a user may change while the pool runs. `configure` leaves an absent setting as it is. */
export interface PoolSettings {
  /** Workers at the same time, those included that wait for a job. 0, the default: chosen for the machine. */
  readonly maxWorkers?: number;
  /** Memory limit of an ordinary worker, megabytes; some groups get a multiple of it. 0, the default: 1,024. */
  readonly memoryMb?: number;
  /** Milliseconds between health samples while a worker is busy. Default: 5,000. */
  readonly healthIntervalMs?: number;
  /** Path of the Node.js that runs workers; empty: the one that runs the pool. Applies to workers when they start. */
  readonly node?: string;
  /** Whether workers run in a sandbox. Default: off. Applies to workers when they start. */
  readonly sandbox?: SandboxSettings;
}

export interface Pool {
  /**
   * @param isDoubted the last plan lacked files that are there: no plan counts that was made before
   * @throws PlanFailure when the detector's worker cannot answer; its `reason` says why.
   */
  plan(request: PlanRequest, signal: AbortSignal, isDoubted?: boolean): Promise<PlanResult>;
  /** Settles exactly once, never rejects. */
  check(task: CheckTask): Promise<CheckOutcome>;
  health(): readonly WorkerHealth[];
  /** Called after a worker changed its state or a health sample was taken. @returns stops listening */
  onHealth(listener: () => void): () => void;
  /**
   * Called with a detector's name when its work that was refused or postponed may be asked for again.
   * @returns stops listening
   */
  onAvailable(listener: (detector: string) => void): () => void;
  /** Ends the workers of a detector (absent: of all) and closes its circuit breakers. Work in flight is repeated. */
  restart(detector?: string): Promise<void>;
  /** Cancels everything, ends every process, resolves when none is left. */
  dispose(): Promise<void>;
}

/** What front ends need beyond the engine: health, errors, quarantine and settings. */
export interface SupervisedPool extends Pool {
  /** Measures anew, without blocking. */
  machine(): Promise<MachineHealth>;
  /** Recent times from the loss of a process until another was ready for its work, milliseconds, oldest first. */
  restartTimes(): readonly number[];
  /** How many tasks workers did, and how long these waited and ran, since the start. */
  tasks(): TaskFigures;
  /**
   * Ends one worker, and its work is repeated. One without a process gets its circuit breaker closed.
   * @throws Error when there is no worker of that name
   */
  restartWorker(name: string): Promise<void>;
  /** Failures since the start or the last reset, most severe first. */
  errors(detector?: string): readonly AggregatedError[];
  clearErrors(detector?: string): void;
  /** What is known so far: a root's storage is read when the first of its units is checked. */
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
   * Applies settings at once. If there are too many workers, free ones end now and busy ones after their job. Warm workers
   * stay unless they use more memory than the new limit. A running process keeps its heap limit.
   */
  configure(settings: PoolSettings): void;
}
