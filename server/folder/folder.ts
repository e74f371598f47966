/**
 * One open folder: its store, configuration, baseline, quarantine, sharing, engine, persistence and watching in one
 * object that every front end uses. Lives from the opening of the folder to its closing.
 *
 * It can be used as soon as it exists: whatever it is told while it opens takes effect once it is open.
 */
import { EventEmitter } from 'node:events';
import path from 'node:path';
import type { Issue } from '../../workers/protocol/detector-protocol.ts';
import { isConfigurationFile } from '../configuration/read.ts';
import { Engine, type EngineSettings } from '../engine/engine.ts';
import { listInputs } from '../engine/inputs.ts';
import { Journal, type FileChange } from '../journal.ts';
import type { DetectorStatus, IssueCounts } from '../engine/status.ts';
import { createPool } from '../pool/pool.ts';
import type { WorkerHealth, SupervisedPool } from '../pool/types.ts';
import { sharedPool } from '../sharing/shared-pool.ts';
import type { Baseline } from '../store/baseline.ts';
import { BaselineFilter } from './baseline-filter.ts';
import { FolderConfiguration } from './configuration.ts';
import { dependentsOf } from './dependents.ts';
import type { FolderEvents, FolderOptions, FolderSettings, UnsavedDocument } from './options.ts';
import { Peers } from './peers.ts';
import { Persistence } from './persistence.ts';
import { openStorage, type FolderStorage } from './storage.ts';
import { FolderWatcher } from './watcher.ts';

/** How often the disk is compared at most: in a folder that never rests, files are always changing. */
const confirmRounds = 3;
const noIssues: IssueCounts = { error: 0, warning: 0, info: 0, hint: 0 };

export class Folder extends EventEmitter<FolderEvents> implements AsyncDisposable {
  /** Absolute path. */
  readonly root: string;
  /** Resolves when the folder is open. Rejects when it cannot be opened: see {@link Folder.open}. */
  readonly opened: Promise<void>;
  readonly #options: FolderOptions;
  readonly #configuration: FolderConfiguration;
  readonly #baseline = new BaselineFilter();
  readonly #documents = new Map<string, UnsavedDocument>();
  /** What changed, also before there is an engine. */
  readonly #journal = new Journal();
  #settings: FolderSettings;
  #openFiles: readonly string[] = [];
  #watcher: FolderWatcher | undefined;
  #storage: FolderStorage | undefined;
  #pool: SupervisedPool | undefined;
  #peers: Peers | undefined;
  #engine: Engine | undefined;
  #persistence: Persistence | undefined;
  #analysisRequested = false;
  #disposal: Promise<void> | undefined;

  private constructor(root: string, options: FolderOptions) {
    super();
    this.root = root;
    this.#options = options;
    this.#settings = options.settings ?? {};
    this.#configuration = new FolderConfiguration(root);
    this.opened = this.#open();
    // Whoever waits for it hears of it.
    this.opened.catch(() => {});
  }

  /**
   * Opens a folder; nothing is analysed before {@link analyze}.
   * @param root absolute path, without symbolic links
   * @throws WatchError when its files cannot be watched; with `strict`, ConfigurationError and BaselineError
   */
  static async open(root: string, options: FolderOptions = {}): Promise<Folder> {
    const folder = new Folder(root, options);
    try {
      await folder.opened;
      return folder;
    } catch (error) {
      await folder.dispose();
      throw error;
    }
  }

  /** Like {@link open}, for a front end that uses the folder while it opens: {@link opened} says when it is open. */
  static start(root: string, options: FolderOptions = {}): Folder {
    return new Folder(root, options);
  }

  get isOpen(): boolean {
    return this.#engine !== undefined;
  }

  /**
   * Analyses everything. The first time results that are still valid are taken from storage; after that the
   * configuration is read again, and other processes that share the analysis do the same.
   * @throws what {@link opened} rejects with
   */
  async analyze(): Promise<void> {
    const engine = this.#engine;
    const isFirst = !this.#analysisRequested;
    this.#analysisRequested = true;
    if (!engine) return this.opened;
    if (!isFirst) {
      await this.#readConfiguration();
      if (this.#disposal) return;
      this.#peers?.sendAnalyze();
    }
    engine.analyzeAll();
  }

  /** Stops what is being analysed; issues that are known stay. */
  cancel(): void {
    this.#engine?.cancel();
  }

  /** Takes effect at once, and only on what the difference concerns. */
  configure(settings: FolderSettings): void {
    const before = this.#settings;
    this.#settings = settings;
    this.#peers?.configure(settings.sharing);
    this.#engine?.configure(this.#engineSettings());
    if (!this.#engine) return;
    if (settings.baseline !== before.baseline) void this.#readBaseline();
    else if (settings.only !== before.only) this.#applyFilter();
  }

  /** Reports files that changed on disk or were saved. */
  filesChanged(changes: readonly FileChange[]): void {
    if (!this.#engine) this.#journal.append(changes);
    else if (changes.length > 0) void this.#changed(changes);
  }

  /**
   * Sets the text of a document that differs from the file; undefined: it is as on disk again. It is analysed with the
   * next change that names the file.
   */
  setDocument(file: string, document: UnsavedDocument | undefined): void {
    if (document) this.#documents.set(file, document);
    else this.#documents.delete(file);
    this.#engine?.setOverlay(file, document);
    this.#peers?.textChanged(file);
  }

  /** Files that are open in an editor are analysed first. @param files the most important first */
  setOpenFiles(files: readonly string[]): void {
    this.#openFiles = files;
    this.#engine?.setOpenFiles(files);
  }

  /** Releases a file from quarantine and analyses it again. */
  retry(file: string): void {
    this.#peers?.sendRelease(file);
    this.#release(file);
  }

  /** Without hidden ones. */
  issuesOf(file: string): readonly Issue[] {
    return this.#engine?.issuesOf(file) ?? [];
  }

  /** Without hidden ones; sorted by file, position, detector, rule. */
  issues(): readonly Issue[] {
    return this.#engine?.issues() ?? [];
  }

  /** With those that the baseline or `only` hides; sorted like {@link issues}. */
  allIssues(): readonly Issue[] {
    return this.#engine?.allIssues() ?? [];
  }

  /** Issues by severity, of one detector or of all, without hidden ones. */
  counts(detector?: string): IssueCounts {
    return this.#engine?.counts(detector) ?? noIssues;
  }

  /** Of each detector that is on; empty while the folder opens. */
  status(): readonly DetectorStatus[] {
    return this.#engine?.status() ?? [];
  }

  /** Of the workers that have run. */
  health(): readonly WorkerHealth[] {
    return this.#pool?.health() ?? [];
  }

  /** Undefined: there is none, it is broken, or its issues are shown. */
  get baseline(): Baseline | undefined {
    return this.#baseline.baseline;
  }

  /** Grows with every change and every analysis that begins. */
  get generation(): number {
    return this.#journal.revision;
  }

  /** The user is waiting: the folder opens, or something has no answer yet. */
  get busy(): boolean {
    return this.#engine?.busy ?? true;
  }

  /**
   * Resolves when every detector that checks files one by one has answered for this file as it is now.
   * @returns false: `signal` aborted first
   */
  async upToDate(file: string, signal: AbortSignal): Promise<boolean> {
    return (await this.#engine?.upToDate(file, signal)) ?? false;
  }

  /** Resolves when nothing is being analysed, and all issues found so far have been announced. */
  async idle(): Promise<void> {
    await this.opened;
    await this.#engine?.idle();
  }

  /**
   * Looks at the disk until nothing has changed there that the analysis does not know.
   * @returns false: files kept changing
   */
  async confirm(): Promise<boolean> {
    await this.opened;
    const engine = this.#engine;
    for (let round = 0; engine && !this.#disposal && round < confirmRounds; round += 1) {
      await engine.idle();
      const missed = await engine.persist();
      if (missed.length === 0 && engine.settled) return true;
      await this.#changed(missed);
    }
    return false;
  }

  /**
   * Stores the results of everything that is settled, for the next session. A live folder does so by itself.
   * @returns changes on disk that nobody reported; pass them to {@link filesChanged} to have them analysed
   */
  async persist(): Promise<readonly FileChange[]> {
    return (await this.#persistence?.persist()) ?? [];
  }

  /**
   * Finds the files that import the given ones, directly or not.
   * @throws Error when the module graph could not be built
   */
  async dependentsOf(files: readonly string[], signal: AbortSignal): Promise<readonly string[]> {
    await this.opened;
    return this.#pool ? dependentsOf(this.#pool, this.root, files, signal) : [];
  }

  /** Closes the folder. Resolves when nothing of it runs or is open any more, in the middle of opening too. */
  dispose(): Promise<void> {
    return (this.#disposal ??= this.#close());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  async #open(): Promise<void> {
    const { storage, watch = false } = this.#options;
    if (watch) await this.#watch();
    // Listed while the store opens; changes after this moment must be reported.
    const listing = storage === undefined ? undefined : listInputs(this.root);
    listing?.catch(() => {});
    const opening = [this.#openStorage(), this.#readConfiguration(), this.#readBaseline()];
    // All must have settled before something can be closed.
    const failed = (await Promise.allSettled(opening)).find((result) => result.status === 'rejected');
    if (failed) throw failed.reason;
    if (this.#disposal) return;
    const pool = this.#openPool();
    const store = this.#storage?.store;
    if (this.#peers) await this.#peers.joined();
    if (this.#disposal) return;
    const shared = this.#peers ? sharedPool(pool, () => this.#peers?.leader()) : pool;
    const engine = new Engine(this.root, shared, this.#engineSettings(), { store, listing, journal: this.#journal });
    this.#start(engine);
  }

  /** The engine takes over what was reported while the folder opened. */
  #start(engine: Engine): void {
    this.#engine = engine;
    const store = this.#storage?.store;
    if (store) {
      this.#persistence = new Persistence({
        engine,
        store,
        frontEnd: this.#options.frontEnd ?? 'terminal',
        onMissed: (changes) => void this.#changed(changes),
        onError: (error) => this.emit('log', 'warn', `Could not store the results of ${this.root}: ${String(error)}`),
      });
    }
    if (this.#baseline.file === this.#settings.baseline) this.#applyFilter();
    else void this.#readBaseline();
    engine.on('files', (files) => this.emit('files', files));
    engine.on('status', () => {
      this.emit('status');
      if (this.#options.live === true) this.#persistence?.persistWhenQuiet();
    });
    for (const [file, document] of this.#documents) engine.setOverlay(file, document);
    engine.setOpenFiles(this.#openFiles);
    this.#peers?.serve({
      engine,
      changed: (changes) => this.#apply(changes),
      analyze: () => engine.analyzeAll(),
      release: (file) => this.#release(file),
      confirm: () => this.confirm(),
    });
    this.#followEarlyChanges();
    if (this.#analysisRequested) engine.analyzeAll();
  }

  async #watch(): Promise<void> {
    const watcher = await FolderWatcher.start(this.root, {
      onChanges: (changes) => this.filesChanged(changes),
      onError: (error) => this.emit('trouble', `Changes in ${this.root} are no longer seen: ${error.message}`),
    });
    if (this.#disposal) watcher[Symbol.dispose]();
    else this.#watcher = watcher;
  }

  async #openStorage(): Promise<void> {
    const { storage } = this.#options;
    if (storage === undefined) return;
    this.#storage = await openStorage(this.root, storage, (level, message) => this.emit('log', level, message));
  }

  #openPool(): SupervisedPool {
    const { pool: given, poolSettings } = this.#options;
    const { store, sharedDir } = this.#storage ?? {};
    const storageDir = store === undefined ? {} : { storageDir: store.dir };
    const pool = given ?? createPool({ ...poolSettings, ...storageDir });
    this.#pool = pool;
    if (store === undefined || sharedDir === undefined) return pool;
    pool.openQuarantine(this.root, store.quarantine);
    this.#peers = new Peers({
      root: this.root,
      dir: sharedDir,
      lockTable: store.lockTable,
      pool,
      log: (level, message) => this.emit('log', level, message),
    });
    this.#peers.configure(this.#settings.sharing);
    return pool;
  }

  async #close(): Promise<void> {
    this.removeAllListeners();
    this.#watcher?.[Symbol.dispose]();
    this.#persistence?.dispose();
    this.#engine?.dispose();
    await this.opened.catch(() => {});
    this.#watcher?.[Symbol.dispose]();
    const { store } = this.#storage ?? {};
    const ownPool = this.#options.pool ? undefined : this.#pool;
    const quarantine = store && this.#pool?.closeQuarantine(this.root);
    await Promise.all([this.#peers?.dispose(), ownPool?.dispose(), quarantine]);
    await store?.close();
  }

  /** Of changes that this process saw, those that no other process has reported before. */
  async #changed(changes: readonly FileChange[]): Promise<void> {
    const isUnsaved = (file: string): boolean => this.#documents.has(file);
    this.#apply(this.#peers?.active ? await this.#peers.changed(changes, isUnsaved) : changes);
  }

  #apply(changes: readonly FileChange[]): void {
    if (changes.length === 0 || this.#disposal) return;
    this.#engine?.filesChanged(changes);
    this.#follow(changes);
  }

  /** What else depends on files: the configuration, the baseline, and whoever listens. */
  #follow(changes: readonly FileChange[]): void {
    const { baseline } = this.#settings;
    if (changes.some(({ file }) => isConfigurationFile(file))) void this.#readConfiguration();
    if (changes.some(({ file }) => path.join(this.root, file) === baseline)) void this.#readBaseline();
    this.emit('changes', changes);
  }

  /** The journal has them, and with it the engine: the rest of the folder, and other processes, have to hear of them. */
  #followEarlyChanges(): void {
    const changes = [...(this.#journal.since(0)?.values() ?? [])].map(({ file, kind }) => ({ file, kind }));
    if (changes.length === 0) return;
    if (this.#peers?.active) void this.#peers.changed(changes, (file) => this.#documents.has(file));
    this.#follow(changes);
  }

  #release(file: string): void {
    this.#pool?.releaseQuarantine((input) => input.root === this.root && input.file === file);
    this.#engine?.filesChanged([{ file, kind: 'changed' }]);
  }

  async #readConfiguration(): Promise<void> {
    await this.#attempt(this.#configuration.read());
    if (!this.#disposal) this.#engine?.configure(this.#engineSettings());
  }

  async #readBaseline(): Promise<void> {
    await this.#attempt(this.#baseline.read(this.#settings.baseline));
    if (!this.#disposal) this.#applyFilter();
  }

  /** What is wrong with a file of the user's does not stop the rest, except at the opening of a strict folder. */
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
    const { detectors = {}, trusted = true, only } = this.#settings;
    return {
      ...this.#configuration.settings(detectors),
      trusted,
      live: this.#options.live === true,
      ...(only === undefined ? {} : { only }),
    };
  }
}
