/**
 * Keeps at most one {@link Session} running: starts, replaces and stops it, one after another. Lives as long as the
 * extension.
 */
import * as vscode from 'vscode';
import { CrashPolicy } from './crash-policy.ts';
import { Problems } from './problems.ts';
import { Session } from './session.ts';
import type { View } from './view.ts';

export class SessionManager implements vscode.Disposable {
  readonly #extension: vscode.ExtensionContext;
  readonly #log: vscode.LogOutputChannel;
  readonly #problems = new Problems();
  readonly #policy = new CrashPolicy();
  readonly #changed = new vscode.EventEmitter<View>();
  #view: View = { phase: 'stopped' };
  #session: Session | undefined;
  /** Every start and stop is appended here: they never overlap. */
  #queue: Promise<void> = Promise.resolve();
  #retry: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(extension: vscode.ExtensionContext, log: vscode.LogOutputChannel) {
    this.#extension = extension;
    this.#log = log;
  }

  get onDidChangeView(): vscode.Event<View> {
    return this.#changed.event;
  }

  get view(): View {
    return this.#view;
  }

  /** Undefined while the server is starting, gone or given up. */
  get session(): Session | undefined {
    return this.#view.phase === 'running' ? this.#session : undefined;
  }

  /** Starts the server if it does not run; resolves when it runs, or when it is clear that it does not. */
  start(): Promise<void> {
    return this.#enqueue(async () => {
      if (!this.#session) {
        await this.#startSession();
      }
    });
  }

  /** Replaces the server; what it knew is asked anew. */
  restart(): Promise<void> {
    this.#policy.reset();
    this.#abandonStart();
    return this.#enqueue(async () => {
      await this.#stopSession();
      await this.#startSession();
    });
  }

  /** Stops the server for good; resolves when it is gone. */
  stop(): Promise<void> {
    this.#closed = true;
    this.#abandonStart();
    return this.#enqueue(async () => {
      await this.#stopSession();
      this.#show({ phase: 'stopped' });
    });
  }

  dispose(): void {
    void this.stop();
    this.#problems.dispose();
    this.#changed.dispose();
  }

  async #startSession(): Promise<void> {
    clearTimeout(this.#retry);
    if (this.#closed) {
      return;
    }
    const session = new Session({
      extension: this.#extension,
      log: this.#log,
      problems: this.#problems,
      onStatus: (status) => {
        if (this.#session === session) {
          this.#show({ phase: 'running', status });
        }
      },
      onCrash: () => this.#recover(session),
    });
    this.#session = session;
    this.#show({ phase: 'starting' });
    try {
      await session.start();
    } catch (error) {
      this.#log.error(`The language server did not start: ${String(error)}`);
      await session.stop();
      this.#recover(session);
    }
  }

  /** A server that hangs while it starts would hold up the queue for ever. */
  #abandonStart(): void {
    if (this.#view.phase === 'starting') {
      const session = this.#session;
      this.#session = undefined;
      void session?.stop();
    }
  }

  async #stopSession(): Promise<void> {
    clearTimeout(this.#retry);
    const session = this.#session;
    this.#session = undefined;
    await session?.stop();
  }

  /** The session is gone without having been asked to: a new one, later and later, until a person has to look. */
  #recover(session: Session): void {
    if (this.#session !== session || this.#closed) {
      return;
    }
    this.#session = undefined;
    const decision = this.#policy.crashed();
    if (decision.action === 'restart') {
      this.#log.warn(`The language server ended unexpectedly; it starts again in ${decision.delayMs} ms.`);
      this.#show({ phase: 'restarting' });
      this.#retry = setTimeout(() => void this.start(), decision.delayMs);
      return;
    }
    this.#log.error(`The language server ended ${decision.crashes} times within three minutes and stays stopped.`);
    this.#show({ phase: 'failed' });
    void this.#askForRestart(decision.crashes);
  }

  async #askForRestart(crashes: number): Promise<void> {
    const restart = 'Restart Server';
    const showOutput = 'Show Output';
    const answer = await vscode.window.showErrorMessage(
      `The Bulkhead server ended ${crashes} times within three minutes and was stopped. The output says why.`,
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
