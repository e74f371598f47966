/** Waiting longer and longer between attempts: the one back-off of everything that tries again. */
import { DriverError } from './errors.ts';
import { duration } from './timers.ts';

/** How the delay grows. */
export interface Backoff {
  /**
   * Milliseconds before the first retry; each later one doubles it. Or a function that says so for each retry: 0 is the
   * first. What it returns is not made random.
   */
  readonly delayMs: number | ((attempt: number) => number);
  /** The longest delay, in milliseconds. */
  readonly maxDelayMs: number;
  /** 0 to 1: the share of each delay that is random. 1 is full jitter. */
  readonly jitter: number;
}

/** What is tried again, and how often. */
export interface Retry extends Backoff {
  /** Attempts after the first; `Infinity` goes on without end. */
  readonly maxRetries: number;
}

/**
 * Milliseconds to wait before retry `attempt`; 0 is the first.
 * @param random uniform in [0, 1)
 * @throws DriverError when a function of the caller's throws or returns what is no duration
 */
export function backoffDelay(backoff: Backoff, attempt: number, random: () => number = Math.random): number {
  const { delayMs, maxDelayMs, jitter } = backoff;
  if (typeof delayMs === 'function') return Math.min(delayOf(delayMs, attempt), maxDelayMs);
  const delay = delayMs === 0 ? 0 : Math.min(delayMs * 2 ** attempt, maxDelayMs);
  return Math.round(delay * (1 - jitter * (1 - random())));
}

function delayOf(delayMs: (attempt: number) => number, attempt: number): number {
  let delay: number;
  try {
    delay = delayMs(attempt);
  } catch (error) {
    throw new DriverError("The function in the option 'delayMs' failed.", { cause: error });
  }
  return duration(delay, 'delayMs');
}
