/**
 * Decides when a language server that ended by itself is started again: the first time at once, then after growing
 * delays, and not any more after the fifth crash within three minutes. Lives as long as the extension.
 */
export interface CrashPolicyOptions {
  /** Milliseconds in which crashes are counted together. */
  readonly windowMs: number;
  /** After so many crashes within the window there is no restart. */
  readonly limit: number;
  readonly firstDelayMs: number;
  readonly maxDelayMs: number;
}

export const defaultCrashPolicy: CrashPolicyOptions = {
  windowMs: 180_000,
  limit: 5,
  firstDelayMs: 250,
  maxDelayMs: 30_000,
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
    return { action: 'restart', delayMs: crashes === 1 ? 0 : this.#delay(crashes - 2), crashes };
  }

  /** Forgets earlier crashes, because the user asked for a restart. */
  reset(): void {
    this.#crashes = [];
  }

  /** Doubles from the first delay up to the cap, with full jitter. */
  #delay(doublings: number): number {
    const ceiling = Math.min(this.#options.firstDelayMs * 2 ** doublings, this.#options.maxDelayMs);
    return Math.round(ceiling * this.#random());
  }
}
