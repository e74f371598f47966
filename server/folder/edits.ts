/**
 * What an edit made new or fixed, for those who ask after each: see `bulkhead hook`. Lives as long as the folder.
 *
 * Invariant: nothing is left out. What an answer could not know yet is in the next one of the same session.
 */
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Issue } from '../../workers/protocol/detector-protocol.ts';
import { isBusy, isIncomplete, isSettled, type DetectorStatus } from '../engine/status.ts';
import type { FileChange } from '../journal.ts';
import type { EditedParams, EditedReply } from '../sharing/messages.ts';
import { RecentIssues } from './recent-issues.ts';

export interface EditedFolder {
  readonly root: string;
  issuesOf(file: string): readonly Issue[];
  status(): readonly DetectorStatus[];
  /** Whether a detector has something to do; asked for each event of a check. */
  isBusy(): boolean;
  detectorsOf(file: string): readonly string[];
  filesChanged(changes: readonly FileChange[]): void;
  compare(): Promise<boolean>;
  /** Whether something that the engine has to know is on its way to it. */
  isHeld(): boolean;
}

/** An edit may be on disk so long before somebody asks about it. */
const EARLIER_MS = 1000;
const MOST_SESSIONS = 100;
const MOST_ISSUES = 20;
const MOST_SAID = 500;
const severities = ['error', 'warning', 'info', 'hint'];

/** What a session knows. */
interface Told {
  /** The moment of which it was told all. */
  readonly at: number;
  /** What stays as it is, and was said. */
  readonly said: ReadonlySet<string>;
}

export class Edits {
  readonly #folder: EditedFolder;
  readonly #recent: RecentIssues;
  readonly #now: () => number;
  readonly #told = new Map<string, Told>();
  #waiting: (() => void)[] = [];

  /** @param now milliseconds since the epoch */
  constructor(folder: EditedFolder, now: () => number = Date.now) {
    this.#folder = folder;
    this.#now = now;
    this.#recent = new RecentIssues((file) => folder.issuesOf(file));
  }

  filesChanged(files: readonly string[]): void {
    this.#recent.changed(files);
  }

  statusChanged(): void {
    if (!this.#isChecked) return;
    this.#recent.moment(this.#now());
    for (const resume of this.#waiting.splice(0)) resume();
  }

  async answer({ files, session, askedAt, waitMs }: EditedParams): Promise<EditedReply> {
    // A client may have reckoned with parts of a millisecond, which the signal takes none of.
    const over = AbortSignal.timeout(Math.ceil(Math.min(Math.max(waitMs, 0), 30_000)));
    const told = this.#told.get(session) ?? { at: 0, said: new Set<string>() };
    const { present, changedAt } = await this.#report(files);
    const from = Math.max(Math.min(changedAt, askedAt - EARLIER_MS), told.at);
    const isChecked = await this.#checked(files.length === 0, over);
    const status = this.#folder.status();
    const gaps = status.filter(({ state }) => isIncomplete(state) || state === 'restricted').map(({ name }) => name);
    const running = status.filter(({ state }) => isBusy(state)).map(({ name }) => name);
    const settled = status.every(({ state }) => isSettled(state)) ? (gaps.length > 0 ? 'incomplete' : 'complete') : 'confirming'; // prettier-ignore
    const difference = this.#recent.since(from);
    const unchecked = isChecked ? present.filter((file) => this.#folder.detectorsOf(file).length === 0) : [];
    const isNews = (what: string): boolean => !told.said.has(what);
    const said = new Set([...told.said, ...gaps, ...unchecked].slice(-MOST_SAID));
    if (isChecked && session !== '') this.#remember(session, { at: this.#recent.now, said });
    const own = files.flatMap((file) => this.#folder.issuesOf(file));
    // What a detector said before it has looked again may be of a text before the edit.
    const isKnown = ({ detector }: Issue): boolean => !running.includes(detector);
    const appeared = worstFirst((difference?.appeared ?? own).filter(isKnown));
    const fixed = (difference?.fixed ?? []).filter(isKnown);
    return {
      state: isChecked ? settled : 'running',
      isDifference: difference !== undefined,
      appeared: appeared.slice(0, MOST_ISSUES),
      appearedCount: appeared.length,
      fixed: fixed.slice(0, MOST_ISSUES),
      fixedCount: fixed.length,
      running,
      gaps: gaps.filter(isNews),
      unchecked: unchecked.filter(isNews),
    };
  }

  get #isChecked(): boolean {
    return !this.#folder.isBusy() && !this.#folder.isHeld() && this.#folder.status().length > 0;
  }

  /** @returns those that are there, and when the first of them was changed, milliseconds since the epoch */
  async #report(
    files: readonly string[],
  ): Promise<{ readonly present: readonly string[]; readonly changedAt: number }> {
    const found = await Promise.all(
      files.map(async (file) => {
        const stats = await stat(path.join(this.#folder.root, file)).catch(() => undefined);
        const known = this.#folder.detectorsOf(file).length > 0;
        const kind = stats === undefined ? 'deleted' : known ? 'changed' : 'created';
        return { file, kind, at: stats?.ctimeMs ?? Infinity, isFile: stats?.isFile() ?? true } as const;
      }),
    );
    const changes = found.filter(({ isFile }) => isFile);
    this.#folder.filesChanged(changes.map(({ file, kind }) => ({ file, kind })));
    const present = changes.filter(({ kind }) => kind !== 'deleted').map(({ file }) => file);
    return { present, changedAt: Math.min(...found.map(({ at }) => at)) };
  }

  /** @param isAny files that nobody named may have changed */
  async #checked(isAny: boolean, over: AbortSignal): Promise<boolean> {
    const late = new Promise<'late'>((resolve) =>
      over.addEventListener('abort', () => resolve('late'), { once: true }),
    );
    while (!over.aborted) {
      // A change that nobody reported is analysed from now on.
      if (isAny && (await Promise.race([this.#folder.compare(), late])) === 'late') return false;
      await sleep(1);
      if (this.#isChecked) return true;
      await Promise.race([new Promise<void>((resolve) => this.#waiting.push(resolve)), late]);
    }
    return false;
  }

  #remember(session: string, told: Told): void {
    this.#told.delete(session);
    this.#told.set(session, told);
    const [oldest] = this.#told.keys();
    if (oldest !== undefined && this.#told.size > MOST_SESSIONS) this.#told.delete(oldest);
  }
}

function worstFirst(issues: readonly Issue[]): readonly Issue[] {
  return issues.toSorted((one, other) => severities.indexOf(one.severity) - severities.indexOf(other.severity));
}
