/**
 * Turns the worker's heartbeat on while requests are in work, and off a while after; and says when a worker has not
 * turned its event loop for too long. Lives as long as its client.
 */
import type { Vitals } from './driver.ts';
import { clearInterval, now, setInterval } from './timers.ts';

export interface WatchOptions {
  /** Requests the worker has not answered. */
  readonly inWork: () => number;
  readonly turn: (on: boolean) => void;
  /** Milliseconds; `Infinity` is never. */
  readonly unresponsiveMs: number;
  readonly unresponsive: (detail: string) => void;
  /** Monotonic milliseconds. Default: `performance.now`. */
  readonly now?: () => number;
}

/** The heartbeat goes on for so long after the last request; a beat may be late by as much. */
const AFTER_MS = 2_000;

/** From one beat to the next. */
const BEAT_MS = 1_000;

export class Watch {
  readonly #options: WatchOptions;
  readonly #now: () => number;
  #isOn = false;
  #stopped = false;
  #lastInWork = 0;
  #latest: Vitals | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: WatchOptions) {
    this.#options = options;
    this.#now = options.now ?? now;
  }

  /** Requests were opened or settled. */
  update(): void {
    if (this.#stopped) return;
    if (this.#options.inWork() === 0) return this.#stopTimer();
    this.#lastInWork = this.#now();
    if (!this.#isOn) {
      this.#isOn = true;
      this.#options.turn(true);
    }
    if (this.#options.unresponsiveMs !== Infinity) this.#timer ??= this.#startTimer(this.#options.unresponsiveMs);
  }

  /** No timer is needed to turn it off: the beats that come tell the time. */
  beat(vitals: Vitals): void {
    this.#latest = vitals;
    if (this.#options.inWork() > 0) {
      this.#lastInWork = this.#now();
    } else if (this.#isOn && this.#now() - this.#lastInWork > AFTER_MS) {
      this.#isOn = false;
      this.#options.turn(false);
    }
  }

  stop(): void {
    this.#stopped = true;
    this.#stopTimer();
  }

  #stopTimer(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #startTimer(limitMs: number): NodeJS.Timeout {
    let since = this.#now();
    let lastLook = since;
    const look = (): void => {
      const now = this.#now();
      const stoodStill = now - lastLook > limitMs;
      lastLook = now;
      // The signs of life are still to be read, and those first ones count for nothing: what this thread did not read
      // may have blocked the worker.
      if (stoodStill) since = now + BEAT_MS;
      const latest = this.#latest !== undefined && this.#latest.heartbeatAt >= since ? this.#latest : undefined;
      const silentMs = now - (latest?.heartbeatAt ?? since) - AFTER_MS;
      const blockedMs = Math.max(silentMs, latest?.blockedMs ?? 0);
      if (blockedMs < limitMs || this.#latest?.inspected === true) return;
      this.#options.unresponsive(`no turn of its event loop for ${Math.round(blockedMs)} ms.`);
    };
    const timer = setInterval(look, Math.min(limitMs / 2, 500));
    timer.unref();
    return timer;
  }
}
