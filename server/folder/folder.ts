/**
 * One open folder: its store, configuration, baseline, quarantine, sharing, engine, persistence and watching in one
 * object that every front end uses. Lives from the opening of the folder to its closing.
 *
 * It can be used at once: calls that come while it is still opening take effect when it is open.
 */
import { EventEmitter } from 'node:events';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Issue, TextEdit } from '../../workers/protocol/detector-protocol.ts';
import { isConfigurationFile } from '../configuration/read.ts';
import { isBrokenConfiguration } from '../engine/broken-configurations.ts';
import type { EngineSettings } from '../engine/engine-settings.ts';
import { Engine } from '../engine/engine.ts';
import { listInputs } from '../engine/inputs.ts';
import { clockToleranceMs } from '../engine/moment.ts';
import { Journal, type FileChange } from '../journal.ts';
import type { DetectorStatus, IssueCounts } from '../engine/status.ts';
import type { QuarantinedInput, WorkerHealth } from '../pool/types.ts';
import type { Baseline } from '../store/baseline.ts';
import { baselineAction, type BaselineCounts } from './baseline-actions.ts';
import { BaselineFilter } from './baseline-filter.ts';
import { Edits } from './edits.ts';
import { FolderConfiguration } from './configuration.ts';
import { dependentsOf } from './dependents.ts';
import { InstallationChanges } from './installation-changes.ts';
import type { FolderEvents, FolderOptions, FolderSettings, UnsavedDocument } from './options.ts';
import { Persistence } from './persistence.ts';
import { FolderResources, type FolderResourcesReport } from './resources.ts';
import { scoresOf, type FunctionScores } from './scores.ts';
import { suppressionOf, type SuppressionRequest } from './suppressions.ts';
import { FolderWatcher } from './watcher.ts';

/** Maximum number of comparisons with the disk: in some folders files never stop changing. */
const confirmRounds = 3;
const noIssues: IssueCounts = { error: 0, warning: 0, info: 0, hint: 0 };

export class Folder extends EventEmitter<FolderEvents> implements AsyncDisposable {
  /** Absolute path. */
  readonly root: string;
  /** Resolves when the folder is open. Rejects when it cannot be opened: see {@link Folder.open}. */
  readonly opened: Promise<void>;
  readonly #options: FolderOptions;
  readonly #resources: FolderResources;
  readonly #configuration: FolderConfiguration;
  readonly #baseline: BaselineFilter;
  readonly #documents = new Map<string, UnsavedDocument>();
  /** All changes, including those before the engine exists. */
  readonly #journal = new Journal();
  readonly #installations = new InstallationChanges((changes) => this.#report(changes));
  #settings: FolderSettings;
  #openFiles: readonly string[] = [];
  #watcher: FolderWatcher | undefined;
  #engine: Engine | undefined;
  #persistence: Persistence | undefined;
  #analysisRequested = false;
  #paused = false;
  /** Configurations that are being read, and changes that are being handed over. */
  readonly #underWay = new Set<Promise<void>>();
  #disposal: Promise<void> | undefined;

  private constructor(root: string, options: FolderOptions) {
    super();
    this.root = root;
    this.#options = options;
    this.#settings = options.settings ?? {};
    this.#configuration = new FolderConfiguration(root);
    this.#baseline = new BaselineFilter(root);
    this.#resources = new FolderResources(root, options, (level, message) => this.emit('log', level, message));
    this.opened = this.#open();
    // A failure reaches those who await it; it must not be unhandled if nobody does.
    this.opened.catch(() => {});
  }

  /**
   * Opens a folder; nothing is analysed before {@link analyze}.
   * @param root absolute path, without symbolic links
   * @param listen attaches listeners, which miss nothing that happens while the folder opens
   * @throws WatchError when its files cannot be watched; with `strict`, ConfigurationError and BaselineError
   */
  static async open(root: string, options: FolderOptions = {}, listen?: (folder: Folder) => void): Promise<Folder> {
    const folder = new Folder(root, options);
    listen?.(folder);
    try {
      await folder.opened;
      return folder;
    } catch (error) {
      await folder.dispose();
      throw error;
    }
  }

  /** Like {@link open}, but returns at once, for front ends that use the folder while it opens. Await {@link opened}. */
  static start(root: string, options: FolderOptions = {}): Folder {
    return new Folder(root, options);
  }

  get isOpen(): boolean {
    return this.#engine !== undefined;
  }

  /**
   * Analyses everything. The first time, results that are still valid come from storage. Every later time, the
   * configuration is read again, and other processes that share the analysis analyse everything again, too.
   * @param options.tellPeers false: other processes analyse nothing, because the reason concerns only this one
   * @throws what {@link opened} rejects with
   */
  async analyze({ tellPeers = true }: { readonly tellPeers?: boolean } = {}): Promise<void> {
    const engine = this.#engine;
    const isFirst = !this.#analysisRequested;
    this.#analysisRequested = true;
    if (!engine) return this.opened;
    if (!isFirst) {
      await this.#during(this.#readConfiguration());
      if (this.#disposal) return;
      if (tellPeers) this.#resources.peers?.sendAnalyze();
    }
    engine.analyzeAll();
  }

  /** Stops the analysis. The issues found so far stay. */
  cancel(): void {
    this.#engine?.cancel();
  }

  /** Stops the analysis, and starts nothing until {@link resume}. Results stay, and changes are remembered. */
  pause(): void {
    this.#paused = true;
    // Other processes go on without this one.
    this.#resources.peers?.configure(undefined);
    this.#engine?.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#resources.peers?.configure(this.#settings.sharing);
    this.#engine?.resume();
  }

  /** Takes effect at once; reruns only what the new settings affect. */
  configure(settings: FolderSettings): void {
    const before = this.#settings;
    this.#settings = settings;
    if (!this.#paused) this.#resources.peers?.configure(settings.sharing);
    this.#engine?.configure(this.#engineSettings());
    if (!this.#engine) return;
    if (settings.baseline !== before.baseline) void this.#during(this.#readBaseline());
    else if (settings.only !== before.only) this.#applyFilter();
  }

  /** Reports files that changed on disk or were saved. */
  filesChanged(changes: readonly FileChange[]): void {
    this.#report(this.#installations.take(changes));
    if (this.#installations.isWaiting) this.emit('status');
  }

  /**
   * Sets the unsaved text of a file; undefined: the file is as on disk. Takes effect with the next change that names the
   * file.
   */
  setDocument(file: string, document: UnsavedDocument | undefined): void {
    if (document) this.#documents.set(file, document);
    else this.#documents.delete(file);
    this.#engine?.setOverlay(file, document);
    this.#resources.peers?.textChanged(file);
  }

  /** The text that stands in for a file. */
  documentOf(file: string): UnsavedDocument | undefined {
    return this.#documents.get(file);
  }

  /** Number of files that a text stands in for. */
  get unsaved(): number {
    return this.#documents.size;
  }

  /** Sets the files that are open in an editor, which are analysed first. @param files the most important first */
  setOpenFiles(files: readonly string[]): void {
    this.#openFiles = files;
    this.#engine?.setOpenFiles(files);
  }

  /** Releases a file from quarantine and analyses it again. */
  retry(file: string): void {
    this.#resources.peers?.sendRelease(file);
    this.#release(file);
  }

  /** The visible issues of a file. */
  issuesOf(file: string): readonly Issue[] {
    return this.#engine?.issuesOf(file) ?? [];
  }

  /** All visible issues, sorted by file, position, detector, rule. */
  issues(): readonly Issue[] {
    return this.#engine?.issues() ?? [];
  }

  /** All issues, including those that the baseline or `only` hides; sorted like {@link issues}. */
  allIssues(): readonly Issue[] {
    return this.#engine?.allIssues() ?? [];
  }

  /** Visible issues by severity, of one detector or of all. */
  counts(detector?: string): IssueCounts {
    return this.#engine?.counts(detector) ?? noIssues;
  }

  /** Status of each enabled detector; empty while the folder opens. */
  status(): readonly DetectorStatus[] {
    return this.#engine?.status() ?? [];
  }

  isEnabled(detector: string): boolean {
    return this.status().some(({ name }) => name === detector);
  }

  /** Extensions of files that detectors check or would check, besides the usual ones. */
  get extensions(): readonly string[] {
    return this.#engine?.extensions ?? [];
  }

  /** Health of the workers that have run. */
  health(): readonly WorkerHealth[] {
    return this.#resources.pool?.health() ?? [];
  }

  /** Where results are stored, how much there is, and how the analysis is shared with other processes. */
  async resources(): Promise<FolderResourcesReport> {
    const { store, peers } = this.#resources;
    return { ...(store === undefined ? {} : { store: await store.stats() }), sharing: peers?.role ?? 'off' };
  }

  /** The baseline whose issues are hidden. Undefined: there is none, it is broken, or its issues are shown. */
  get baseline(): Baseline | undefined {
    return this.#baseline.baseline;
  }

  /** Increases with every change and every analysis that begins. */
  get generation(): number {
    return this.#journal.revision;
  }

  /**
   * Whether what is shown is all there is to say, as far as is known: nothing is running or waiting, the results are stored,
   * and they were compared with the disk.
   */
  get ready(): boolean {
    return this.#isAtRest && this.#persistence?.pending !== true;
  }

  /** Nothing runs, waits, or is on its way to the engine. */
  get #isAtRest(): boolean {
    return this.#engine?.settled === true && !this.#isHeld;
  }

  /** What the engine has to know is on its way to it. */
  get #isHeld(): boolean {
    return this.#underWay.size > 0 || this.#installations.isWaiting;
  }

  /** What is wrong with the configuration of the folder and with its baseline, at its place. */
  get configurationIssues(): readonly Issue[] {
    return [...this.#configuration.issues, ...this.#baseline.issues];
  }

  /** Configurations of tools that cannot be used as they are written. */
  get brokenConfigurations(): readonly Issue[] {
    return this.#engine?.configurationIssues.filter(isBrokenConfiguration) ?? [];
  }

  /** Whether the user waits: the folder is opening, or a result is missing. */
  get busy(): boolean {
    return this.#engine?.busy ?? true;
  }

  /**
   * Resolves when every detector of files has checked this file as it is now.
   * @returns false: `signal` aborted first
   */
  async upToDate(file: string, signal: AbortSignal): Promise<boolean> {
    return (await this.#engine?.upToDate(file, signal)) ?? false;
  }

  /** Resolves when nothing is running, after the last `files` event. */
  async idle(): Promise<void> {
    await this.opened;
    do {
      await Promise.allSettled([this.#installations.settled, ...this.#underWay]);
      await this.#engine?.idle();
    } while (this.#isHeld && !this.#disposal);
  }

  /**
   * Compares the folder with the disk, and analyses unreported changes, until there are none.
   * @returns false: files kept changing, or there is no storage, which comparing takes
   */
  async confirm(): Promise<boolean> {
    await this.opened;
    const engine = this.#engine;
    for (let round = 0; engine && !this.#disposal && round < confirmRounds; round += 1) {
      await this.idle();
      if (await this.#compare(engine)) return this.#resources.store !== undefined && this.#isAtRest;
    }
    return false;
  }

  /**
   * Compares the folder with the disk once, and begins to analyse unreported changes, whatever is running.
   * @returns whether there were none, and none was reported meanwhile
   */
  async compare(): Promise<boolean> {
    await this.opened;
    return this.#engine !== undefined && !this.#disposal && this.#compare(this.#engine);
  }

  async #compare(engine: Engine): Promise<boolean> {
    const { baseline } = this.#settings;
    const { lastChange } = this.#journal;
    const missed = await engine.persist(baseline === undefined ? [] : [this.#relative(baseline)]);
    // What others found meanwhile counts too: it may not have reached the engine, or it is older than what was compared.
    if (missed.length === 0) return this.#isAtRest && this.#journal.lastChange === lastChange;
    const work = async (): Promise<void> => {
      // A report is trusted only if it is clearly later than the change, by the clock of the file system.
      await sleep(clockToleranceMs);
      await this.#changed(missed, true);
    };
    await this.#during(work());
    return false;
  }

  /** Another process begins to use what is known. Where it cannot be compared, reports have to do. */
  async #catchUp(engine: Engine): Promise<void> {
    await this.#compare(engine).catch(() => false);
    await Promise.allSettled(this.#underWay);
  }

  /** Hash of what was on disk when it was last compared; undefined: it never was. */
  get content(): string | undefined {
    return this.#engine?.content;
  }

  /** Detectors that look at this file, as far as their plans tell. */
  detectorsOf(file: string): readonly string[] {
    return this.#engine?.detectorsOf(file) ?? [];
  }

  /**
   * Stores the results of settled detectors for the next session. A live folder does this by itself.
   * @returns changes on disk that were not reported, unless there was nothing to store; pass them to {@link filesChanged} to
   *   analyse them
   */
  async persist(): Promise<readonly FileChange[]> {
    return (await this.#persistence?.persist(true)) ?? [];
  }

  /**
   * Finds the files that import the given ones, directly or not.
   * @throws Error when the module graph could not be built
   */
  async dependentsOf(files: readonly string[], signal: AbortSignal): Promise<readonly string[]> {
    await this.opened;
    return this.#resources.pool ? dependentsOf(this.#resources.pool, this.root, files, signal) : [];
  }

  /**
   * The comment that suppresses an issue, as an edit.
   * @returns undefined: none can suppress it there, or the line that has it is gone
   * @throws Error when the worker failed
   */
  async suppressionOf(request: SuppressionRequest, signal: AbortSignal): Promise<TextEdit | undefined> {
    const { pool } = this.#resources;
    return pool && suppressionOf(pool, this.root, request, signal);
  }

  /**
   * How complex the functions of a file are, by place.
   * @param file relative to the root
   * @returns undefined: the text cannot be parsed, or `signal` aborted
   * @throws Error when the worker failed
   */
  async scoresOf(file: string, text: string, signal: AbortSignal): Promise<readonly FunctionScores[] | undefined> {
    const { pool } = this.#resources;
    return pool && scoresOf(pool, this.root, { file, text }, signal);
  }

  /**
   * Adds issues to the baseline that hides issues here, and writes its file.
   * @throws BaselineError when there is a broken one; Error when it cannot be written, or no baseline is in force
   */
  async accept(issues: readonly Issue[]): Promise<void> {
    await this.#baseline.add(issues);
    if (!this.#disposal) this.#applyFilter();
  }

  /**
   * Creates, compares or prunes the baseline, in force or not.
   * @param file absolute
   * @throws see {@link baselineAction}
   */
  async baselineAction(action: 'create' | 'compare' | 'prune', file: string): Promise<BaselineCounts> {
    const counts = await baselineAction(action, { file, issues: this.allIssues(), status: this.status() });
    if (action !== 'compare') await this.#during(this.#readBaseline());
    return counts;
  }

  /** Forgets all stored results, and analyses everything again. */
  async clearCache(): Promise<void> {
    const { store } = this.#resources;
    if (store) await this.#during(store.clear());
    await this.analyze();
  }

  /** Inputs in quarantine. */
  get quarantined(): readonly QuarantinedInput[] {
    return this.#resources.pool?.quarantined().filter(({ root }) => root === this.root) ?? [];
  }

  /** Watches the files of the folder until it is closed. @throws WatchError */
  async watch(): Promise<void> {
    const watcher = await FolderWatcher.start(this.root, {
      onChanges: this.#options.onWatched ?? ((changes) => this.filesChanged(changes)),
      onError: (error) => this.emit('trouble', `Changes in ${this.root} are no longer seen: ${error.message}`),
    });
    if (this.#disposal || this.#watcher) watcher[Symbol.dispose]();
    else this.#watcher = watcher;
  }

  /** Closes the folder, even while it opens. Resolves when nothing of it runs or is open any more. */
  dispose(): Promise<void> {
    return (this.#disposal ??= this.#close());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  async #open(): Promise<void> {
    const { storage, watch = false } = this.#options;
    if (watch) await this.watch();
    // The files are listed while the store opens. Changes after this moment must be reported.
    const listing = storage === undefined ? undefined : listInputs(this.root);
    listing?.catch(() => {});
    const opening = [this.#resources.openStorage(), this.#readConfiguration(), this.#readBaseline()];
    // Nothing can be closed before all of these have settled.
    const failed = (await Promise.allSettled(opening)).find((result) => result.status === 'rejected');
    if (failed) throw failed.reason;
    if (this.#disposal) return;
    const pool = await this.#resources.openPool(this.#settings.sharing);
    if (this.#disposal) return;
    if (this.#paused) this.#resources.peers?.configure(undefined);
    const { store } = this.#resources;
    const engine = new Engine(this.root, pool, this.#engineSettings(), { store, listing, journal: this.#journal });
    this.#start(engine);
  }

  /** The engine takes over what was reported while the folder opened. */
  #start(engine: Engine): void {
    this.#engine = engine;
    const { store } = this.#resources;
    if (this.#paused) engine.pause();
    if (store) {
      this.#persistence = new Persistence({
        engine,
        store,
        frontEnd: this.#options.frontEnd ?? 'terminal',
        onMissed: (changes) => void this.#during(this.#changed(changes, true)),
        onError: (error) => this.emit('log', 'warn', `Could not store the results of ${this.root}: ${String(error)}`),
        onChange: () => this.emit('status'),
      });
    }
    if (this.#baseline.file === this.#settings.baseline) this.#applyFilter();
    else void this.#during(this.#readBaseline());
    const edits = new Edits({
      root: this.root,
      issuesOf: (file) => engine.issuesOf(file),
      status: () => engine.status(),
      isBusy: () => engine.busy,
      detectorsOf: (file) => engine.detectorsOf(file),
      filesChanged: (changes) => this.filesChanged(changes),
      compare: () => this.compare(),
      isHeld: () => this.#isHeld,
    });
    engine.on('files', (files) => {
      edits.filesChanged(files);
      this.emit('files', files);
    });
    // What is on its way to the engine arrives without an event of the engine.
    this.on('status', () => edits.statusChanged());
    engine.on('status', () => {
      if (this.#options.live === true) this.#persistence?.statusChanged();
      this.emit('status');
    });
    for (const [file, document] of this.#documents) engine.setOverlay(file, document);
    engine.setOpenFiles(this.#openFiles);
    this.#resources.peers?.serve({
      engine,
      changed: (changes) => this.#apply(changes),
      analyze: () => engine.analyzeAll(),
      release: (file) => this.#release(file),
      confirm: () => this.confirm(),
      catchUp: () => this.#catchUp(engine),
      edited: (params) => edits.answer(params),
    });
    this.#followEarlyChanges();
    if (this.#analysisRequested) engine.analyzeAll();
  }

  async #close(): Promise<void> {
    this.removeAllListeners();
    this.#installations.dispose();
    this.#watcher?.[Symbol.dispose]();
    this.#persistence?.dispose();
    this.#engine?.dispose();
    await this.opened.catch(() => {});
    this.#watcher?.[Symbol.dispose]();
    await this.#resources.dispose();
  }

  #report(changes: readonly FileChange[]): void {
    if (!this.#engine) this.#journal.append(changes);
    else if (changes.length > 0) void this.#during(this.#changed(changes));
  }

  /** The folder is not {@link ready} before this has ended. */
  async #during(work: Promise<void>): Promise<void> {
    this.#underWay.add(work);
    await work.finally(() => this.#underWay.delete(work));
    this.emit('status');
  }

  /** This process saw changes: drops those that another process has already reported, unless a comparison found them. */
  async #changed(changes: readonly FileChange[], isFound = false): Promise<void> {
    const { peers } = this.#resources;
    const isUnsaved = (file: string): boolean => this.#documents.has(file);
    this.#apply(peers?.active ? await peers.changed(changes, isUnsaved, isFound) : changes);
  }

  #relative(file: string): string {
    return path.relative(this.root, file).split(path.sep).join('/');
  }

  #apply(changes: readonly FileChange[]): void {
    if (changes.length === 0 || this.#disposal) return;
    this.#engine?.filesChanged(changes);
    this.#follow(changes);
  }

  /** Updates everything besides the engine that depends on files. */
  #follow(changes: readonly FileChange[]): void {
    const { baseline } = this.#settings;
    if (changes.some(({ file }) => isConfigurationFile(file))) void this.#during(this.#readConfiguration());
    if (changes.some(({ file }) => path.join(this.root, file) === baseline)) void this.#during(this.#readBaseline());
    this.emit('changes', changes);
  }

  /** Changes from before the engine existed: they are in the journal, but nothing else has seen them. */
  #followEarlyChanges(): void {
    const journal = this.#journal.since(0);
    if (journal === undefined) return this.#followUnknownChanges();
    const changes = [...journal.values()].map(({ file, kind }) => ({ file, kind }));
    if (changes.length === 0) return;
    if (this.#resources.peers?.active) void this.#resources.peers.changed(changes, (file) => this.#documents.has(file));
    this.#follow(changes);
  }

  /** There were too many changes for the journal: any file may have changed. */
  #followUnknownChanges(): void {
    void this.#during(this.#readConfiguration());
    void this.#during(this.#readBaseline());
    this.#resources.peers?.sendAnalyze();
  }

  #release(file: string): void {
    this.#resources.pool?.releaseQuarantine((input) => input.root === this.root && input.file === file);
    this.#engine?.filesChanged([{ file, kind: 'changed' }]);
  }

  async #readConfiguration(): Promise<void> {
    await this.#attempt(this.#configuration.read());
    if (!this.#disposal) this.#engine?.configure(this.#engineSettings());
  }

  async #readBaseline(): Promise<void> {
    await this.#attempt(this.#baseline.read(this.#settings.baseline));
    if (this.#disposal) return;
    this.#applyFilter();
    this.#engine?.configure(this.#engineSettings());
  }

  /** A broken configuration or baseline does not stop the rest, unless a strict folder is being opened. */
  async #attempt(reading: Promise<void>): Promise<void> {
    try {
      await reading;
    } catch (error) {
      if (this.#options.strict === true && !this.#engine) throw error;
      this.emit('trouble', error instanceof Error ? error.message : String(error));
    }
  }

  #applyFilter(): void {
    this.#engine?.setFilter(this.#baseline.filter(this.#settings.only));
  }

  #engineSettings(): EngineSettings {
    const { detectors = {}, trusted = true, confined, showConsequences = false, only } = this.#settings;
    return {
      ...this.#configuration.settings(detectors),
      issues: this.configurationIssues,
      trusted,
      ...(confined === undefined ? {} : { confined }),
      showConsequences,
      live: this.#options.live === true,
      ...(only === undefined ? {} : { only }),
    };
  }
}
