/**
 * What earlier answers were made from, so that a later one can tell what is new since. Lives as long as the server: after a
 * restart an older handle is unknown, and its answer says so and lists everything.
 */
import { hash } from 'node:crypto';
import type { Issue } from '../../workers/protocol/detector-protocol.ts';
import { BoundedMap } from '../bounded-map.ts';
import { differenceOf, issueKey, type IssueDifference } from '../folder/issue-difference.ts';

/** Each holds the issues of its time. */
const MOST = 16;

export class Snapshots {
  readonly #known = new BoundedMap<string, readonly Issue[]>(MOST);

  /** @returns a handle; the same for the same issues */
  take(issues: readonly Issue[]): string {
    const handle = hash('sha256', issues.map(issueKey).join('\n'), 'hex').slice(0, 8);
    this.#known.set(handle, issues);
    return handle;
  }

  has(handle: string): boolean {
    return this.#known.has(handle);
  }

  /** @returns undefined: the handle is unknown */
  since(handle: string, issues: readonly Issue[]): IssueDifference | undefined {
    const before = this.#known.get(handle);
    return before && differenceOf(before, issues);
  }
}
