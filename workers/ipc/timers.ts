/**
 * The timers of the library, and the one place that says what a number of milliseconds means. They are taken when the
 * library is loaded: tests that replace the global timers must not stop its messages.
 */
import timers from 'node:timers';
import { DriverError } from './errors.ts';

export const { setTimeout, clearTimeout, setInterval, clearInterval, setImmediate } = timers;
export const nextTick: typeof process.nextTick = process.nextTick.bind(process);
/** Monotonic milliseconds. */
export const now: () => number = performance.now.bind(performance);

/** A longer timer would fire after one millisecond. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * Checks a duration of the caller's.
 * @returns milliseconds, 0 or more; `Infinity` waits without end
 * @throws DriverError for what is no such number; `name` is the option
 */
export function duration(value: number, name: string): number {
  if (typeof value === 'number' && value >= 0) return value;
  throw new DriverError(
    `The option '${name}' must be a number of milliseconds (0 or more, or Infinity), not ${shown(value)}.`,
  );
}

/** The same for a time limit, where 0 means none. @returns milliseconds; `Infinity` for none */
export function timeLimit(value: number, name: string): number {
  return duration(value, name) === 0 ? Infinity : value;
}

/** Checks a number that has to lie between two others, both included. @throws DriverError */
export function numberWithin(value: number, name: string, least: number, most = Infinity): number {
  if (typeof value === 'number' && value >= least && value <= most) return value;
  const range = most === Infinity ? (least < 1 && least > 0 ? 'above 0' : `${least} or more`) : `${least} to ${most}`;
  throw new DriverError(`The option '${name}' must be a number, ${range}, not ${shown(value)}.`);
}

/** The same for a number of things: a whole one, or `Infinity`. @throws DriverError */
export function countWithin(value: number, name: string, least: number): number {
  if (value === Infinity || Number.isInteger(value)) return numberWithin(value, name, least);
  throw new DriverError(`The option '${name}' must be a whole number, ${least} or more, not ${shown(value)}.`);
}

function shown(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}

export interface Timer {
  cancel(): void;
}

const noTimer: Timer = { cancel: () => undefined };

/** Calls `callback` after `ms`, however long that is; never for `Infinity`. A `quiet` one does not keep the process alive. */
export function startTimer(ms: number, callback: () => void, quiet = false): Timer {
  if (ms === Infinity) return noTimer;
  let left = ms;
  let current = arm();
  function arm(): NodeJS.Timeout {
    const step = Math.min(left, LONGEST_TIMER_MS);
    const timer = setTimeout(() => {
      left -= step;
      if (left > 0) current = arm();
      else callback();
    }, step);
    if (quiet) timer.unref();
    return timer;
  }
  return { cancel: () => clearTimeout(current) };
}

/**
 * Calls `expired` after `ms`, later by as much as this thread stood still: only time counts in which it could look.
 * Never for `Infinity`.
 */
export function startDeadline(ms: number, expired: () => void): Timer {
  let timer = arm(ms);
  function arm(left: number): Timer {
    const due = now() + left;
    return startTimer(left, () => {
      const late = now() - due;
      if (late > 100) timer = arm(late);
      else expired();
    });
  }
  return { cancel: () => timer.cancel() };
}

/** Waits for `promise`, but not longer than `ms`, nor less because this thread was too busy to look. */
export async function within(promise: Promise<unknown>, ms: number): Promise<void> {
  const late = Promise.withResolvers<void>();
  const deadline = startDeadline(ms, late.resolve);
  await Promise.race([promise, late.promise]);
  deadline.cancel();
}

/** Settles after `ms`, or as soon as `signal` is aborted. Never rejects. */
export async function wait(ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted === true) return;
  const over = Promise.withResolvers<void>();
  const timer = startTimer(ms, over.resolve);
  const onAbort = (): void => over.resolve();
  signal?.addEventListener('abort', onAbort);
  await over.promise;
  timer.cancel();
  signal?.removeEventListener('abort', onAbort);
}
