/** The back-off of the worker library, for code that uses nothing else of it. */
export { backoffDelay, type Backoff } from '../ipc/backoff.ts';
