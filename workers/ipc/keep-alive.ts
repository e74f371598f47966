/**
 * Whether a worker keeps the host's process alive. A worker without work does not: a forgotten `close()` must not hang a
 * program that is done. The worker then ends as by `close()`, before the process does. Lives as long as its client.
 */
import { setImmediate } from './timers.ts';

/** `in-work`: while it starts, while requests are in work, and while it is being closed. */
export type KeepAliveMode = 'always' | 'in-work' | 'never';

/** The workers of this process that are idle when it has nothing left to do are closed. */
const idle = new Set<KeepAlive>();
const closeIdle = (): void => {
  for (const worker of [...idle]) worker.close();
};

export interface KeepAliveOptions {
  /** Makes the operating system's handles hold the process, or not. */
  readonly hold: (on: boolean) => void;
  /** Whether the worker has work. */
  readonly inWork: () => boolean;
  /** Closes it; the process has nothing else to do. */
  readonly close: () => void;
}

export class KeepAlive {
  readonly #options: KeepAliveOptions;
  #mode: KeepAliveMode;
  /** Starting and closing count as work. */
  #phase: 'open' | 'open idle' | 'closing' | 'ended' = 'open';
  #holds = true;
  #looksLater = false;

  constructor(mode: KeepAliveMode, options: KeepAliveOptions) {
    this.#mode = mode;
    this.#options = options;
  }

  set mode(mode: KeepAliveMode) {
    this.#mode = mode;
    this.#apply();
  }

  /** Called when it is ready, and whenever requests are opened or settled. */
  workChanged(): void {
    if (this.#phase === 'open') {
      this.#phase = 'open idle';
      if (idle.size === 0) process.on('beforeExit', closeIdle);
      idle.add(this);
    }
    if (this.#needed() && !this.#holds) return this.#apply();
    // One request after the other is the usual case: no need to let go in between.
    if (this.#needed() || !this.#holds || this.#looksLater) return;
    this.#looksLater = true;
    setImmediate(() => {
      this.#looksLater = false;
      this.#apply();
    });
  }

  /** The worker is being ended: whoever waits for that gets to see it. */
  closing(): void {
    if (this.#phase === 'ended') return;
    this.#leave();
    this.#phase = 'closing';
    this.#apply();
  }

  /** It is gone, or lives on without us. */
  ended(): void {
    this.#leave();
    this.#phase = 'ended';
  }

  close(): void {
    // What is in work and may be lost is so by the caller's will.
    if (!this.#options.inWork()) this.#options.close();
    else this.#leave();
  }

  #needed(): boolean {
    if (this.#mode !== 'in-work') return this.#mode === 'always';
    return this.#phase !== 'open idle' || this.#options.inWork();
  }

  #apply(): void {
    const needed = this.#needed();
    if (this.#phase === 'ended' || needed === this.#holds) return;
    this.#holds = needed;
    this.#options.hold(needed);
  }

  #leave(): void {
    if (idle.delete(this) && idle.size === 0) process.off('beforeExit', closeIdle);
  }
}
