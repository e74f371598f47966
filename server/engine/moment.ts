/** Moments in both clocks that matter to stored results: the journal's and the file system's. Stateless. */
import type { Revision } from '../journal.ts';

/** File system clocks tick in steps of up to 10 ms: of two moments this close to each other, either may be the first. */
export const clockToleranceMs = 20;

export interface Moment {
  readonly revision: Revision;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

export function isBefore(change: Moment, startedAt: Moment): boolean {
  return change.revision <= startedAt.revision && change.at <= startedAt.at;
}
