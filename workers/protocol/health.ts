/**
 * What the pool knows about its workers, for views of any front end: health, exits, quarantine and errors. Types and method
 * names only; all data is plain JSON.
 */
import type { TaskFigures } from '../ipc/index.ts';
import type { Range, Unit } from './detector-protocol.ts';

/** Why a worker ended, or its task. */
export type ExitKind =
  | 'oom-heap'
  | 'oom-kernel'
  | 'rss-limit'
  | 'signal'
  | 'exit'
  | 'protocol'
  | 'hang'
  | 'start-timeout'
  | 'cancelled'
  /** It was not started, because the sandbox that is required cannot be made. */
  | 'refused';

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

/** How a process of a worker ended. */
export interface WorkerExit extends Omit<ExitReason, 'stderr'> {
  /** Milliseconds since the epoch. */
  readonly at: number;
}

export interface CurrentWork {
  /** Of the detector, for a person. */
  readonly title: string;
  /** Relative to the root; absent: the detector looks at everything at once. */
  readonly input?: string;
  /** Milliseconds since the last sign of progress. */
  readonly elapsedMs: number;
}

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
  /** 100 is one core. */
  readonly cpuPercent: number;
  readonly tasksDone: number;
  readonly tasksFailed: number;
  readonly queued: number;
  readonly restarts: number;
  readonly consecutiveCrashes: number;
  readonly lastExit?: ExitReason;
  /** Its last ends, the newest first; also those that were wanted, such as after idleness. At most 20. */
  readonly exits: readonly WorkerExit[];
  /** What it is doing now. */
  readonly current?: CurrentWork;
  readonly uptimeMs: number;
  readonly heartbeatAgeMs: number;
  /** Of the working thread while it works: bytes of V8's heap in use, and event-loop utilization, 0 to 1. */
  readonly heapUsedBytes?: number;
  readonly eventLoopUtilization?: number;
  /** Milliseconds from launch to ready, of the last start. */
  readonly startedInMs?: number;
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

/** One failure, with the number of times it happened. */
export interface AggregatedError {
  readonly detector: string;
  readonly severity: ErrorSeverity;
  readonly code: ErrorCode;
  /** One sentence for a person. */
  readonly message: string;
  /** Details: lines of stderr, a stack. */
  readonly cause?: string;
  /** Of the folder, absolute; absent: it concerns no folder. */
  readonly root?: string;
  /** File it happened on, relative to the root. */
  readonly input?: string;
  /** In the file. */
  readonly range?: Range;
  /** Milliseconds since the epoch. */
  readonly first: number;
  readonly last: number;
  readonly count: number;
}

/** The machine, or the container that this process runs in. */
export interface MachineHealth {
  readonly totalBytes: number;
  /** Available without swapping; page cache counts as free. */
  readonly freeBytes: number;
  /** What sets the total. */
  readonly source: 'machine' | 'cgroup';
  /** Memory of all workers. */
  readonly workerBytes: number;
  /** Processes of all workers, including those that they started. */
  readonly processes: number;
  /** Free space on the disk that holds the results, bytes. */
  readonly diskFreeBytes?: number;
  readonly sandbox?: SandboxHealth;
}

/** How the workers are kept from what they do not need, as measured on this machine. */
export interface SandboxHealth {
  readonly mode: 'auto' | 'require' | 'off';
  /** `unknown`: no worker has started yet. */
  readonly state: 'full' | 'partial' | 'none' | 'unknown';
  /** Why it is not full, and the way out. */
  readonly reason?: string;
  /** Detectors that run code of an untrusted workspace may do so inside. */
  readonly untrusted?: boolean;
  /** Absent: no worker wished to reach a host that way. */
  readonly network?: NetworkHealth;
}

/** The hosts that workers reached or wished to reach, where a sandbox allows only some. */
export interface NetworkHealth {
  /** At most 50 that were refused, and as many of the others. */
  readonly hosts: readonly NetworkAccess[];
  /** How many more wishes there were, for other hosts. */
  readonly unlisted: number;
}

export interface NetworkAccess {
  readonly worker: string;
  readonly host: string;
  readonly port: number;
  /** `failed`: allowed, but the host could not be reached. */
  readonly outcome: 'allowed' | 'refused' | 'failed';
  readonly reason?: string;
  readonly count: number;
  /** Milliseconds since the epoch. */
  readonly last: number;
}

export interface HealthParams {
  readonly workers: readonly WorkerHealth[];
  readonly machine: MachineHealth;
  readonly quarantined: readonly QuarantinedInput[];
  /** What the workers did, and how long it waited and took. */
  readonly tasks: TaskFigures;
  readonly server: ServerHealth;
}

/** The process that runs the pool. */
export interface ServerHealth {
  readonly pid: number;
  /** Resident memory. */
  readonly memoryBytes: number;
  /** Since the last answer, of one core. */
  readonly cpuPercent: number;
  readonly uptimeMs: number;
  /** Version of Node.js. */
  readonly node: string;
}

/** The language server's methods about workers. docs/protocol.md describes parameters and results. */
export const healthMethods = {
  /** A request, and a notification to the editor. */
  health: 'bulkhead/health',
  watchHealth: 'bulkhead/watchHealth',
  restartWorker: 'bulkhead/restartWorker',
  releaseQuarantine: 'bulkhead/releaseQuarantine',
  errors: 'bulkhead/errors',
  captureHeapSnapshot: 'bulkhead/captureHeapSnapshot',
  captureCpuProfile: 'bulkhead/captureCpuProfile',
} as const;
