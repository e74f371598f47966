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

/** Looks at the state now and then while it changes: each look costs more than most changes. */
export class ProgressThrottle {
  readonly #look: () => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(look: () => void) {
    this.#look = look;
  }

  /** There is something new to see. */
  wanted(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#look();
    }, progressIntervalMs);
  }

  /** Looks no more, after a last time if there is something new. */
  end(isLastWanted = true): void {
    if (this.#timer === undefined) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (isLastWanted) this.#look();
  }
}
