/**
 * Detects that a worker with a job hangs: it makes no progress, or sends no heartbeat. Watches from `start` to `stop`. Lives
 * as long as its worker.
 */
import type { Clock } from '../clock.ts';
import { Deadline } from './deadline.ts';

/** Heartbeats come every second. Without one for this long, the process is stopped or gets no CPU time. */
const MISSED_HEARTBEATS_MS = 3_000;

export interface WatchdogOptions {
  readonly clock: Clock;
  /** @param ms how long there was no progress */
  readonly onNoProgress: (ms: number) => void;
  /** @param ms how long there was no heartbeat */
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

  /** A new process starts. */
  reset(): void {
    this.stop();
    this.#lastHeartbeatAt = undefined;
  }

  /** The job made progress. */
  progressed(): void {
    this.#progress.touch();
    this.#heartbeat.touch();
  }

  /** @param at monotonic milliseconds */
  beat(at: number): void {
    this.#lastHeartbeatAt = at;
    this.#heartbeat.touch();
  }

  /** Until the returned function is called the worker waits for us, which is no lack of progress. */
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
