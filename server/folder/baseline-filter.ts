/** Hides the issues of a folder's baseline. Lives as long as the folder. */
import type { IssueFilter } from '../engine/engine.ts';
import { KnownIssues, readBaseline, type Baseline } from '../store/baseline.ts';

export class BaselineFilter {
  #file: string | undefined;
  #baseline: Baseline | undefined;
  #known: KnownIssues | undefined;
  #reads = 0;

  /** Absolute path, as last read. */
  get file(): string | undefined {
    return this.#file;
  }

  /** Undefined: there is none, it is broken, or its issues are shown. */
  get baseline(): Baseline | undefined {
    return this.#baseline;
  }

  /**
   * Reads the baseline again. A broken baseline hides nothing. If several reads overlap, the last one counts.
   * @param file absolute path; undefined: the issues of the baseline are shown
   * @throws BaselineError
   */
  async read(file: string | undefined): Promise<void> {
    const read = ++this.#reads;
    this.#file = file;
    try {
      this.#set(read, file === undefined ? undefined : await readBaseline(file));
    } catch (error) {
      this.#set(read, undefined);
      throw error;
    }
  }

  /** @param only which files' issues are shown; absent: all */
  filter(only?: (file: string) => boolean): IssueFilter | undefined {
    const known = this.#known;
    if (!only) return known && ((file, issues) => known.fresh(file, issues));
    return (file, issues) => {
      // What issues of the shown files follow from is shown wherever it is.
      if (!only(file)) return issues.filter(({ consequences }) => consequences !== undefined);
      return known ? known.fresh(file, issues) : issues;
    };
  }

  #set(read: number, baseline: Baseline | undefined): void {
    if (read !== this.#reads) return;
    this.#baseline = baseline;
    this.#known = baseline && new KnownIssues(baseline);
  }
}
