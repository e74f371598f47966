/** What is new and what is gone between two lists of issues. Pure. */
import type { Issue } from '../../workers/protocol/detector-protocol.ts';

export interface IssueDifference {
  readonly appeared: readonly Issue[];
  readonly fixed: readonly Issue[];
}

export function differenceOf(before: readonly Issue[], now: readonly Issue[]): IssueDifference {
  return { appeared: without(now, before), fixed: without(before, now) };
}

/** Two issues of one fingerprint may differ in what they say. */
export function issueKey({ fingerprint, severity, message }: Issue): string {
  return `${fingerprint} ${severity} ${message}`;
}

function without(issues: readonly Issue[], others: readonly Issue[]): readonly Issue[] {
  const left = new Map<string, number>();
  for (const issue of others) left.set(issueKey(issue), (left.get(issueKey(issue)) ?? 0) + 1);
  return issues.filter((issue) => {
    const count = left.get(issueKey(issue)) ?? 0;
    if (count > 0) left.set(issueKey(issue), count - 1);
    return count === 0;
  });
}
