/**
 * Analyses one root: runs its detectors, and holds their current issues. It knows no front end. Lives while its folder
 * is open; several engines may share one pool.
 */
import { EventEmitter } from 'node:events';
import type { DetectorOptions, Issue, Overlay } from '../../workers/protocol/detector-protocol.ts';
import { manifestOf } from '../../workers/detectors/manifests.ts';
import { systemClock, type Clock } from '../clock.ts';
import { Journal, type FileChange } from '../journal.ts';
import { ownName } from '../configuration/read.ts';
import type { Pool } from '../pool/types.ts';
import { Causes } from './causes.ts';
import { deletedBy } from './deleted-paths.ts';
import { DetectorNotes } from './detector-notes.ts';
import { DetectorScheduler } from './detector-scheduler.ts';
import { matcherOf, optionsOf, type EngineSettings } from './engine-settings.ts';
import type { Listing } from './inputs.ts';
import { IssueTally } from './issue-counts.ts';
import { IssueTable } from './issue-table.ts';
import type { PeerAnswers } from './peer-answers.ts';
import { ResultCache, type ResultStore } from './result-cache.ts';
import type { SchedulerHost } from './scheduler-host.ts';
import { withoutRepeats } from './repeats.ts';
import { isBusy, isExplained, isSettled, type DetectorStatus, type DetectorWork, type IssueCounts } from './status.ts';

export interface EngineParts {
  /** Stores results between sessions; the caller closes it. Absent: results are lost when the session ends. */
  readonly store?: ResultStore | undefined;
  /** A listing of the root that was started earlier; every later change must be in the journal. */
  readonly listing?: Promise<Listing> | undefined;
  /** The root's journal, with the changes before the engine existed; absent: there were none. */
  readonly journal?: Journal;
  /** For tests. */
  readonly clock?: Clock;
}

/**
 * Chooses which issues of a file front ends see. Hidden issues stay up to date and are stored; they reappear when the
 * filter is removed.
 */
export type IssueFilter = (file: string, issues: readonly Issue[]) => readonly Issue[];

const configurationUnit = 'configuration';

interface EngineEvents {
  /** The issues of these files may differ from before. */
  files: [files: readonly string[]];
  /** What `status()` returns has changed. */
  status: [];
}

export class Engine extends EventEmitter<EngineEvents> {
  /** Absolute path. */
  readonly root: string;
  /** The changes of the root. Append to it until the engine is started; then call {@link filesChanged} instead. */
  readonly journal: Journal;
  readonly #pool: Pool;
  readonly #clock: Clock;
  readonly #table: IssueTable;
  readonly #cache: ResultCache | undefined;
  readonly #notes: DetectorNotes;
  readonly #schedulers = new Map<string, DetectorScheduler>();
  readonly #restricted = new Set<string>();
  /** Detectors that failed and have not succeeded since. */
  readonly #unable = new Set<string>();
  readonly #overlays = new Map<string, Overlay>();
  readonly #tally = new IssueTally();
  readonly #causes = new Causes();
  readonly #changedFiles = new Set<string>();
  readonly #stopListening: () => void;
  readonly #disposal = new AbortController();
  #settings: EngineSettings;
  #excluded: (file: string) => boolean;
  #openFiles: readonly string[] = [];
  #filter: IssueFilter = (_file, issues) => issues;
  #flushing = false;
  #started = false;
  #paused = false;

  constructor(root: string, pool: Pool, settings: EngineSettings, parts: EngineParts = {}) {
    super();
    const { store, listing, clock = systemClock } = parts;
    this.root = root;
    this.journal = parts.journal ?? new Journal(clock);
    this.#pool = pool;
    this.#clock = clock;
    this.#settings = settings;
    this.#excluded = matcherOf(settings.exclude);
    this.#cache = store && new ResultCache(root, store, this.journal, listing);
    this.#notes = new DetectorNotes(store);
    this.#table = new IssueTable((file) => this.#fileChanged(file));
    this.#stopListening = pool.onAvailable((detector) => this.#schedulers.get(detector)?.retryIncomplete());
  }

  /** Analyses everything, for the first time or again. */
  analyzeAll(): void {
    this.#started = true;
    this.#applySettings();
    for (const scheduler of this.#schedulers.values()) scheduler.analyzeAll();
  }

  /** Takes effect at once: removes the issues of disabled detectors, starts enabled ones, and reruns those with changed options. */
  configure(settings: EngineSettings): void {
    const before = this.#settings;
    this.#settings = settings;
    this.#excluded = matcherOf(settings.exclude);
    if (!this.#started) return;
    const known = new Set(this.#schedulers.keys());
    this.#applySettings();
    if (before.showConsequences !== settings.showConsequences) this.#allFilesChanged();
    const excludeChanged = JSON.stringify(before.exclude) !== JSON.stringify(settings.exclude);
    for (const [name, scheduler] of this.#schedulers) {
      const optionsChanged = JSON.stringify(optionsOf(before, name)) !== JSON.stringify(optionsOf(settings, name));
      if (!known.has(name) || optionsChanged || excludeChanged) scheduler.analyzeAll();
    }
    this.emit('status');
  }

  /** Reports files that changed on disk or were saved. Issues of deleted files disappear at once. */
  filesChanged(changes: readonly FileChange[]): void {
    const revision = this.journal.append(changes);
    const isGone = deletedBy(changes);
    if (isGone) this.#table.dropFiles(isGone, revision);
    for (const scheduler of this.#schedulers.values()) scheduler.filesChanged(changes, revision);
  }

  /** Sets the unsaved text of a file; undefined: the file is as on disk. Takes effect with the next change that names it. */
  setOverlay(file: string, overlay: Omit<Overlay, 'file'> | undefined): void {
    if (overlay) this.#overlays.set(file, { file, ...overlay });
    else this.#overlays.delete(file);
  }

  /** Changes which issues are visible, at once. Default: all. */
  setFilter(filter: IssueFilter = (_file, issues) => issues): void {
    this.#filter = filter;
    this.#allFilesChanged();
  }

  /** Files open in the editor, the most important first. */
  setOpenFiles(files: readonly string[]): void {
    this.#openFiles = files;
  }

  /**
   * Stores the results of settled detectors for the next session.
   * @param others files (relative to the root) whose changes the caller wants to know too
   * @param ifNew only if there is something to store: to compare everything with the disk takes as long as to list it
   * @returns changes on disk that were not reported; the caller may pass them to {@link filesChanged}
   */
  async persist(others: readonly string[] = [], ifNew = false): Promise<readonly FileChange[]> {
    const cache = this.#cache;
    if (!cache) return [];
    const schedulers = [...this.#schedulers.values()];
    const results = schedulers.flatMap((scheduler) => scheduler.takeUncached());
    const plans = schedulers.flatMap(({ presentPlan }) => presentPlan ?? []);
    if (ifNew && results.length === 0 && plans.every((plan) => cache.hasPlan(plan))) return [];
    const missed = await cache.persist(results, plans, {
      concerns: (file) => schedulers.some((scheduler) => scheduler.concerns(file)),
      outside: new Set([...others, ...schedulers.flatMap((scheduler) => scheduler.outside)]),
    });
    for (const scheduler of this.#schedulers.values()) scheduler.compared((file) => cache.had(file));
    return missed;
  }

  /** Hash of what was on disk when {@link persist} last compared with it; undefined: it never did. */
  get content(): string | undefined {
    return this.#cache?.content;
  }

  /** Detectors that look at this file, as far as their plans tell. */
  detectorsOf(file: string): readonly string[] {
    return [...this.#schedulers.values()].filter((scheduler) => scheduler.looksAt(file)).map(({ name }) => name);
  }

  /** What each detector did since the last call; detectors that did nothing are omitted. */
  takeWork(): readonly DetectorWork[] {
    const all = [...this.#schedulers.values()].map((scheduler) => scheduler.takeWork());
    return all.filter(({ analysed, recalled, borrowed }) => analysed + recalled + borrowed > 0);
  }

  cancel(): void {
    for (const scheduler of this.#schedulers.values()) scheduler.cancel();
  }

  /** Stops the analysis and starts nothing until {@link resume}. Results stay, and changes are remembered. */
  pause(): void {
    this.#paused = true;
    this.cancel();
    this.emit('status');
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    for (const scheduler of this.#schedulers.values()) scheduler.resume();
    this.emit('status');
  }

  /**
   * Results of a detector for another process that has the same folder open.
   * @param same whether the other process would get the same results with these options
   * @returns undefined: the detector is disabled here, or its options differ
   */
  peerAnswers(detector: string, same: (options: DetectorOptions) => boolean): PeerAnswers | undefined {
    const scheduler = this.#schedulers.get(detector);
    return scheduler && same(this.#optionsFor(detector)) ? scheduler.peerAnswers : undefined;
  }

  /** The visible issues of a file. */
  issuesOf(file: string): readonly Issue[] {
    return this.#filter(file, this.#viewOf(file));
  }

  /** All visible issues, sorted by file, position, detector, rule. */
  issues(): readonly Issue[] {
    return this.files().flatMap((file) => this.issuesOf(file));
  }

  /** All issues, whether the filter hides them or not; sorted like {@link issues}. Consequences are folded. */
  allIssues(): readonly Issue[] {
    return this.files().flatMap((file) => this.#viewOf(file));
  }

  /** The issues of files that configure tools, whether the filter hides them or not. */
  get configurationIssues(): readonly Issue[] {
    return this.#table.issuesOfConfigurations();
  }

  /** Files with issues, whether the filter hides them or not. */
  files(): readonly string[] {
    return [...new Set([...this.#table.files(), ...this.#causes.files])].sort();
  }

  /** Visible issues by severity, of one detector or of all, as of the last `files` event. */
  counts(detector?: string): IssueCounts {
    return this.#tally.counts(detector);
  }

  status(): readonly DetectorStatus[] {
    const restricted = [...this.#restricted].map((name): DetectorStatus => ({
      name,
      state: 'restricted',
      note: 'Not run in Restricted Mode (--untrusted): it executes code of the workspace. Trust the workspace to turn it on, or let such code run in a sandbox (bulkhead.sandboxUntrusted, --sandbox-untrusted).',
      problems: [],
      durationMs: 0,
      checked: 0,
      fraction: 1,
    }));
    const own = [...this.#schedulers.values()].map((scheduler) => this.#withCauses(scheduler.status()));
    return [...own, ...restricted];
  }

  /** Extensions of files that detectors check or would check, besides those of their change triggers. */
  get extensions(): readonly string[] {
    return [...this.#schedulers.values()].flatMap((scheduler) => scheduler.extensions);
  }

  get settled(): boolean {
    return [...this.#schedulers.values()].every((scheduler) => isSettled(scheduler.state));
  }

  /** Nothing is running or about to run: everything has settled, or is paused. */
  get atRest(): boolean {
    return this.#paused || this.settled;
  }

  /** Whether the user waits for a result. */
  get busy(): boolean {
    return [...this.#schedulers.values()].some((scheduler) => isBusy(scheduler.state));
  }

  /**
   * Resolves when every detector of files has checked this file as it is now.
   * @returns false: `stop` aborted or the engine was disposed first, or it is paused
   */
  async upToDate(file: string, stop: AbortSignal): Promise<boolean> {
    const signal = AbortSignal.any([stop, this.#disposal.signal]);
    const isUpToDate = (): boolean => [...this.#schedulers.values()].every((scheduler) => scheduler.isUpToDate(file));
    await this.#reached(() => this.#paused || (!this.#flushing && isUpToDate()), signal);
    return !signal.aborted && !this.#paused;
  }

  /** Resolves when nothing is running, after the last `files` event, or when the engine is disposed. */
  async idle(): Promise<void> {
    const { signal } = this.#disposal;
    await this.#reached(() => this.settled && !this.#flushing, signal);
  }

  /** Resolves when the condition holds, or `stop` aborted. A check has many events: one listener looks at all of them. */
  async #reached(holds: () => boolean, stop: AbortSignal): Promise<void> {
    while (!stop.aborted && !holds()) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const look = (): void => {
        if (holds()) resolve();
      };
      const end = (): void => resolve();
      this.on('status', look);
      stop.addEventListener('abort', end, { once: true });
      await promise;
      this.off('status', look);
      stop.removeEventListener('abort', end);
    }
  }

  dispose(): void {
    this.#disposal.abort();
    this.#stopListening();
    this.removeAllListeners();
    for (const scheduler of this.#schedulers.values()) scheduler.dispose();
    this.#schedulers.clear();
  }

  #applySettings(): void {
    const { detectors, issues = [] } = this.#settings;
    this.#restricted.clear();
    this.#showOwn(issues);
    for (const [name, scheduler] of this.#schedulers) {
      if (optionsOf(this.#settings, name) !== undefined) continue;
      scheduler.dispose();
      this.#schedulers.delete(name);
    }
    for (const name of detectors.keys()) {
      if (optionsOf(this.#settings, name) === undefined) this.#restricted.add(name);
      else if (!this.#schedulers.has(name))
        this.#schedulers.set(name, new DetectorScheduler(name, this.#hostFor(name)));
    }
  }

  /** Replaces Bulkhead's own issues. */
  #showOwn(issues: readonly Issue[]): void {
    const byFile = Map.groupBy(issues, ({ file }) => file);
    for (const [file, own] of byFile) this.#table.replace(ownName, configurationUnit, file, own);
    this.#table.finishUnit(ownName, configurationUnit, new Set(byFile.keys()));
  }

  /** The issues of a file, each problem once, with consequences folded under their causes. */
  #viewOf(file: string): readonly Issue[] {
    const all = this.#table.issuesOf(file);
    return withoutRepeats(this.#causes.view(file, all, this.#settings.showConsequences === true), all);
  }

  #withCauses(status: DetectorStatus): DetectorStatus {
    if (status.state === 'failed' && isExplained(status)) return { ...status, state: 'degraded' };
    if (status.state !== 'done') return status;
    const degrading = status.problems.filter(({ degrades }) => degrades === true).map(({ message }) => message);
    const [first, ...more] = [...new Set([...degrading, ...this.#causes.of(status.name)])];
    if (first === undefined) return status;
    const rest = more.length === 0 ? '' : ` (and ${more.length} more ${more.length === 1 ? 'cause' : 'causes'})`;
    return { ...status, state: 'degraded', error: `${first}${rest}` };
  }

  #hostFor(name: string): SchedulerHost {
    return {
      root: this.root,
      pool: this.#pool,
      clock: this.#clock,
      journal: this.journal,
      table: this.#table,
      cache: this.#cache,
      notes: this.#notes,
      paused: () => this.#paused,
      live: () => this.#settings.live === true,
      options: () => this.#optionsFor(name),
      overlays: () => [...this.#overlays.values()],
      openFiles: () => this.#openFiles,
      included: (file) => !this.#excluded(file),
      analyses: ({ kind, file }) => !this.#excluded(file) && (kind !== 'file' || this.#settings.only?.(file) !== false),
      statusChanged: () => {
        this.#noteAbility(name);
        this.#statusChanged();
      },
    };
  }

  #optionsFor(name: string): DetectorOptions {
    const instead = Object.entries(manifestOf(name)?.without ?? {}).flatMap(([other, options]) =>
      this.#unable.has(other) || this.#restricted.has(other) ? [options] : [],
    );
    return Object.assign({}, optionsOf(this.#settings, name), ...instead, { exclude: this.#settings.exclude }) as DetectorOptions; // prettier-ignore
  }

  /** A detector that fails does not do its part: those that rely on it check again without it. */
  #noteAbility(name: string): void {
    const state = this.#schedulers.get(name)?.state;
    const isUnable = state === 'failed' || state === 'partial';
    const isAble = state === 'done' || state === 'not-applicable';
    if (isUnable ? this.#unable.has(name) : !isAble || !this.#unable.delete(name)) return;
    if (isUnable) this.#unable.add(name);
    for (const [other, scheduler] of this.#schedulers)
      if (Object.hasOwn(manifestOf(other)?.without ?? {}, name)) scheduler.analyzeAll();
  }

  /** The `files` event comes first: whoever sees a detector end has seen all its issues. */
  #statusChanged(): void {
    if (!this.#flushing) this.emit('status');
  }

  #allFilesChanged(): void {
    for (const file of this.files()) this.#fileChanged(file);
  }

  /** Changes in one turn of the event loop cause one event. */
  #fileChanged(file: string): void {
    this.#changedFiles.add(file);
    if (this.#flushing) return;
    this.#flushing = true;
    setImmediate(() => this.#flush());
  }

  #flush(): void {
    if (!this.#flushing) return;
    this.#flushing = false;
    const changed = new Set(this.#changedFiles);
    this.#changedFiles.clear();
    for (const file of [...changed]) {
      for (const other of this.#causes.update(file, this.#table.issuesOf(file))) changed.add(other);
    }
    const files = [...changed];
    for (const file of files) this.#tally.update(file, this.issuesOf(file));
    try {
      this.emit('files', files);
    } finally {
      // Even if a listener threw: `idle` waits for it.
      this.emit('status');
    }
  }
}
