/**
 * All folders of the editor's workspace: an engine for each, one pool for all. Lives until a setting changes that
 * compartments are made with; then the session makes a new one.
 */
import { EventEmitter } from 'node:events';
import path from 'node:path';
import type { Diagnostic } from 'vscode-languageserver/node';
import type { DetectorOptions, Issue } from '../../workers/protocol/detector-protocol.ts';
import { detectorNames } from '../../workers/detectors/manifests.ts';
import {
  ConfigurationError,
  emptyConfiguration,
  isConfigurationFile,
  readConfiguration,
  type Configuration,
} from '../configuration/read.ts';
import type { BulkheadSettings } from '../configuration/settings.ts';
import { detectorSettings, type DetectorChoice } from '../engine/detector-settings.ts';
import { Engine, type EngineSettings } from '../engine/engine.ts';
import { listInputs } from '../engine/inputs.ts';
import type { ChangeKind, FileChange } from '../engine/change-triggers.ts';
import type { DetectorStatus } from '../engine/status.ts';
import type { SupervisedPool } from '../pool/types.ts';
import { Sharing } from '../sharing/sharing.ts';
import { BaselineError, baselineName, KnownIssues, readBaseline } from '../store/baseline.ts';
import { storeDirFor } from '../store/location.ts';
import { runEntry } from '../store/run-history.ts';
import { openStore, type Store } from '../store/store.ts';
import type { FoundIssue } from './code-actions.ts';
import { diagnosticsOf, uriOf } from './diagnostics.ts';
import { pathOf } from './uris.ts';

export interface WorkspaceSettings {
  readonly settings: BulkheadSettings;
  readonly trusted: boolean;
  /** Where the editor keeps what belongs to this workspace; absent: nothing is kept. */
  readonly storageDir?: string | undefined;
}

/** After the last analysis, before its results are kept: an edit in between would make them useless. */
const keepDelayMs = 2000;
/** Of looking at the disk until it is as it was; a folder that never rests has no answer for others. */
const confirmRounds = 3;

interface WorkspaceEvents {
  files: [uris: readonly string[]];
  status: [];
  log: [level: 'warn' | 'info', message: string];
  /** Something the user has to hear: a configuration that cannot be used. */
  trouble: [message: string];
}

export class Workspace extends EventEmitter<WorkspaceEvents> {
  readonly pool: SupervisedPool;
  readonly #engines = new Map<string, Engine>();
  readonly #stores = new Map<string, Store>();
  readonly #sharings = new Map<string, Sharing>();
  readonly #keepTimers = new Map<string, NodeJS.Timeout>();
  readonly #configurations = new Map<string, Configuration>();
  readonly #baselines = new Map<string, KnownIssues>();
  readonly #documents = new Map<string, { text: string; version: number }>();
  #settings: WorkspaceSettings;

  constructor(pool: SupervisedPool, settings: WorkspaceSettings) {
    super();
    this.pool = pool;
    this.#settings = settings;
  }

  /** Some folder is not analysed yet. */
  get opening(): boolean {
    return this.#opening.size > this.#engines.size;
  }

  get engines(): readonly Engine[] {
    return [...this.#engines.values()];
  }

  /** The user waits for something. */
  get busy(): boolean {
    return this.opening || this.engines.some((engine) => engine.busy);
  }

  /** Opens a folder and analyses it. */
  async addRoot(root: string): Promise<void> {
    if (this.#opening.has(root)) return;
    const early: FileChange[] = [];
    this.#opening.set(root, early);
    const listing = this.#settings.storageDir === undefined ? undefined : listInputs(root);
    listing?.catch(() => {});
    const [store] = await Promise.all([this.#openStore(root), this.#readConfig(root), this.#readBaseline(root)]);
    if (this.#opening.get(root) !== early) {
      await store?.close();
      return;
    }
    const sharing = store && (await this.#share(root, store));
    const engine = new Engine(root, sharing?.pool ?? this.pool, this.#engineSettings(root), store, listing);
    this.#engines.set(root, engine);
    this.#applyBaseline(engine);
    if (store) {
      this.#stores.set(root, store);
      this.pool.openQuarantine(root, store.quarantine);
    }
    if (sharing) this.#sharings.set(root, sharing);
    engine.on('files', (files) =>
      this.emit(
        'files',
        files.map((file) => uriOf(root, file)),
      ),
    );
    engine.on('status', () => {
      this.emit('status');
      this.#keepLater(root, engine);
    });
    for (const absolute of this.#documents.keys()) this.#passDocument(engine, absolute);
    this.#passWanted(engine);
    sharing?.serve({
      engine,
      changed: (changes) => this.#apply(engine, changes),
      analyze: () => engine.analyzeAll(),
      release: (file) => this.#release(engine, file),
      confirm: () => this.#confirm(engine),
    });
    if (early.length > 0) void this.#changed(engine, early);
    engine.analyzeAll();
  }
  /** Folders that are open or on their way there, with what changed on that way. */
  readonly #opening = new Map<string, FileChange[]>();

  removeRoot(root: string): void {
    this.#opening.delete(root);
    clearTimeout(this.#keepTimers.get(root));
    this.#engines.get(root)?.dispose();
    this.#engines.delete(root);
    this.#configurations.delete(root);
    this.#baselines.delete(root);
    void this.#close(root);
    this.emit('status');
  }

  configure(settings: WorkspaceSettings): void {
    const { baseline } = this.#settings.settings;
    this.#settings = settings;
    for (const [root, engine] of this.#engines) {
      engine.configure(this.#engineSettings(root));
      if (settings.settings.baseline !== baseline) this.#applyBaseline(engine);
    }
  }

  async analyzeAll(): Promise<void> {
    await Promise.all([...this.#engines.keys()].map((root) => this.#readConfig(root)));
    for (const [root, engine] of this.#engines) {
      engine.configure(this.#engineSettings(root));
      engine.analyzeAll();
      this.#sharings.get(root)?.tellAnalyze();
    }
  }

  cancel(): void {
    for (const engine of this.#engines.values()) engine.cancel();
  }

  /** An open document's text, or undefined when it was closed. */
  setDocument(absolute: string, document: { text: string; version: number } | undefined): void {
    if (document) this.#documents.set(absolute, document);
    else this.#documents.delete(absolute);
    for (const [root, engine] of this.#engines) {
      this.#passDocument(engine, absolute);
      const file = relativeTo(root, absolute);
      if (file !== undefined) this.#sharings.get(root)?.textChanged(file);
    }
  }

  /** Open documents, most wanted first. */
  setWanted(absolute: readonly string[]): void {
    this.#wanted = absolute;
    for (const engine of this.#engines.values()) this.#passWanted(engine);
  }
  #wanted: readonly string[] = [];

  filesChanged(changes: ReadonlyMap<string, ChangeKind>): void {
    for (const [root, early] of this.#opening) {
      const own = [...changes].flatMap(([absolute, kind]) => {
        const file = relativeTo(root, absolute);
        return file === undefined ? [] : [{ file, kind }];
      });
      const engine = this.#engines.get(root);
      if (!engine) early.push(...own);
      else if (own.length > 0) void this.#changed(engine, own);
    }
  }

  /** Merged over folders: one may lie within another. */
  diagnosticsOf(uri: string): Diagnostic[] {
    const all = this.#placesOf(uri).flatMap(({ root, engine, file }) => diagnosticsOf(root, engine.issuesOf(file)));
    if (this.#engines.size === 1) return all;
    const found = new Map<string, Diagnostic>();
    for (const diagnostic of all) {
      found.set(JSON.stringify([diagnostic.source, diagnostic.code, diagnostic.range, diagnostic.message]), diagnostic);
    }
    return [...found.values()];
  }

  /** Of the folders that hold a file; merged. */
  issuesOf(uri: string): readonly Issue[] {
    return this.#placesOf(uri).flatMap(({ engine, file }) => engine.issuesOf(file));
  }

  /**
   * Resolves when what checks a file by itself has answered for it as it is now; false: not before it was stopped.
   * @param onStop is given what stops the waiting
   */
  async answered(uri: string, onStop: (stop: () => void) => void): Promise<boolean> {
    const stop = new AbortController();
    onStop(() => stop.abort());
    const answers = this.#placesOf(uri).map(({ engine, file }) => engine.answered(file, stop.signal));
    return (await Promise.all(answers)).every(Boolean);
  }

  /** The issue that a published diagnostic stands for. */
  issueOf(uri: string, fingerprint: string): FoundIssue | undefined {
    for (const { root, engine, file } of this.#placesOf(uri)) {
      const issue = engine.issuesOf(file).find((candidate) => candidate.fingerprint === fingerprint);
      if (issue) return { root, issue };
    }
    return undefined;
  }

  /** Lets an input out of quarantine and analyses it again. */
  retry(uri: string): void {
    for (const { root, engine, file } of this.#placesOf(uri)) {
      this.#sharings.get(root)?.tellRelease(file);
      this.#release(engine, file);
    }
  }

  /** By detector, merged over folders: the least finished state speaks. */
  statuses(): readonly DetectorStatus[] {
    return [...this.#engines.values()].flatMap((engine) => engine.status());
  }

  async dispose(): Promise<void> {
    for (const timer of this.#keepTimers.values()) clearTimeout(timer);
    this.#opening.clear();
    for (const engine of this.#engines.values()) engine.dispose();
    this.#engines.clear();
    this.removeAllListeners();
    await Promise.all([this.pool.dispose(), ...[...this.#stores.keys()].map((root) => this.#close(root))]);
  }

  /** What a folder has outside of this process. */
  async #close(root: string): Promise<void> {
    const [sharing, store] = [this.#sharings.get(root), this.#stores.get(root)];
    this.#sharings.delete(root);
    this.#stores.delete(root);
    await Promise.all([sharing?.dispose(), this.pool.closeQuarantine(root)]);
    await store?.close();
  }

  /** Of changes that this process saw, those that no other has told of before. */
  async #changed(engine: Engine, changes: readonly FileChange[]): Promise<void> {
    const sharing = this.#sharings.get(engine.root);
    const isUnsaved = (file: string): boolean => this.#documents.has(path.resolve(engine.root, file));
    this.#apply(engine, sharing ? await sharing.changed(changes, isUnsaved) : changes);
  }

  #apply(engine: Engine, changes: readonly FileChange[]): void {
    const { root } = engine;
    if (changes.length === 0 || this.#engines.get(root) !== engine) return;
    if (changes.some(({ file }) => isConfigurationFile(file))) void this.#reload(root, engine);
    if (changes.some(({ file }) => file === baselineName)) void this.#reloadBaseline(engine);
    engine.filesChanged(changes);
  }

  #release(engine: Engine, file: string): void {
    this.pool.releaseQuarantine((input) => input.root === engine.root && input.file === file);
    engine.filesChanged([{ file, kind: 'changed' }]);
  }

  /** Looks at the disk until nothing has changed that the engine does not know. @returns whether it came to that */
  async #confirm(engine: Engine): Promise<boolean> {
    for (let round = 0; round < confirmRounds; round += 1) {
      await engine.idle();
      const missed = await engine.keep();
      if (missed.length === 0 && engine.settled) return true;
      await this.#changed(engine, missed);
    }
    return false;
  }

  /** A file as each folder knows it; results may lie outside of the folder. */
  #placesOf(uri: string): readonly { readonly root: string; readonly engine: Engine; readonly file: string }[] {
    const absolute = pathOf(uri);
    if (absolute === undefined) return [];
    return [...this.#engines].map(([root, engine]) => {
      return { root, engine, file: path.relative(root, absolute).split(path.sep).join('/') };
    });
  }

  async #openStore(root: string): Promise<Store | undefined> {
    const { storageDir } = this.#settings;
    if (storageDir === undefined) return undefined;
    const dir = await storeDirFor(root, { storageDir });
    // Other editors, and the terminal, keep theirs elsewhere.
    const locksDir = await storeDirFor(root);
    return openStore({ dir, locksDir, log: (level, message) => this.emit('log', level, message) });
  }

  async #share(root: string, { lockTable }: Store): Promise<Sharing | undefined> {
    const { shareAnalysis, node } = this.#settings.settings;
    if (!shareAnalysis) return undefined;
    return new Sharing({
      root,
      dir: await storeDirFor(root),
      lockTable,
      pool: this.pool,
      program: this.#settings.trusted ? node : '',
      log: (level, message) => this.emit('log', level, message),
    });
  }

  /** Keeps results when all is quiet, and analyses what changed without anybody saying so. */
  #keepLater(root: string, engine: Engine): void {
    clearTimeout(this.#keepTimers.get(root));
    if (!this.#stores.has(root) || !engine.settled) return;
    const timer = setTimeout(() => void this.#keep(engine), keepDelayMs);
    this.#keepTimers.set(root, timer);
  }

  async #keep(engine: Engine): Promise<void> {
    try {
      const missed = await engine.keep();
      this.#note(engine);
      await this.#changed(engine, missed);
    } catch (error) {
      this.emit('log', 'warn', `Results of ${engine.root} were not kept: ${String(error)}`);
    }
  }

  #note(engine: Engine): void {
    const work = engine.takeWork();
    if (work.length > 0) this.#stores.get(engine.root)?.history.append(runEntry('editor', work));
  }

  async #reload(root: string, engine: Engine): Promise<void> {
    await this.#readConfig(root);
    engine.configure(this.#engineSettings(root));
  }

  /** A broken configuration is told, and the last good one stays in force. */
  async #readConfig(root: string): Promise<void> {
    try {
      this.#configurations.set(root, await readConfiguration(root));
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error;
      const last = this.#configurations.get(root) ?? emptyConfiguration;
      this.#configurations.set(root, { ...last, issues: error.issues });
      this.emit('trouble', error.message);
    }
  }

  async #reloadBaseline(engine: Engine): Promise<void> {
    await this.#readBaseline(engine.root);
    this.#applyBaseline(engine);
  }

  /** A broken baseline is told, and hides nothing. */
  async #readBaseline(root: string): Promise<void> {
    try {
      const baseline = await readBaseline(path.join(root, baselineName));
      if (baseline) this.#baselines.set(root, new KnownIssues(baseline));
      else this.#baselines.delete(root);
    } catch (error) {
      if (!(error instanceof BaselineError)) throw error;
      this.#baselines.delete(root);
      this.emit('trouble', error.message);
    }
  }

  #applyBaseline(engine: Engine): void {
    const known = this.#settings.settings.baseline === 'hide' ? this.#baselines.get(engine.root) : undefined;
    engine.setFilter(known && ((file, issues) => known.fresh(file, issues)));
  }

  #engineSettings(root: string): EngineSettings {
    const { settings, trusted } = this.#settings;
    return {
      trusted,
      live: true,
      ...detectorSettings(this.#configurations.get(root) ?? emptyConfiguration, choiceOf(settings)),
    };
  }

  #passDocument(engine: Engine, absolute: string): void {
    const file = relativeTo(engine.root, absolute);
    if (file !== undefined) engine.setOverlay(file, this.#documents.get(absolute));
  }

  #passWanted(engine: Engine): void {
    engine.setWanted(this.#wanted.flatMap((absolute) => relativeTo(engine.root, absolute) ?? []));
  }
}

function choiceOf(settings: BulkheadSettings): DetectorChoice {
  const options: Record<string, DetectorOptions> = {};
  const off: string[] = [];
  for (const name of detectorNames) {
    const { enable, ...rest } = settings[name];
    options[name] = rest;
    if (!enable) off.push(name);
  }
  return { off, options, exclude: settings.exclude };
}

/** Forward slashes; undefined for a file outside of the root. */
function relativeTo(root: string, absolute: string): string | undefined {
  const relative = path.relative(root, absolute);
  if (relative === '' || relative.startsWith('..') || path.isAbsolute(relative)) return undefined;
  return relative.split(path.sep).join('/');
}
