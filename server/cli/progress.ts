/** What a single check and `--watch` have in common. */
import type { Issue } from '../../workers/protocol/detector-protocol.ts';
import type { DetectorStatus } from '../engine/status.ts';

/** Often enough to look alive, rarely enough to be cheap. */
const progressIntervalMs = 100;

/** Two issues with the same key look the same to a reader. */
export function keyOf(issue: Issue): string {
  const { start, end } = issue.range;
  const place = `${start.line}:${start.character}-${end.line}:${end.character}`;
  return `${issue.fingerprint} ${issue.detector} ${issue.rule} ${place} ${issue.severity} ${issue.message}`;
}

export function meanFraction(statuses: readonly DetectorStatus[]): number {
  if (statuses.length === 0) return 1;
  return statuses.reduce((sum, status) => sum + status.fraction, 0) / statuses.length;
}

/** Limits how often progress is shown. */
export class ProgressThrottle {
  #last = 0;

  due(): boolean {
    const now = performance.now();
    if (now - this.#last < progressIntervalMs) return false;
    this.#last = now;
    return true;
  }
}
