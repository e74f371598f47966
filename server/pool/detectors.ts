/** Which detector runs where, and within which limits. Data; read once when a pool is made. */
import os from 'node:os';
import path from 'node:path';
import { manifests, queries } from '../../workers/detectors/manifests.ts';
import type { DetectorManifest, Lane, Limits, QueryManifest } from '../../workers/protocol/manifest.ts';

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

/** How compartments of one kind are made. Detectors with the same `compartment` share its processes. */
export interface CompartmentEntry {
  /** Name of the kind, first half of a compartment's name: `eslint` in `eslint#2`. */
  readonly compartment: string;
  /** Script to run; the default is Bulkhead's own host. */
  readonly script?: string;
  readonly driver?: 'child-process' | 'worker-threads';
  /** Absolute paths of detector modules the host shall load instead of its own, by detector name. */
  readonly modules?: Readonly<Record<string, string>>;
  /** All work of a root goes to one compartment, heavy or not. */
  readonly single?: boolean;
  /** Of the light lane; absent: as many as the pool has. */
  readonly maxCompartments?: number;
  /** Memory is multiplied: the `memoryMb` of the settings means an ordinary worker. Default 1. */
  readonly memoryFactor?: number | Readonly<Record<Lane, number>>;
  readonly limits?: Partial<Limits>;
  /** On top of `limits`, for the heavy lane. */
  readonly heavyLimits?: Partial<Limits>;
  readonly execArgv?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** What a person reads where a compartment that several detectors share is meant; absent: the detector's title. */
  readonly workerTitle?: string;
  /** Path of the Node.js that runs it; absent: the one that runs the pool. */
  readonly node?: string;
}

export interface DetectorEntry extends CompartmentEntry {
  /** The name a person reads. */
  readonly title: string;
}

export type DetectorTable = Readonly<Record<string, DetectorEntry>>;

/** Of Bulkhead's own detectors, as their manifests say. */
export const detectorTable: DetectorTable = Object.fromEntries(
  [...manifests, ...queries].map((manifest) => [manifest.name, entryOf(manifest)]),
);

function entryOf({ title, worker }: DetectorManifest | QueryManifest): DetectorEntry {
  const { light, heavy } = worker.lanes;
  return {
    title,
    compartment: worker.group,
    ...(worker.title === undefined ? {} : { workerTitle: worker.title }),
    ...(worker.count === 'one' ? { single: true } : { maxCompartments: busyCores() }),
    memoryFactor: { light: light.memoryFactor, heavy: (heavy ?? light).memoryFactor },
    limits: light.limits,
    ...(heavy === undefined ? {} : { heavyLimits: heavy.limits }),
    ...(worker.execArgv === undefined ? {} : { execArgv: worker.execArgv }),
    ...(worker.env === undefined ? {} : { env: worker.env }),
  };
}

/** The same detectors, their processes run by another Node.js. */
export function runBy(node: string, table: DetectorTable): DetectorTable {
  return Object.fromEntries(Object.entries(table).map(([name, entry]) => [name, { ...entry, node }]));
}

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

/** Where the compartments' entry is: beside the bundle, or in the sources. */
export function hostScript(): string {
  return import.meta.filename.endsWith('.ts')
    ? path.join(import.meta.dirname, '../../workers/host.ts')
    : path.join(import.meta.dirname, 'host.mjs');
}

/** What compartments are for. Warm state lives there, so work goes to a place, never to just any process. */
export interface Place {
  readonly key: string;
  readonly compartment: string;
  readonly root: string;
  readonly lane: Lane;
  readonly entry: DetectorEntry;
  /** Limits of this lane, memory multiplied. Replaced as a whole when settings change. */
  readonly limits: Limits;
  readonly maxCompartments: number;
}

/** The places of a pool, each made once, so that all who hold one see its new limits. */
export class Places {
  readonly #table: DetectorTable;
  readonly #places = new Map<string, { -readonly [Key in keyof Place]: Place[Key] }>();
  #settings: Partial<Limits>;
  #ceilingMb = Number.POSITIVE_INFINITY;

  constructor(table: DetectorTable, settings: Partial<Limits>) {
    this.#table = table;
    this.#settings = settings;
  }

  /** @returns undefined when there is no such detector */
  of(detector: string, root: string, lane: Lane): Place | undefined {
    const entry = this.entry(detector);
    if (entry === undefined) return undefined;
    const own = entry.single === true ? 'light' : lane;
    const key = [entry.compartment, own, root].join('\n');
    const known = this.#places.get(key);
    if (known !== undefined) return known;
    // Two compartments of typed rules hold every program twice.
    const maxCompartments =
      entry.single === true || lane === 'heavy' ? 1 : (entry.maxCompartments ?? Number.POSITIVE_INFINITY);
    const limits = this.#limitsOf(entry, own);
    const place = { key, compartment: entry.compartment, root, lane: own, entry, limits, maxCompartments };
    this.#places.set(key, place);
    return place;
  }

  /** Names of the detectors that share a kind of compartment. */
  detectorsOf(compartment: string): readonly string[] {
    return Object.keys(this.#table).filter((name) => this.entry(name)?.compartment === compartment);
  }

  entry(detector: string): DetectorEntry | undefined {
    return Object.hasOwn(this.#table, detector) ? this.#table[detector] : undefined;
  }

  /** @param ceilingMb what the machine has for any one compartment; absent: as before */
  configure(settings: Partial<Limits>, ceilingMb = this.#ceilingMb): void {
    this.#settings = { ...this.#settings, ...settings };
    this.#ceilingMb = ceilingMb;
    for (const place of this.#places.values()) place.limits = this.#limitsOf(place.entry, place.lane);
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
