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
/** So many errors within one, causes included. */
const MAX_ERRORS = 100;
/** Characters of a message that is too long to be sent. */
const SHORT = 1000;
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
export function toWireError(thrown: unknown, copies: (value: unknown) => boolean = isJson): WireError {
  return new Description(copies).describe(thrown);
}

/** One error on its way to the line, with all that is in it. */
class Description {
  readonly #copies: (value: unknown) => boolean;
  /** The errors around the one that is described: one that contains itself has no end. */
  readonly #around = new Set<unknown>();
  #left = MAX_ERRORS;

  constructor(copies: (value: unknown) => boolean) {
    this.#copies = copies;
  }

  describe(thrown: unknown): WireError {
    this.#left -= 1;
    if (!isError(thrown)) return { name: 'Error', message: textOf(thrown), fields: { thrown: this.#value(thrown) } };
    const code = read(thrown, 'code');
    const stack = read(thrown, 'stack');
    return {
      name: textOf(read(thrown, 'name') ?? 'Error'),
      message: textOf(read(thrown, 'message') ?? ''),
      ...(typeof stack === 'string' ? { stack } : {}),
      ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
      ...this.#inside(thrown),
    };
  }

  #inside(error: Error): Partial<WireError> {
    if (this.#around.has(error) || this.#around.size >= MAX_DEPTH) return {};
    this.#around.add(error);
    const fields: Record<string, unknown> = {};
    for (const key of keysOf(error)) {
      if (NOT_FIELDS.has(key)) continue;
      const value = read(error, key);
      if (value !== undefined && this.#copies(value)) fields[key] = value;
    }
    const cause = read(error, 'cause');
    const errors = listOf(read(error, 'errors'));
    const inside = {
      ...(cause === undefined || this.#left <= 0
        ? {}
        : { cause: isError(cause) ? this.describe(cause) : { thrown: this.#value(cause) } }),
      ...(Object.keys(fields).length > 0 ? { fields } : {}),
      ...(errors === undefined
        ? {}
        : { errors: errors.flatMap((inner) => (this.#left > 0 ? [this.describe(inner)] : [])) }),
    };
    this.#around.delete(error);
    return inside;
  }

  #value(value: unknown): unknown {
    return this.#copies(value) ? value : textOf(value);
  }
}

/** The error, then with less and less of it, for a line that does not take all. Its code says of which class it is. */
export function everLess(error: WireError): readonly WireError[] {
  const { name, message, stack } = error;
  const code = typeof error.code === 'string' ? error.code.slice(0, SHORT) : error.code;
  const core = { name, message, ...(code === undefined ? {} : { code }) };
  return [
    error,
    { ...core, ...(stack === undefined ? {} : { stack }) },
    core,
    { ...core, name: name.slice(0, SHORT), message: message.slice(0, SHORT) },
    { name: 'Error', message: '' },
  ];
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

function keysOf(error: Error): readonly string[] {
  try {
    return Object.keys(error);
  } catch {
    return [];
  }
}

function listOf(value: unknown): readonly unknown[] | undefined {
  try {
    return Array.isArray(value) ? value.slice(0, MAX_ERRORS) : undefined;
  } catch {
    return undefined;
  }
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
