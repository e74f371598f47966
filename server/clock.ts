/** Time as the server sees it: replaceable by a simulated one, so that tests need not wait. */

export interface Clock {
  /** Monotonic milliseconds; the origin means nothing. */
  now(): number;
  /** Milliseconds since the epoch: for people, and to compare with times of the file system. Never used to measure. */
  date(): number;
  /**
   * Runs `callback` once after `ms`; calling the result cancels it.
   * A `quiet` timer does not keep the process alive.
   */
  after(ms: number, callback: () => void, quiet?: boolean): () => void;
}

/** Uniform in [0, 1). */
export type Random = () => number;

export const systemClock: Clock = {
  now: () => performance.now(),
  date: () => Date.now(),
  after: (ms, callback, quiet = false) => {
    const timer = setTimeout(callback, Math.min(ms, 2 ** 31 - 1));
    if (quiet) timer.unref();
    return () => clearTimeout(timer);
  },
};
