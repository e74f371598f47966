/**
 * What JSON says of values that it does not know. `JSON.stringify` decides wherever it gives an answer; the rest is defined
 * here. Stateless.
 */
import { types } from 'node:util';

/** An array or a list of pairs whose values are still to be looked at. */
export type Container =
  | { readonly kind: 'array'; readonly items: readonly unknown[] | ReadonlySet<unknown> }
  | { readonly kind: 'object'; readonly entries: Iterable<readonly [key: string, value: () => unknown]> };

/** `undefined`: it has no JSON, so an object leaves it out and an array has `null` in its place. */
export type Prepared = string | number | boolean | null | undefined | Container;

/** Looks at one value, not at what it contains. Never throws. @param key of the value in what contains it */
export function prepare(value: unknown, key: string): Prepared {
  try {
    return known(converted(value, key));
  } catch (error) {
    return `[Throws: ${messageOf(error)}]`;
  }
}

/** Nodes that are looked at before a value counts as large. `JSON.stringify` needs far less than 1 ms for them. */
const FEW_NODES = 256;
/** UTF-16 code units of strings and keys, for the same purpose. */
const FEW_CHARACTERS = 32_768;

/** Whether `JSON.stringify` may write it at once: it is small, and it holds nothing that is defined here. */
export function isSmallAndPlain(value: unknown): boolean {
  let nodes = 0;
  let characters = 0;
  const pending: unknown[] = [value];
  try {
    while (pending.length > 0) {
      nodes += 1;
      if (nodes > FEW_NODES || characters > FEW_CHARACTERS) return false;
      const one = pending.pop();
      if (typeof one === 'string') characters += one.length;
      if (typeof one === 'bigint' || typeof one === 'function') return false;
      if (typeof one !== 'object' || one === null) continue;
      if ('toJSON' in one) return false;
      if (Array.isArray(one)) {
        if (one.length > FEW_NODES) return false;
        for (const item of one) pending.push(item);
        continue;
      }
      const prototype: unknown = Object.getPrototypeOf(one);
      if (prototype !== Object.prototype && prototype !== null) return false;
      for (const key in one) {
        characters += key.length;
        pending.push((one as Readonly<Record<string, unknown>>)[key]);
        if (pending.length > FEW_NODES) return false;
      }
    }
  } catch {
    // A getter or a proxy throws.
    return false;
  }
  return characters <= FEW_CHARACTERS;
}

function converted(value: unknown, key: string): unknown {
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null) return value;
  if (isError(value)) return errorAsData(value);
  // A buffer has a `toJSON` that makes it four times as long.
  if (ArrayBuffer.isView(value))
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64');
  if (types.isAnyArrayBuffer(value)) return Buffer.from(value).toString('base64');
  const { toJSON } = value as { readonly toJSON?: unknown };
  if (typeof toJSON !== 'function') return value;
  const own: unknown = Reflect.apply(toJSON, value, [key]);
  return typeof own === 'bigint' ? String(own) : own;
}

function known(value: unknown): Prepared {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      return Number.isFinite(value) ? value : null;
    case 'object':
      return value === null ? null : container(value);
    default:
      return undefined;
  }
}

function container(value: object): Prepared {
  if (Array.isArray(value)) return { kind: 'array', items: value };
  if (types.isSet(value)) return { kind: 'array', items: value };
  if (types.isMap(value)) return ofMap(value);
  if (types.isBoxedPrimitive(value)) return known(converted(value.valueOf(), ''));
  if (types.isRegExp(value)) return String(value);
  return { kind: 'object', entries: entriesOf(value, Object.keys(value)) };
}

function* entriesOf(value: object, keys: readonly string[]): Generator<readonly [string, () => unknown]> {
  for (const key of keys) yield [key, () => (value as Readonly<Record<string, unknown>>)[key]];
}

/** An object, unless a key is no string: then a list of pairs, so that nothing is lost. */
function ofMap(map: ReadonlyMap<unknown, unknown>): Container {
  for (const key of map.keys()) if (typeof key !== 'string') return { kind: 'array', items: [...map] };
  const entries = function* (): Generator<readonly [string, () => unknown]> {
    for (const [key, value] of map as ReadonlyMap<string, unknown>) yield [key, () => value];
  };
  return { kind: 'object', entries: entries() };
}

/** Also of another realm, such as a context of `node:vm`. */
function isError(value: object): value is Error {
  return value instanceof Error || Object.prototype.toString.call(value) === '[object Error]';
}

/** Without the stack, which tells paths of this machine. */
function errorAsData(error: Error): object {
  const { name, message, cause } = error;
  const { code, errors } = error as { readonly code?: unknown; readonly errors?: unknown };
  return {
    name,
    message,
    ...(code === undefined ? {} : { code }),
    ...(cause === undefined ? {} : { cause }),
    ...(errors === undefined ? {} : { errors }),
  };
}

/** The message of whatever was thrown. Never throws. */
export function messageOf(error: unknown): string {
  try {
    return error instanceof Error ? error.message : String(error);
  } catch {
    return 'unknown';
  }
}
