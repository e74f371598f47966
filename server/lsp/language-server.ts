/**
 * The language server of one connection: answers the editor's requests, passes its events to the workspace, and keeps
 * its diagnostics and its status up to date. Lives from `initialize` to `exit`.
 */
import {
  CodeActionKind,
  FileChangeType,
  TextDocumentSyncKind,
  type CancellationToken,
  type Connection,
  type InitializeParams,
  type InitializeResult,
} from 'vscode-languageserver/node';
import {
  notifications,
  requests,
  type AnalyzeResult,
  type RestartWorkersParams,
  type StatusParams,
  type TimingsResult,
  type TrustParams,
  type WatchStatusParams,
} from '../../workers/protocol/editor-protocol.ts';
import { isRecord } from '../configuration/is-record.ts';
import { defaultSettings, type BulkheadSettings } from '../configuration/settings.ts';
import type { ChangeKind } from '../journal.ts';
import { createPool } from '../pool/pool.ts';
import type { PoolSettings } from '../pool/types.ts';
import { printable } from '../printable.ts';
import { endPrewarmedThread } from '../store/store-client.ts';
import { version } from '../version.ts';
import { AnalysisProgress } from './analysis-progress.ts';
import { ChangeCollector } from './changes.ts';
import { CodeActionProvider } from './code-action-provider.ts';
import { abilitiesOf, noAbilities, type ClientAbilities } from './client-abilities.ts';
import { fixAllKind, retryCommand } from './code-actions.ts';
import { Publisher } from './diagnostics.ts';
import { Documents } from './documents.ts';
import { readEditorSettings, type EditorSettings } from './editor-settings.ts';
import { initializationOf } from './initialization.ts';
import { acceptCommand, analyseCommand, openPageCommand } from './issue-actions.ts';
import { alertText, showNotice } from './notices.ts';
import { StatusSender, statusOf, timingsOf } from './status.ts';
import { pathOf } from './uris.ts';
import { answerIssueRequests } from './issue-requests.ts';
import { WatchedFiles } from './watched-files.ts';
import { WorkerRequests } from './worker-requests.ts';
import { Workspace, type WorkspaceSettings } from './workspace.ts';

const changeKinds: Readonly<Record<FileChangeType, ChangeKind>> = {
  [FileChangeType.Created]: 'created',
  [FileChangeType.Changed]: 'changed',
  [FileChangeType.Deleted]: 'deleted',
};

export class LanguageServer {
  readonly #connection: Connection;
  readonly #documents: Documents;
  readonly #publisher: Publisher;
  readonly #status: StatusSender;
  readonly #changes: ChangeCollector;
  readonly #workerRequests: WorkerRequests;
  readonly #codeActions: CodeActionProvider;
  /** Undefined before `initialize` and after `shutdown`. */
  #workspace: Workspace | undefined;
  #progress: AnalysisProgress | undefined;
  #settings: BulkheadSettings = defaultSettings;
  #folderSettings: ReadonlyMap<string, BulkheadSettings> = new Map();
  /** Problems of the settings that have been logged, or will be when the connection is ready. */
  readonly #settingProblems = new Set<string>();
  #trusted = true;
  #storageDir: string | undefined;
  #roots: readonly string[] = [];
  /** The roots are open or opening. */
  #started = false;
  #watchStatus = false;
  #analyses = 0;
  #wasBusy = true;
  #watchedFiles: WatchedFiles | undefined;
  #canChangeFolders = false;
  #abilities: ClientAbilities = noAbilities;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#publisher = new Publisher({ diagnosticsOf: (uri) => this.#workspace?.diagnosticsOf(uri) }, (params) =>
      connection.sendDiagnostics(params),
    );
    this.#status = new StatusSender(
      () => this.#readStatus(),
      (status) => this.#sendStatus(status),
    );
    this.#workerRequests = new WorkerRequests(connection);
    this.#changes = new ChangeCollector((changes) => this.#workspace?.filesChanged(changes));
    this.#documents = new Documents({
      textChanged: (absolute, document) => this.#workspace?.setDocument(absolute, document),
      openFilesChanged: (absolute) => this.#workspace?.setOpenFiles(absolute),
      changed: (absolute, kind, source) => {
        if (source !== 'type' || this.#settings.run === 'onType') this.#changes.add(absolute, kind, source);
      },
    });
    this.#codeActions = new CodeActionProvider({
      documents: this.#documents,
      workspace: () => this.#workspace,
      abilities: () => this.#abilities,
      hasBaseline: () => this.#settings.baseline === 'hide',
      trusted: () => this.#trusted,
      followsTyping: () => this.#settings.run === 'onType',
      analyseNow: (uri) => this.#analyseNow(uri),
      tell: (message) => void connection.window.showInformationMessage(message),
    });
  }

  listen(): void {
    const connection = this.#connection;
    connection.onInitialize((params) => this.#initialize(params));
    connection.onInitialized(() => this.#start());
    connection.onShutdown(() => this.dispose());
    connection.onDidChangeConfiguration(({ settings }: { settings: unknown }) => {
      const section = sectionIn(settings);
      if (section !== undefined) this.#applySettings(readEditorSettings(section));
    });
    connection.onNotification(notifications.trust, ({ trusted }: TrustParams) => this.#configure({ trusted }));
    connection.onDidChangeWatchedFiles(({ changes }) => {
      for (const { uri, type } of changes) this.#documents.changedOnDisk(uri, changeKinds[type]);
    });
    this.#documents.listen(connection);
    this.#listenToRequests();
    this.#workerRequests.listen();
    connection.listen();
  }

  async dispose(): Promise<void> {
    this.#status.dispose();
    this.#workerRequests.dispose();
    this.#changes.dispose();
    const workspace = this.#workspace;
    this.#workspace = undefined;
    await workspace?.dispose();
  }

  #initialize(params: InitializeParams): InitializeResult {
    const { trusted, storageDir, ...read } = initializationOf(params.initializationOptions);
    this.#settings = read.settings;
    this.#folderSettings = read.folders;
    for (const problem of read.problems) this.#settingProblems.add(problem);
    this.#trusted = trusted;
    this.#storageDir = storageDir;
    if (storageDir === undefined) endPrewarmedThread();
    this.#roots = rootsOf(params);
    const canWatchFiles = params.capabilities.workspace?.didChangeWatchedFiles?.dynamicRegistration === true;
    this.#watchedFiles = canWatchFiles ? new WatchedFiles(this.#connection) : undefined;
    this.#canChangeFolders = params.capabilities.workspace?.workspaceFolders === true;
    this.#abilities = abilitiesOf(params);
    const canShowProgress = params.capabilities.window?.workDoneProgress === true;
    this.#progress = new AnalysisProgress(this.#connection, canShowProgress, () => this.#workspace?.cancel());
    this.#workspace = this.#makeWorkspace();
    return {
      serverInfo: { name: 'Bulkhead', version },
      capabilities: {
        textDocumentSync: { openClose: true, change: TextDocumentSyncKind.Incremental, save: true },
        codeActionProvider: { codeActionKinds: [CodeActionKind.QuickFix, fixAllKind], resolveProvider: true },
        executeCommandProvider: { commands: [retryCommand, acceptCommand, openPageCommand, analyseCommand] },
        workspace: { workspaceFolders: { supported: true, changeNotifications: true } },
      },
    };
  }

  #start(): void {
    this.#started = true;
    this.#logProblems(this.#settingProblems);
    for (const root of this.#roots) void this.#workspace?.addRoot(root);
    this.#status.changed();
    this.#watchedFiles?.start();
    if (!this.#canChangeFolders) return;
    this.#connection.workspace.onDidChangeWorkspaceFolders(({ added, removed }) => {
      for (const { uri } of removed) this.#removeRoot(uri);
      for (const { uri } of added) this.#addRoot(uri);
    });
  }

  #makeWorkspace(): Workspace {
    const pool = createPool({
      ...this.#poolSettings(),
      ...(this.#storageDir === undefined ? {} : { storageDir: this.#storageDir }),
      log: (level, message) => this.#connection.console[level === 'debug' ? 'log' : level](printable(message)),
      readerReady: () => this.#publisher.backpressure(),
      onAlert: (alert) => this.#connection.console.warn(alertText(alert)),
      onNotice: (notice) => void showNotice(this.#connection, pool, notice),
    });
    const workspace = new Workspace(pool, this.#workspaceSettings());
    this.#workerRequests.serve(pool, this.#storageDir);
    workspace.on('files', (uris) => this.#publisher.changed(uris));
    workspace.on('status', () => {
      this.#countAnalyses();
      this.#watchedFiles?.add(workspace.extensions);
      this.#status.changed();
    });
    workspace.on('log', (level, message) => this.#connection.console[level](printable(message)));
    workspace.on('trouble', (message) => this.#connection.window.showErrorMessage(message));
    pool.onHealth(() => {
      if (this.#watchStatus) this.#status.changed();
    });
    return workspace;
  }

  #workspaceSettings(): WorkspaceSettings {
    return {
      settings: this.#settings,
      folders: this.#folderSettings,
      trusted: this.#trusted,
      storageDir: this.#storageDir,
    };
  }

  #poolSettings(): Required<PoolSettings> {
    const { maxWorkers, memoryLimit, healthInterval, node } = this.#settings;
    return {
      maxWorkers,
      memoryMb: memoryLimit,
      healthIntervalMs: healthInterval * 1_000,
      // An untrusted workspace must not choose which program runs.
      node: this.#trusted ? node : '',
    };
  }

  /** All settings apply at once. Only a change of `node` replaces the workers. */
  #configure(change: Partial<WorkspaceSettings>): void {
    const { settings = this.#settings, folders = this.#folderSettings, trusted = this.#trusted } = change;
    const before = this.#poolSettings();
    const { diagnosticSource } = this.#settings;
    this.#settings = settings;
    this.#folderSettings = folders;
    this.#trusted = trusted;
    const now = this.#poolSettings();
    this.#workspace?.pool.configure(now);
    this.#workspace?.configure(this.#workspaceSettings());
    if (settings.diagnosticSource !== diagnosticSource) this.#publisher.recheck();
    if (now.node !== before.node) void this.#changeNode();
  }

  /** Applies settings that the client sent. Each problem in them is logged once. */
  #applySettings({ settings, folders, problems }: EditorSettings): void {
    const fresh = problems.filter((problem) => !this.#settingProblems.has(problem));
    for (const problem of fresh) this.#settingProblems.add(problem);
    if (this.#started) this.#logProblems(fresh);
    this.#configure({ settings, folders });
  }

  #logProblems(problems: Iterable<string>): void {
    for (const problem of problems) this.#connection.console.warn(problem);
  }

  /** Results may depend on the version of Node.js. Other windows have settings of their own. */
  async #changeNode(): Promise<void> {
    await this.#workspace?.pool.restart();
    await this.#workspace?.analyzeAll({ tellPeers: false });
  }

  #addRoot(uri: string): void {
    const root = pathOf(uri);
    if (root === undefined || this.#roots.includes(root)) return;
    this.#roots = [...this.#roots, root];
    void this.#workspace?.addRoot(root);
  }

  #removeRoot(uri: string): void {
    const root = pathOf(uri);
    this.#roots = this.#roots.filter((known) => known !== root);
    if (root !== undefined) this.#workspace?.removeRoot(root);
    this.#publisher.recheck();
  }

  #listenToRequests(): void {
    const connection = this.#connection;
    connection.onCodeAction((params, cancel) => this.#codeActions.provide(params, signalOf(cancel)));
    connection.onCodeActionResolve((action, cancel) => this.#codeActions.resolve(action, signalOf(cancel)));
    connection.onExecuteCommand(async ({ command, arguments: args }) => {
      await this.#execute(command, args ?? []);
      return null;
    });
    answerIssueRequests(connection, () => this.#workspace);
    connection.onRequest(requests.analyze, async (): Promise<AnalyzeResult> => {
      await this.#workspace?.analyzeAll();
      return { generation: this.#workspace?.generation ?? 0 };
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

  /** The command of a code action. */
  async #execute(command: string, [first, second]: readonly unknown[]): Promise<void> {
    if (command === analyseCommand) await this.#workspace?.analyzeAll();
    if (typeof first !== 'string') return;
    if (command === retryCommand) this.#workspace?.retry(first);
    if (command === openPageCommand && /^(?:https?|file):/.test(first)) await this.#connection.window.showDocument({ uri: first, external: !first.startsWith('file:') }); // prettier-ignore
    if (command !== acceptCommand || typeof second !== 'string') return;
    try {
      await this.#workspace?.accept(first, second);
    } catch (error) {
      this.#connection.window.showErrorMessage(error instanceof Error ? error.message : String(error));
    }
  }

  /** Also if the text is not saved and `bulkhead.run` is `onSave`. */
  #analyseNow(uri: string): void {
    const absolute = pathOf(uri);
    if (absolute !== undefined && this.#documents.isUnsaved(uri) && this.#settings.run === 'onSave') {
      this.#changes.add(absolute, 'changed', 'save');
    }
    this.#changes.flush();
  }

  #readStatus(): StatusParams {
    const workspace = this.#workspace;
    return statusOf({
      opening: workspace === undefined || !this.#started || workspace.opening,
      analyses: this.#analyses,
      detectors: workspace?.statuses() ?? [],
      health: workspace?.pool.health() ?? [],
      counts: (detector) => workspace?.counts(detector) ?? { error: 0, warning: 0, info: 0, hint: 0 },
    });
  }

  #countAnalyses(): void {
    const busy = this.#workspace?.busy ?? true;
    if (this.#wasBusy && !busy) this.#analyses += 1;
    this.#wasBusy = busy;
  }

  #sendStatus(status: StatusParams): void {
    this.#progress?.update(status);
    if (this.#watchStatus) void this.#connection.sendNotification(notifications.status, status);
  }
}

/**
 * Some clients send the settings of all their extensions, and some send null to say that the server should ask for them.
 * @returns the settings `bulkhead.*`, nested or by full names; undefined: there are none
 */
function sectionIn(settings: unknown): unknown {
  if (!isRecord(settings)) return undefined;
  if (isRecord(settings['bulkhead'])) return settings['bulkhead'];
  const own = Object.entries(settings).filter(([name]) => name.startsWith('bulkhead.'));
  return own.length > 0 ? Object.fromEntries(own) : undefined;
}

function rootsOf(params: InitializeParams): string[] {
  const folders = params.workspaceFolders?.map((folder) => folder.uri) ?? [];
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- editors without workspace folders send nothing else
  const { rootUri } = params;
  const uris = folders.length > 0 || typeof rootUri !== 'string' ? folders : [rootUri];
  return uris.flatMap((uri) => pathOf(uri) ?? []);
}

function signalOf(token: CancellationToken): AbortSignal {
  const controller = new AbortController();
  if (token.isCancellationRequested) controller.abort();
  token.onCancellationRequested(() => controller.abort());
  return controller.signal;
}
