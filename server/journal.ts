/**
 * What changed in one folder, in order, counted by one revision number. Whoever needs to know what changed since some
 * moment keeps the revision of that moment and asks for the rest. Pure data: the journal reads nothing and watches
 * nothing. Lives as long as its folder is open; changes may be appended before anything else of the folder exists.
 *
 * Invariant: {@link Journal.since} leaves out no change. Where it no longer knows them all, it says so.
 */
import { systemClock, type Clock } from './clock.ts';

/** Grows by one with every entry of the journal. 0 is the state in which the folder was opened. */
export type Revision = number;

export type ChangeKind = 'created' | 'changed' | 'deleted';

export interface FileChange {
  /** Relative to the root, forward slashes. */
  readonly file: string;
  readonly kind: ChangeKind;
}

/** A file's changes since some revision, folded into one. */
export interface JournalChange extends FileChange {
  /** Of the newest of them. */
  readonly revision: Revision;
  /** When the newest of them was announced; milliseconds since the epoch. */
  readonly at: number;
}

/** Entries below which compaction is not worth its walk. */
const SMALL = 1024;
/** Entries kept at most; a folder of 20,000 files that are all changed again and again stays far below. */
const MOST = 100_000;

export class Journal {
  readonly #clock: Clock;
  readonly #most: number;
  /** Oldest first. */
  #entries: JournalChange[] = [];
  #revision: Revision = 0;
  #lastChange: Revision = 0;
  /** What changed at this revision or earlier is no longer known completely. */
  #forgotten: Revision = 0;
  #compactAt = SMALL;

  /** @param most entries kept at most; for tests */
  constructor(clock: Clock = systemClock, most = MOST) {
    this.#clock = clock;
    this.#most = most;
  }

  /** The newest revision. */
  get revision(): Revision {
    return this.#revision;
  }

  /** The revision of the newest change of a file. */
  get lastChange(): Revision {
    return this.#lastChange;
  }

  /** Entries held: what `since` may have to walk over. */
  get size(): number {
    return this.#entries.length;
  }

  /** @returns the revision that all of these changes have in common */
  append(changes: Iterable<FileChange>): Revision {
    const revision = this.mark();
    const at = this.#clock.date();
    for (const { file, kind } of changes) {
      this.#entries.push({ file, kind, revision, at });
      this.#lastChange = revision;
    }
    if (this.#entries.length >= this.#compactAt) this.#compact();
    return revision;
  }

  /** A new revision at which no file changed. It tells apart questions that are asked about the same state. */
  mark(): Revision {
    return ++this.#revision;
  }

  /**
   * Costs as much as there are entries after the revision.
   * @returns by file what changed after the revision; undefined: anything may have
   */
  since(revision: Revision): ReadonlyMap<string, JournalChange> | undefined {
    if (revision < this.#forgotten) return undefined;
    const changes = new Map<string, JournalChange>();
    for (let index = this.#indexAfter(revision); index < this.#entries.length; index += 1) {
      const entry = this.#entries[index];
      if (entry) changes.set(entry.file, { ...entry, kind: mergeKinds(changes.get(entry.file)?.kind, entry.kind) });
    }
    return changes;
  }

  /** The first entry after a revision. */
  #indexAfter(revision: Revision): number {
    let [low, high] = [0, this.#entries.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#entries[middle]?.revision ?? 0) > revision) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** Drops entries without which every `since` still gives the same, then the oldest if there are too many. */
  #compact(): void {
    const next = new Map<string, ChangeKind>();
    const needed: JournalChange[] = [];
    for (const entry of this.#entries.toReversed()) {
      const after = next.get(entry.file);
      // A deletion makes what happened before it meaningless, and of changes in a row the last one says it all.
      if (after === 'deleted' || (after === 'changed' && entry.kind === 'changed')) continue;
      next.set(entry.file, entry.kind);
      needed.push(entry);
    }
    this.#entries = needed.reverse();
    if (needed.length > this.#most) {
      this.#forgotten = needed.at(-Math.floor(this.#most / 2) - 1)?.revision ?? 0;
      this.#entries = needed.slice(this.#indexAfter(this.#forgotten));
    }
    this.#compactAt = Math.max(SMALL, 2 * this.#entries.length);
  }
}

/** What two changes of a file come to, one after the other. */
export function mergeKinds(before: ChangeKind | undefined, now: ChangeKind): ChangeKind {
  // Many tools save by deleting the file and making it again: it is there, and its content may differ.
  if (before === 'deleted' && now !== 'deleted') return 'changed';
  if (before === 'created' && now === 'changed') return 'created';
  return now;
}
