/** Promises, and what behaves like one, from code that is not ours. */
import { types } from 'node:util';

/** A promise for what `value` settles with, if it is a promise or has a `then`; undefined for all else. Never throws. */
export function promiseOf(value: unknown): Promise<unknown> | undefined {
  if (!types.isPromise(value)) {
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return undefined;
    try {
      if (typeof (value as { then?: unknown }).then !== 'function') return undefined;
    } catch {
      // The promise rejects with it.
    }
  }
  return adopt(value);
}

/** `await` takes a promise whose `then` was replaced as it takes all others. */
async function adopt(value: unknown): Promise<unknown> {
  return await value;
}
