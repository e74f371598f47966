/**
 * What a worker writes and logs, on its way to our own log. Code of the workspace writes there: a flood is folded before
 * each line becomes a message of its own, and characters that a terminal or an editor would obey are shown. Lives as long
 * as its worker.
 */
import type { LogLevel } from '../../workers/protocol/detector.ts';
import type { Clock } from '../clock.ts';
import { printable } from '../printable.ts';

/** Lines of a worker within a window; the rest is counted. */
const MOST_LINES = 100;
const WINDOW_MS = 10_000;
const LONGEST = 4_000;

export class WorkerLog {
  readonly #clock: Clock;
  readonly #write: (level: LogLevel, message: string) => void;
  #windowEnd = Number.NEGATIVE_INFINITY;
  #lines = 0;
  #folded = 0;

  constructor(clock: Clock, write: (level: LogLevel, message: string) => void) {
    this.#clock = clock;
    this.#write = write;
  }

  readonly add = (level: LogLevel, message: string): void => {
    const now = this.#clock.now();
    if (now >= this.#windowEnd) {
      this.#windowEnd = now + WINDOW_MS;
      this.#lines = 0;
    }
    this.#lines += 1;
    if (this.#lines <= MOST_LINES) return this.#write(level, logText(message));
    if (this.#folded === 0) this.#clock.after(this.#windowEnd - now, this.#tellFolded, true);
    this.#folded += 1;
  };

  readonly #tellFolded = (): void => {
    this.#write('info', `${this.#folded} more lines within ${WINDOW_MS / 1000} s are not shown.`);
    this.#folded = 0;
  };
}

/** Further lines are indented: none of them can pass for one of ours. */
function logText(message: string): string {
  const text = message.length <= LONGEST ? message : `${message.slice(0, LONGEST)}…`;
  return printable(text).replaceAll('\n', '\n    ');
}
