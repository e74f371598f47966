/** The queued jobs of one partition: by rank, jobs that may share a process before those that must run alone, by age. */
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
    // A new job nearly always goes last, so the search begins at the end.
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
