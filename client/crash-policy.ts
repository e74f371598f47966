/**
 * When a language server that ended by itself is started again. Lives as long as the extension.
 *
 * The server is built never to get here; if it does, the first restart is at once, later ones wait longer and longer,
 * and the fifth crash within three minutes ends it: a person has to look.
 */
import { backoffDelay, type Backoff } from '../workers/protocol/backoff.ts';

export interface CrashPolicyOptions extends Backoff {
  /** Milliseconds in which crashes are counted together. */
  readonly windowMs: number;
  /** The crash of this number within the window is the last. */
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

  /** Counts a crash and says what to do about it. */
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

  /** Forgets the past: a person asked for a new start. */
  reset(): void {
    this.#crashes = [];
  }

  /** The first restart is at once. */
  #delay(crashes: number): number {
    return crashes === 1 ? 0 : backoffDelay(this.#options, crashes - 2, this.#random);
  }
}
