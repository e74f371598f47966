/**
 * Which issues the files had a moment ago, so that it can be told what an edit made new or fixed. Lives as long as the folder.
 *
 * A moment is one at which every change that was known had been analysed: what was found by then is of a disk before it.
 */
import type { Issue } from '../../workers/protocol/detector-protocol.ts';
import { differenceOf, issueKey, type IssueDifference } from './issue-difference.ts';

/** What is remembered at most. */
const MOST_MOMENTS = 200;
const MOST_FILES = 20_000;
/** Between two moments. */
const STEP_MS = 0.01;

interface Moment {
  readonly at: number;
  /** The issues of the files that differ from the moment before, as they were then. */
  readonly before: ReadonlyMap<string, readonly Issue[]>;
}

export class RecentIssues {
  readonly #issuesOf: (file: string) => readonly Issue[];
  readonly #known = new Map<string, readonly Issue[]>();
  readonly #touched = new Set<string>();
  #moments: Moment[] = [];
  /** Milliseconds since the epoch; absent: there has been no moment yet. */
  #from: number | undefined;
  #latest = 0;

  /** @param issuesOf the issues of a file now */
  constructor(issuesOf: (file: string) => readonly Issue[]) {
    this.#issuesOf = issuesOf;
  }

  /** The issues of these files may have changed. */
  changed(files: Iterable<string>): void {
    for (const file of files) this.#touched.add(file);
  }

  /** Just after the last moment, and before the next. */
  get now(): number {
    return this.#latest + STEP_MS / 2;
  }

  /** @param at milliseconds since the epoch */
  moment(at: number): void {
    const isFirst = this.#from === undefined;
    const before = new Map<string, readonly Issue[]>();
    for (const file of this.#touched) {
      const [old, now] = [this.#known.get(file) ?? [], this.#issuesOf(file)];
      if (isSame(old, now)) continue;
      before.set(file, old);
      if (now.length === 0) this.#known.delete(file);
      else this.#known.set(file, now);
    }
    this.#touched.clear();
    if (!isFirst && before.size === 0) return;
    // A clock may stand still, or be set back.
    this.#latest = Math.max(at, this.#latest + STEP_MS);
    this.#from ??= this.#latest;
    if (isFirst) return;
    this.#moments.push({ at: this.#latest, before });
    this.#forget();
  }

  /**
   * From the last moment before `time` until now.
   * @param time milliseconds since the epoch
   * @returns undefined: nothing is remembered from then
   */
  since(time: number): IssueDifference | undefined {
    if (this.#from === undefined || this.#from >= time) return undefined;
    const before = new Map<string, readonly Issue[]>();
    for (const file of this.#touched) before.set(file, this.#known.get(file) ?? []);
    for (const moment of this.#moments.toReversed()) {
      if (moment.at < time) break;
      for (const [file, issues] of moment.before) before.set(file, issues);
    }
    const differences = [...before].map(([file, issues]) => differenceOf(issues, this.#issuesOf(file)));
    return {
      appeared: differences.flatMap(({ appeared }) => appeared),
      fixed: differences.flatMap(({ fixed }) => fixed),
    };
  }

  #forget(): void {
    let files = this.#moments.reduce((sum, { before }) => sum + before.size, 0);
    while (this.#moments.length > MOST_MOMENTS || (files > MOST_FILES && this.#moments.length > 1)) {
      const oldest = this.#moments.shift();
      files -= oldest?.before.size ?? 0;
      this.#from = oldest?.at;
    }
  }
}

function isSame(old: readonly Issue[], now: readonly Issue[]): boolean {
  return old.length === now.length && old.every((issue, index) => issueKey(issue) === issueKey(now[index] ?? issue));
}
