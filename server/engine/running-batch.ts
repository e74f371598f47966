/** One batch in work: what it was asked with, and what it has found so far. Lives until its answer. */
import type { CheckEvent, Issue, Overlay } from '../../workers/protocol/detector-protocol.ts';
import type { Revision } from '../journal.ts';
import type { Batch } from './batches.ts';

type FileEvent = Extract<CheckEvent, { readonly file: string }>;

export class RunningBatch {
  readonly batch: Batch;
  /** Of the question; the batches of one question have it in common. */
  readonly revision: Revision;
  /** Nobody waits for it: it asks again for what was answered before. */
  readonly isIdle: boolean;
  readonly abort = new AbortController();
  /** Milliseconds since the epoch; undefined: unsaved text is checked, which no later session will meet. */
  readonly startedAt: number | undefined;
  /** Files checked as they are in the editor. */
  readonly unsaved: ReadonlySet<string>;
  fraction = 0;
  /** Units that another tool than the plan's answers for. */
  readonly answeredBy = new Set<string>();
  /** It could not do all its work: issues of files that it did not name may still be true. */
  fatal = false;
  /** Issues of files that are not done yet, by unit and file. */
  readonly #staged = new Map<string, Map<string, Issue[]>>();
  /** Files each unit has answered for. */
  readonly #named = new Map<string, Set<string>>();

  /** @param startedAt milliseconds since the epoch */
  constructor(batch: Batch, revision: Revision, overlays: readonly Overlay[], startedAt: number, isIdle: boolean) {
    this.batch = batch;
    this.revision = revision;
    this.isIdle = isIdle;
    this.startedAt = overlays.length > 0 ? undefined : startedAt;
    this.unsaved = new Set(overlays.map((overlay) => overlay.file));
  }

  /** @returns all issues of the file, once it is done */
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

  /** Files that the unit has answered for. */
  namedBy(unit: string): ReadonlySet<string> {
    return this.#named.get(unit) ?? new Set();
  }
}
