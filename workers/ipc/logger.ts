/** A logger with a namespace and a level. The library logs nothing unless it is given one. */
import type { LogLevel } from './messages.ts';

export interface Logger {
  log(level: LogLevel, message: string): void;
}

const ORDER: readonly LogLevel[] = ['error', 'warn', 'info', 'debug'];

/** Lines `[namespace] level: message` at or above `level`, written to `write` (default: stderr). */
export function createLogger(
  namespace: string,
  level: LogLevel = 'warn',
  write: (line: string) => void = (line) => void process.stderr.write(`${line}\n`),
): Logger {
  const limit = ORDER.indexOf(level);
  return {
    log(at, message) {
      if (ORDER.indexOf(at) <= limit) write(`[${namespace}] ${at}: ${message}`);
    },
  };
}

export const silentLogger: Logger = { log: () => undefined };
