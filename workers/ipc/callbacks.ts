/** Calls of functions that are not ours, where no request waits for the outcome: their failure must cost nobody. */
import { loggerOf } from './logger.ts';
import type { Logger } from './logger.ts';
import { stackOf } from './realm.ts';
import { promiseOf } from './thenable.ts';

/** Calls all of them; `failed` hears of what is thrown, or rejected later. */
export function callAll<T>(
  listeners: Iterable<(value: T) => unknown>,
  value: T,
  failed: (error: unknown) => void,
): void {
  for (const listener of listeners) {
    try {
      promiseOf(listener(value))?.catch(failed);
    } catch (error) {
      failed(error);
    }
  }
}

/** The same logger, but it never throws: its first failure becomes a warning of the process. */
export function safeLogger(logger: Logger): Logger {
  let warned = false;
  const failed = (error: unknown): void => {
    if (warned) return;
    warned = true;
    process.emitWarning(`The logger of a worker failed: ${stackOf(error)}`);
  };
  return loggerOf((level, message, ...details) =>
    callAll([(text: string): unknown => logger[level](text, ...details)], message, failed),
  );
}
