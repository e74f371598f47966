/**
 * Notices a worker that hangs while it has a job: one that makes no progress, and one that gives no sign of life at all.
 * Lives as long as its worker; watches from `start` to `stop`.
 */
import type { Clock } from '../clock.ts';
import { Deadline } from './deadline.ts';

/** Heartbeats come every second. After this silence the process is stopped or starved rather than busy. */
const MISSED_HEARTBEATS_MS = 3_000;

export interface WatchdogOptions {
  readonly clock: Clock;
  /** @param ms how long there was no progress */
  readonly onNoProgress: (ms: number) => void;
  /** @param ms how long there was no sign of life */
  readonly onSilence: (ms: number) => void;
}

export class Watchdog {
  readonly #options: WatchdogOptions;
  readonly #progress: Deadline;
  readonly #heartbeat: Deadline;
  #progressMs = 0;
  #startedAt = 0;
  #lastHeartbeatAt: number | undefined;

  constructor(options: WatchdogOptions) {
    this.#options = options;
    this.#progress = new Deadline(options.clock, () => this.#noProgress());
    this.#heartbeat = new Deadline(options.clock, () => this.#silent());
  }

  /** @param heartbeatMs absent: the worker has no heartbeat */
  start(progressMs: number, heartbeatMs: number | undefined): void {
    this.#progressMs = progressMs;
    this.#startedAt = this.#options.clock.now();
    this.#progress.start(progressMs);
    if (heartbeatMs !== undefined) this.#heartbeat.start(heartbeatMs);
  }

  stop(): void {
    this.#progress.stop();
    this.#heartbeat.stop();
  }

  /** A new process: nothing is known of it. */
  reset(): void {
    this.stop();
    this.#lastHeartbeatAt = undefined;
  }

  /** The job got on. */
  progressed(): void {
    this.#progress.touch();
    this.#heartbeat.touch();
  }

  /** @param at monotonic milliseconds */
  beat(at: number): void {
    this.#lastHeartbeatAt = at;
    this.#heartbeat.touch();
  }

  /** Until the returned function is called the worker waits for us: that is no lack of progress. */
  hold(): () => void {
    return this.#progress.hold();
  }

  #noProgress(): void {
    if (this.#lastHeartbeatAt !== undefined && this.#silentMs > MISSED_HEARTBEATS_MS) this.#silent();
    else this.#options.onNoProgress(this.#progressMs);
  }

  #silent(): void {
    this.#options.onSilence(this.#silentMs);
  }

  get #silentMs(): number {
    return this.#options.clock.now() - Math.max(this.#lastHeartbeatAt ?? 0, this.#startedAt);
  }
}
