/**
 * How fast the workers of a set do their jobs, and whether one more would pay: it loads again what the others have
 * loaded. Lives as long as its set.
 */

/** One more worker is started if the work that waits takes this many times as long as getting ready for it. */
const WORTH = 10;

export class Pace {
  #warmUpMs: number | undefined;
  #jobs = 0;
  #jobsMs = 0;

  /** A worker did its first check. @param ms that it took to start, to load what it needs, and for that check */
  warmedUp(ms: number): void {
    this.#warmUpMs = ms;
  }

  /** A warm worker did a check. */
  did(ms: number): void {
    this.#jobs += 1;
    this.#jobsMs += ms;
  }

  /**
   * @param waiting number of jobs
   * @param workers that do them now
   * @returns false also as long as nothing has been measured
   */
  isWorthAnother(waiting: number, workers: number): boolean {
    if (this.#warmUpMs === undefined || this.#jobs === 0) return false;
    const remainingMs = (waiting * this.#jobsMs) / this.#jobs / workers;
    return remainingMs > WORTH * this.#warmUpMs;
  }
}
