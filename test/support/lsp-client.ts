/** An editor that speaks LSP over stdio with the built server, and keeps what it is told. */
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import path from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import {
  createProtocolConnection,
  StreamMessageReader,
  StreamMessageWriter,
  type ClientCapabilities,
  type Diagnostic,
  type InitializeResult,
  type ProtocolConnection,
  type PublishDiagnosticsParams,
  type Registration,
} from 'vscode-languageserver-protocol/node';
import { notifications, requests, type StatusParams } from '../../workers/protocol/editor-protocol.ts';
import { ensureFreshBuild } from '../../scripts/fresh-build.mjs';
import { repository } from './workspace.ts';
import { patienceMs } from './patience.ts';

export interface EditorOptions {
  readonly initializationOptions?: unknown;
  /** The editor checks the version of the documents that an edit changes. */
  readonly documentChanges?: boolean;
  /** Instead of those that the other options describe. */
  readonly capabilities?: ClientCapabilities;
}

export class Editor implements AsyncDisposable {
  readonly server: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly connection: ProtocolConnection;
  readonly diagnostics = new Map<string, readonly Diagnostic[]>();
  /** How often each file was published. */
  readonly publications = new Map<string, number>();
  /** When each file was published last, as `performance.now()` tells time. */
  readonly publishedAt = new Map<string, number>();
  readonly registrations: Registration[] = [];
  readonly progress: { token: unknown; value: { kind: string; percentage?: number } }[] = [];
  readonly statuses: StatusParams[] = [];
  readonly messages: string[] = [];
  readonly log: string[] = [];
  readonly exited: Promise<number | null>;
  initialized: InitializeResult | undefined;
  /** By what looks whether they have what they wait for. */
  readonly #waiting = new Map<() => void, { readonly timer: NodeJS.Timeout; readonly giveUp: () => void }>();
  #latest: StatusParams | undefined;
  /** As of the last call of {@link settled}. */
  #analyses = 0;

  /**
   * @param env instead of that of the tests
   * @param folder whose built server it is
   */
  constructor(env: NodeJS.ProcessEnv = process.env, folder = repository) {
    if (folder === repository) ensureFreshBuild();
    const script = path.join(folder, 'dist', 'server.mjs');
    this.server = spawn(process.execPath, [script, '--stdio'], { stdio: ['pipe', 'pipe', 'pipe'], env });
    this.exited = new Promise((resolve) => this.server.on('exit', resolve));
    this.server.stderr.resume();
    this.connection = createProtocolConnection(
      new StreamMessageReader(this.server.stdout),
      new StreamMessageWriter(this.server.stdin),
    );
    this.connection.onNotification('textDocument/publishDiagnostics', (params: PublishDiagnosticsParams) => {
      this.diagnostics.set(params.uri, params.diagnostics);
      this.publications.set(params.uri, (this.publications.get(params.uri) ?? 0) + 1);
      this.publishedAt.set(params.uri, performance.now());
      this.#changed();
    });
    this.connection.onNotification(notifications.status, (status: StatusParams) => {
      this.statuses.push(status);
      this.#latest = status;
      this.#changed();
    });
    this.connection.onNotification('$/progress', (params: (typeof this.progress)[number]) => {
      this.progress.push(params);
      this.#changed();
    });
    this.connection.onNotification('window/logMessage', ({ message }: { message: string }) => {
      this.log.push(message);
      this.#changed();
    });
    this.connection.onRequest('client/registerCapability', (params: { registrations: Registration[] }) => {
      this.registrations.push(...params.registrations);
      return null;
    });
    this.connection.onRequest('window/workDoneProgress/create', () => null);
    this.connection.onRequest('window/showMessageRequest', (params: { message: string }) => {
      this.messages.push(params.message);
      this.#changed();
      return null;
    });
    this.connection.onNotification('window/showMessage', (params: { message: string }) => {
      this.messages.push(params.message);
      this.#changed();
    });
    this.connection.listen();
  }

  /** A client that cannot tell its folders names the first. */
  async open(roots: readonly string[], options: EditorOptions = {}): Promise<void> {
    const capabilities: ClientCapabilities = options.capabilities ?? {
      workspace: {
        didChangeWatchedFiles: { dynamicRegistration: true },
        workspaceFolders: true,
        ...(options.documentChanges ? { workspaceEdit: { documentChanges: true } } : {}),
      },
    };
    const folders = roots.map((root) => ({ uri: pathToFileURL(root).href, name: path.basename(root) }));
    this.initialized = await this.connection.sendRequest<InitializeResult>('initialize', {
      processId: process.pid,
      rootUri: folders[0]?.uri ?? null,
      ...(capabilities.workspace?.workspaceFolders === true ? { workspaceFolders: folders } : {}),
      capabilities,
      initializationOptions: options.initializationOptions,
    });
    await this.connection.sendNotification('initialized', {});
    this.#latest = await this.connection.sendRequest<StatusParams>(requests.watchStatus, { on: true });
    this.statuses.push(this.#latest);
  }

  /** Resolves when an analysis has ended since the last call. Its results may still be confirmed and stored. */
  async settled(timeoutMs = patienceMs): Promise<StatusParams> {
    const ended = ({ detectors, analyses }: StatusParams): boolean =>
      analyses > this.#analyses && !detectors.some(({ status }) => status === 'waiting' || status === 'running');
    await this.until('an analysis ends', () => this.statuses.slice(-1).some(ended), timeoutMs);
    const last = this.statuses.at(-1);
    if (!last) throw new Error('No status.');
    this.statuses.length = 0;
    this.#analyses = last.analyses;
    return last;
  }

  /** Resolves when everything has settled, is stored, and was compared with the disk. */
  async atRest(): Promise<StatusParams> {
    await this.until('the server rests', () => this.#latest !== undefined && this.#latest.state !== 'analysing');
    if (!this.#latest) throw new Error('No status.');
    return this.#latest;
  }

  /** `rule` names at a file, sorted. */
  rules(root: string, file: string): readonly string[] {
    const found = this.diagnostics.get(pathToFileURL(path.join(root, file)).href) ?? [];
    return found.map((diagnostic) => String(diagnostic.code)).sort();
  }

  async watched(root: string, changes: Readonly<Record<string, 1 | 2 | 3>>): Promise<void> {
    await this.connection.sendNotification('workspace/didChangeWatchedFiles', {
      changes: Object.entries(changes).map(([file, type]) => ({
        uri: pathToFileURL(path.join(root, file)).href,
        type,
      })),
    });
  }

  until(what: string, condition: () => boolean, timeoutMs = patienceMs): Promise<void> {
    return new Promise((resolve, reject) => {
      const check = (): void => {
        if (!condition()) return;
        this.#forget(check);
        resolve();
      };
      const timer = setTimeout(() => {
        this.#forget(check);
        const state = JSON.stringify({
          last: this.statuses.at(-1),
          messages: this.messages,
          files: [...this.diagnostics.keys()],
        });
        reject(new Error(`Waited ${timeoutMs} ms in vain for: ${what}\n${state}`));
      }, timeoutMs);
      this.#waiting.set(check, { timer, giveUp: () => reject(new Error(`The editor was closed before: ${what}`)) });
      check();
    });
  }

  /** The way LSP ends a server. @returns the exit code */
  async shutdown(): Promise<number | null> {
    await this.connection.sendRequest('shutdown');
    await this.connection.sendNotification('exit');
    const code = await this.exited;
    this.connection.dispose();
    return code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.server.exitCode === null && this.server.signalCode === null) {
      this.server.kill('SIGKILL');
      await this.exited;
    }
    // Whoever raced several waits left the others behind.
    for (const [check, { giveUp }] of [...this.#waiting]) {
      this.#forget(check);
      giveUp();
    }
    this.connection.dispose();
  }

  #changed(): void {
    for (const check of [...this.#waiting.keys()]) check();
  }

  #forget(check: () => void): void {
    clearTimeout(this.#waiting.get(check)?.timer);
    this.#waiting.delete(check);
  }
}
