/**
 * One run of the language server: a LanguageClient from its start to its end. A session is never restarted; the
 * {@link SessionManager} replaces it.
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
import { notifications, requests } from '../workers/protocol/editor-protocol.ts';
import type { LanguageClientOptions, ServerOptions } from 'vscode-languageclient/node';
import type { Problems } from './problems.ts';
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

/** Milliseconds the server gets to end by itself before it is killed. */
const stopTimeoutMs = 2000;

export interface SessionOptions {
  readonly extension: vscode.ExtensionContext;
  readonly log: vscode.LogOutputChannel;
  readonly problems: Problems;
  readonly onStatus: (status: StatusParams) => void;
  /** The server ended without being asked to. Called at most once, and never after {@link Session.stop}. */
  readonly onCrash: () => void;
}

export class Session {
  readonly #options: SessionOptions;
  readonly #client: LanguageClient;
  readonly #disposables: vscode.Disposable[] = [];
  #ended = false;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#client = new Client('bulkhead', 'Bulkhead', this.#serverOptions(), this.#clientOptions());
  }

  /**
   * Resolves when the server has answered `initialize`.
   * @throws when it could not be started or refused
   */
  async start(): Promise<void> {
    const { problems } = this.#options;
    problems.beginSession();
    this.#disposables.push(
      this.#client.onNotification(notifications.status, (status: StatusParams) => this.#receiveStatus(status)),
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

  /** Ends the server: asks first, kills when it does not answer. Never waits longer than about two seconds. */
  async stop(): Promise<void> {
    this.#end();
    // Taken now: the client forgets its process while it stops.
    const server = this.#client.serverProcess;
    const running = this.#client.state === State.Running;
    try {
      await this.#client.stop(stopTimeoutMs);
      if (running) {
        return;
      }
    } catch (error) {
      this.#options.log.warn(`The language server did not stop in time and is killed: ${String(error)}`);
    }
    // Its workers end by themselves when it is gone.
    server?.kill('SIGKILL');
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
    if (status.state !== 'analysing' && status.analyses > 0) {
      this.#options.problems.dropUnconfirmed();
    }
    this.#options.onStatus(status);
  }

  /** For messages nobody waits for: that the server is gone is told by {@link SessionOptions.onCrash}. */
  #notify(method: string, params: object): void {
    this.#client.sendNotification(method, params).catch((error: unknown) => {
      this.#options.log.warn(`${method} did not reach the language server: ${String(error)}`);
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
      // Not the workspace: a process keeps its working directory from being deleted on Windows.
      options: { cwd: extension.extensionPath },
    };
    return { run: server, debug: { ...server, options: { ...server.options, execArgv: ['--inspect=6009'] } } };
  }

  #clientOptions(): LanguageClientOptions {
    const { extension, log, problems } = this.#options;
    return {
      documentSelector: documentLanguages.map((language) => ({ scheme: 'file', language })),
      outputChannel: log,
      // The status bar and the manager tell the user; the client only writes to the log.
      revealOutputChannelOn: RevealOutputChannelOn.Never,
      initializationOptions: (): InitializationOptions => ({
        settings: readSettings(),
        ...(extension.storageUri && { storageDir: extension.storageUri.fsPath }),
        trusted: vscode.workspace.isTrusted,
        version: String((extension.extension.packageJSON as { version?: unknown }).version),
      }),
      initializationFailedHandler: (error: unknown) => {
        log.error(`The language server could not be initialized: ${String(error)}`);
        return false;
      },
      errorHandler: {
        error: (error) => {
          log.error(`The line to the language server failed: ${error.message}`);
          return { action: ErrorAction.Continue, handled: true };
        },
        closed: () => {
          this.#crashed();
          return { action: CloseAction.DoNotRestart, message: 'The language server ended.', handled: true };
        },
      },
      diagnosticCollectionProvider: { create: () => problems.collection, dispose: () => undefined },
      middleware: {
        handleDiagnostics: (uri, diagnostics, next) => {
          if (!this.#ended) {
            problems.confirm(uri);
            next(uri, diagnostics);
          }
        },
      },
    };
  }
}

class Client extends LanguageClient {
  /** After a failed start the base class stops a client that is still starting, which it then refuses, unhandled. */
  override async stop(timeout?: number): Promise<void> {
    if (this.state === State.Running) {
      await super.stop(timeout);
    }
  }
}

/** Languages whose unsaved text a detector may want: what TypeScript reads, and what ESLint has languages for. */
const documentLanguages = [
  'javascript',
  'javascriptreact',
  'typescript',
  'typescriptreact',
  'json',
  'jsonc',
  'vue',
  'svelte',
  'astro',
  'html',
  'css',
  'markdown',
  'mdx',
  'yaml',
] as const;
