/**
 * When to retry and when to give up. Pure: time is an argument. One of each per worker set or worker group, as long as the
 * pool. docs/reliability.md explains the numbers.
 */
import { RestartBackoff as Restarts } from '../../workers/ipc/pool/restart-backoff.ts';
import { backoffDelay, type Backoff } from '../../workers/protocol/backoff.ts';

/** A process that was killed by another one is replaced at once, unless that happens too often to get anything done. */
export class RestartBackoff extends Restarts {
  /** External kills that cause no delay. One is forgotten for each {@link externalEveryMs} of uptime. */
  static readonly externalForgiven = 10;
  static readonly externalEveryMs = 2_000;
  #external = 0;

  override reset(): void {
    super.reset();
    this.#external = 0;
  }

  override failed(uptimeMs: number, external = false): number {
    if (uptimeMs >= RestartBackoff.healthyMs) this.reset();
    if (external) {
      this.#external = Math.max(0, this.#external - uptimeMs / RestartBackoff.externalEveryMs) + 1;
      if (this.#external <= RestartBackoff.externalForgiven) return 0;
    }
    return super.failed(uptimeMs);
  }
}

export type CircuitState = 'closed' | 'open' | 'half-open';

/** Opens after some charged crashes within a window. After a growing time it admits one probe. */
export class CircuitBreaker {
  static readonly crashes = 3;
  static readonly windowMs = 300_000;
  static readonly probes: Backoff = { delayMs: 30_000, maxDelayMs: 300_000, jitter: 0 };
  #crashes: number[] = [];
  #state: CircuitState = 'closed';
  #openings = 0;
  #probeAt = 0;

  /** Whether a job may start now; `half-open` admits one at a time. */
  state(now: number): CircuitState {
    if (this.#state === 'open' && now >= this.#probeAt) this.#state = 'half-open';
    return this.#state;
  }

  /** While open: when the next probe may start. */
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

/** Counts crashes in a row before the worker became ready. */
export class StartFailures {
  static readonly max = 2;
  #count = 0;

  /** @returns true when another attempt makes no sense */
  failed(): boolean {
    this.#count += 1;
    return this.#count >= StartFailures.max;
  }

  reset(): void {
    this.#count = 0;
  }
}

/**
 * A crash with a suspected input counts against the input, and an external kill against nobody, unless there is no progress
 * between them: then the detector cannot work, and its circuit breaker is charged.
 */
export class StallCounter {
  static readonly own = 6;
  static readonly external = 12;
  #own = 0;
  #external = 0;

  /** @returns true when the circuit breaker is charged */
  died(external: boolean): boolean {
    if (external) this.#external += 1;
    else this.#own += 1;
    return this.#own > StallCounter.own || this.#external > StallCounter.external;
  }

  progressed(): void {
    this.#own = 0;
    this.#external = 0;
  }
}

/** Opens for all detectors when workers of several crash: the machine or the installation is broken. */
export class PoolCircuitBreaker {
  static readonly crashes = 5;
  static readonly windowMs = 180_000;
  #crashes: { readonly at: number; readonly group: string }[] = [];
  #open = false;

  get open(): boolean {
    return this.#open;
  }

  /** @returns true when this crash stopped the pool */
  crashed(now: number, group: string): boolean {
    this.#crashes = [
      ...this.#crashes.filter((crash) => now - crash.at < PoolCircuitBreaker.windowMs),
      { at: now, group },
    ];
    if (this.#open || this.#crashes.length < PoolCircuitBreaker.crashes) return false;
    // A single broken detector has its own circuit breaker and must not stop the others.
    if (new Set(this.#crashes.map((crash) => crash.group)).size < 2) return false;
    this.#open = true;
    return true;
  }

  reset(): void {
    this.#crashes = [];
    this.#open = false;
  }
}
