/**
 * The changes of one folder, in order, numbered by one revision. Code that needs to know what changed since some moment
 * keeps the revision of that moment and calls {@link Journal.since}. The journal is pure data: it reads and watches no
 * files. It lives as long as its folder is open; changes may be appended before the rest of the folder exists.
 *
 * Invariant: {@link Journal.since} omits no change. If some changes were dropped, it returns undefined.
 */
import { systemClock, type Clock } from './clock.ts';

/** Increases with every {@link Journal.append} and {@link Journal.mark}. 0 is the state in which the folder was opened. */
export type Revision = number;

export type ChangeKind = 'created' | 'changed' | 'deleted';

export interface FileChange {
  /** Relative to the root, forward slashes. */
  readonly file: string;
  readonly kind: ChangeKind;
}

/** All changes of a file since some revision, merged into one. */
export interface JournalChange extends FileChange {
  /** The revision of the newest of them. */
  readonly revision: Revision;
  /** When the newest of them was announced; milliseconds since the epoch. */
  readonly at: number;
}

/** Below this number of entries compaction is not worth its cost. */
const SMALL = 1024;
/** Maximum number of entries. A folder of 20,000 files that all change again and again stays far below. */
const MOST = 100_000;

export class Journal {
  readonly #clock: Clock;
  readonly #most: number;
  /** Oldest first. */
  #entries: JournalChange[] = [];
  #revision: Revision = 0;
  #lastChange: Revision = 0;
  /** Changes at this revision or earlier may have been dropped. */
  #forgotten: Revision = 0;
  #compactAt = SMALL;

  /** @param most maximum number of entries; for tests */
  constructor(clock: Clock = systemClock, most = MOST) {
    this.#clock = clock;
    this.#most = most;
  }

  /** The newest revision. */
  get revision(): Revision {
    return this.#revision;
  }

  /** The time by which changes are announced; milliseconds since the epoch. */
  get now(): number {
    return this.#clock.date();
  }

  /** The revision of the newest change of a file. */
  get lastChange(): Revision {
    return this.#lastChange;
  }

  /** Number of entries, which bounds the cost of `since`. */
  get size(): number {
    return this.#entries.length;
  }

  /** @returns the revision that all of these changes share */
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

  /** Returns a new revision at which no file changed. It distinguishes two checks of the same state. */
  mark(): Revision {
    return ++this.#revision;
  }

  /**
   * Takes time proportional to the number of entries after the revision.
   * @returns the changes after the revision, by file; undefined: anything may have changed
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

  /** Index of the first entry after a revision. */
  #indexAfter(revision: Revision): number {
    let [low, high] = [0, this.#entries.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#entries[middle]?.revision ?? 0) > revision) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** Drops entries that no `since` needs, then the oldest ones if there are still too many. */
  #compact(): void {
    const next = new Map<string, ChangeKind>();
    const needed: JournalChange[] = [];
    for (const entry of this.#entries.toReversed()) {
      const after = next.get(entry.file);
      // What happened before a deletion does not matter, and of several changes in a row only the last one does.
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

/** Merges two successive changes of a file. */
export function mergeKinds(before: ChangeKind | undefined, now: ChangeKind): ChangeKind {
  // Many tools save by deleting and recreating the file: it exists, and its content may differ.
  if (before === 'deleted' && now !== 'deleted') return 'changed';
  if (before === 'created' && now === 'changed') return 'created';
  return now;
}
