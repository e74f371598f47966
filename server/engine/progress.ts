/** Progress and duration of the analysis that the user waits for. Lives as long as its scheduler. */
import type { Clock } from '../clock.ts';

export class Progress {
  readonly #clock: Clock;
  /** Undefined: the user does not wait. */
  #startedAt: number | undefined;
  #durationMs = 0;
  #submitted = 0;
  #completed = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The user begins to wait. Does nothing if the user waits already. */
  start(): void {
    if (this.#startedAt !== undefined) return;
    this.#startedAt = this.#clock.now();
    this.#submitted = 0;
    this.#completed = 0;
  }

  /** The user no longer waits. */
  stop(): void {
    if (this.#startedAt === undefined) return;
    this.#durationMs = this.#clock.now() - this.#startedAt;
    this.#startedAt = undefined;
  }

  submitted(units: number): void {
    this.#submitted += units;
  }

  completed(units: number): void {
    this.#completed += units;
  }

  /** Duration of the present analysis, or of the last one. */
  get durationMs(): number {
    return this.#startedAt === undefined ? this.#durationMs : this.#clock.now() - this.#startedAt;
  }

  /** Number of units that were checked in this time. */
  get checked(): number {
    return this.#completed;
  }

  /** 0 to 1. @param running number of running units, each weighted by its finished fraction */
  fraction(running: number): number {
    return this.#submitted === 0 ? 0 : Math.min(1, (this.#completed + running) / this.#submitted);
  }
}
