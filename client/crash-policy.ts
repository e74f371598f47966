/**
 * Decides when a crashed language server is restarted: the first time at once, then after increasing delays, and no longer
 * after the fifth crash within three minutes. Lives as long as the extension.
 */
import { backoffDelay, type Backoff } from '../workers/protocol/backoff.ts';

export interface CrashPolicyOptions extends Backoff {
  /** Time in which crashes are counted, milliseconds. */
  readonly windowMs: number;
  /** After this many crashes within the window the server is not restarted. */
  readonly limit: number;
}

export const defaultCrashPolicy: CrashPolicyOptions = {
  windowMs: 180_000,
  limit: 5,
  delayMs: 250,
  maxDelayMs: 30_000,
  jitter: 1,
};

export type CrashDecision =
  | { readonly action: 'restart'; readonly delayMs: number; readonly crashes: number }
  | { readonly action: 'give-up'; readonly crashes: number };

export class CrashPolicy {
  readonly #options: CrashPolicyOptions;
  readonly #now: () => number;
  readonly #random: () => number;
  #crashes: number[] = [];

  constructor(options = defaultCrashPolicy, now: () => number = Date.now, random: () => number = Math.random) {
    this.#options = options;
    this.#now = now;
    this.#random = random;
  }

  /** Counts a crash. @returns what to do about it */
  crashed(): CrashDecision {
    const now = this.#now();
    this.#crashes = this.#crashes.filter((time) => now - time < this.#options.windowMs);
    this.#crashes.push(now);
    const crashes = this.#crashes.length;
    if (crashes >= this.#options.limit) {
      return { action: 'give-up', crashes };
    }
    return { action: 'restart', delayMs: this.#delay(crashes), crashes };
  }

  /** Forgets earlier crashes, because the user asked for a restart. */
  reset(): void {
    this.#crashes = [];
  }

  /** The first restart happens at once. */
  #delay(crashes: number): number {
    return crashes === 1 ? 0 : backoffDelay(this.#options, crashes - 2, this.#random);
  }
}
