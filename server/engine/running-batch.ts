/** A running batch: its parameters, and what it has found so far. Lives until it ends. */
import type { CheckEvent, Issue, Overlay } from '../../workers/protocol/detector-protocol.ts';
import type { Revision } from '../journal.ts';
import type { Batch } from './batches.ts';

type FileEvent = Extract<CheckEvent, { readonly file: string }>;

export class RunningBatch {
  readonly batch: Batch;
  /** Batches that were submitted together share one revision. */
  readonly revision: Revision;
  /** It revalidates earlier results, and the user does not wait for it. */
  readonly isIdle: boolean;
  readonly abort = new AbortController();
  /** Milliseconds since the epoch; undefined: it checks unsaved text, whose results no later session can use. */
  readonly startedAt: number | undefined;
  /** Files whose unsaved text is checked. */
  readonly unsaved: ReadonlySet<string>;
  fraction = 0;
  /** Units whose results come from another tool than the plan names. */
  readonly answeredBy = new Set<string>();
  /** It reported a fatal problem: issues in files that it did not report may still be valid. */
  fatal = false;
  /** Keys of the problems that it reported. */
  readonly problems = new Set<string>();
  /** Issues of files that are not finished, by unit and file. */
  readonly #staged = new Map<string, Map<string, Issue[]>>();
  /** Files that each unit has reported. */
  readonly #named = new Map<string, Set<string>>();

  /** @param startedAt milliseconds since the epoch */
  constructor(batch: Batch, revision: Revision, overlays: readonly Overlay[], startedAt: number, isIdle: boolean) {
    this.batch = batch;
    this.revision = revision;
    this.isIdle = isIdle;
    this.startedAt = overlays.length > 0 ? undefined : startedAt;
    this.unsaved = new Set(overlays.map((overlay) => overlay.file));
  }

  /** @returns all issues of the file when it is finished, otherwise undefined */
  take(event: FileEvent): readonly Issue[] | undefined {
    const staged = this.#staged.get(event.unit) ?? new Map<string, Issue[]>();
    this.#staged.set(event.unit, staged);
    const { file } = event;
    const issues = staged.get(file);
    if (event.kind === 'begin') staged.delete(file);
    else if (event.kind === 'issues') {
      if (issues) issues.push(...event.issues);
      else staged.set(file, [...event.issues]);
    } else {
      staged.delete(file);
      this.#named.set(event.unit, (this.#named.get(event.unit) ?? new Set()).add(file));
      return issues ?? [];
    }
    return undefined;
  }

  /** Files that the unit has reported. */
  namedBy(unit: string): ReadonlySet<string> {
    return this.#named.get(unit) ?? new Set();
  }
}
