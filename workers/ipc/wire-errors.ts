/** Errors as data: how what a handler throws crosses the line with all it carries. Stateless. */
import {
  CancelledError,
  FrameTooLargeError,
  MiddlewareError,
  RemoteError,
  SerializationError,
  UnknownMessageError,
} from './errors.ts';
import { isError, textOf } from './realm.ts';

export interface WireError {
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
  readonly code?: string | number;
  readonly cause?: WireError | { readonly thrown: unknown };
  /** Own enumerable fields, as far as they can be copied. */
  readonly fields?: Readonly<Record<string, unknown>>;
  /** For an AggregateError. */
  readonly errors?: readonly WireError[];
}

const MAX_DEPTH = 8;
const NOT_FIELDS = new Set([
  'name',
  'message',
  'stack',
  'code',
  'cause',
  'errors',
  '__proto__',
  'constructor',
  'prototype',
]);

/** Never throws. `copies` says whether a field's value can cross the line. */
export function toWireError(thrown: unknown, copies: (value: unknown) => boolean = isJson, depth = 0): WireError {
  if (!isError(thrown))
    return { name: 'Error', message: textOf(thrown), fields: { thrown: copies(thrown) ? thrown : textOf(thrown) } };
  const fields: Record<string, unknown> = {};
  for (const key of Object.keys(thrown)) {
    if (NOT_FIELDS.has(key)) continue;
    const value = read(thrown, key);
    if (value !== undefined && copies(value)) fields[key] = value;
  }
  const code = read(thrown, 'code');
  const cause = read(thrown, 'cause');
  const errors = read(thrown, 'errors');
  const stack = read(thrown, 'stack');
  const nested = depth < MAX_DEPTH;
  return {
    name: textOf(read(thrown, 'name') ?? 'Error'),
    message: textOf(read(thrown, 'message') ?? ''),
    ...(typeof stack === 'string' ? { stack } : {}),
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    ...(cause !== undefined && nested ? { cause: toWireCause(cause, copies, depth + 1) } : {}),
    ...(Object.keys(fields).length > 0 ? { fields } : {}),
    ...(Array.isArray(errors) && nested
      ? { errors: errors.slice(0, 100).map((error) => toWireError(error, copies, depth + 1)) }
      : {}),
  };
}

function toWireCause(
  cause: unknown,
  copies: (value: unknown) => boolean,
  depth: number,
): WireError | { thrown: unknown } {
  if (isError(cause)) return toWireError(cause, copies, depth);
  return { thrown: copies(cause) ? cause : textOf(cause) };
}

/** Errors of the library that arise in the worker keep their class; all others become a {@link RemoteError}. */
const OWN_ERRORS = new Map<unknown, new (message: string, options?: ErrorOptions) => Error>([
  ['ERR_WORKER_CANCELLED', CancelledError],
  ['ERR_WORKER_FRAME_TOO_LARGE', FrameTooLargeError],
  ['ERR_WORKER_MIDDLEWARE', MiddlewareError],
  ['ERR_WORKER_SERIALIZATION', SerializationError],
  ['ERR_WORKER_UNKNOWN_MESSAGE', UnknownMessageError],
]);

/** Rebuilds an error from anything that claims to be one. Never throws. */
export function fromWireError(wire: unknown, depth = 0): Error {
  if (typeof wire !== 'object' || wire === null) return new RemoteError('Error', textOf(wire));
  const { name, message, stack, code, cause, fields, errors } = wire as Partial<Record<keyof WireError, unknown>>;
  const options = cause === undefined || depth >= MAX_DEPTH ? undefined : { cause: fromWireCause(cause, depth + 1) };
  const Own = OWN_ERRORS.get(code);
  const text = typeof message === 'string' ? message : textOf(message ?? '');
  const error =
    Own === undefined
      ? new RemoteError(typeof name === 'string' ? name : 'Error', text, options)
      : new Own(text, options);
  if (typeof stack === 'string') hide(error, 'stack', stack);
  if (Own === undefined && (typeof code === 'string' || typeof code === 'number')) define(error, 'code', code);
  if (typeof fields === 'object' && fields !== null) {
    for (const [key, value] of Object.entries(fields)) if (!NOT_FIELDS.has(key)) define(error, key, value);
  }
  if (Array.isArray(errors) && depth < MAX_DEPTH)
    hide(
      error,
      'errors',
      errors.map((inner) => fromWireError(inner, depth + 1)),
    );
  return error;
}

function fromWireCause(cause: unknown, depth: number): unknown {
  return typeof cause === 'object' && cause !== null && 'thrown' in cause ? cause.thrown : fromWireError(cause, depth);
}

function define(error: Error, key: string, value: unknown): void {
  Object.defineProperty(error, key, { value, configurable: true, writable: true, enumerable: true });
}

function hide(error: Error, key: string, value: unknown): void {
  Object.defineProperty(error, key, { value, configurable: true, writable: true, enumerable: false });
}

/** Getters of a hostile error may throw. */
function read(error: Error, key: string): unknown {
  try {
    return (error as unknown as Record<string, unknown>)[key];
  } catch {
    return undefined;
  }
}

function isJson(value: unknown): boolean {
  try {
    return JSON.stringify(value) !== undefined;
  } catch {
    return false;
  }
}
