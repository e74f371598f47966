/** What one check and one that goes on have in common when they follow an engine. */
import type { Issue } from '../../workers/protocol/detector-protocol.ts';
import type { IssueFilter } from '../engine/engine.ts';
import type { DetectorStatus } from '../engine/status.ts';
import { KnownIssues, type Baseline } from '../store/baseline.ts';
import type { Scope } from './changed.ts';

/** Often enough to look alive, rarely enough to cost nothing. */
const progressIntervalMs = 100;

/** What is shown: nothing of the baseline, nothing outside of the scope. */
export function filterOf(baseline: Baseline | undefined, scope?: Scope): IssueFilter {
  const known = baseline && new KnownIssues(baseline);
  return (file, issues) => {
    if (scope && !scope.includes(file)) return [];
    return known ? known.fresh(file, issues) : issues;
  };
}

/** Two issues with the same key look the same to whoever reads them. */
export function keyOf(issue: Issue): string {
  const { start, end } = issue.range;
  const place = `${start.line}:${start.character}-${end.line}:${end.character}`;
  return `${issue.fingerprint} ${issue.detector} ${issue.rule} ${place} ${issue.severity} ${issue.message}`;
}

export function meanFraction(statuses: readonly DetectorStatus[]): number {
  if (statuses.length === 0) return 1;
  return statuses.reduce((sum, status) => sum + status.fraction, 0) / statuses.length;
}

/** Says when it is time to show progress again. */
export class Pace {
  #last = 0;

  due(): boolean {
    const now = performance.now();
    if (now - this.#last < progressIntervalMs) return false;
    this.#last = now;
    return true;
  }
}
