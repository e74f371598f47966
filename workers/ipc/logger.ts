/** A logger with a namespace and a level. The library logs nothing unless it is given one. */
import { format } from 'node:util';
import type { LogLevel } from './messages.ts';

/** Takes log lines, a method for each level; `console` is one. What a logger throws costs nobody anything. */
export interface Logger {
  /** What helps to understand a worker's life. */
  debug(message: string, ...details: unknown[]): void;
  /** What the worker's own code says. */
  info(message: string, ...details: unknown[]): void;
  /** What went wrong and is tried again. */
  warn(message: string, ...details: unknown[]): void;
  /** What went wrong. */
  error(message: string, ...details: unknown[]): void;
}

const ORDER: readonly LogLevel[] = ['error', 'warn', 'info', 'debug'];

/** The level, or `info` for what is none. */
export function levelOf(value: unknown): LogLevel {
  return ORDER.find((level) => level === value) ?? 'info';
}

/** A logger whose methods are one function. */
export function loggerOf(log: (level: LogLevel, message: string, ...details: unknown[]) => void): Logger {
  const at =
    (level: LogLevel) =>
    (message: string, ...details: unknown[]): void =>
      log(level, message, ...details);
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/**
 * A logger of lines `[namespace] level: message details`, details as `console` shows them.
 * @param level what is below it is left out: `error`, `warn`, `info`, `debug`. Default `warn`
 * @param write takes each line, without a line feed. Default: stderr
 */
export function createLogger(
  namespace: string,
  level: LogLevel = 'warn',
  write: (line: string) => void = (line) => void process.stderr.write(`${line}\n`),
): Logger {
  const limit = ORDER.indexOf(level);
  return loggerOf((at, message, ...details) => {
    if (ORDER.indexOf(at) > limit) return;
    write(`[${namespace}] ${at}: ${details.length === 0 ? message : format(message, ...details)}`);
  });
}

export const silentLogger: Logger = loggerOf(() => undefined);
