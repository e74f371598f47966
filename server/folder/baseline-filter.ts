/** Hides the issues of a folder's baseline. Lives as long as the folder. */
import path from 'node:path';
import type { Issue } from '../../workers/protocol/detector-protocol.ts';
import { IssueCompleter } from '../../workers/protocol/fingerprint.ts';
import { ownName } from '../configuration/read.ts';
import type { IssueFilter } from '../engine/engine.ts';
import {
  BaselineError,
  baselineOf,
  KnownIssues,
  readBaseline,
  writeBaseline,
  type Baseline,
} from '../store/baseline.ts';

export class BaselineFilter {
  readonly #root: string;
  #issues: readonly Issue[] = [];
  #file: string | undefined;
  #baseline: Baseline | undefined;
  #known: KnownIssues | undefined;
  #reads = 0;
  /** One addition after the other, so that none is lost. */
  #adding: Promise<void> = Promise.resolve();

  /** @param root absolute path of the folder */
  constructor(root: string) {
    this.#root = root;
  }

  /** Absolute path, as last read. */
  get file(): string | undefined {
    return this.#file;
  }

  /** Undefined: there is none, it is broken, or its issues are shown. */
  get baseline(): Baseline | undefined {
    return this.#baseline;
  }

  /** What is wrong with the baseline, at its place. */
  get issues(): readonly Issue[] {
    return this.#issues;
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
      this.#set(read, undefined, error instanceof BaselineError ? [this.#issueOf(error)] : []);
      throw error;
    }
  }

  /**
   * Writes issues into the file, after what is there now.
   * @throws BaselineError when what is there is broken; Error when no baseline is in force, or it cannot be written
   */
  add(issues: readonly Issue[]): Promise<void> {
    const added = this.#adding.then(() => this.#add(issues));
    this.#adding = added.catch(() => {});
    return added;
  }

  async #add(issues: readonly Issue[]): Promise<void> {
    const file = this.#file;
    if (file === undefined)
      throw new Error('The issues of the baseline are shown. Choose "Show Only New Issues" first.');
    const { entries } = (await readBaseline(file)) ?? { entries: [] };
    await writeBaseline(file, { entries: [...entries, ...baselineOf(issues).entries] });
    await this.read(file);
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

  #issueOf({ file, line, column, problem }: BaselineError): Issue {
    const relative = path.relative(this.#root, file).split(path.sep).join('/');
    const start = { line: line - 1, character: column - 1 };
    return new IssueCompleter(ownName, relative, '').complete({
      rule: 'invalid-baseline',
      severity: 'error',
      message: `The baseline hides nothing: ${problem}`,
      range: { start, end: start },
    });
  }

  #set(read: number, baseline: Baseline | undefined, issues: readonly Issue[] = []): void {
    if (read !== this.#reads) return;
    this.#issues = issues;
    this.#baseline = baseline;
    this.#known = baseline && new KnownIssues(baseline);
  }
}
