/** Deadlines of the pool. Time itself is the server's. */
import type { Clock } from '../clock.ts';

export { systemClock, type Clock, type Random } from '../clock.ts';

/**
 * A deadline that is moved by every sign of life and costs one timer however often it is moved.
 * Time during which this process itself was blocked (the timer came late) is not held against the other side.
 */
export class Deadline {
  readonly #clock: Clock;
  readonly #expired: () => void;
  #limitMs = 0;
  #lastSign = 0;
  #holds = 0;
  #cancelTimer: (() => void) | undefined;

  constructor(clock: Clock, expired: () => void) {
    this.#clock = clock;
    this.#expired = expired;
  }

  /** Starts, or starts again with another limit in milliseconds. */
  start(limitMs: number): void {
    this.stop();
    this.#limitMs = limitMs;
    this.#lastSign = this.#clock.now();
    this.#arm(limitMs);
  }

  /** A sign of life. */
  touch(): void {
    this.#lastSign = this.#clock.now();
  }

  /** Until the returned function is called, waiting is our own doing (backpressure) and does not count. */
  hold(): () => void {
    this.#holds += 1;
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#holds -= 1;
      this.touch();
    };
  }

  stop(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  #arm(ms: number): void {
    const due = this.#clock.now() + ms;
    this.#cancelTimer = this.#clock.after(ms, () => {
      const now = this.#clock.now();
      const late = now - due;
      if (this.#holds > 0) this.#lastSign = now;
      let left = this.#lastSign + this.#limitMs - now;
      if (late > LATE_TIMER_MS) {
        // What the other side said meanwhile has not been read yet.
        this.#lastSign += late;
        left = Math.max(left + late, Math.min(this.#limitMs, READ_UP_MS));
      }
      if (left > 0) {
        this.#arm(left);
        return;
      }
      this.#cancelTimer = undefined;
      this.#expired();
    });
  }
}

const LATE_TIMER_MS = 100;
const READ_UP_MS = 1_000;
