/**
 * When a process of TypeScript 7 has grown so much by checking the same projects again and again that it is to be
 * started anew. Lives as long as the process.
 */

/** Nobody minds less. */
const FLOOR_BYTES = 600 * 1024 * 1024;
/** Of what it had after the first whole check of each project. */
const MOST_GROWTH = 2;
/** Whole checks of projects it had checked before, where nobody can tell its memory. */
const MOST_REPEATS = 6;

export class MemoryGrowth {
  readonly #projects = new Set<string>();
  #basis = 0;
  #now = 0;
  #repeats = 0;

  /** A project was checked as a whole. @param bytes resident memory of the process; undefined: nobody can tell */
  checked(project: string, bytes: number | undefined): void {
    const known = this.#projects.has(project);
    this.#projects.add(project);
    this.#now = bytes ?? 0;
    if (!known) this.#basis = Math.max(this.#basis, this.#now);
    else if (bytes === undefined) this.#repeats += 1;
  }

  get isTooMuch(): boolean {
    return this.#repeats >= MOST_REPEATS || this.#now > Math.max(FLOOR_BYTES, this.#basis * MOST_GROWTH);
  }
}
