/** The shared back-off, for those who use the worker library for nothing else. */
export { backoffDelay, type Backoff } from '../ipc/backoff.ts';
