/**
 * Which of our issues in one open document are left to another extension that shows them too. An issue disappears only
 * when the other extension shows it, and reappears when that one shows it no longer although nobody edits. Lives while the
 * document is open.
 */
import { hasPeers, isOfPeer, isSameProblem, type ComparedDiagnostic, type OwnIssue } from './same-problem.ts';

/**
 * After an edit the other extension and our analysis do not answer at the same time. So long one does not stand in for the
 * other.
 */
export const graceMs = 2000;

export interface OwnDiagnostic extends OwnIssue {
  /** The same after lines moved. */
  readonly id: string;
}

interface IssueState {
  /** The other extension has shown it. */
  isLeft: boolean;
  readonly since: number;
}

export interface Decision<Own> {
  readonly shown: readonly Own[];
  /** When to decide again although nothing has changed; undefined: never. */
  readonly again: number | undefined;
}

export class Deferral<Own extends OwnDiagnostic> {
  readonly #states = new Map<string, IssueState>();
  /** Detectors for which another extension has spoken in this document. */
  readonly #left = new Set<string>();
  #isFirst = true;

  /**
   * @param own our latest issues of the document
   * @param others what other extensions show in it
   * @param lastEdit when any document was last edited
   */
  decide(own: readonly Own[], others: readonly ComparedDiagnostic[], now: number, lastEdit: number): Decision<Own> {
    const present = new Set(own.map(({ id }) => id));
    for (const id of this.#states.keys()) {
      if (!present.has(id)) {
        this.#states.delete(id);
      }
    }
    let again: number | undefined;
    const shown = own.filter((issue) => {
      const until = this.#hiddenUntil(issue, others, now, lastEdit);
      if (until > now && until < (again ?? Number.POSITIVE_INFINITY)) {
        again = until;
      }
      return until <= now;
    });
    this.#isFirst = false;
    return { shown, again };
  }

  #hiddenUntil(issue: Own, others: readonly ComparedDiagnostic[], now: number, lastEdit: number): number {
    const { id, detector } = issue;
    if (!hasPeers(detector)) {
      return now;
    }
    if (others.some((other) => isOfPeer(detector, other))) {
      this.#left.add(detector);
    }
    const isTold = others.some((other) => isSameProblem(issue, other));
    let state = this.#states.get(id);
    if (state === undefined) {
      // What was shown when the document was opened stays until the other extension shows it.
      const isExpected = !this.#isFirst && this.#left.has(detector);
      state = { isLeft: false, since: isExpected ? now : Number.NEGATIVE_INFINITY };
      this.#states.set(id, state);
    }
    if (isTold) {
      state.isLeft = true;
      return Number.POSITIVE_INFINITY;
    }
    return (state.isLeft ? lastEdit : state.since) + graceMs;
  }
}
