/** Marks what shall be moved instead of copied with a handler's result. */
import type { Transferable } from 'node:worker_threads';

const lists = new WeakMap<object, readonly Transferable[]>();

/**
 * Returns `value`; when a handler returns it, the objects in `list` are moved to the host. Drivers that cannot move
 * copy instead.
 */
export function withTransfer<T extends object>(value: T, list: readonly Transferable[]): T {
  lists.set(value, list);
  return value;
}

export function transferListOf(value: unknown): readonly Transferable[] | undefined {
  return typeof value === 'object' && value !== null ? lists.get(value) : undefined;
}
