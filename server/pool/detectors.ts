/** Which detector runs where, and within which limits. Data; read once when a pool is made. */
import os from 'node:os';
import path from 'node:path';

export interface Limits {
  /** Hard limit of the resident memory of a worker's process tree, megabytes. */
  readonly memoryMb: number;
  /** Share of `memoryMb` over which an idle worker is replaced. */
  readonly softMemoryRatio: number;
  /** From launch to ready. */
  readonly startMs: number;
  /** For a plan. */
  readonly planMs: number;
  /** Without any event while a check runs. */
  readonly progressMs: number;
  /** Without a heartbeat while work is in hand: the process is stopped or starved. */
  readonly heartbeatMs: number;
  /** From a cancel until the worker is ended by force. */
  readonly cancelMs: number;
  /** An unused worker is ended after this time. */
  readonly idleMs: number;
}

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

export type Lane = 'light' | 'heavy';

/** How the workers of one group are started. Detectors with the same `group` share its processes. */
export interface WorkerEntry {
  /** Name of the group, first half of a worker's name: `eslint` in `eslint#2`. */
  readonly group: string;
  /** Script to run; the default is Bulkhead's own host. */
  readonly script?: string;
  readonly driver?: 'child-process' | 'worker-threads';
  /** Absolute paths of detector modules the host shall load instead of its own, by detector name. */
  readonly modules?: Readonly<Record<string, string>>;
  /** All work of a root goes to one worker, heavy or not. */
  readonly single?: boolean;
  /** Of the light lane; absent: as many as the pool has. */
  readonly maxWorkers?: number;
  /** Memory is multiplied: the `memoryMb` of the settings means an ordinary worker. Default 1. */
  readonly memoryFactor?: number | Readonly<Record<Lane, number>>;
  readonly limits?: Partial<Limits>;
  /** On top of `limits`, for the heavy lane. */
  readonly heavyLimits?: Partial<Limits>;
  readonly execArgv?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** What a person reads where a worker that several detectors share is meant; absent: the detector's title. */
  readonly workerTitle?: string;
  /** Path of the Node.js that runs it; absent: the one that runs the pool. */
  readonly node?: string;
}

export interface DetectorEntry extends WorkerEntry {
  /** The name a person reads. */
  readonly title: string;
}

export type DetectorTable = Readonly<Record<string, DetectorEntry>>;

/** The module graph is built once for all four: they share one worker. */
const graph: WorkerEntry = {
  group: 'graph',
  workerTitle: 'Module graph worker',
  single: true,
  limits: { progressMs: 120_000 },
  // What a graph is built from is garbage at once; room for more of it costs 40 MB and saves a twentieth of the time.
  // V8 would let the heap grow to four times what lives before it collects; twice costs a fiftieth of the time.
  execArgv: ['--max-semi-space-size=2', '--heap-growing-percent=100'],
  // By default every thread that allocates gets an arena of glibc's, and none is given back.
  env: { MALLOC_ARENA_MAX: '1' },
};

export const detectorTable: DetectorTable = {
  typescript: {
    title: 'TypeScript',
    group: 'typescript',
    // One warm program per root; the native compiler is parallel by itself.
    single: true,
    // A whole program is in memory, and the native compiler's process counts too.
    memoryFactor: 4,
    // A first program of a big project says nothing for minutes. What it cost to build is not thrown away.
    limits: { progressMs: 300_000, idleMs: Number.POSITIVE_INFINITY, cancelMs: 30_000 },
  },
  eslint: {
    title: 'ESLint',
    group: 'eslint',
    maxWorkers: busyCores(),
    // Typed rules hold TypeScript programs: about 2 GB for a big project.
    memoryFactor: { light: 1, heavy: 3 },
    // The first typed file builds its program.
    heavyLimits: { progressMs: 120_000, cancelMs: 15_000 },
  },
  circular: { title: 'Circular dependencies', ...graph },
  import: { title: 'Imports', ...graph },
  isolation: { title: 'Isolation', ...graph },
  package: { title: 'Package', ...graph },
  knip: {
    title: 'knip',
    // Seconds of another's code: nobody else shall wait for it.
    group: 'knip',
    single: true,
    // The process of knip counts too, and holds what it has read.
    memoryFactor: 3,
    // Between two runs there is nothing to keep warm.
    limits: { idleMs: 20_000 },
  },
  // Finds nothing: it answers a question about the module graph.
  dependents: { title: 'Dependents', ...graph },
};

/** Cores that background work may keep busy: of a big machine not all, the user is there too. */
function busyCores(): number {
  return Math.min(os.availableParallelism(), 4);
}

/**
 * One process a core for work that can be shared, and room beside them for the compiler and the module graph: those
 * are warm, and to end them for lack of a place would cost more than the waiting for a core.
 */
export function defaultWorkers(): number {
  return busyCores() + 2;
}

/** Where the workers' entry is: beside the bundle, or in the sources. */
export function hostScript(): string {
  return import.meta.filename.endsWith('.ts')
    ? path.join(import.meta.dirname, '../../workers/host.ts')
    : path.join(import.meta.dirname, 'host.mjs');
}

/** What workers are for. Warm state lives there, so work is partitioned by worker group, lane and root, and never goes to just any process. */
export interface Partition {
  readonly key: string;
  readonly group: string;
  readonly root: string;
  readonly lane: Lane;
  readonly entry: DetectorEntry;
  /** Limits of this lane, memory multiplied. Replaced as a whole when settings change. */
  readonly limits: Limits;
  readonly maxWorkers: number;
}

/** The partitions of a pool, each made once, so that all who hold one see its new limits. */
export class Partitions {
  readonly #table: DetectorTable;
  #node = '';
  readonly #partitions = new Map<string, { -readonly [Key in keyof Partition]: Partition[Key] }>();
  #settings: Partial<Limits>;
  #ceilingMb = Number.POSITIVE_INFINITY;

  constructor(table: DetectorTable, settings: Partial<Limits>) {
    this.#table = table;
    this.#settings = settings;
  }

  /** @returns undefined when there is no such detector */
  of(detector: string, root: string, lane: Lane): Partition | undefined {
    const entry = this.entry(detector);
    if (entry === undefined) return undefined;
    const own = entry.single === true ? 'light' : lane;
    const key = [entry.group, own, root].join('\n');
    const known = this.#partitions.get(key);
    if (known !== undefined) return known;
    // Two workers of typed rules hold every program twice.
    const maxWorkers = entry.single === true || lane === 'heavy' ? 1 : (entry.maxWorkers ?? Number.POSITIVE_INFINITY);
    const limits = this.#limitsOf(entry, own);
    const partition = { key, group: entry.group, root, lane: own, entry, limits, maxWorkers };
    this.#partitions.set(key, partition);
    return partition;
  }

  /** Names of the detectors that share a worker group. */
  detectorsOf(group: string): readonly string[] {
    return Object.keys(this.#table).filter((name) => this.entry(name)?.group === group);
  }

  entry(detector: string): DetectorEntry | undefined {
    const entry = Object.hasOwn(this.#table, detector) ? this.#table[detector] : undefined;
    return entry === undefined || this.#node === '' ? entry : { ...entry, node: this.#node };
  }

  /** @param node path of the Node.js for workers that start from now on; empty: the one that runs the pool */
  runBy(node: string): void {
    this.#node = node;
    for (const partition of this.#partitions.values()) {
      const { node: _before, ...entry } = partition.entry;
      partition.entry = node === '' ? entry : { ...entry, node };
    }
  }

  /** @param ceilingMb what the machine has for any one worker; absent: as before */
  configure(settings: Partial<Limits>, ceilingMb = this.#ceilingMb): void {
    this.#settings = { ...this.#settings, ...settings };
    this.#ceilingMb = ceilingMb;
    for (const partition of this.#partitions.values())
      partition.limits = this.#limitsOf(partition.entry, partition.lane);
  }

  #limitsOf(entry: DetectorEntry, lane: Lane): Limits {
    const own = lane === 'heavy' ? { ...entry.limits, ...entry.heavyLimits } : entry.limits;
    const limits: Limits = { ...defaultLimits, ...this.#settings, ...own };
    const { memoryFactor = 1 } = entry;
    const factor = typeof memoryFactor === 'number' ? memoryFactor : memoryFactor[lane];
    const memoryMb = own?.memoryMb ?? limits.memoryMb * factor;
    return { ...limits, memoryMb: Math.round(Math.min(memoryMb, this.#ceilingMb)) };
  }
}
