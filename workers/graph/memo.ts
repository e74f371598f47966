/**
 * Values made from modules, kept until something they were made from changes. What that is nobody has to declare:
 * while a value is made, every module that is looked into (its record, its links, its text) is noted, also through
 * other kept values. So rules stay plain functions over the graph and cost what an edit touches. What is not a module
 * (manifests, projects, which files there are) is the graph's `surroundings` and belongs into `input`.
 */

/** Something that may be looked into and become another. */
export interface TrackedSource {
  /** By {@link nextTick}. */
  readonly changedAt: number;
}

/** To be called by whatever gives away what a readable holds. */
export function trackRead(one: TrackedSource): void {
  reading?.add(one);
}

/** The time of a change: later than every value made so far. */
export function nextTick(): number {
  return ++clock;
}

let reading: Set<TrackedSource> | undefined;
let clock = 0;

interface Entry<Value> {
  readonly value: Value;
  readonly computedAt: number;
  readonly input: unknown;
  /** Mostly one: a list for each would be a third of what is kept. */
  readonly reads: TrackedSource | readonly TrackedSource[];
}

export class Memo<Key extends object, Value> {
  readonly #entries: Map<Key, Entry<Value>> | WeakMap<Key, Entry<Value>>;

  /** @param entries a WeakMap where keys come and go while the values stay in use */
  constructor(entries: Map<Key, Entry<Value>> | WeakMap<Key, Entry<Value>> = new Map<Key, Entry<Value>>()) {
    this.#entries = entries;
  }

  /**
   * The key's value, made again if a module it was made from has changed, or `input` is another than then.
   * @param compute synchronous; depends on nothing but the key, modules and `input`
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
