/**
 * How the workers of a detector are started, shared and limited. Data only: detectors.ts has the table of detectors,
 * partitions.ts makes partitions of it.
 */
import type { LaunchOptions, WorkerDriver } from '../../workers/ipc/index.ts';
import type { Lane, Limits, SandboxNeeds } from '../../workers/protocol/manifest.ts';

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
  /** The folder that it analyses. */
  readonly root: string;
  readonly entry: WorkerEntry;
}

/**
 * What starts the workers of a group: a driver of the worker library, and a function from a start to the driver's options.
 * The pool only hands both to the library. A runtime for another driver is an object of the same shape.
 */
export interface WorkerRuntime {
  readonly driver: WorkerDriver;
  /** The driver's options for one start. */
  options(start: WorkerStart): LaunchOptions;
  /**
   * While a request is in work, another thread than the working one reports vitals. A worker without vitals is then stopped,
   * or gets no CPU time. Without heartbeats only the progress limit applies.
   */
  readonly heartbeat: boolean;
}

/** How the workers of one group are started. Detectors with the same `group` share its processes. */
export interface WorkerEntry {
  /** Name of the group and first half of a worker's name: `eslint` in `eslint#2`. */
  readonly group: string;
  /** Starts the workers: a driver with its options. Default: `nodeProcess`. */
  readonly runtime?: WorkerRuntime;
  /** Absolute path of the script to run. Default: Bulkhead's own host. */
  readonly script?: string;
  /** By detector: absolute path of a module that the host loads instead of Bulkhead's own. */
  readonly modules?: Readonly<Record<string, string>>;
  /** All work of a root goes to one worker, whatever its lane. */
  readonly single?: boolean;
  /** Most workers of the light lane; absent: as many as the pool allows. */
  readonly maxWorkers?: number;
  /** More than one worker only if the measured pace shows that it pays to load everything once more. Default: false. */
  readonly gradual?: boolean;
  /** Multiplies `memoryMb` of the settings, which is for an ordinary worker. Default: 1. */
  readonly memoryFactor?: number | Readonly<Record<Lane, number>>;
  /** The same while the machine has memory to spare and the user has set no limit. Default: `memoryFactor`. */
  readonly memoryFactorIfFree?: Readonly<Partial<Record<Lane, number>>>;
  readonly limits?: Partial<Limits>;
  /** For the heavy lane; overrides `limits`. */
  readonly heavyLimits?: Partial<Limits>;
  /** Options for Node.js itself. */
  readonly execArgv?: readonly string[];
  /** Added to the environment of the pool. */
  readonly env?: Readonly<Record<string, string>>;
  /** Title of a worker that several detectors share. Default: the detector's title. */
  readonly workerTitle?: string;
  /** What a sandbox must allow. Default: nothing beyond what every worker needs. */
  readonly sandbox?: SandboxNeeds;
  /** Path of the Node.js that runs the script. Default: the one that runs the pool. */
  readonly node?: string;
}

export interface DetectorEntry extends WorkerEntry {
  /** The name a person reads. */
  readonly title: string;
  /** The detector in whose worker it plans. Default: itself. */
  readonly plansWith?: string;
}

export type DetectorTable = Readonly<Record<string, DetectorEntry>>;
