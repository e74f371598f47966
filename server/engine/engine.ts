/**
 * The engine of one root: what is stale, what runs next, what is true now. It knows no front end.
 * Lives from the opening of a folder to its closing; several engines share one pool.
 */
import { EventEmitter, once } from 'node:events';
import ignore from 'ignore';
import type { DetectorOptions, Issue, Overlay } from '../../workers/protocol/detector-protocol.ts';
import { manifestOf } from '../../workers/detectors/manifests.ts';
import { systemClock, type Clock } from '../clock.ts';
import { Journal, type FileChange } from '../journal.ts';
import { ownName } from '../configuration/read.ts';
import type { Pool } from '../pool/types.ts';
import { baselineName } from '../store/baseline.ts';
import { deletedBy } from './deleted-paths.ts';
import { DetectorNotes } from './detector-notes.ts';
import { DetectorScheduler } from './detector-scheduler.ts';
import type { Listing } from './inputs.ts';
import { IssueTally } from './issue-counts.ts';
import { IssueTable } from './issue-table.ts';
import type { PeerAnswers } from './peer-answers.ts';
import { ResultCache, type ResultStore } from './result-cache.ts';
import type { SchedulerHost } from './scheduler-host.ts';
import { isBusy, isSettled, type DetectorStatus, type DetectorWork, type IssueCounts } from './status.ts';

export interface EngineSettings {
  /** Detectors that are on, with their options. */
  readonly detectors: ReadonlyMap<string, DetectorOptions>;
  /** False: detectors that execute code of the workspace do not run. */
  readonly trusted: boolean;
  /** gitignore-style patterns of what is never analysed. */
  readonly exclude: readonly string[];
  /** What is wrong in the configuration itself; absent: nothing. */
  readonly issues?: readonly Issue[];
  /** Somebody goes on looking, so first answers may be provisional; absent: every answer is final. */
  readonly live?: boolean;
  /** Of what is analysed file by file, only these files; absent: all. */
  readonly only?: (file: string) => boolean;
}

export interface EngineParts {
  /** Where results are kept between sessions; the caller closes it. Absent: nothing outlives the session. */
  readonly store?: ResultStore | undefined;
  /** Of the root, if one has been begun; whatever changed since is in the journal. */
  readonly listing?: Promise<Listing> | undefined;
  /** Of the root, with what changed before there was an engine; absent: nothing did. */
  readonly journal?: Journal;
  /** For tests. */
  readonly clock?: Clock;
}

/**
 * What front ends see of a file's issues. What is left out stays true, is kept between sessions, and is there again when
 * the filter goes.
 */
export type IssueFilter = (file: string, issues: readonly Issue[]) => readonly Issue[];

const configurationUnit = 'configuration';

interface EngineEvents {
  /** The issues of these files may differ from before. */
  files: [files: readonly string[]];
  /** Something that `status()` tells has changed. */
  status: [];
}

export class Engine extends EventEmitter<EngineEvents> {
  /** Absolute path. */
  readonly root: string;
  /** What changed in the root. Before the engine is started, append to it; afterwards call {@link filesChanged}. */
  readonly journal: Journal;
  readonly #pool: Pool;
  readonly #clock: Clock;
  readonly #table: IssueTable;
  readonly #cache: ResultCache | undefined;
  readonly #notes: DetectorNotes;
  readonly #schedulers = new Map<string, DetectorScheduler>();
  readonly #restricted = new Set<string>();
  readonly #overlays = new Map<string, Overlay>();
  readonly #tally = new IssueTally();
  readonly #changedFiles = new Set<string>();
  readonly #stopListening: () => void;
  readonly #disposal = new AbortController();
  #settings: EngineSettings;
  #excluded: (file: string) => boolean;
  #openFiles: readonly string[] = [];
  #filter: IssueFilter = (_file, issues) => issues;
  #flushing = false;
  #started = false;

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
    this.#stopListening = pool.onAvailable((detector) => this.#schedulers.get(detector)?.tryAgain());
  }

  /** Analyses everything: the first time, or again on request. */
  analyzeAll(): void {
    this.#started = true;
    this.#applySettings();
    for (const scheduler of this.#schedulers.values()) scheduler.analyzeAll();
  }

  /** Takes effect at once: detectors turned off lose their issues, new ones start, changed options run again. */
  configure(settings: EngineSettings): void {
    const before = this.#settings;
    this.#settings = settings;
    this.#excluded = matcherOf(settings.exclude);
    if (!this.#started) return;
    const known = new Set(this.#schedulers.keys());
    this.#applySettings();
    const excludeChanged = JSON.stringify(before.exclude) !== JSON.stringify(settings.exclude);
    for (const [name, scheduler] of this.#schedulers) {
      const optionsChanged = JSON.stringify(optionsOf(before, name)) !== JSON.stringify(optionsOf(settings, name));
      if (!known.has(name) || optionsChanged || excludeChanged) scheduler.analyzeAll();
    }
    this.emit('status');
  }

  /** Files changed on disk or were saved; deleted files lose their issues at once. */
  filesChanged(changes: readonly FileChange[]): void {
    const revision = this.journal.append(changes);
    const isGone = deletedBy(changes);
    if (isGone) this.#table.dropFiles(isGone);
    for (const scheduler of this.#schedulers.values()) scheduler.filesChanged(changes, revision);
  }

  /** An unsaved buffer; absent text: the file is as on disk again. Analysed with the next change that names it. */
  setOverlay(file: string, overlay: Omit<Overlay, 'file'> | undefined): void {
    if (overlay) this.#overlays.set(file, { file, ...overlay });
    else this.#overlays.delete(file);
  }

  /** Shows another part of the issues, at once; absent: all. */
  setFilter(filter: IssueFilter = (_file, issues) => issues): void {
    this.#filter = filter;
    for (const file of this.#table.files()) this.#fileChanged(file);
  }

  /** Files open in the editor, the most wanted first. */
  setOpenFiles(files: readonly string[]): void {
    this.#openFiles = files;
  }

  /**
   * Stores the answers of settled detectors for the next session.
   * @returns what changed on disk although nobody said so; the caller may pass it to {@link filesChanged}
   */
  async persist(): Promise<readonly FileChange[]> {
    if (!this.#cache) return [];
    const schedulers = [...this.#schedulers.values()];
    return this.#cache.persist(
      schedulers.flatMap((scheduler) => scheduler.takeAnswers()),
      schedulers.flatMap((scheduler) => scheduler.takeEmptyPlan() ?? []),
    );
  }

  /** What detectors did since this was asked last; those that did nothing are left out. */
  takeWork(): readonly DetectorWork[] {
    const all = [...this.#schedulers.values()].map((scheduler) => scheduler.takeWork());
    return all.filter(({ analysed, recalled, borrowed }) => analysed + recalled + borrowed > 0);
  }

  cancel(): void {
    for (const scheduler of this.#schedulers.values()) scheduler.cancel();
  }

  /**
   * For another process that would do the same as a detector here.
   * @param same whether these options mean the same to it
   * @returns undefined: the detector is off, or does something else here
   */
  peerAnswers(detector: string, same: (options: DetectorOptions) => boolean): PeerAnswers | undefined {
    const scheduler = this.#schedulers.get(detector);
    return scheduler && same(this.#optionsFor(detector)) ? scheduler.peerAnswers : undefined;
  }

  /** As the filter shows them. */
  issuesOf(file: string): readonly Issue[] {
    return this.#filter(file, this.#table.issuesOf(file));
  }

  /** As the filter shows them; sorted by file, position, detector, rule. */
  issues(): readonly Issue[] {
    return this.#table.files().flatMap((file) => this.issuesOf(file));
  }

  /** Whatever the filter shows; sorted like {@link issues}. */
  allIssues(): readonly Issue[] {
    return this.#table.all();
  }

  /** Files with issues, whether the filter shows them or not. */
  files(): readonly string[] {
    return this.#table.files();
  }

  /** Of one detector, or of all; as of the last announced change. */
  counts(detector?: string): IssueCounts {
    return this.#tally.counts(detector);
  }

  status(): readonly DetectorStatus[] {
    const restricted = [...this.#restricted].map((name): DetectorStatus => ({
      name,
      state: 'restricted',
      note: 'Not run in Restricted Mode: it executes code of the workspace. Trust the workspace to turn it on.',
      problems: [],
      durationMs: 0,
      fraction: 1,
    }));
    return [...[...this.#schedulers.values()].map((scheduler) => scheduler.status()), ...restricted];
  }

  get settled(): boolean {
    return [...this.#schedulers.values()].every((scheduler) => isSettled(scheduler.state));
  }

  /** The user waits for something. */
  get busy(): boolean {
    return [...this.#schedulers.values()].some((scheduler) => isBusy(scheduler.state));
  }

  /**
   * Resolves when every detector that checks files one by one has answered for this one, as it is now.
   * @returns false: `stop` aborted, or the engine was disposed, first
   */
  async answered(file: string, stop: AbortSignal): Promise<boolean> {
    const signal = AbortSignal.any([stop, this.#disposal.signal]);
    const isAnswered = (): boolean => [...this.#schedulers.values()].every((scheduler) => scheduler.isAnswered(file));
    while (!signal.aborted && (this.#flushing || !isAnswered())) {
      await once(this, 'status', { signal }).catch(() => {});
    }
    return !signal.aborted;
  }

  /** Resolves when nothing is in work; files of the last change have been announced by then, unless it was disposed. */
  async idle(): Promise<void> {
    const { signal } = this.#disposal;
    while (!signal.aborted && (!this.settled || this.#flushing)) await once(this, 'status', { signal }).catch(() => {});
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

  /** Bulkhead's own issues, in place of those before. */
  #showOwn(issues: readonly Issue[]): void {
    const byFile = Map.groupBy(issues, ({ file }) => file);
    for (const [file, own] of byFile) this.#table.replace(ownName, configurationUnit, file, own);
    this.#table.finishUnit(ownName, configurationUnit, new Set(byFile.keys()));
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
      live: () => this.#settings.live === true,
      options: () => this.#optionsFor(name),
      overlays: () => [...this.#overlays.values()],
      openFiles: () => this.#openFiles,
      included: (file) => !this.#excluded(file),
      analyses: ({ kind, file }) => !this.#excluded(file) && (kind !== 'file' || this.#settings.only?.(file) !== false),
      statusChanged: () => this.#statusChanged(),
    };
  }

  #optionsFor(name: string): DetectorOptions {
    return { ...optionsOf(this.#settings, name), exclude: this.#settings.exclude };
  }

  /** A detector's end is told after the files it ended with. */
  #statusChanged(): void {
    if (!this.#flushing) this.emit('status');
  }

  /** Changes of one turn of the event loop are announced together. */
  #fileChanged(file: string): void {
    this.#changedFiles.add(file);
    if (this.#flushing) return;
    this.#flushing = true;
    setImmediate(() => this.#flush());
  }

  #flush(): void {
    if (!this.#flushing) return;
    this.#flushing = false;
    const files = [...this.#changedFiles];
    this.#changedFiles.clear();
    for (const file of files) this.#tally.update(file, this.issuesOf(file));
    this.emit('files', files);
    this.emit('status');
  }
}

/** Undefined: the detector is off, or may not run before the workspace is trusted. */
function optionsOf(settings: EngineSettings, name: string): DetectorOptions | undefined {
  const options = settings.detectors.get(name);
  if (options === undefined || settings.trusted) return options;
  const untrusted = manifestOf(name)?.untrusted ?? 'does not run';
  return untrusted === 'does not run' ? undefined : { ...options, ...untrusted };
}

/** The baseline is no source, whatever is configured: its content is about issues, and must not make any. */
function matcherOf(patterns: readonly string[]): (file: string) => boolean {
  if (patterns.length === 0) return (file) => file === baselineName;
  const matcher = ignore().add([`/${baselineName}`, ...patterns]);
  // Results may lie outside of the root (a shared tsconfig's declaration files); patterns cannot name those.
  return (file) => ignore.isPathValid(file) && matcher.ignores(file);
}
