/** Waiting longer and longer between attempts. */

export interface Backoff {
  /** Attempts after the first. */
  readonly maxRetries: number;
  /** Before the first retry; each later one doubles it. Milliseconds. */
  readonly delayMs: number;
  readonly maxDelayMs: number;
  /** 0 to 1: the share of each delay that is random. */
  readonly jitter: number;
}

export const noRetry: Backoff = { maxRetries: 0, delayMs: 0, maxDelayMs: 0, jitter: 0 };

/** Milliseconds to wait before retry `attempt` (0 is the first). */
export function backoffDelay(backoff: Backoff, attempt: number, random: () => number = Math.random): number {
  const delay = Math.min(backoff.delayMs * 2 ** attempt, backoff.maxDelayMs);
  return delay * (1 - backoff.jitter * random());
}

export function wait(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms));
}
