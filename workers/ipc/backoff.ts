/** Waiting longer and longer between attempts: the one back-off of everything that tries again. */

/** How the delay grows. */
export interface Backoff {
  /** Before the first retry; each later one doubles it. Milliseconds. */
  readonly delayMs: number;
  readonly maxDelayMs: number;
  /** 0 to 1: the share of each delay that is random. 1 is full jitter. */
  readonly jitter: number;
}

/** What is tried again, and how often. */
export interface Retry extends Backoff {
  /** Attempts after the first. */
  readonly maxRetries: number;
}

/**
 * Milliseconds to wait before retry `attempt`; 0 is the first.
 * @param random uniform in [0, 1)
 */
export function backoffDelay(backoff: Backoff, attempt: number, random: () => number = Math.random): number {
  const delay = backoff.delayMs === 0 ? 0 : Math.min(backoff.delayMs * 2 ** attempt, backoff.maxDelayMs);
  return Math.round(delay * (1 - backoff.jitter * (1 - random())));
}
