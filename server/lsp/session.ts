/**
 * One connection to an editor: takes its requests and events, keeps its diagnostics and its status true.
 * A thin adapter over the engine; lives from `initialize` to `exit`.
 */
import { readFile } from 'node:fs/promises';
import {
  CodeActionKind,
  type CancellationToken,
  DidChangeWatchedFilesNotification,
  FileChangeType,
  TextDocuments,
  TextDocumentSyncKind,
  WatchKind,
  type CodeAction,
  type CodeActionParams,
  type Connection,
  type InitializeParams,
  type InitializeResult,
} from 'vscode-languageserver/node';
import { TextDocument } from 'vscode-languageserver-textdocument';
import {
  notifications,
  requests,
  type AnalyzeResult,
  type BulkheadSettings,
  type RestartWorkersParams,
  type StatusParams,
  type TimingsResult,
  type TrustParams,
  type WatchStatusParams,
} from '../../workers/protocol/editor-protocol.ts';
import { defaultSettings, normalizeSettings } from '../../workers/protocol/settings.ts';
import type { ChangeKind } from '../engine/interest.ts';
import type { IssueCounts } from '../engine/status.ts';
import { detectorTable } from '../pool/detectors.ts';
import { runBy } from '../pool/worker-entry.ts';
import { createPool } from '../pool/pool.ts';
import { endThreadAhead } from '../store/store-client.ts';
import { version } from '../version.ts';
import { ChangeCollector } from './changes.ts';
import { codeActionsOf, fixAllKind, fixAllOf, isAskedFor, retryCommand } from './code-actions.ts';
import { Publisher } from './diagnostics.ts';
import { initializationOf } from './initialization.ts';
import { alertText, showNotice } from './notices.ts';
import { Operations } from './operations.ts';
import { RunProgress } from './progress.ts';
import { StatusSender, statusOf, timingsOf } from './status.ts';
import { pathOf } from './uris.ts';
import { Workspace, type WorkspaceSettings } from './workspace.ts';

const changeKinds: Readonly<Record<FileChangeType, ChangeKind>> = {
  [FileChangeType.Created]: 'created',
  [FileChangeType.Changed]: 'changed',
  [FileChangeType.Deleted]: 'deleted',
};

/** What detectors may read. Whole folders are reported by their own name when they are deleted. */
const watchedFiles =
  '**/*.{js,cjs,mjs,jsx,ts,cts,mts,tsx,json,jsonc,md,mdx,vue,svelte,astro,html,css,yaml,yml,lock,eslintrc,eslintignore,gitignore}';

export class Session {
  readonly #connection: Connection;
  readonly #documents = new TextDocuments(TextDocument);
  readonly #publisher: Publisher;
  readonly #status: StatusSender;
  readonly #changes: ChangeCollector;
  /** Version of each open document that the last change or save was about: what watchers repeat is known. */
  readonly #analysedVersions = new Map<string, number>();
  readonly #operations: Operations;
  #workspace: Workspace | undefined;
  #progress: RunProgress | undefined;
  #settings: BulkheadSettings = defaultSettings;
  #trusted = true;
  #storageDir: string | undefined;
  #roots: string[] = [];
  #watchStatus = false;
  #analyses = 0;
  #wasBusy = true;
  /** The editor shows diagnostics of a workspace before this one: true until this one has said all. */
  #inherits = false;
  #canWatchFiles = false;
  #initialized = false;
  #rebuilding: Promise<void> = Promise.resolve();

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#publisher = new Publisher({ diagnosticsOf: (uri) => this.#workspace?.diagnosticsOf(uri) }, (params) =>
      connection.sendDiagnostics(params),
    );
    this.#status = new StatusSender(
      () => this.#readStatus(),
      (status) => this.#tellStatus(status),
    );
    this.#operations = new Operations(connection);
    this.#changes = new ChangeCollector((changes) => this.#workspace?.filesChanged(changes));
  }

  listen(): void {
    const connection = this.#connection;
    connection.onInitialize((params) => this.#initialize(params));
    connection.onInitialized(() => this.#start());
    connection.onShutdown(() => this.dispose());
    connection.onDidChangeConfiguration(({ settings }: { settings: unknown }) => this.#configure(settingsIn(settings)));
    connection.onNotification(notifications.trust, (params: TrustParams) => this.#trust(params.trusted));
    connection.onDidChangeWatchedFiles(({ changes }) => {
      for (const { uri, type } of changes) this.#watched(uri, changeKinds[type]);
    });
    this.#listenToDocuments();
    this.#listenToRequests();
    this.#operations.listen();
    connection.listen();
  }

  async dispose(): Promise<void> {
    this.#status.dispose();
    this.#operations.dispose();
    this.#changes.dispose();
    const workspace = this.#workspace;
    this.#workspace = undefined;
    await workspace?.dispose();
  }

  #initialize(params: InitializeParams): InitializeResult {
    const { settings, trusted, storageDir } = initializationOf(params.initializationOptions);
    this.#settings = settings;
    this.#trusted = trusted;
    this.#storageDir = storageDir;
    if (storageDir === undefined) endThreadAhead();
    this.#roots = rootsOf(params);
    this.#canWatchFiles = params.capabilities.workspace?.didChangeWatchedFiles?.dynamicRegistration === true;
    const canShowProgress = params.capabilities.window?.workDoneProgress === true;
    this.#progress = new RunProgress(this.#connection, canShowProgress, () => this.#workspace?.cancel());
    return {
      serverInfo: { name: 'Bulkhead', version },
      capabilities: {
        textDocumentSync: { openClose: true, change: TextDocumentSyncKind.Incremental, save: true },
        codeActionProvider: { codeActionKinds: [CodeActionKind.QuickFix, fixAllKind] },
        executeCommandProvider: { commands: [retryCommand] },
        workspace: { workspaceFolders: { supported: true, changeNotifications: true } },
      },
    };
  }

  async #start(): Promise<void> {
    this.#initialized = true;
    this.#openWorkspace();
    if (this.#canWatchFiles) {
      await this.#connection.client.register(DidChangeWatchedFilesNotification.type, {
        watchers: [{ globPattern: watchedFiles }, { globPattern: '**/*', kind: WatchKind.Delete }],
      });
    }
    this.#connection.workspace.onDidChangeWorkspaceFolders(({ added, removed }) => {
      for (const { uri } of removed) this.#removeRoot(uri);
      for (const { uri } of added) this.#addRoot(uri);
    });
  }

  #openWorkspace(): void {
    const { maxWorkers, memoryLimit, healthInterval, node } = this.#settings;
    const pool = createPool({
      ...(maxWorkers > 0 ? { maxWorkers } : {}),
      ...(memoryLimit > 0 ? { memoryMb: memoryLimit } : {}),
      healthIntervalMs: healthInterval * 1_000,
      // Which program runs is not for an untrusted workspace to say.
      ...(node === '' || !this.#trusted ? {} : { detectors: runBy(node, detectorTable) }),
      ...(this.#storageDir === undefined ? {} : { storageDir: this.#storageDir }),
      log: (level, message) => this.#connection.console[level === 'debug' ? 'log' : level](message),
      readerReady: () => this.#publisher.room(),
      onAlert: (alert) => this.#connection.console.warn(alertText(alert)),
      onNotice: (notice) => void showNotice(this.#connection, () => this.#workspace?.pool, notice),
    });
    const workspace = new Workspace(pool, this.#workspaceSettings());
    this.#workspace = workspace;
    this.#operations.serve(pool, this.#storageDir);
    workspace.on('files', (uris) => this.#publisher.changed(uris));
    workspace.on('status', () => {
      this.#countAnalyses();
      this.#status.changed();
    });
    workspace.on('log', (level, message) => this.#connection.console[level](message));
    workspace.on('trouble', (message) => this.#connection.window.showErrorMessage(message));
    pool.onHealth(() => {
      if (this.#watchStatus) this.#status.changed();
    });
    for (const document of this.#documents.all()) this.#passDocument(document);
    this.#passWanted();
    for (const root of this.#roots) void workspace.addRoot(root);
    this.#status.changed();
  }

  #workspaceSettings(): WorkspaceSettings {
    return { settings: this.#settings, trusted: this.#trusted, storageDir: this.#storageDir };
  }

  /** Workers are made with these settings: new ones take over, and the editor keeps its diagnostics meanwhile. */
  #rebuild(): void {
    this.#rebuilding = this.#rebuilding.then(async () => {
      const before = this.#workspace;
      this.#workspace = undefined;
      await before?.dispose();
      this.#inherits = true;
      this.#openWorkspace();
    });
  }

  #configure(settings: BulkheadSettings): void {
    const before = this.#settings;
    this.#settings = settings;
    if (!this.#initialized) return;
    this.#workspace?.pool.configure({ healthIntervalMs: settings.healthInterval * 1_000 });
    const sameWorkers =
      before.maxWorkers === settings.maxWorkers &&
      before.memoryLimit === settings.memoryLimit &&
      before.node === settings.node &&
      before.shareAnalysis === settings.shareAnalysis;
    if (sameWorkers) this.#workspace?.configure(this.#workspaceSettings());
    else this.#rebuild();
  }

  #trust(trusted: boolean): void {
    this.#trusted = trusted;
    if (this.#settings.node !== '') this.#rebuild();
    else this.#workspace?.configure(this.#workspaceSettings());
  }

  #addRoot(uri: string): void {
    const root = pathOf(uri);
    if (root === undefined || this.#roots.includes(root)) return;
    this.#roots.push(root);
    void this.#workspace?.addRoot(root);
  }

  #removeRoot(uri: string): void {
    const root = pathOf(uri);
    this.#roots = this.#roots.filter((known) => known !== root);
    if (root !== undefined) this.#workspace?.removeRoot(root);
    this.#publisher.recheck();
  }

  #listenToDocuments(): void {
    const documents = this.#documents;
    documents.onDidOpen(({ document }) => {
      this.#analysedVersions.set(document.uri, document.version);
      this.#passWanted();
    });
    documents.onDidChangeContent(({ document }) => this.#edited(document));
    documents.onDidSave(({ document }) => {
      const absolute = pathOf(document.uri);
      if (absolute === undefined) return;
      this.#analysedVersions.set(document.uri, document.version);
      this.#passDocument(document);
      this.#changes.add(absolute, 'changed', 'save');
    });
    documents.onDidClose(({ document }) => this.#closed(document));
    documents.listen(this.#connection);
  }

  #edited(document: TextDocument): void {
    this.#passDocument(document);
    const absolute = pathOf(document.uri);
    // Opening tells the content too; it is what is on the disk.
    if (absolute === undefined || this.#analysedVersions.get(document.uri) === document.version) return;
    if (this.#settings.run === 'onType') this.#changes.add(absolute, 'changed', 'type');
  }

  #closed(document: TextDocument): void {
    const absolute = pathOf(document.uri);
    const analysed = this.#analysedVersions.get(document.uri);
    this.#analysedVersions.delete(document.uri);
    if (absolute === undefined) return;
    this.#workspace?.setDocument(absolute, undefined);
    this.#passWanted();
    // Closed without saving: what was shown may be about text that is nowhere any more.
    if (analysed !== document.version) this.#changes.add(absolute, 'changed', 'save');
  }

  #passDocument(document: TextDocument): void {
    const absolute = pathOf(document.uri);
    if (absolute === undefined) return;
    // What is as it was opened or saved is read from the disk, byte order mark and all.
    const saved = this.#analysedVersions.get(document.uri) === document.version;
    const text = saved ? undefined : { text: document.getText(), version: document.version };
    this.#workspace?.setDocument(absolute, text);
  }

  #passWanted(): void {
    this.#workspace?.setWanted(this.#documents.keys().flatMap((uri) => pathOf(uri) ?? []));
  }

  #watched(uri: string, kind: ChangeKind): void {
    const absolute = pathOf(uri);
    if (absolute === undefined) return;
    const document = this.#documents.get(uri);
    const isSaved = document && this.#analysedVersions.get(uri) === document.version;
    if (kind === 'changed' && isSaved) void this.#unlessEcho(document, absolute);
    else this.#changes.add(absolute, kind, 'watcher');
  }

  /** The watcher repeats a save, which the editor has told already, or tells what somebody else wrote. */
  async #unlessEcho(document: TextDocument, absolute: string): Promise<void> {
    const text = await readFile(absolute, 'utf8').catch(() => undefined);
    // The editor keeps a byte order mark to itself.
    if (text?.replace(/^\uFEFF/, '') !== document.getText()) this.#changes.add(absolute, 'changed', 'watcher');
  }

  #listenToRequests(): void {
    const connection = this.#connection;
    connection.onCodeAction((params, cancel) => this.#codeActions(params, cancel));
    connection.onExecuteCommand(({ command, arguments: args }) => {
      if (command === retryCommand && typeof args?.[0] === 'string') this.#workspace?.retry(args[0]);
      return null;
    });
    connection.onRequest(requests.analyze, async (): Promise<AnalyzeResult> => {
      await this.#workspace?.analyzeAll();
      return { generation: Math.max(0, ...(this.#workspace?.engines ?? []).map((engine) => engine.generation)) };
    });
    connection.onRequest(requests.cancel, () => {
      this.#workspace?.cancel();
      return null;
    });
    connection.onRequest(requests.restartWorkers, async (params: RestartWorkersParams) => {
      await this.#workspace?.pool.restart(params.detector);
      return null;
    });
    connection.onRequest(requests.status, () => this.#readStatus());
    connection.onRequest(requests.timings, (): TimingsResult => timingsOf(this.#workspace?.statuses() ?? []));
    connection.onRequest(requests.watchStatus, (params: WatchStatusParams): StatusParams => {
      this.#watchStatus = params.on;
      return this.#readStatus();
    });
  }

  async #codeActions(params: CodeActionParams, cancel: CancellationToken): Promise<CodeAction[]> {
    const { textDocument, context } = params;
    // Only when it is asked for by name: on save, or from the menu of source actions.
    if (context.only !== undefined && isAskedFor(fixAllKind, context.only)) {
      return this.#fixAll(textDocument.uri, cancel);
    }
    return context.diagnostics.flatMap((diagnostic) => {
      const data: unknown = diagnostic.data;
      if (typeof data !== 'object' || data === null || !('fingerprint' in data)) return [];
      const found = this.#workspace?.issueOf(textDocument.uri, String(data.fingerprint));
      return found ? codeActionsOf(found, diagnostic) : [];
    });
  }

  /** Fixes of what is true of the text as it is now: first it is analysed, if it has not been. */
  async #fixAll(uri: string, cancel: CancellationToken): Promise<CodeAction[]> {
    const version = this.#documents.get(uri)?.version;
    this.#changes.flush();
    const isAnswered = await this.#workspace?.answered(uri, (stop) => cancel.onCancellationRequested(stop));
    if (isAnswered !== true || this.#documents.get(uri)?.version !== version) return [];
    const action = fixAllOf(uri, this.#workspace?.issuesOf(uri) ?? []);
    return action === undefined ? [] : [action];
  }

  #readStatus(): StatusParams {
    const workspace = this.#workspace;
    const engines = workspace?.engines ?? [];
    return statusOf({
      opening: workspace === undefined || workspace.opening,
      analyses: this.#analyses,
      detectors: workspace?.statuses() ?? [],
      health: workspace?.pool.health() ?? [],
      issues: sumCounts(engines.map((engine) => engine.counts())),
      issuesOf: (detector) => total(sumCounts(engines.map((engine) => engine.counts(detector)))),
    });
  }

  #countAnalyses(): void {
    const busy = this.#workspace?.busy ?? true;
    if (this.#wasBusy && !busy) this.#analyses += 1;
    this.#wasBusy = busy;
  }

  #tellStatus(status: StatusParams): void {
    if (this.#inherits && status.state !== 'analysing') {
      this.#inherits = false;
      this.#publisher.recheck();
    }
    this.#progress?.update(status);
    if (this.#watchStatus) void this.#connection.sendNotification(notifications.status, status);
  }
}

/** Clients send the section itself or an object that holds it. */
function settingsIn(settings: unknown): BulkheadSettings {
  const holds = typeof settings === 'object' && settings !== null && 'bulkhead' in settings;
  return normalizeSettings(holds ? settings.bulkhead : settings);
}

function rootsOf(params: InitializeParams): string[] {
  const folders = params.workspaceFolders?.map((folder) => folder.uri) ?? [];
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- editors without workspace folders send nothing else
  const { rootUri } = params;
  const uris = folders.length > 0 || typeof rootUri !== 'string' ? folders : [rootUri];
  return uris.flatMap((uri) => pathOf(uri) ?? []);
}

function sumCounts(all: readonly IssueCounts[]): IssueCounts {
  const sum = { error: 0, warning: 0, info: 0, hint: 0 };
  for (const counts of all) {
    sum.error += counts.error;
    sum.warning += counts.warning;
    sum.info += counts.info;
    sum.hint += counts.hint;
  }
  return sum;
}

function total(counts: IssueCounts): number {
  return counts.error + counts.warning + counts.info + counts.hint;
}
