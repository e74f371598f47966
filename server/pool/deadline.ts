import type { Clock } from '../clock.ts';

/** A timer that comes later than this shows that this process was blocked. */
const LATE_TIMER_MS = 100;
/** Time to read what arrived while this process was blocked. */
const CATCH_UP_MS = 1_000;

/**
 * Expires when the other side shows no activity for a while. Costs one timer, however often it is postponed.
 * Time in which this process itself was blocked does not count.
 */
export class Deadline {
  readonly #clock: Clock;
  readonly #expired: () => void;
  #limitMs = 0;
  #lastActivity = 0;
  #holds = 0;
  #cancelTimer: (() => void) | undefined;

  constructor(clock: Clock, expired: () => void) {
    this.#clock = clock;
    this.#expired = expired;
  }

  /** Starts, or starts over. */
  start(limitMs: number): void {
    this.stop();
    this.#limitMs = limitMs;
    this.#lastActivity = this.#clock.now();
    this.#arm(limitMs);
  }

  /** The other side showed activity: the time starts over. */
  touch(): void {
    this.#lastActivity = this.#clock.now();
  }

  /** Until the returned function is called, the other side waits for us (backpressure), and no time counts. */
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
      if (this.#holds > 0) this.#lastActivity = now;
      let left = this.#lastActivity + this.#limitMs - now;
      if (late > LATE_TIMER_MS) {
        // What the other side sent meanwhile has not been read yet.
        this.#lastActivity += late;
        left = Math.max(left + late, Math.min(this.#limitMs, CATCH_UP_MS));
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
