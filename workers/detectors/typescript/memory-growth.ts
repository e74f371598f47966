/**
 * Decides when a process of TypeScript 7 has grown so much by repeated checks that it must be restarted. Lives as long
 * as the process.
 */

/** A smaller process is never restarted. */
const FLOOR_BYTES = 600 * 1024 * 1024;
/** The largest factor over the size after the first complete check of each project. */
const MOST_GROWTH = 2;
/** The limit of repeated complete checks where the size is unknown. */
const MOST_REPEATS = 6;

export class MemoryGrowth {
  readonly #most: () => number;
  readonly #projects = new Set<string>();
  #basis = 0;
  #now = 0;
  #repeats = 0;

  /** @param most bytes that the process may take if it holds more than one project */
  constructor(most: () => number = () => Number.POSITIVE_INFINITY) {
    this.#most = most;
  }

  /** A project was checked completely. @param bytes resident memory of the process; undefined: unknown */
  checked(project: string, bytes: number | undefined): void {
    const known = this.#projects.has(project);
    this.#projects.add(project);
    this.#now = bytes ?? 0;
    if (!known) this.#basis = Math.max(this.#basis, this.#now);
    else if (bytes === undefined) this.#repeats += 1;
  }

  /** It leaves the worker too little, and projects that are not needed now hold some of it. */
  get isOverBudget(): boolean {
    return this.#projects.size > 1 && this.#now > this.#most();
  }

  get isTooMuch(): boolean {
    return (
      this.isOverBudget || this.#repeats >= MOST_REPEATS || this.#now > Math.max(FLOOR_BYTES, this.#basis * MOST_GROWTH)
    );
  }
}
