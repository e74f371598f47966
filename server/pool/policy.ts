/**
 * When to try again and when to stop trying. Pure: time comes in as an argument. One of each per worker or per
 * worker group, for the life of the pool. Numbers and their sources: docs/reliability.md.
 */
import { backoffDelay, type Backoff } from '../../workers/protocol/backoff.ts';
import type { Random } from '../clock.ts';

/**
 * The first restart is at once; then the wait doubles with full jitter. Progress or a healthy minute resets it.
 * A process ended from outside is not to blame: it is replaced at once, unless that happens faster than processes are
 * of any use.
 */
export class RestartBackoff {
  static readonly delays: Backoff = { delayMs: 250, maxDelayMs: 30_000, jitter: 1 };
  static readonly healthyMs = 60_000;
  /** Deaths from outside that are replaced at once; one is forgotten for each {@link foreignEveryMs} of life. */
  static readonly externalForgiven = 10;
  static readonly externalEveryMs = 2_000;
  #failures = 0;
  #external = 0;
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  reset(): void {
    this.#failures = 0;
    this.#external = 0;
  }

  /**
   * @param uptimeMs how long the process had lived
   * @returns milliseconds to wait before the next start
   */
  failed(uptimeMs: number, external = false): number {
    if (uptimeMs >= RestartBackoff.healthyMs) this.reset();
    if (external) {
      this.#external = Math.max(0, this.#external - uptimeMs / RestartBackoff.externalEveryMs) + 1;
      if (this.#external <= RestartBackoff.externalForgiven) return 0;
    }
    this.#failures += 1;
    if (this.#failures === 1) return 0;
    return backoffDelay(RestartBackoff.delays, this.#failures - 2, this.#random);
  }
}

export type CircuitState = 'closed' | 'open' | 'half-open';

/** Opens after a number of charged crashes within a window; then lets one probe through after a growing time. */
export class CircuitBreaker {
  static readonly crashes = 3;
  static readonly windowMs = 300_000;
  static readonly probes: Backoff = { delayMs: 30_000, maxDelayMs: 300_000, jitter: 0 };
  #crashes: number[] = [];
  #state: CircuitState = 'closed';
  #openings = 0;
  #probeAt = 0;

  /** Whether a work may start now; `half-open` admits one at a time. */
  state(now: number): CircuitState {
    if (this.#state === 'open' && now >= this.#probeAt) this.#state = 'half-open';
    return this.#state;
  }

  /** When the next probe may go, while open. */
  get probeAt(): number {
    return this.#probeAt;
  }

  /** @returns true when this crash opened the circuit */
  crashed(now: number): boolean {
    this.#crashes = [...this.#crashes.filter((at) => now - at < CircuitBreaker.windowMs), now];
    const state = this.state(now);
    if (state === 'open') return false;
    if (state === 'closed' && this.#crashes.length < CircuitBreaker.crashes) return false;
    this.#openings += 1;
    this.#state = 'open';
    this.#probeAt = now + backoffDelay(CircuitBreaker.probes, this.#openings - 1);
    return true;
  }

  reset(): void {
    this.#crashes = [];
    this.#state = 'closed';
    this.#openings = 0;
  }
}

/** Crashes before ready, in a row. */
export class StartFailures {
  static readonly most = 2;
  #count = 0;

  /** @returns true when it is no use trying again */
  failed(): boolean {
    this.#count += 1;
    return this.#count >= StartFailures.most;
  }

  reset(): void {
    this.#count = 0;
  }
}

/**
 * Deaths with a suspect are the input's fault, and kills from outside nobody's, unless nothing gets done between them:
 * then the detector cannot work, and its circuit is charged.
 */
export class Standstill {
  static readonly own = 6;
  static readonly external = 12;
  #own = 0;
  #external = 0;

  /** @returns true when the death is to be charged */
  died(external: boolean): boolean {
    if (external) this.#external += 1;
    else this.#own += 1;
    return this.#own > Standstill.own || this.#external > Standstill.external;
  }

  progressed(): void {
    this.#own = 0;
    this.#external = 0;
  }
}

/** Stops everything when workers of several detectors crash: then the machine or the installation is broken. */
export class PoolCircuitBreaker {
  static readonly crashes = 5;
  static readonly windowMs = 180_000;
  #crashes: { readonly at: number; readonly worker: string }[] = [];
  #open = false;

  get open(): boolean {
    return this.#open;
  }

  /** @returns true when this crash stopped the pool */
  crashed(now: number, worker: string): boolean {
    this.#crashes = [
      ...this.#crashes.filter((crash) => now - crash.at < PoolCircuitBreaker.windowMs),
      { at: now, worker },
    ];
    if (this.#open || this.#crashes.length < PoolCircuitBreaker.crashes) return false;
    // One bad detector has its own circuit and must not take the others with it.
    if (new Set(this.#crashes.map((crash) => crash.worker)).size < 2) return false;
    this.#open = true;
    return true;
  }

  reset(): void {
    this.#crashes = [];
    this.#open = false;
  }
}
