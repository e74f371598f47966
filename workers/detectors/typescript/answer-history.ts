/**
 * Which of its answers for a project the engine has. Answers get lost on the way (cancelled, superseded), so one counts
 * as known only when the engine names its revision; every change after it has to be answered for. Lives as long as the
 * project stays warm.
 *
 * The changes are noted here, not read from the engine's journal, which is in another process: `changed` says what is
 * new to this worker, and only the worker knows which of its answers came before that.
 */

interface Answer<State> {
  readonly revision: number;
  readonly state: State;
}

/** What an answer can be built on. */
export interface Known<State> {
  /** What the known answer was made from. */
  readonly state: State;
  /** Files that were touched after it, in the order they were last. */
  readonly touched: ReadonlySet<string>;
}

/** @typeParam State what answers are made from; kept for the known answer and for the one that may become it */
export class AnswerHistory<State> {
  #known: Answer<State> | undefined;
  #given: Answer<State> | undefined;
  readonly #touched = new Set<string>();
  readonly #touchedAfterGiven = new Set<string>();

  /** Of the answers that may still be built on. */
  get states(): readonly State[] {
    return [this.#known, this.#given].flatMap((answer) => (answer ? [answer.state] : []));
  }

  touch(file: string): void {
    for (const touched of [this.#touched, this.#touchedAfterGiven]) {
      touched.delete(file);
      touched.add(file);
    }
  }

  /**
   * @param since revision of the answer that the asker has; absent: none
   * @returns undefined: everything has to be answered for
   */
  asked(since: number | undefined): Known<State> | undefined {
    if (this.#given && this.#given.revision === since) {
      this.#known = this.#given;
      this.#given = undefined;
      this.#touched.clear();
      for (const file of this.#touchedAfterGiven) this.#touched.add(file);
    }
    if (since === undefined || this.#known?.revision !== since) return undefined;
    return { state: this.#known.state, touched: this.#touched };
  }

  /** Whether something can be built on the answer of this revision. */
  knows(since: number | undefined): boolean {
    return since !== undefined && (this.#known?.revision === since || this.#given?.revision === since);
  }

  /** The same texts have a newer state: older ones need not be kept for them. */
  renew(state: State): void {
    if (this.#known && this.#touched.size === 0) this.#known = { ...this.#known, state };
    if (this.#given && this.#touchedAfterGiven.size === 0) this.#given = { ...this.#given, state };
  }

  /** What answers were made from is let go: after the next touch everything has to be answered for. */
  rest(state: State): void {
    if (this.#known) this.#known = { ...this.#known, state };
    if (this.#given) this.#given = { ...this.#given, state };
  }

  /** Nothing was said, and the asker knows that there is more: what was touched stays so. */
  postponed(revision: number): void {
    if (!this.#known) return;
    this.#given = { ...this.#known, revision };
    this.#touchedAfterGiven.clear();
    for (const file of this.#touched) this.#touchedAfterGiven.add(file);
  }

  /** A complete answer was given. */
  gave(revision: number, state: State): void {
    this.renew(state);
    this.#given = { revision, state };
    this.#touchedAfterGiven.clear();
  }
}
