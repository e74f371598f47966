/** Counts issues by detector and severity. Updated file by file, never by counting all issues. */
import type { Issue, Severity } from '../../workers/protocol/detector-protocol.ts';
import type { IssueCounts } from './status.ts';

type Counts = Record<Severity, number>;

export class IssueTally {
  readonly #byFile = new Map<string, ReadonlyMap<string, Counts>>();
  readonly #totals = new Map<string, Counts>();

  /** Replaces the counts of a file. @param issues all issues of the file */
  update(file: string, issues: readonly Issue[]): void {
    const before = this.#byFile.get(file);
    if (before) for (const [detector, counts] of before) this.#add(detector, counts, -1);
    if (issues.length === 0) {
      this.#byFile.delete(file);
      return;
    }
    const now = new Map<string, Counts>();
    for (const issue of issues) {
      const counts = now.get(issue.detector) ?? zero();
      counts[issue.severity] += 1;
      now.set(issue.detector, counts);
    }
    this.#byFile.set(file, now);
    for (const [detector, counts] of now) this.#add(detector, counts, 1);
  }

  /** Counts of one detector, or of all. */
  counts(detector?: string): IssueCounts {
    if (detector !== undefined) return { ...(this.#totals.get(detector) ?? zero()) };
    const sum = zero();
    for (const counts of this.#totals.values()) addTo(sum, counts, 1);
    return sum;
  }

  #add(detector: string, counts: Counts, sign: 1 | -1): void {
    const total = this.#totals.get(detector) ?? zero();
    addTo(total, counts, sign);
    this.#totals.set(detector, total);
  }
}

function zero(): Counts {
  return { error: 0, warning: 0, info: 0, hint: 0 };
}

function addTo(sum: Counts, counts: Counts, sign: 1 | -1): void {
  sum.error += sign * counts.error;
  sum.warning += sign * counts.warning;
  sum.info += sign * counts.info;
  sum.hint += sign * counts.hint;
}
