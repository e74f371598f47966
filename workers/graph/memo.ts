/**
 * Memoized values that depend on modules. Dependencies are tracked, not declared: while a value is computed, every
 * module that is read (its record, links or text) is recorded, also through other memoized values. So rules stay plain
 * functions over the graph, and an edit recomputes only what it affects. Whatever is not a module (manifests, projects,
 * the set of files) is covered by the graph's `environmentRevision`, which belongs into `input`.
 */

/** Something whose reads are tracked and which may change. */
export interface TrackedSource {
  /** A value of {@link nextTick}. */
  readonly changedAt: number;
}

/** A source must call this whenever it hands out data. */
export function trackRead(one: TrackedSource): void {
  reading?.add(one);
}

/** A logical time, later than every value computed so far. */
export function nextTick(): number {
  return ++clock;
}

let reading: Set<TrackedSource> | undefined;
let clock = 0;

interface Entry<Value> {
  readonly value: Value;
  readonly computedAt: number;
  readonly input: unknown;
  /** Usually one; wrapping it in a list would cost a third of the memo's memory. */
  readonly reads: TrackedSource | readonly TrackedSource[];
}

export class Memo<Key extends object, Value> {
  readonly #entries: Map<Key, Entry<Value>> | WeakMap<Key, Entry<Value>>;

  /** @param entries a WeakMap if keys may be dropped while the memo lives */
  constructor(entries: Map<Key, Entry<Value>> | WeakMap<Key, Entry<Value>> = new Map<Key, Entry<Value>>()) {
    this.#entries = entries;
  }

  /**
   * The value of a key, recomputed if a module it was computed from or `input` has changed.
   * @param compute synchronous; may depend only on the key, modules and `input`
   */
  of(key: Key, compute: (key: Key) => Value, input?: unknown): Value {
    let entry = this.#entries.get(key);
    if (!entry || !isCurrent(entry, input)) {
      entry = computeEntry(key, compute, input);
      this.#entries.set(key, entry);
    }
    if (reading) for (const one of listOf(entry.reads)) reading.add(one);
    return entry.value;
  }
}

function isCurrent({ reads, computedAt, input }: Entry<unknown>, currentInput: unknown): boolean {
  if (!Object.is(input, currentInput)) return false;
  if ('changedAt' in reads) return reads.changedAt <= computedAt;
  for (const one of reads) if (one.changedAt > computedAt) return false;
  return true;
}

function computeEntry<Key, Value>(key: Key, make: (key: Key) => Value, input: unknown): Entry<Value> {
  const outer = reading;
  const own = (reading = new Set());
  try {
    const value = make(key);
    const list = [...own];
    const [only] = list;
    return { value, computedAt: clock, input: input, reads: only && list.length === 1 ? only : list };
  } finally {
    reading = outer;
  }
}

function listOf(reads: TrackedSource | readonly TrackedSource[]): readonly TrackedSource[] {
  return 'changedAt' in reads ? [reads] : reads;
}
