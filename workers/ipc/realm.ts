/**
 * What a value is, whichever realm it comes from. `instanceof` knows only the classes of its own realm; code in a `vm`
 * context (tests in Jest and Vitest, sandboxed plugins) has others.
 */
import { types } from 'node:util';

/** Also true for what has a message and a stack but is no native error, such as a DOMException of jsdom. Never throws. */
export function isError(value: unknown): value is Error {
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- Error.isError does not exist in Node 22
  if (types.isNativeError(value)) return true;
  if (typeof value !== 'object' || value === null) return false;
  try {
    if (value instanceof Error) return true;
    const { message, stack } = value as { message?: unknown; stack?: unknown };
    return typeof message === 'string' && typeof stack === 'string';
  } catch {
    return false;
  }
}

/** The error itself, or one whose message is the value as text. Never throws. */
export function toError(value: unknown): Error {
  return isError(value) ? value : new Error(textOf(value));
}

/** What to show of something thrown: its stack, if it has one. Never throws. */
export function stackOf(value: unknown): string {
  try {
    const error = toError(value);
    return textOf(error.stack ?? error.message);
  } catch {
    return 'an error that cannot be read';
  }
}

/** Its message, if it is an error, or the value as text. Never throws. */
export function messageOf(value: unknown): string {
  try {
    return textOf(toError(value).message);
  } catch {
    return 'an error that cannot be read';
  }
}

/** Never throws. */
export function textOf(value: unknown): string {
  try {
    return String(value);
  } catch {
    return 'a value without a text form';
  }
}
