/** Waiting work of one place, best first: by rank, work that may share a process before work that must be alone, by age. */
import type { Work } from './work.ts';

export class WorkQueue {
  readonly #works: Work[] = [];

  get length(): number {
    return this.#works.length;
  }

  get head(): Work | undefined {
    return this.#works[0];
  }

  add(work: Work): void {
    // Nearly always the newest goes last, so the place is looked for from the end.
    const at = this.#works.findLastIndex((other) => !before(work, other)) + 1;
    this.#works.splice(at, 0, work);
  }

  remove(work: Work): boolean {
    const at = this.#works.indexOf(work);
    if (at < 0) return false;
    this.#works.splice(at, 1);
    return true;
  }

  /** Empties the queue. */
  drain(): readonly Work[] {
    return this.#works.splice(0);
  }
}

function before(a: Work, b: Work): boolean {
  return a.rank < b.rank || (a.rank === b.rank && !a.alone && b.alone);
}
