/**
 * Keeps at most one language server running: starts, restarts and stops it. Lives as long as the extension.
 */
import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { CrashPolicy } from './crash-policy.ts';
import { ShownDiagnostics } from './shown-diagnostics.ts';
import { ServerConnection } from './server-connection.ts';
import type { HealthParams } from '../workers/protocol/health.ts';
import type { View } from './view.ts';

export class ServerManager implements vscode.Disposable {
  readonly #extension: vscode.ExtensionContext;
  readonly #log: vscode.LogOutputChannel;
  readonly #diagnostics = new ShownDiagnostics();
  readonly #policy = new CrashPolicy();
  readonly #changed = new vscode.EventEmitter<View>();
  readonly #health = new vscode.EventEmitter<HealthParams>();
  #view: View = { phase: 'stopped' };
  #connection: ServerConnection | undefined;
  /** Starts and stops run one after another. */
  #queue: Promise<void> = Promise.resolve();
  #retry: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(extension: vscode.ExtensionContext, log: vscode.LogOutputChannel) {
    this.#extension = extension;
    this.#log = log;
  }

  /** What the editor shows. */
  get diagnostics(): ShownDiagnostics {
    return this.#diagnostics;
  }

  get onDidChangeView(): vscode.Event<View> {
    return this.#changed.event;
  }

  /** Fires while a {@link ServerConnection} is asked to watch the health of the workers. */
  get onHealth(): vscode.Event<HealthParams> {
    return this.#health.event;
  }

  get view(): View {
    return this.#view;
  }

  /** Undefined while no server is running. */
  get connection(): ServerConnection | undefined {
    return this.#view.phase === 'running' ? this.#connection : undefined;
  }

  /** Starts the server if it is not running. Resolves when it is running, or has failed to start. */
  start(): Promise<void> {
    return this.#enqueue(async () => {
      if (!this.#connection) {
        await this.#startServer();
      }
    });
  }

  /** Replaces the server by a new one. */
  restart(): Promise<void> {
    this.#policy.reset();
    this.#abandonStart();
    return this.#enqueue(async () => {
      await this.#stopServer();
      await this.#startServer();
    });
  }

  /** Stops the server for good. Resolves when it is gone. */
  stop(): Promise<void> {
    this.#closed = true;
    this.#abandonStart();
    return this.#enqueue(async () => {
      await this.#stopServer();
      this.#show({ phase: 'stopped' });
    });
  }

  dispose(): void {
    void this.stop();
    this.#diagnostics.dispose();
    this.#changed.dispose();
    this.#health.dispose();
  }

  async #startServer(): Promise<void> {
    clearTimeout(this.#retry);
    if (this.#closed) {
      return;
    }
    const connection = new ServerConnection({
      extension: this.#extension,
      log: this.#log,
      diagnostics: this.#diagnostics,
      onStatus: (status) => {
        if (this.#connection === connection) {
          this.#show({ phase: 'running', status });
        }
      },
      onHealth: (health) => this.#health.fire(health),
      onCrash: () => this.#recover(connection),
    });
    this.#connection = connection;
    this.#show({ phase: 'starting' });
    try {
      await connection.start();
    } catch (error) {
      this.#log.error(`The language server did not start: ${String(error)}`);
      await connection.stop();
      this.#recover(connection);
    }
  }

  /** A server that hangs while it starts would block the queue forever. */
  #abandonStart(): void {
    if (this.#view.phase === 'starting') {
      const connection = this.#connection;
      this.#connection = undefined;
      void connection?.stop();
    }
  }

  async #stopServer(): Promise<void> {
    clearTimeout(this.#retry);
    const connection = this.#connection;
    this.#connection = undefined;
    await connection?.stop();
  }

  /** The server crashed: starts a new one after an increasing delay, unless it has crashed too often. */
  #recover(connection: ServerConnection): void {
    if (this.#connection !== connection || this.#closed) {
      return;
    }
    this.#connection = undefined;
    const decision = this.#policy.crashed();
    if (decision.action === 'restart') {
      this.#log.warn(`The language server ended unexpectedly. It restarts in ${decision.delayMs} ms.`);
      this.#show({ phase: 'restarting' });
      this.#retry = setTimeout(() => void this.start(), decision.delayMs);
      return;
    }
    this.#log.error(`The language server ended ${decision.crashes} times within three minutes. It is not restarted.`);
    this.#show({ phase: 'failed' });
    void this.#askForRestart(decision.crashes);
  }

  async #askForRestart(crashes: number): Promise<void> {
    const restart = l10n.t('Restart Server');
    const showOutput = l10n.t('Show Output');
    const answer = await vscode.window.showErrorMessage(
      l10n.t(
        'The Bulkhead server ended {0} times within three minutes, so it is not restarted. See the output for the reason.',
        crashes,
      ),
      restart,
      showOutput,
    );
    if (answer === restart) {
      await this.restart();
    } else if (answer === showOutput) {
      this.#log.show();
    }
  }

  #show(view: View): void {
    this.#view = view;
    this.#changed.fire(view);
  }

  #enqueue(step: () => Promise<void>): Promise<void> {
    const done = this.#queue.then(step);
    this.#queue = done.catch((error: unknown) => this.#log.error(error instanceof Error ? error : String(error)));
    return done;
  }
}
