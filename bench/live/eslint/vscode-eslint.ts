/** The language server of vscode-eslint over stdio, driven as VS Code drives it. Lives as long as the measurement. */
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import path from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import {
  createProtocolConnection,
  StreamMessageReader,
  StreamMessageWriter,
  type ProtocolConnection,
} from 'vscode-languageserver-protocol/node';

export class VscodeEslint implements AsyncDisposable {
  readonly #server: ChildProcessByStdio<Writable, Readable, null>;
  readonly #connection: ProtocolConnection;

  private constructor(checkout: string, root: string) {
    const script = path.join(checkout, 'server/out/eslintServer.js');
    this.#server = spawn(process.execPath, ['--max-old-space-size=8192', script, '--stdio'], {
      stdio: ['pipe', 'pipe', 'ignore'],
      cwd: root,
    });
    this.#connection = createProtocolConnection(
      new StreamMessageReader(this.#server.stdout),
      new StreamMessageWriter(this.#server.stdin),
    );
  }

  static async start(checkout: string, root: string): Promise<VscodeEslint> {
    const server = new VscodeEslint(checkout, root);
    await server.#initialize(root);
    return server;
  }

  async open(file: string, text: string): Promise<void> {
    const languageId = /\.[cm]?tsx?$/.test(file) ? 'typescript' : 'javascript';
    const textDocument = { uri: pathToFileURL(file).href, languageId, version: 1, text };
    await this.#connection.sendNotification('textDocument/didOpen', { textDocument });
    await this.#diagnostics(file);
  }

  /** Resolves with the diagnostics of the new text. */
  async edit(file: string, text: string, version: number): Promise<void> {
    const textDocument = { uri: pathToFileURL(file).href, version };
    await this.#connection.sendNotification('textDocument/didChange', { textDocument, contentChanges: [{ text }] });
    await this.#diagnostics(file);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#connection.dispose();
    this.#server.kill();
    await new Promise((resolve) => this.#server.on('exit', resolve));
  }

  async #diagnostics(file: string): Promise<void> {
    await this.#connection.sendRequest('textDocument/diagnostic', { textDocument: { uri: pathToFileURL(file).href } });
  }

  async #initialize(root: string): Promise<void> {
    const workspaceFolder = { uri: pathToFileURL(root).href, name: path.basename(root) };
    this.#connection.onRequest('workspace/configuration', ({ items }: { items: readonly unknown[] }) =>
      items.map(() => ({ ...settings, workspaceFolder })),
    );
    this.#connection.onRequest('client/registerCapability', () => null);
    this.#connection.onRequest('workspace/diagnostic/refresh', () => null);
    this.#connection.onUnhandledNotification(() => {});
    this.#connection.listen();
    await this.#connection.sendRequest('initialize', {
      processId: process.pid,
      rootUri: workspaceFolder.uri,
      workspaceFolders: [workspaceFolder],
      capabilities: {
        workspace: { configuration: true, workspaceFolders: true, diagnostics: { refreshSupport: true } },
        textDocument: { diagnostic: { dynamicRegistration: false } },
      },
    });
    await this.#connection.sendNotification('initialized', {});
  }
}

/** Its defaults, plus validation of files in any language. */
const settings = {
  validate: 'on',
  packageManager: 'npm',
  useESLintClass: true,
  useRealpaths: false,
  experimental: {},
  codeAction: {
    disableRuleComment: { enable: true, location: 'separateLine', commentStyle: 'line' },
    showDocumentation: { enable: true },
  },
  codeActionOnSave: { mode: 'all' },
  format: false,
  quiet: false,
  bulkSuppression: { enable: false },
  onIgnoredFiles: 'off',
  options: {},
  rulesCustomizations: [],
  run: 'onType',
  problems: { shortenToSingleLine: false },
  nodePath: null,
};
