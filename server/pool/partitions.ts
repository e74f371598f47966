/** Turns the table of detectors and the settings into partitions with their limits. Lives as long as its pool. */
import { defaultLimits, type DetectorEntry, type DetectorTable, type Lane, type Limits } from './worker-entry.ts';

/** Work that shares workers. Workers keep warm state, so work is divided by worker group, lane and root. */
export interface Partition {
  readonly key: string;
  readonly group: string;
  readonly root: string;
  readonly lane: Lane;
  readonly entry: DetectorEntry;
  /** Limits of this lane, with the memory factor applied. Replaced as a whole when settings change. */
  readonly limits: Limits;
  /** The memory limit before it grew, and the most that it may grow to while the machine has memory to spare. */
  readonly ownMemoryMb: number;
  readonly mostMemoryMb: number;
  readonly maxWorkers: number;
}

/** The partitions of a pool. Each is made once, so that everybody who holds it sees its new limits. */
export class Partitions {
  readonly #table: DetectorTable;
  readonly #entryOfOther: (detector: string) => DetectorEntry | undefined;
  readonly #others = new Map<string, DetectorEntry>();
  #node = '';
  readonly #partitions = new Map<string, { -readonly [Key in keyof Partition]: Partition[Key] }>();
  #settings: Partial<Limits>;
  #ceilingMb = Number.POSITIVE_INFINITY;
  #mayGrow: boolean;
  /** Megabytes by partition. */
  readonly #grown = new Map<string, number>();

  /**
   * @param mayGrow whether memory limits may grow: the user has set none
   * @param entryOfOther for detectors that are not in the table
   */
  constructor(
    table: DetectorTable,
    settings: Partial<Limits>,
    mayGrow = false,
    entryOfOther: (detector: string) => DetectorEntry | undefined = () => undefined,
  ) {
    this.#table = table;
    this.#entryOfOther = entryOfOther;
    this.#settings = settings;
    this.#mayGrow = mayGrow;
  }

  /** @returns undefined when there is no such detector */
  of(detector: string, root: string, lane: Lane): Partition | undefined {
    const entry = this.entry(detector);
    if (entry === undefined) return undefined;
    const own = entry.single === true ? 'light' : lane;
    const key = [entry.group, own, root].join('\n');
    const known = this.#partitions.get(key);
    if (known !== undefined) return known;
    // Two workers with typed rules would hold every program twice.
    const maxWorkers = entry.single === true || lane === 'heavy' ? 1 : (entry.maxWorkers ?? Number.POSITIVE_INFINITY);
    const limits = this.#limitsOf(key, entry, own);
    const partition = { key, group: entry.group, root, lane: own, entry, ...limits, maxWorkers };
    this.#partitions.set(key, partition);
    return partition;
  }

  /** Names of the detectors that share a worker group. */
  detectorsOf(group: string): readonly string[] {
    const all = [...Object.keys(this.#table), ...this.#others.keys()];
    return all.filter((name) => this.entry(name)?.group === group);
  }

  entry(detector: string): DetectorEntry | undefined {
    const entry = Object.hasOwn(this.#table, detector) ? this.#table[detector] : this.#other(detector);
    return entry && withNode(entry, this.#node);
  }

  #other(detector: string): DetectorEntry | undefined {
    const entry = this.#others.get(detector) ?? this.#entryOfOther(detector);
    if (entry !== undefined) this.#others.set(detector, entry);
    return entry;
  }

  /** @param node path of the Node.js for workers that start from now on; empty: the one that runs this process */
  runBy(node: string): void {
    this.#node = node;
    for (const partition of this.#partitions.values()) partition.entry = withNode(partition.entry, node);
  }

  /** @param ceilingMb the most that any worker may use; absent: as before */
  configure(settings: Partial<Limits>, ceilingMb = this.#ceilingMb, mayGrow = this.#mayGrow): void {
    this.#settings = { ...this.#settings, ...settings };
    this.#ceilingMb = ceilingMb;
    if (settings.memoryMb !== undefined) this.#grown.clear();
    this.#mayGrow = mayGrow;
    for (const partition of this.#partitions.values())
      Object.assign(partition, this.#limitsOf(partition.key, partition.entry, partition.lane));
  }

  /** The machine has memory to spare. @returns false: a worker of the partition may not use as much even so */
  grow(partition: Partition, neededMb: number): boolean {
    if (neededMb > partition.mostMemoryMb) return false;
    this.#grown.set(partition.key, neededMb * GROWTH);
    this.configure({});
    return true;
  }

  #limitsOf(key: string, entry: DetectorEntry, lane: Lane): Pick<Partition, 'limits' | 'ownMemoryMb' | 'mostMemoryMb'> {
    const own = lane === 'heavy' ? { ...entry.limits, ...entry.heavyLimits } : entry.limits;
    const limits: Limits = { ...defaultLimits, ...this.#settings, ...own };
    const { memoryFactor = 1 } = entry;
    const factor = typeof memoryFactor === 'number' ? memoryFactor : memoryFactor[lane];
    const bounded = (megabytes: number): number => Math.round(Math.min(megabytes, this.#ceilingMb));
    const ownMemoryMb = bounded(own?.memoryMb ?? limits.memoryMb * factor);
    const most = this.#mayGrow && own?.memoryMb === undefined ? (entry.memoryFactorIfFree?.[lane] ?? 0) : 0;
    const mostMemoryMb = Math.max(ownMemoryMb, bounded(limits.memoryMb * most));
    const memoryMb = Math.max(ownMemoryMb, Math.min(mostMemoryMb, Math.round(this.#grown.get(key) ?? 0)));
    return { limits: { ...limits, memoryMb }, ownMemoryMb, mostMemoryMb };
  }
}

/** A limit grows this far beyond what is needed, so that it does not grow with each measurement. */
const GROWTH = 1.25;

function withNode({ node: _before, ...entry }: DetectorEntry, node: string): DetectorEntry {
  return node === '' ? entry : { ...entry, node };
}
