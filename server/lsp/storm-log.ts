/** The log of the server: a storm of messages that differ only in numbers is two lines, one with a count. Lives as long as the connection. */
import { systemClock, type Clock } from '../clock.ts';

export type LogLevel = 'error' | 'warn' | 'info' | 'debug';

/** Messages alike within this time are counted. */
const windowMs = 5000;

export class StormLog {
  readonly #write: (level: LogLevel, message: string) => void;
  readonly #clock: Clock;
  /** How often a message came again, by the message without its numbers. */
  readonly #repetitions = new Map<string, number>();
  readonly #timers = new Set<() => void>();

  constructor(write: (level: LogLevel, message: string) => void, clock: Clock = systemClock) {
    this.#write = write;
    this.#clock = clock;
  }

  add(level: LogLevel, message: string): void {
    const key = `${level} ${message.replace(/\d+/g, '#')}`;
    const known = this.#repetitions.get(key);
    if (known !== undefined) {
      this.#repetitions.set(key, known + 1);
      return;
    }
    this.#repetitions.set(key, 0);
    this.#write(level, message);
    const cancel = this.#clock.after(
      windowMs,
      () => {
        this.#timers.delete(cancel);
        const count = this.#repetitions.get(key) ?? 0;
        this.#repetitions.delete(key);
        if (count > 0) this.#write(level, `${count} more messages in ${windowMs / 1000} s like: ${message}`);
      },
      true,
    );
    this.#timers.add(cancel);
  }

  dispose(): void {
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
  }
}
