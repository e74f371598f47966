/**
 * What the asker of a project knows: an answer counts as known only when the asker names its generation, since answers
 * get lost on the way (cancelled, superseded). What changed after it has to be answered for. Lives as long as what is
 * warm of the project.
 */

interface Answer<State> {
  readonly generation: number;
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
export class Ledger<State> {
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
   * @param since generation of the answer that the asker has; absent: none
   * @returns undefined: everything has to be answered for
   */
  asked(since: number | undefined): Known<State> | undefined {
    if (this.#given && this.#given.generation === since) {
      this.#known = this.#given;
      this.#given = undefined;
      this.#touched.clear();
      for (const file of this.#touchedAfterGiven) this.#touched.add(file);
    }
    if (since === undefined || this.#known?.generation !== since) return undefined;
    return { state: this.#known.state, touched: this.#touched };
  }

  /** Whether something can be built on the answer of this generation. */
  knows(since: number | undefined): boolean {
    return since !== undefined && (this.#known?.generation === since || this.#given?.generation === since);
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
  postponed(generation: number): void {
    if (!this.#known) return;
    this.#given = { ...this.#known, generation };
    this.#touchedAfterGiven.clear();
    for (const file of this.#touched) this.#touchedAfterGiven.add(file);
  }

  /** A complete answer was given. */
  gave(generation: number, state: State): void {
    this.renew(state);
    this.#given = { generation, state };
    this.#touchedAfterGiven.clear();
  }
}
