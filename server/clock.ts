/** The server's source of time. Tests replace it by a simulated clock, so that they need not wait. */

export interface Clock {
  /** Monotonic milliseconds from an arbitrary origin. */
  now(): number;
  /** Milliseconds since the epoch: to show, and to compare with times of the file system. Never use it to measure. */
  date(): number;
  /**
   * Runs `callback` once after `ms` milliseconds. Call the returned function to cancel it.
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
