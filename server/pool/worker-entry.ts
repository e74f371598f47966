/**
 * How the workers of one detector are started, shared and limited. Data: the table of detectors is in detectors.ts, what
 * a pool makes of it in partitions.ts.
 */
import type { LaunchOptions, WorkerDriver } from '../../workers/ipc/index.ts';
import type { Lane, Limits } from '../../workers/protocol/manifest.ts';

export type { Lane, Limits } from '../../workers/protocol/manifest.ts';

export const defaultLimits: Limits = {
  memoryMb: 1024,
  softMemoryRatio: 0.75,
  startMs: 60_000,
  planMs: 180_000,
  progressMs: 30_000,
  heartbeatMs: 20_000,
  cancelMs: 5_000,
  idleMs: 300_000,
};

/** One start of a worker. */
export interface WorkerStart {
  /** For logs and process lists, for instance `eslint#2`. */
  readonly name: string;
  /** V8's heap limit in megabytes, below the hard limit, so that V8 fails before the kernel does. */
  readonly heapMb: number;
  readonly entry: WorkerEntry;
}

export interface WorkerRuntime {
  readonly driver: WorkerDriver;
  /** Options of the driver for one start. A driver refuses what it cannot do. */
  options(start: WorkerStart): LaunchOptions;
  /**
   * While a request is in work, something other than the working thread reports vitals. Then a worker without vitals
   * has been stopped or starved from outside. Without heartbeats only the progress limit applies.
   */
  readonly heartbeat: boolean;
}

/** How the workers of one group are started. Detectors with the same `group` share its processes. */
export interface WorkerEntry {
  /** Name of the group, first half of a worker's name: `eslint` in `eslint#2`. */
  readonly group: string;
  /** What runs the workers: a driver with its options. Default: `nodeProcess`. */
  readonly runtime?: WorkerRuntime;
  /** Absolute path of the script to run. Default: Bulkhead's own host. */
  readonly script?: string;
  /** Absolute paths of detector modules that the host loads instead of its own, by detector name. */
  readonly modules?: Readonly<Record<string, string>>;
  /** All work of a root goes to one worker, heavy or not. */
  readonly single?: boolean;
  /** Of the light lane; absent: as many as the pool has. */
  readonly maxWorkers?: number;
  /** Multiplies `memoryMb` of the settings, which is for an ordinary worker. Default: 1. */
  readonly memoryFactor?: number | Readonly<Record<Lane, number>>;
  readonly limits?: Partial<Limits>;
  /** On top of `limits`, for the heavy lane. */
  readonly heavyLimits?: Partial<Limits>;
  /** Options for Node.js itself. */
  readonly execArgv?: readonly string[];
  /** Added to the environment of the pool. */
  readonly env?: Readonly<Record<string, string>>;
  /** The title of a worker that several detectors share. Default: the detector's title. */
  readonly workerTitle?: string;
  /** Path of the Node.js that runs the script, by the settings of the pool. Default: the one that runs the pool. */
  readonly node?: string;
}

export interface DetectorEntry extends WorkerEntry {
  /** The name a person reads. */
  readonly title: string;
}

export type DetectorTable = Readonly<Record<string, DetectorEntry>>;
