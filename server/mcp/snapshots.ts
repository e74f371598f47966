/**
 * What earlier answers were made from, so that a later one can tell what is new since. Lives as long as the server: after a
 * restart an older handle is unknown, and its answer says so and lists everything.
 */
import { hash } from 'node:crypto';
import type { Issue } from '../../workers/protocol/detector-protocol.ts';

/** Each holds the issues of its time. */
const MOST = 16;

export interface Difference {
  readonly appeared: readonly Issue[];
  readonly fixed: readonly Issue[];
}

export class Snapshots {
  readonly #known = new Map<string, readonly Issue[]>();

  /** @returns a handle; the same for the same issues */
  take(issues: readonly Issue[]): string {
    const handle = hash('sha256', issues.map(keyOf).join('\n'), 'hex').slice(0, 8);
    this.#known.delete(handle);
    this.#known.set(handle, issues);
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= MOST) break;
      this.#known.delete(oldest);
    }
    return handle;
  }

  has(handle: string): boolean {
    return this.#known.has(handle);
  }

  /** @returns undefined: the handle is unknown */
  since(handle: string, issues: readonly Issue[]): Difference | undefined {
    const before = this.#known.get(handle);
    return before && { appeared: without(issues, before), fixed: without(before, issues) };
  }
}

/** Two issues of one fingerprint may differ in what they say. */
function keyOf({ fingerprint, severity, message }: Issue): string {
  return `${fingerprint} ${severity} ${message}`;
}

function without(issues: readonly Issue[], others: readonly Issue[]): readonly Issue[] {
  const left = new Map<string, number>();
  for (const issue of others) left.set(keyOf(issue), (left.get(keyOf(issue)) ?? 0) + 1);
  return issues.filter((issue) => {
    const count = left.get(keyOf(issue)) ?? 0;
    if (count > 0) left.set(keyOf(issue), count - 1);
    return count === 0;
  });
}
