/** How long to wait before a worker that was lost is replaced. Pure: nothing here looks at a clock. */
import { backoffDelay } from '../backoff.ts';
import type { Backoff } from '../backoff.ts';

/**
 * The first restart is immediate; after that the delay doubles, with full jitter. Success resets it, and so does a
 * worker that was up for a minute.
 */
export class RestartBackoff {
  static readonly delays: Backoff = { delayMs: 250, maxDelayMs: 30_000, jitter: 1 };
  static readonly healthyMs = 60_000;
  #failures = 0;
  readonly #random: () => number;

  /** @param random uniform in [0, 1) */
  constructor(random: () => number) {
    this.#random = random;
  }

  reset(): void {
    this.#failures = 0;
  }

  /**
   * @param uptimeMs how long the worker ran
   * @returns milliseconds to wait before the next start
   */
  failed(uptimeMs: number): number {
    if (uptimeMs >= RestartBackoff.healthyMs) this.reset();
    this.#failures += 1;
    if (this.#failures === 1) return 0;
    return backoffDelay(RestartBackoff.delays, this.#failures - 2, this.#random);
  }
}
