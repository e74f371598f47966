/** What a client tells of its worker: log lines, vitals, and what happens to it. Lives as long as the client. */
import { safeLogger } from './callbacks.ts';
import type { LogEntry, Vitals } from './driver.ts';
import type { LifecycleEvents } from './lifecycle.ts';
import { Listeners } from './listeners.ts';
import { silentLogger } from './logger.ts';
import type { Logger } from './logger.ts';
import type { LogLevel } from './messages.ts';
import type { AnyWorkerOptions } from './options.ts';
import { stackOf } from './realm.ts';
import type { NetworkAttempt } from './sandbox/proxy.ts';

interface Heard extends LifecycleEvents {
  readonly log: LogEntry;
  readonly vitals: Vitals;
  readonly network: NetworkAttempt;
}

export class Reports {
  readonly logger: Logger;
  readonly #name: string;
  readonly #pid: () => number | undefined;
  readonly #listeners = new Listeners<Heard>((error) => this.log('error', `A listener failed: ${stackOf(error)}`));

  /** `pid` is asked when there is something to log. */
  constructor(options: AnyWorkerOptions, pid: () => number | undefined) {
    this.logger = safeLogger(options.logger ?? silentLogger);
    this.#name = options.name ?? 'worker';
    this.#pid = pid;
    const { onLog, onVitals, onNetwork, on } = options;
    if (onLog !== undefined) this.on('log', onLog);
    if (onVitals !== undefined) this.on('vitals', onVitals);
    if (onNetwork !== undefined) this.on('network', onNetwork);
    if (on?.connect !== undefined) this.on('connect', on.connect);
    if (on?.disconnect !== undefined) this.on('disconnect', on.disconnect);
    if (on?.error !== undefined) this.on('error', on.error);
    if (on?.exit !== undefined) this.on('exit', on.exit);
  }

  on<E extends keyof Heard>(event: E, listener: (value: Heard[E]) => unknown): () => void {
    return this.#listeners.on(event, listener);
  }

  emit<E extends keyof Heard>(event: E, value: Heard[E]): void {
    this.#listeners.emit(event, value);
  }

  entry(entry: LogEntry): void {
    this.log(entry.level === 'error' ? 'error' : 'debug', `${entry.source}: ${entry.message}`);
    this.#listeners.emit('log', entry);
  }

  log(level: LogLevel, message: string): void {
    this.logger[level](`${this.#name} (${this.#pid() ?? 'no process'}): ${message}`);
  }
}
