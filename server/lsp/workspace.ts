/**
 * All folders of the editor's workspace, with one shared pool: routes calls of the editor to the right folders, and merges
 * their results. Lives as long as the connection.
 */
import { EventEmitter, once } from 'node:events';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import type { Diagnostic } from 'vscode-languageserver/node';
import type { DetectorOptions, Issue, TextEdit } from '../../workers/protocol/detector-protocol.ts';
import { walkFiles } from '../../workers/protocol/files.ts';
import { detectorNames } from '../../workers/detectors/manifests.ts';
import { isRecord } from '../configuration/is-record.ts';
import type { BulkheadSettings } from '../configuration/settings.ts';
import type { DetectorChoice } from '../engine/detector-settings.ts';
import type { ChangeKind } from '../journal.ts';
import type { DetectorStatus, IssueCounts } from '../engine/status.ts';
import type { BaselineCounts } from '../folder/baseline-actions.ts';
import { Folder } from '../folder/folder.ts';
import { WatchError } from '../folder/watcher.ts';
import type { FolderSettings, UnsavedDocument } from '../folder/options.ts';
import type { FunctionScores } from '../folder/scores.ts';
import type { SuppressionRequest } from '../folder/suppressions.ts';
import { MEMORY_KINDS } from '../pool/quarantine.ts';
import { confinementOf } from '../pool/sandbox.ts';
import { requiredOf, sandboxOf } from '../pool/sandbox-settings.ts';
import type { SupervisedPool } from '../pool/types.ts';
import { baselineName } from '../store/baseline.ts';
import type { FoldersResult, StatusProblem } from '../../workers/protocol/editor-protocol.ts';
import { collected, problemsOf } from './status-problems.ts';
import type { FoundIssue } from './code-actions.ts';
import { diagnosticsOf } from './diagnostics.ts';
import { isWithin } from '../is-within.ts';
import type { FileNames } from './file-names.ts';
import { chooseRoots } from './roots.ts';

export interface WorkspaceSettings {
  readonly settings: BulkheadSettings;
  /** Of folders that have their own, by absolute path. */
  readonly folders?: ReadonlyMap<string, BulkheadSettings>;
  readonly trusted: boolean;
  /** Where the editor stores what belongs to this workspace; absent: nothing is stored. */
  readonly storageDir?: string | undefined;
}

interface WorkspaceEvents {
  files: [uris: readonly string[]];
  /** Other folders are open than before: any file may have other issues. */
  roots: [];
  /** A watcher of a folder saw changes, by absolute path; {@link Workspace.filesChanged} has not been told. */
  watched: [changes: ReadonlyMap<string, ChangeKind>];
  status: [];
  log: [level: 'warn' | 'info', message: string];
  /** A message for the user. */
  trouble: [message: string];
}

/** A file, as seen from one of the folders. */
interface Place {
  readonly folder: Folder;
  /** Relative to the folder; it may be outside of it. */
  readonly file: string;
}

export class Workspace extends EventEmitter<WorkspaceEvents> {
  readonly pool: SupervisedPool;
  readonly #names: FileNames;
  readonly #folders = new Map<string, Folder>();
  readonly #documents = new Map<string, UnsavedDocument>();
  /** Why a folder could not be opened, by its root. */
  readonly #failures = new Map<string, string>();
  #openFiles: readonly string[] = [];
  #paused = false;
  /** How many texts that the editor does not have are being analysed. */
  #held = 0;
  #settings: WorkspaceSettings;
  #watches = false;
  /** Folders that are being chosen or begin to watch. */
  #pending = 0;
  #choosing: Promise<void> = Promise.resolve();
  #disposed = false;

  /** @param pool runs the detectors of all folders; the workspace disposes it */
  constructor(pool: SupervisedPool, settings: WorkspaceSettings, names: FileNames) {
    super();
    // Each request for diagnostics waits for the end of the analysis.
    this.setMaxListeners(0);
    this.pool = pool;
    this.#settings = settings;
    this.#names = names;
  }

  /** What the editor calls a file of a root. */
  readonly #nameOf = (root: string, file: string): string => this.#names.uriOf(path.resolve(root, file));

  /** Whether a folder is still opening. */
  get opening(): boolean {
    return this.#pending > 0 || this.#all.some((folder) => !folder.isOpen && !this.#failures.has(folder.root));
  }

  get paused(): boolean {
    return this.#paused;
  }

  /** Whether a folder that is open has something to do besides what its detectors' states say. See {@link Folder.ready}. */
  get underWay(): boolean {
    return this.#held > 0 || this.#all.some((folder) => folder.isOpen && !folder.ready);
  }

  /** Whether what is known is not to be shown: see {@link Workspace.hold}. */
  get held(): boolean {
    return this.#held > 0;
  }

  /** Texts that the editor does not have are analysed until `ended` resolves. */
  hold(ended: Promise<void>): void {
    this.#held += 1;
    void ended.then(() => {
      this.#held -= 1;
      this.emit('status');
    });
  }

  /** The folders that are open or opening. */
  get openFolders(): readonly Folder[] {
    return this.#all;
  }

  /** The editor's unsaved text of a file. */
  documentOf(absolute: string): UnsavedDocument | undefined {
    return this.#documents.get(absolute);
  }

  /** Whether the user waits for a result. */
  get busy(): boolean {
    return this.#held > 0 || this.#pending > 0 || this.#all.some((folder) => folder.busy);
  }

  /** The largest generation of all folders. */
  get generation(): number {
    return Math.max(0, ...this.#all.map((folder) => folder.generation));
  }

  /**
   * Opens and analyses these folders, and closes all others. A folder within another one is part of that one's analysis.
   * @param roots real paths
   */
  setRoots(roots: readonly string[]): Promise<void> {
    this.#pending += 1;
    this.#choosing = this.#choosing.then(async () => {
      const { open, refusals } = await chooseRoots(roots, this.#settings.settings.exclude);
      this.#pending -= 1;
      if (this.#disposed) return;
      for (const refusal of refusals) this.emit('trouble', refusal);
      for (const root of this.#folders.keys()) if (!open.includes(root)) this.#removeRoot(root);
      for (const root of open) void this.#addRoot(root);
      this.emit('roots');
      this.emit('status');
    });
    return this.#choosing;
  }

  /** The folders watch their files themselves, because the editor does not. What was missed meanwhile is analysed. */
  async watch(): Promise<void> {
    if (this.#watches) return;
    this.#watches = true;
    this.#pending += 1;
    const watching = this.#all.map(async (folder) => {
      await this.#watch(folder);
      await folder.analyze({ tellPeers: false });
    });
    await Promise.all(watching).finally(() => {
      this.#pending -= 1;
      this.emit('status');
    });
  }

  async #addRoot(root: string): Promise<void> {
    if (this.#folders.has(root)) return;
    const { storageDir } = this.#settings;
    const folder = Folder.start(root, {
      settings: this.#settingsOf(root),
      live: true,
      frontEnd: 'editor',
      pool: this.pool,
      ...(storageDir === undefined ? {} : { storage: { dir: storageDir } }),
      onWatched: (changes) => {
        this.emit('watched', new Map(changes.map(({ file, kind }) => [path.join(root, file), kind])));
      },
    });
    this.#folders.set(root, folder);
    folder.on('files', (files) => {
      const uris = files.flatMap((file) => this.#names.urisOf(path.resolve(root, file)));
      this.emit('files', uris);
    });
    folder.on('status', () => this.emit('status'));
    folder.on('log', (level, message) => this.emit('log', level, message));
    folder.on('trouble', (message) => this.emit('trouble', message));
    for (const [absolute, document] of this.#documents) passDocument(folder, absolute, document);
    this.#passOpenFiles(folder);
    if (this.#paused) folder.pause();
    if (this.#watches) {
      this.#pending += 1;
      await this.#watch(folder);
      this.#pending -= 1;
    }
    try {
      await folder.analyze();
    } catch (error) {
      const message = `Could not open ${root}: ${String(error)}`;
      this.#failures.set(root, message);
      this.emit('trouble', message);
      this.emit('status');
    }
  }

  #removeRoot(root: string): void {
    const folder = this.#folders.get(root);
    if (!folder) return;
    this.#folders.delete(root);
    this.#failures.delete(root);
    void this.#close(folder);
  }

  configure(settings: WorkspaceSettings): void {
    this.#settings = settings;
    for (const [root, folder] of this.#folders) folder.configure(this.#settingsOf(root));
  }

  /** @param options see {@link Folder.analyze} */
  async analyzeAll(options: { readonly tellPeers?: boolean } = {}): Promise<void> {
    await Promise.all(this.#all.map((folder) => folder.analyze(options)));
  }

  /** Analyses folders and files again. */
  async analyzePart(uris: readonly string[]): Promise<void> {
    const wanted = uris.flatMap((uri) => this.#names.pathOf(uri) ?? []);
    const changes = new Map<string, ChangeKind>();
    for (const folder of this.#all) {
      if (wanted.some((absolute) => fileWithin(absolute, folder.root) !== undefined || absolute === folder.root)) {
        await folder.analyze();
        continue;
      }
      for (const absolute of wanted.filter((one) => fileWithin(folder.root, one) !== undefined)) {
        for await (const file of filesIn(absolute)) changes.set(file, 'changed');
      }
    }
    if (changes.size > 0) this.filesChanged(changes);
  }

  /** The visible issues of each folder. */
  get visibleIssues(): readonly { readonly root: string; readonly issues: readonly Issue[] }[] {
    return this.#all.map((folder) => ({ root: folder.root, issues: folder.issues() }));
  }

  /** See {@link Folder.baselineAction}; of each folder. */
  baseline(action: 'create' | 'compare' | 'prune'): Promise<readonly BaselineCounts[]> {
    return Promise.all(this.#all.map((folder) => folder.baselineAction(action, path.join(folder.root, baselineName))));
  }

  async clearCache(): Promise<void> {
    await Promise.all(this.#all.map((folder) => folder.clearCache()));
  }

  cancel(): void {
    for (const folder of this.#all) folder.cancel();
  }

  /** Stops the analysis of all folders, and starts nothing until {@link resume}. */
  pause(): void {
    this.#paused = true;
    for (const folder of this.#all) folder.pause();
    this.emit('status');
  }

  resume(): void {
    this.#paused = false;
    for (const folder of this.#all) folder.resume();
    this.emit('status');
  }

  /** @param document the unsaved text of an open document; undefined: it is as on disk, or closed */
  setDocument(absolute: string, document: UnsavedDocument | undefined): void {
    if (document) this.#documents.set(absolute, document);
    else this.#documents.delete(absolute);
    for (const folder of this.#all) passDocument(folder, absolute, document);
  }

  /** @param absolute the most important first */
  setOpenFiles(absolute: readonly string[]): void {
    this.#openFiles = absolute;
    for (const folder of this.#all) this.#passOpenFiles(folder);
  }

  filesChanged(changes: ReadonlyMap<string, ChangeKind>): void {
    for (const folder of this.#all) {
      // The folder itself, or one above it, was removed or is back.
      const isMoved = [...changes].some(([absolute, kind]) => kind !== 'changed' && isWithin(absolute, folder.root));
      if (isMoved) void folder.analyze();
      const own = [...changes].flatMap(([absolute, kind]) => {
        const file = fileWithin(folder.root, absolute);
        return file === undefined ? [] : [{ file, kind }];
      });
      if (own.length > 0) folder.filesChanged(own);
    }
  }

  /** Diagnostics of a file without duplicates: one folder may be within another. */
  diagnosticsOf(uri: string): Diagnostic[] {
    const found = new Map<string, FoundIssue>();
    for (const each of this.issuesOf(uri)) {
      const { detector, rule, range, message } = each.issue;
      const key = this.#folders.size === 1 ? found.size : JSON.stringify([detector, rule, range, message]);
      found.set(String(key), each);
    }
    return diagnosticsOf([...found.values()], this.#nameOf, this.#settings.settings.diagnosticSource);
  }

  /** Issues of a file, from all folders. */
  issuesOf(uri: string): readonly FoundIssue[] {
    return this.#placesOf(uri).flatMap(({ folder, file }) =>
      folder.issuesOf(file).map((issue) => ({ root: folder.root, issue })),
    );
  }

  /**
   * Resolves when every detector of files has checked this file as it is now.
   * @returns false: `signal` aborted first
   */
  async upToDate(uri: string, signal: AbortSignal): Promise<boolean> {
    const answers = this.#placesOf(uri).map(({ folder, file }) => folder.upToDate(file, signal));
    return (await Promise.all(answers)).every(Boolean);
  }

  /** Resolves when nothing is being analysed or opened, or `signal` aborts. */
  async settled(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && !this.#disposed && (this.opening || this.busy)) {
      await once(this, 'status', { signal }).catch(() => {});
    }
  }

  /** The issue that was published as this diagnostic. Some editors do not return its `data`. */
  issueOf(uri: string, diagnostic: Diagnostic): FoundIssue | undefined {
    const { code, message, range } = diagnostic;
    const data: unknown = diagnostic.data;
    const place = JSON.stringify(range);
    const isIt = isRecord(data)
      ? ({ fingerprint }: Issue) => fingerprint === data['fingerprint']
      : (issue: Issue) =>
          (issue.rule === code || issue.rule === `TS${code}`) &&
          issue.message === message &&
          JSON.stringify(issue.range) === place;
    const found = this.issuesOf(uri).find(({ issue }) => isIt(issue));
    return found?.issue.rule === 'quarantined' ? { ...found, ranOutOfMemory: this.#ranOutOfMemory(found) } : found;
  }

  /** Issues of a rule that have a safe fix, from all folders. */
  fixableIssues(detector: string, rule: string): readonly FoundIssue[] {
    return this.#all.flatMap((folder) =>
      folder
        .issues()
        .filter((issue) => issue.fixable && issue.detector === detector && issue.rule === rule)
        .map((issue) => ({ root: folder.root, issue })),
    );
  }

  /** See {@link Folder.suppressionOf}. */
  async suppressionOf(
    { root, issue }: FoundIssue,
    request: Omit<SuppressionRequest, 'issue'>,
    signal: AbortSignal,
  ): Promise<TextEdit | undefined> {
    return this.#folders.get(root)?.suppressionOf({ issue, ...request }, signal);
  }

  /**
   * How complex the functions of a file are; none, if the settings of its folder do not say that editors show it.
   * @returns undefined: the text cannot be parsed, or `signal` aborted
   * @throws Error when the worker failed
   */
  async scoresOf(uri: string, text: string, signal: AbortSignal): Promise<readonly FunctionScores[] | undefined> {
    const place = this.#placesOf(uri).find(({ file }) => !file.startsWith('../'));
    if (!place?.folder.isEnabled('complexity') || !this.#editorSettingsOf(place.folder.root).codeLens) return [];
    return place.folder.scoresOf(place.file, text, signal);
  }

  /** Adds an issue to the baseline of its folder. @throws Error, whose message is for the person */
  async accept(uri: string, fingerprint: string): Promise<void> {
    const found = this.issuesOf(uri).find(({ issue }) => issue.fingerprint === fingerprint);
    if (found) await this.#folders.get(found.root)?.accept([found.issue]);
  }

  #ranOutOfMemory({ root, issue }: FoundIssue): boolean {
    const inputs = this.#folders.get(root)?.quarantined ?? [];
    return inputs.some(({ detector, file, reason }) => detector === issue.detector && file === issue.file && MEMORY_KINDS.has(reason.kind)); // prettier-ignore
  }

  /** Releases a file from quarantine and analyses it again. */
  retry(uri: string): void {
    for (const { folder, file } of this.#placesOf(uri)) folder.retry(file);
  }

  /** Extensions of files that detectors check or would check, besides the usual ones. */
  get extensions(): readonly string[] {
    return this.#all.flatMap((folder) => folder.extensions);
  }

  /** Status of each detector in each folder. */
  statuses(): readonly DetectorStatus[] {
    return this.#all.flatMap((folder) => folder.status());
  }

  /** The open folders, with where their results are stored. */
  async folders(): Promise<FoldersResult> {
    const open = this.#all.filter(({ isOpen }) => isOpen);
    const folders = open.map(async (folder) => {
      const { store, sharing } = await folder.resources();
      const stored = store && { dir: store.dir, mode: store.mode, results: store.units, bytes: store.bytes };
      return { uri: this.#names.uriOf(folder.root), sharing, ...(stored ? { store: stored } : {}) };
    });
    return { folders: await Promise.all(folders) };
  }

  /** What is wrong with folders, their configuration and their detectors. */
  problems(): readonly StatusProblem[] {
    return collected([
      ...[...this.#failures.values()].map((message) => ({ message })),
      ...this.#all.flatMap((folder) => problemsOf(folder, this.#nameOf)),
    ]);
  }

  /** Issues by severity, of one detector or of all, summed over folders. */
  counts(detector?: string): IssueCounts {
    const sum = { error: 0, warning: 0, info: 0, hint: 0 };
    for (const folder of this.#all) {
      const counts = folder.counts(detector);
      sum.error += counts.error;
      sum.warning += counts.warning;
      sum.info += counts.info;
      sum.hint += counts.hint;
    }
    return sum;
  }

  async dispose(): Promise<void> {
    const folders = this.#all;
    this.#disposed = true;
    this.#folders.clear();
    this.removeAllListeners();
    await Promise.all([this.pool.dispose(), ...folders.map((folder) => folder.dispose())]);
  }

  get #all(): readonly Folder[] {
    return [...this.#folders.values()];
  }

  async #watch(folder: Folder): Promise<void> {
    try {
      await folder.watch();
    } catch (error) {
      const reason = error instanceof WatchError ? error.message : String(error);
      this.emit('trouble', `Changes in ${folder.root} that other programs make are not seen. ${reason}`);
    }
  }

  async #close(folder: Folder): Promise<void> {
    try {
      await folder.dispose();
    } catch (error) {
      this.emit('log', 'warn', `Could not close ${folder.root} cleanly: ${String(error)}`);
    }
  }

  /** The file as seen from each folder: issues may be in files outside of a folder. */
  #placesOf(uri: string): readonly Place[] {
    const absolute = this.#names.pathOf(uri);
    if (absolute === undefined) return [];
    return this.#all.map((folder) => {
      return { folder, file: path.relative(folder.root, absolute).split(path.sep).join('/') };
    });
  }

  #editorSettingsOf(root: string): BulkheadSettings {
    return this.#settings.folders?.get(root) ?? this.#settings.settings;
  }

  #settingsOf(root: string): FolderSettings {
    const { trusted } = this.#settings;
    const settings = this.#editorSettingsOf(root);
    return {
      detectors: choiceOf(settings),
      trusted,
      // The pool has those of the window.
      confined: confinementOf(sandboxOf(this.#settings.settings)),
      showConsequences: settings.showConsequences,
      baseline: settings.baseline === 'hide' ? path.join(root, baselineName) : undefined,
      sharing: settings.shareAnalysis
        ? { role: 'member', node: trusted ? settings.node : '', ...requiredOf(sandboxOf(settings)) }
        : undefined,
    };
  }

  #passOpenFiles(folder: Folder): void {
    folder.setOpenFiles(this.#openFiles.flatMap((absolute) => fileWithin(folder.root, absolute) ?? []));
  }
}

function passDocument(folder: Folder, absolute: string, document: UnsavedDocument | undefined): void {
  const file = fileWithin(folder.root, absolute);
  if (file !== undefined) folder.setDocument(file, document);
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

/** The file itself, or the files of a folder that Git does not ignore. */
async function* filesIn(absolute: string): AsyncGenerator<string> {
  const isFolder = await stat(absolute).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (!isFolder) yield absolute;
  else for await (const file of walkFiles(absolute)) yield path.join(absolute, file);
}

/** Relative to the root, forward slashes; undefined for a file outside of it. */
function fileWithin(root: string, absolute: string): string | undefined {
  if (absolute === root || !isWithin(root, absolute)) return undefined;
  return path.relative(root, absolute).split(path.sep).join('/');
}
