/**
 * The language server of one connection: answers the editor's requests, passes its events to the workspace, and keeps
 * its diagnostics and its status up to date. Lives from `initialize` to `exit`.
 */
import { existsSync } from 'node:fs';
import {
  CodeActionKind,
  ErrorCodes,
  FileChangeType,
  ResponseError,
  TextDocumentSyncKind,
  type Connection,
  type Diagnostic,
  MessageType,
  ShowMessageNotification,
  type InitializeParams,
  type InitializeResult,
} from 'vscode-languageserver/node';
import {
  notifications,
  requests,
  type AnalyzeResult,
  type RestartWorkersParams,
  type StatusParams,
  type FoldersResult,
  type TimingsResult,
  type TrustParams,
  type WatchStatusParams,
} from '../../workers/protocol/editor-protocol.ts';
import type { BulkheadSettings } from '../configuration/settings.ts';
import type { ChangeKind } from '../journal.ts';
import { defaultLimits } from '../pool/worker-entry.ts';
import { createPool } from '../pool/pool.ts';
import { printable } from '../printable.ts';
import { endPrewarmedThread } from '../store/store-client.ts';
import { ReportWriter, type ServerReport } from '../store/server-reports.ts';
import { version } from '../version.ts';
import { AgentTools } from './agent-tools.ts';
import { AnalysisProgress } from './analysis-progress.ts';
import { signalOf } from './cancellation.ts';
import { ChangeCollector } from './changes.ts';
import { CodeActionProvider } from './code-action-provider.ts';
import { CodeLenses } from './code-lenses.ts';
import { ClientSettings, type FormerSettings } from './client-settings.ts';
import { abilitiesOf, noAbilities, type ClientAbilities } from './client-abilities.ts';
import { fixAllKind } from './code-actions.ts';
import { commands, runCommand, type CommandHost } from './commands.ts';
import { Publisher } from './diagnostics.ts';
import { Documents, type DocumentsListener } from './documents.ts';
import { readEditorSettings } from './editor-settings.ts';
import { FileNames } from './file-names.ts';
import { featuresOf, initializationOf, rootUrisOf, sectionIn, type ClientFeatures } from './initialization.ts';
import { answerIssueRequests } from './issue-requests.ts';
import { Messages } from './messages.ts';
import { alertText, noticeText, showNotice } from './notices.ts';
import { AnalysisPercent } from './percent.ts';
import { PositionEncoding } from './position-encoding.ts';
import { PullDiagnostics } from './pull-diagnostics.ts';
import { StatusSender, statusOf, timingsOf } from './status.ts';
import { StormLog } from './storm-log.ts';
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
  readonly #messages: Messages;
  readonly #names = new FileNames();
  readonly #documents: Documents;
  readonly #publisher: Publisher;
  readonly #status: StatusSender;
  readonly #changes: ChangeCollector;
  readonly #workerRequests: WorkerRequests;
  readonly #codeActions: CodeActionProvider;
  readonly #codeLenses: CodeLenses;
  /** Undefined before `initialize` and after `shutdown`. */
  #workspace: Workspace | undefined;
  #progress: AnalysisProgress | undefined;
  readonly #settings: ClientSettings;
  readonly #percent = new AnalysisPercent();
  readonly #log: StormLog;
  /** The client has sent settings. */
  #hasSettings = false;
  #storageDir: string | undefined;
  #isExtension = false;
  #features: ClientFeatures = featuresOf({});
  /** Files whose diagnostics changed while they were not to be shown. */
  readonly #heldBack = new Set<string>();
  /** For `bulkhead status`. */
  readonly #report: ReportWriter | undefined;
  #editor = '';
  #positions = new PositionEncoding(undefined, () => Promise.resolve(undefined));
  /** Undefined: diagnostics are published. */
  #pull: PullDiagnostics | undefined;
  /** The roots are open or opening. */
  #started = false;
  #watchStatus = false;
  /** Number of answers of the client and of replacements of workers that results depend on. */
  #awaited = 0;
  #analyses = 0;
  #wasBusy = true;
  #watchedFiles: WatchedFiles | undefined;
  #abilities: ClientAbilities = noAbilities;

  /** @param reportsDir where `bulkhead status` looks; absent: this server does not report */
  constructor(connection: Connection, reportsDir?: string) {
    this.#connection = connection;
    this.#log = new StormLog((level, message) =>
      connection.console[level === 'debug' ? 'log' : level](printable(message)),
    );
    this.#report = reportsDir === undefined ? undefined : new ReportWriter(reportsDir, () => this.#readReport());
    this.#messages = new Messages(connection);
    this.#settings = new ClientSettings(connection, (before) => this.#settingsChanged(before));
    this.#publisher = new Publisher(
      { diagnosticsOf: (uri) => this.#diagnosticsOf(uri) },
      async (params) => {
        const diagnostics = await this.#positions.diagnostics(params.uri, params.diagnostics);
        if (this.#pull) this.#pull.keep({ ...params, diagnostics });
        else await connection.sendDiagnostics({ ...params, diagnostics });
      },
      () => this.#status.changed(),
    );
    this.#status = new StatusSender(
      () => this.#readStatus(),
      (status) => this.#sendStatus(status),
    );
    this.#workerRequests = new WorkerRequests(connection);
    this.#changes = new ChangeCollector((changes) => {
      this.#workspace?.filesChanged(changes);
      this.#status.changed();
    });
    const listener: DocumentsListener = {
      namesChanged: (uris) => {
        this.#publisher.forget(uris);
        this.#publisher.changed(uris);
      },
      textChanged: (absolute, document) => this.#workspace?.setDocument(absolute, document),
      compared: () => this.#status.changed(),
      openFilesChanged: (absolute) => this.#workspace?.setOpenFiles(absolute),
      changed: (absolute, kind, source) => {
        if (source === 'type' && this.#settings.window.run !== 'onType') return;
        this.#changes.add(absolute, kind, source);
        this.#status.changed();
      },
    };
    this.#documents = new Documents(listener, this.#names);
    this.#codeActions = new CodeActionProvider({
      documents: this.#documents,
      workspace: () => this.#workspace,
      abilities: () => this.#abilities,
      hasBaseline: () => this.#settings.window.baseline === 'hide',
      trusted: () => this.#settings.trusted,
      opensSettings: () => this.#isExtension,
      followsTyping: () => this.#settings.window.run === 'onType',
      analyseNow: (uri) => this.#analyseNow(uri),
      tell: (message) => void connection.window.showInformationMessage(message),
    });
    this.#codeLenses = new CodeLenses(connection, {
      canRefresh: () => this.#features.refreshesCodeLenses,
      textOf: (uri) => this.#documents.textOf(uri),
      scoresOf: async (uri, text, signal) => this.#workspace?.scoresOf(uri, text, signal),
      encoded: (uri, lenses) => this.#positions.lenses(uri, lenses),
      onError: (error) => this.#log.add('error', String(error)),
    });
  }

  listen(): void {
    const connection = this.#connection;
    connection.onInitialize((params) => this.#initialize(params));
    connection.onInitialized(() => this.#start());
    connection.onShutdown(() => this.dispose());
    connection.onDidChangeConfiguration(({ settings }: { settings: unknown }) => {
      const section = sectionIn(settings);
      if (section !== undefined) this.#settings.apply(readEditorSettings(section));
      else void this.#during(this.#askForSettings());
    });
    connection.onNotification(notifications.trust, ({ trusted }: TrustParams) => this.#settings.change({ trusted }));
    connection.onDidChangeWatchedFiles(({ changes }) => {
      if (changes.some(({ type }) => type !== FileChangeType.Changed)) this.#names.forgetDirectories();
      for (const { uri, type } of changes) {
        const absolute = this.#names.pathOf(uri);
        if (absolute !== undefined) this.#documents.changedOnDisk(absolute, changeKinds[type]);
      }
    });
    this.#documents.listen(connection);
    this.#listenToRequests();
    this.#codeLenses.listen();
    this.#workerRequests.listen();
    connection.listen();
  }

  async dispose(): Promise<void> {
    this.#status.dispose();
    this.#log.dispose();
    this.#workerRequests.dispose();
    this.#changes.dispose();
    this.#pull?.dispose();
    this.#report?.dispose();
    const workspace = this.#workspace;
    this.#workspace = undefined;
    await workspace?.dispose();
  }

  /** @throws ResponseError if it has been called */
  #initialize(params: InitializeParams): InitializeResult {
    if (this.#workspace) throw new ResponseError(ErrorCodes.InvalidRequest, 'The server is initialized already.');
    const read = initializationOf(params.initializationOptions);
    this.#settings.initialize(read);
    this.#storageDir = read.storageDir;
    this.#isExtension = read.isExtension;
    this.#editor = [params.clientInfo?.name, params.clientInfo?.version].filter(Boolean).join(' ');
    this.#hasSettings = read.hasSettings;
    if (read.storageDir === undefined) endPrewarmedThread();
    for (const uri of rootUrisOf(params)) this.#names.addRoot(uri);
    const features = featuresOf(params.capabilities);
    this.#features = features;
    this.#abilities = abilitiesOf(params);
    const offered = params.capabilities.general?.positionEncodings;
    this.#positions = new PositionEncoding(offered, (uri) => this.#documents.textOf(uri));
    this.#watchedFiles = features.watchesFiles
      ? new WatchedFiles(this.#connection, () => void this.#workspace?.watch())
      : undefined;
    // The extension shows it in its own item.
    const showsProgress = features.showsProgress && !read.isExtension;
    this.#progress = new AnalysisProgress(this.#connection, showsProgress, () => this.#workspace?.cancel());
    this.#workspace = this.#makeWorkspace();
    if (features.onlyPulls) this.#listenToPulls(this.#workspace);
    return {
      serverInfo: { name: 'Bulkhead', version },
      capabilities: {
        positionEncoding: this.#positions.kind,
        textDocumentSync: {
          openClose: true,
          change: this.#positions.isOwn ? TextDocumentSyncKind.Incremental : TextDocumentSyncKind.Full,
          save: true,
        },
        codeActionProvider: { codeActionKinds: [CodeActionKind.QuickFix, fixAllKind], resolveProvider: true },
        codeLensProvider: {},
        executeCommandProvider: { commands: [...commands] },
        ...(features.onlyPulls
          ? { diagnosticProvider: { interFileDependencies: true, workspaceDiagnostics: true } }
          : {}),
        workspace: { workspaceFolders: { supported: true, changeNotifications: true } },
      },
    };
  }

  #start(): void {
    this.#started = true;
    this.#settings.ready();
    if (!this.#watchedFiles) void this.#workspace?.watch();
    this.#openRoots();
    if (this.#names.roots.length === 0) this.#sayThatNothingIsOpen();
    this.#status.changed();
    this.#watchedFiles?.start();
    if (!this.#hasSettings) void this.#during(this.#askForSettings());
    if (!this.#features.changesFolders) return;
    this.#connection.workspace.onDidChangeWorkspaceFolders(({ added, removed }) => {
      for (const { uri } of removed) this.#names.removeRoot(uri);
      for (const { uri } of added) this.#names.addRoot(uri);
      this.#openRoots();
    });
  }

  #openRoots(): void {
    void this.#workspace?.setRoots(this.#names.roots);
  }

  #sayThatNothingIsOpen(): void {
    this.#messages.warn(
      'Bulkhead analyses nothing, because no folder is open. Open the folder of a project: editors call it the root or the workspace.',
    );
  }

  #makeWorkspace(): Workspace {
    const pool = createPool({
      ...this.#settings.pool,
      ...(this.#storageDir === undefined ? {} : { storageDir: this.#storageDir }),
      log: (level, message) => this.#log.add(level, message),
      readerReady: () => this.#publisher.backpressure(),
      onSandbox: (message) => this.#messages.warn(message),
      onAlert: (alert) => this.#log.add('warn', alertText(alert)),
      onNotice: (notice) => {
        this.#log.add('error', noticeText(notice));
        // All workers are refused for the same cause.
        if (notice.reason.kind === 'refused') this.#messages.error(`Bulkhead: ${notice.reason.message}`);
        else void showNotice(this.#connection, this.#messages, pool, notice);
      },
    });
    const workspace = new Workspace(pool, this.#workspaceSettings(), this.#names);
    this.#workerRequests.serve(pool, this.#storageDir);
    workspace.on('files', (uris) => this.#publisher.changed(uris));
    workspace.on('roots', () => this.#publisher.recheck());
    workspace.on('watched', (changes) => {
      this.#names.forgetDirectories();
      for (const [absolute, kind] of changes) this.#documents.changedOnDisk(absolute, kind);
    });
    workspace.on('status', () => {
      if (!workspace.held && this.#heldBack.size > 0) this.#publishHeldBack();
      this.#countAnalyses();
      this.#watchedFiles?.add(workspace.extensions);
      this.#status.changed();
    });
    workspace.on('log', (level, message) => this.#log.add(level, message));
    workspace.on('trouble', (message) => this.#messages.error(message));
    pool.onHealth(() => {
      this.#report?.changed();
      if (this.#watchStatus) this.#status.changed();
    });
    return workspace;
  }

  #workspaceSettings(): WorkspaceSettings {
    return {
      settings: this.#settings.window,
      folders: this.#settingsByRoot(),
      trusted: this.#settings.trusted,
      storageDir: this.#storageDir,
    };
  }

  /** All settings apply at once. Only a change of `node` replaces the workers. */
  #settingsChanged(before: FormerSettings): void {
    const now = this.#settings;
    this.#status.changed();
    this.#workspace?.pool.configure(now.pool);
    this.#workspace?.configure(this.#workspaceSettings());
    if (now.window.diagnosticSource !== before.window.diagnosticSource) this.#publisher.recheck();
    if (now.codeLenses !== before.codeLenses) this.#codeLenses.refresh();
    if (now.pool.node !== before.pool.node) void this.#during(this.#changeNode());
  }

  /** Nothing is up to date before this has ended. */
  async #during(work: Promise<void>): Promise<void> {
    this.#awaited += 1;
    this.#status.changed();
    await work.finally(() => {
      this.#awaited -= 1;
      this.#status.changed();
    });
  }

  /** Results may depend on the version of Node.js. Other windows have settings of their own. */
  async #changeNode(): Promise<void> {
    await this.#workspace?.pool.restart();
    await this.#workspace?.analyzeAll({ tellPeers: false });
  }

  /** Some clients send no settings, but answer when they are asked. */
  async #askForSettings(): Promise<void> {
    if (this.#features.answersConfiguration && !this.#isExtension) await this.#settings.ask();
  }

  /** Undefined: not known at the moment. A name that the editor does not use for the file has none. */
  #diagnosticsOf(uri: string): Diagnostic[] | undefined {
    const absolute = this.#names.pathOf(uri);
    if (absolute !== undefined && !this.#names.urisOf(absolute).includes(uri)) return [];
    if (this.#workspace?.held === true) {
      this.#heldBack.add(uri);
      return undefined;
    }
    return this.#workspace?.diagnosticsOf(uri);
  }

  #publishHeldBack(): void {
    const uris = [...this.#heldBack];
    this.#heldBack.clear();
    this.#publisher.changed(uris);
  }

  #listenToPulls(workspace: Workspace): void {
    const pull = new PullDiagnostics(this.#connection, {
      settled: async (signal) => {
        await this.#documents.compared();
        this.#changes.flush();
        await workspace.settled(signal);
      },
      diagnosticsOf: (uri) => this.#positions.diagnostics(uri, workspace.diagnosticsOf(uri)),
      versionOf: (uri) => this.#documents.versionOf(uri),
      canRefresh: this.#features.refreshesDiagnostics,
      refreshed: () => this.#status.changed(),
    });
    pull.listen();
    this.#pull = pull;
  }

  #listenToRequests(): void {
    const connection = this.#connection;
    connection.onCodeAction(async (params, cancel) => {
      const request = await this.#positions.request(params);
      return this.#positions.actions(
        params.textDocument.uri,
        await this.#codeActions.provide(request, signalOf(cancel)),
      );
    });
    connection.onCodeActionResolve((action, cancel) => this.#codeActions.resolve(action, signalOf(cancel)));
    connection.onExecuteCommand(({ command, arguments: args }) => {
      return runCommand(command, args ?? [], this.#commandHost());
    });
    answerIssueRequests(connection, () => this.#workspace);
    new AgentTools({
      workspace: () => this.#workspace,
      trusted: () => this.#settings.trusted,
      upToDate: async () => {
        await this.#documents.compared();
        for (const uri of this.#documents.unsaved()) this.#analyseNow(uri);
        this.#changes.flush();
      },
      onError: (error) =>
        this.#log.add('error', error instanceof Error ? (error.stack ?? error.message) : String(error)),
    }).listen(connection);
    connection.onRequest(requests.analyze, async (): Promise<AnalyzeResult> => {
      if (this.#workspace?.paused === true) this.#workspace.resume();
      await this.#workspace?.analyzeAll();
      return { generation: this.#workspace?.generation ?? 0 };
    });
    connection.onRequest(requests.cancel, () => {
      this.#workspace?.cancel();
      return null;
    });
    connection.onRequest(requests.pause, () => {
      this.#workspace?.pause();
      return null;
    });
    connection.onRequest(requests.resume, () => {
      this.#workspace?.resume();
      return null;
    });
    connection.onRequest(requests.restartWorkers, async (params: RestartWorkersParams) => {
      await this.#workspace?.pool.restart(params.detector);
      return null;
    });
    connection.onRequest(requests.status, () => this.#readStatus());
    connection.onRequest(
      requests.folders,
      async (): Promise<FoldersResult> => (await this.#workspace?.folders()) ?? { folders: [] },
    );
    connection.onRequest(requests.timings, (): TimingsResult => timingsOf(this.#workspace?.statuses() ?? []));
    connection.onRequest(requests.watchStatus, (params: WatchStatusParams): StatusParams => {
      this.#watchStatus = params.on;
      return this.#readStatus();
    });
  }

  /** Also if the text is not saved and `bulkhead.run` is `onSave`. */
  #analyseNow(uri: string): void {
    const absolute = this.#names.pathOf(uri);
    if (absolute !== undefined && this.#documents.isUnsaved(uri) && this.#settings.window.run === 'onSave') {
      this.#changes.add(absolute, 'changed', 'save');
    }
    this.#changes.flush();
  }

  #readStatus(): StatusParams {
    const workspace = this.#workspace;
    const detectors = workspace?.statuses() ?? [];
    const ofSettings = this.#settings.problems.map((message) => ({ message, count: 1 }));
    return statusOf({
      paused: workspace?.paused === true,
      underWay: this.#isUnderWay,
      problems: [...ofSettings, ...(workspace?.problems() ?? [])],
      percent: this.#percent.of(detectors),
      opening: workspace === undefined || !this.#started || workspace.opening,
      analyses: this.#analyses,
      detectors,
      health: workspace?.pool.health() ?? [],
      counts: (detector) => workspace?.counts(detector) ?? { error: 0, warning: 0, info: 0, hint: 0 },
    });
  }

  get #isUnderWay(): boolean {
    const own = this.#awaited > 0 || this.#documents.busy || this.#changes.pending || this.#publisher.busy;
    return own || this.#pull?.busy === true || this.#workspace?.underWay === true;
  }

  #readReport(): Omit<ServerReport, 'pid'> {
    const errors = this.#workspace?.pool.errors() ?? [];
    return {
      version,
      editor: this.#editor,
      roots: this.#names.roots,
      status: this.#readStatus(),
      errors: errors.map(({ detector, message, count }) => ({ detector, message, count })),
    };
  }

  #countAnalyses(): void {
    const busy = this.#workspace?.busy ?? true;
    if (this.#wasBusy && !busy) this.#analyses += 1;
    this.#wasBusy = busy;
  }

  #sendStatus(status: StatusParams): void {
    this.#progress?.update(status);
    this.#report?.changed();
    if (this.#watchStatus) void this.#connection.sendNotification(notifications.status, status);
    if (status.state !== 'analysing' && !this.#isExtension) this.#tellFailures(status);
  }

  /** To editors that do not show Bulkhead's status. */
  #tellFailures({ detectors }: StatusParams): void {
    const failures = detectors.flatMap(({ title, status, error }) =>
      status === 'failed' && error !== undefined ? [`Bulkhead: ${title} could not finish. ${error}`] : [],
    );
    if (failures.length === 0) return;
    const missing = this.#names.roots.find((root) => !existsSync(root));
    if (missing !== undefined) {
      this.#messages.warn(`Bulkhead: The folder ${missing} does not exist. It is analysed as soon as it is there.`);
      // They follow from it, and stay for a moment when it is back.
      this.#messages.omit(failures);
    }
    for (const failure of failures) this.#messages.error(failure);
  }

  /** Of folders that have their own, by their real paths. */
  #settingsByRoot(): ReadonlyMap<string, BulkheadSettings> {
    return new Map([...this.#settings.folders].map(([uri, settings]) => [this.#names.pathOf(uri) ?? uri, settings]));
  }

  async #accept(uri: string, fingerprint: string): Promise<void> {
    try {
      await this.#workspace?.accept(uri, fingerprint);
    } catch (error) {
      void this.#connection.window.showErrorMessage(error instanceof Error ? error.message : String(error));
    }
  }

  #commandHost(): CommandHost {
    return {
      accept: (uri, fingerprint) => void this.#accept(uri, fingerprint),
      openPage: (page) => {
        void this.#connection.window.showDocument({ uri: page, external: !page.startsWith('file:') });
      },
      retry: (uri) => this.#workspace?.retry(uri),
      analyze: () => void this.#workspace?.analyzeAll(),
      restartWorkers: () => void this.#workspace?.pool.restart(),
      status: () => this.#readStatus(),
      memoryLimit: () => this.#settings.window.memoryLimit || defaultLimits.memoryMb,
      raiseMemoryLimit: (memoryLimit) => this.#settings.change({ window: { ...this.#settings.window, memoryLimit } }),
      tell: (message) => {
        void this.#connection.sendNotification(ShowMessageNotification.type, { type: MessageType.Info, message });
      },
    };
  }
}
