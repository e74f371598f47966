/**
 * Whose call it was: an error that came from a worker, or from a timer, knows nothing of the code that waited for it.
 * Async functions keep that knowledge, and asking them costs nothing until something fails.
 */
import { RemoteError, WorkerError } from './errors.ts';

/**
 * Adds the async functions that wait for the caller of this function to the stack of an error of the library's. To be
 * called in an async function, after an `await`.
 */
export function addCaller(error: unknown): void {
  if (!(error instanceof WorkerError || error instanceof RemoteError)) return;
  const callers = new Error().stack?.split('\n').filter((line) => line.startsWith('    at async ')) ?? [];
  if (callers.length === 0 || typeof error.stack !== 'string') return;
  const stack = `${error.stack}\n    --- sent by ---\n${callers.join('\n')}`;
  Object.defineProperty(error, 'stack', { value: stack, configurable: true, writable: true });
}
