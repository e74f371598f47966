/**
 * The connection to one process of the language server, from its start to its end. It is never restarted: the
 * {@link ServerManager} replaces it.
 */
import * as vscode from 'vscode';
import {
  CloseAction,
  ErrorAction,
  LanguageClient,
  RevealOutputChannelOn,
  State,
  TransportKind,
} from 'vscode-languageclient/node';
import { onDidChangeSettings, readSettings } from './settings.ts';
import { actionCommands } from '../workers/protocol/issue-requests.ts';
import { notifications, requests } from '../workers/protocol/editor-protocol.ts';
import { healthMethods, type HealthParams } from '../workers/protocol/health.ts';
import type { LanguageClientOptions, ServerOptions } from 'vscode-languageclient/node';
import type { ShownDiagnostics } from './shown-diagnostics.ts';
import type {
  AnalyzeResult,
  ConfigurationParams,
  InitializationOptions,
  RestartWorkersParams,
  StatusParams,
  TimingsResult,
  TrustParams,
  WatchStatusParams,
} from '../workers/protocol/editor-protocol.ts';

/** Milliseconds that a server has to stop before it is killed. */
const stopTimeoutMs = 2000;

export interface ServerConnectionOptions {
  readonly extension: vscode.ExtensionContext;
  readonly log: vscode.LogOutputChannel;
  readonly diagnostics: ShownDiagnostics;
  readonly onStatus: (status: StatusParams) => void;
  readonly onHealth: (health: HealthParams) => void;
  /** The server ended unexpectedly. Called at most once, and never after {@link ServerConnection.stop}. */
  readonly onCrash: () => void;
}

export class ServerConnection {
  readonly #options: ServerConnectionOptions;
  readonly #client: LanguageClient;
  readonly #disposables: vscode.Disposable[] = [];
  #ended = false;

  constructor(options: ServerConnectionOptions) {
    this.#options = options;
    this.#client = new Client('bulkhead', 'Bulkhead', this.#serverOptions(), this.#clientOptions());
  }

  /**
   * Resolves when the server has answered `initialize`.
   * @throws when the server could not be started, or refused the request
   */
  async start(): Promise<void> {
    const { diagnostics } = this.#options;
    diagnostics.expectConfirmation();
    this.#disposables.push(
      this.#client.onNotification(notifications.status, (status: StatusParams) => this.#receiveStatus(status)),
      this.#client.onNotification(healthMethods.health, (health: HealthParams) => this.#options.onHealth(health)),
    );
    await this.#client.start();
    if (this.#ended) {
      return;
    }
    this.#disposables.push(
      onDidChangeSettings((bulkhead) => {
        this.#notify('workspace/didChangeConfiguration', { settings: { bulkhead } } satisfies ConfigurationParams);
      }),
      vscode.workspace.onDidGrantWorkspaceTrust(() => {
        this.#notify(notifications.trust, { trusted: true } satisfies TrustParams);
      }),
    );
    this.#receiveStatus(
      await this.#client.sendRequest<StatusParams>(requests.watchStatus, { on: true } satisfies WatchStatusParams),
    );
  }

  /** Stops the server, and kills it if it does not stop in time. Takes at most about two seconds. */
  async stop(): Promise<void> {
    this.#end();
    // Read first, because the client forgets its process when it stops.
    const server = this.#client.serverProcess;
    const running = this.#client.state === State.Running;
    try {
      await this.#client.stop(stopTimeoutMs);
      if (running) {
        return;
      }
    } catch (error) {
      this.#options.log.warn(`The language server did not stop in time, so it is killed: ${String(error)}`);
    }
    // The server's workers end by themselves.
    server?.kill('SIGKILL');
  }

  /** Sends a request without an own method here. @throws when the server refuses it or ends */
  request<Result>(method: string, params: object = {}, token?: vscode.CancellationToken): Promise<Result> {
    // An absent token would count as a second parameter.
    return token === undefined
      ? this.#client.sendRequest<Result>(method, params)
      : this.#client.sendRequest<Result>(method, params, token);
  }

  analyze(): Promise<AnalyzeResult> {
    return this.#client.sendRequest<AnalyzeResult>(requests.analyze, {});
  }

  async cancel(): Promise<void> {
    await this.#client.sendRequest(requests.cancel, {});
  }

  async timings(): Promise<TimingsResult> {
    return this.#client.sendRequest<TimingsResult>(requests.timings, {});
  }

  async restartWorkers(params: RestartWorkersParams = {}): Promise<void> {
    await this.#client.sendRequest(requests.restartWorkers, params);
  }

  get serverPid(): number | undefined {
    return this.#client.serverProcess?.pid;
  }

  #receiveStatus(status: StatusParams): void {
    if (this.#ended) {
      return;
    }
    const { state, detectors } = status;
    const hasEnded = state === 'idle' || state === 'problem';
    // After a cancel, files that were not published may still have issues.
    if (hasEnded && status.analyses > 0 && !detectors.some((detector) => detector.status === 'cancelled')) {
      this.#options.diagnostics.dropUnconfirmed();
    }
    this.#options.onStatus(status);
  }

  /** Errors are only logged: {@link ServerConnectionOptions.onCrash} reports that the server is gone. */
  #notify(method: string, params: object): void {
    this.#client.sendNotification(method, params).catch((error: unknown) => {
      this.#options.log.warn(`Could not send ${method} to the language server: ${String(error)}`);
    });
  }

  #end(): void {
    this.#ended = true;
    for (const disposable of this.#disposables.splice(0)) {
      disposable.dispose();
    }
  }

  #crashed(): void {
    if (!this.#ended) {
      this.#end();
      this.#options.onCrash();
    }
  }

  #serverOptions(): ServerOptions {
    const { extension } = this.#options;
    const server = {
      module: vscode.Uri.joinPath(extension.extensionUri, 'dist', 'server.mjs').fsPath,
      transport: TransportKind.ipc,
      // Not the workspace: on Windows the working directory of a process cannot be deleted.
      options: { cwd: extension.extensionPath },
    };
    return { run: server, debug: { ...server, options: { ...server.options, execArgv: ['--inspect=6009'] } } };
  }

  #clientOptions(): LanguageClientOptions {
    const { extension, log, diagnostics } = this.#options;
    return {
      // Any language: a tool that the workspace declares may look at every file.
      documentSelector: [{ scheme: 'file' }],
      outputChannel: log,
      // The status bar and the manager inform the user; the client only writes to the log.
      revealOutputChannelOn: RevealOutputChannelOn.Never,
      initializationOptions: (): InitializationOptions => ({
        settings: readSettings(),
        ...(extension.storageUri && { storageDir: extension.storageUri.fsPath }),
        trusted: vscode.workspace.isTrusted,
        commands: actionCommands,
        version: String((extension.extension.packageJSON as { version?: unknown }).version),
      }),
      initializationFailedHandler: (error: unknown) => {
        log.error(`Could not initialize the language server: ${String(error)}`);
        return false;
      },
      errorHandler: {
        error: (error) => {
          log.error(`The connection to the language server failed: ${error.message}`);
          return { action: ErrorAction.Continue, handled: true };
        },
        closed: () => {
          this.#crashed();
          return { action: CloseAction.DoNotRestart, message: 'The language server ended.', handled: true };
        },
      },
      diagnosticCollectionProvider: { create: () => diagnostics.collection, dispose: () => undefined },
      middleware: {
        handleDiagnostics: (uri, published) => {
          if (!this.#ended) {
            diagnostics.publish(uri, published);
          }
        },
        // The editor passes the diagnostics of all extensions, which have quick fixes of their own.
        provideCodeActions: (document, range, context, token, next) => {
          const own = diagnostics.actionable(document.uri, range);
          return next(document, range, { ...context, diagnostics: own }, token);
        },
      },
    };
  }
}

class Client extends LanguageClient {
  /** After a failed start the base class stops the client while it is starting, which causes an unhandled rejection. */
  override async stop(timeout?: number): Promise<void> {
    if (this.state === State.Running) {
      await super.stop(timeout);
    }
  }
}
