/** Waiting work of one partition, best first: by rank, work that may share a process before work that must be alone, by age. */
import type { Job } from './job.ts';

export class JobQueue {
  readonly #jobs: Job[] = [];

  get length(): number {
    return this.#jobs.length;
  }

  get head(): Job | undefined {
    return this.#jobs[0];
  }

  add(job: Job): void {
    // Nearly always the newest goes last, so the place is looked for from the end.
    const at = this.#jobs.findLastIndex((other) => !before(job, other)) + 1;
    this.#jobs.splice(at, 0, job);
  }

  remove(job: Job): boolean {
    const at = this.#jobs.indexOf(job);
    if (at < 0) return false;
    this.#jobs.splice(at, 1);
    return true;
  }

  /** Empties the queue. */
  drain(): readonly Job[] {
    return this.#jobs.splice(0);
  }
}

function before(a: Job, b: Job): boolean {
  return a.rank < b.rank || (a.rank === b.rank && !a.alone && b.alone);
}
