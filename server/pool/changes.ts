/**
 * Which changes each worker of a place has yet to hear of. A task's `changed` is written against the last
 * generation, but its batches spread over several warm workers that each missed other tasks. Lives with its place.
 */

type Change = readonly string[] | 'anything';

interface Note {
  readonly serial: number;
  readonly generation: number;
  readonly change: Change;
}

/** What a worker was told last. */
export type Told = number;

export class ChangeLog {
  #notes: Note[] = [];
  #serial = 0;

  /** The newest note: what a worker that starts from nothing may be taken to know. */
  get latest(): Told {
    return this.#serial;
  }

  get size(): number {
    return this.#notes.length;
  }

  /** @param changed the request's; undefined: anything may have changed */
  add(generation: number, changed: readonly string[] | undefined): void {
    const known = this.#notes.filter((note) => note.generation === generation);
    if (known.some((note) => note.change === 'anything')) return;
    if (changed === undefined) {
      this.#note(generation, 'anything');
      return;
    }
    const files = new Set(known.flatMap((note) => (note.change === 'anything' ? [] : note.change)));
    const news = changed.filter((file) => !files.has(file));
    // An empty note is kept too: it says that this generation is known to have changed nothing.
    if (news.length > 0 || known.length === 0) this.#note(generation, news);
  }

  /** @returns files changed since; undefined: anything may have */
  since(told: Told): readonly string[] | undefined {
    const missed = this.#notes.filter((note) => note.serial > told).map((note) => note.change);
    if (missed.includes('anything')) return undefined;
    return [...new Set(missed.flatMap((change) => (change === 'anything' ? [] : change)))];
  }

  /**
   * Forgets what every living worker was told, but for the newest generation: its later batches must find out
   * that it is known.
   */
  trim(oldestTold: Told): void {
    const newest = this.#notes.at(-1)?.generation;
    this.#notes = this.#notes.filter((note) => note.serial > oldestTold || note.generation === newest);
  }

  #note(generation: number, change: Change): void {
    this.#serial += 1;
    this.#notes.push({ serial: this.#serial, generation, change });
  }
}
