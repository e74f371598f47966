/** How far the analysis is that the user waits for, and how long it takes. Lives as long as its scheduler. */
import type { Clock } from '../clock.ts';

export class Progress {
  readonly #clock: Clock;
  /** Undefined: nobody waits. */
  #startedAt: number | undefined;
  #durationMs = 0;
  #asked = 0;
  #answered = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Somebody waits; what they wait for already goes on. */
  start(): void {
    if (this.#startedAt !== undefined) return;
    this.#startedAt = this.#clock.now();
    this.#asked = 0;
    this.#answered = 0;
  }

  /** Nobody waits any more. */
  stop(): void {
    if (this.#startedAt === undefined) return;
    this.#durationMs = this.#clock.now() - this.#startedAt;
    this.#startedAt = undefined;
  }

  asked(units: number): void {
    this.#asked += units;
  }

  answered(units: number): void {
    this.#answered += units;
  }

  /** Of the present analysis, or of the last one. */
  get durationMs(): number {
    return this.#startedAt === undefined ? this.#durationMs : this.#clock.now() - this.#startedAt;
  }

  /** 0 to 1. @param inWork units whose answers are begun, by the part that is done */
  fraction(inWork: number): number {
    return this.#asked === 0 ? 0 : Math.min(1, (this.#answered + inWork) / this.#asked);
  }
}
