/**
 * All folders of the editor's workspace, with one shared pool: routes calls of the editor to the right folders, and merges
 * their results. Lives as long as the connection.
 */
import { EventEmitter } from 'node:events';
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
import type { FolderSettings, UnsavedDocument } from '../folder/options.ts';
import type { SuppressionRequest } from '../folder/suppressions.ts';
import { MEMORY_KINDS } from '../pool/quarantine.ts';
import type { SupervisedPool } from '../pool/types.ts';
import { baselineName } from '../store/baseline.ts';
import type { FoundIssue } from './code-actions.ts';
import { diagnosticsOf } from './diagnostics.ts';
import { pathOf, uriOf } from './uris.ts';

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
  readonly #folders = new Map<string, Folder>();
  readonly #documents = new Map<string, UnsavedDocument>();
  #openFiles: readonly string[] = [];
  #settings: WorkspaceSettings;

  /** @param pool runs the detectors of all folders; the workspace disposes it */
  constructor(pool: SupervisedPool, settings: WorkspaceSettings) {
    super();
    this.pool = pool;
    this.#settings = settings;
  }

  /** Whether a folder is still opening. */
  get opening(): boolean {
    return this.#all.some((folder) => !folder.isOpen);
  }

  /** Whether the user waits for a result. */
  get busy(): boolean {
    return this.#all.some((folder) => folder.busy);
  }

  /** The largest generation of all folders. */
  get generation(): number {
    return Math.max(0, ...this.#all.map((folder) => folder.generation));
  }

  /** Opens a folder and analyses it. Resolves when it is open. */
  async addRoot(root: string): Promise<void> {
    if (this.#folders.has(root)) return;
    const { storageDir } = this.#settings;
    const folder = Folder.start(root, {
      settings: this.#settingsOf(root),
      live: true,
      frontEnd: 'editor',
      pool: this.pool,
      ...(storageDir === undefined ? {} : { storage: { dir: storageDir } }),
    });
    this.#folders.set(root, folder);
    folder.on('files', (files) => {
      const uris = files.map((file) => uriOf(root, file));
      this.emit('files', uris);
    });
    folder.on('status', () => this.emit('status'));
    folder.on('log', (level, message) => this.emit('log', level, message));
    folder.on('trouble', (message) => this.emit('trouble', message));
    for (const [absolute, document] of this.#documents) passDocument(folder, absolute, document);
    this.#passOpenFiles(folder);
    try {
      await folder.analyze();
    } catch (error) {
      this.emit('trouble', `Could not open ${root}: ${String(error)}`);
    }
  }

  removeRoot(root: string): void {
    const folder = this.#folders.get(root);
    if (!folder) return;
    this.#folders.delete(root);
    void this.#close(folder);
    this.emit('status');
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
    const wanted = uris.flatMap((uri) => pathOf(uri) ?? []);
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
  get folders(): readonly { readonly root: string; readonly issues: readonly Issue[] }[] {
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
    return diagnosticsOf([...found.values()], this.#settings.settings.diagnosticSource);
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
    this.#folders.clear();
    this.removeAllListeners();
    await Promise.all([this.pool.dispose(), ...folders.map((folder) => folder.dispose())]);
  }

  get #all(): readonly Folder[] {
    return [...this.#folders.values()];
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
    const absolute = pathOf(uri);
    if (absolute === undefined) return [];
    return this.#all.map((folder) => {
      return { folder, file: path.relative(folder.root, absolute).split(path.sep).join('/') };
    });
  }

  #settingsOf(root: string): FolderSettings {
    const { folders, trusted } = this.#settings;
    const settings = folders?.get(root) ?? this.#settings.settings;
    return {
      detectors: choiceOf(settings),
      trusted,
      showConsequences: settings.showConsequences,
      baseline: settings.baseline === 'hide' ? path.join(root, baselineName) : undefined,
      sharing: settings.shareAnalysis ? { role: 'member', node: trusted ? settings.node : '' } : undefined,
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
  const relative = path.relative(root, absolute);
  if (relative === '' || relative.startsWith('..') || path.isAbsolute(relative)) return undefined;
  return relative.split(path.sep).join('/');
}
