/**
 * A client of the built server with the capabilities of one editor. It tells only what that editor tells: where it opens a
 * folder, whether it reports files, how it names its settings. What it shows is what was published, or the answers when it
 * asked.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type {
  ClientCapabilities,
  CodeAction,
  CodeActionContext,
  Diagnostic,
  DocumentDiagnosticReport,
  Position,
  TextDocumentContentChangeEvent,
  WorkspaceDiagnosticReport,
} from 'vscode-languageserver-protocol/node';
import { requests, type StatusParams } from '../../workers/protocol/editor-protocol.ts';
import { Editor } from './lsp-client.ts';
import { patienceMs } from './patience.ts';
import { until } from './processes.ts';
import { appliedTo, editsOf, utf16Position } from './text-edits.ts';

/** A client that asks does so at least so often while it waits for something. */
const pullMs = 250;

/** A diagnostic as people see it: by its place in the text. */
export interface ShownDiagnostic extends Pick<Diagnostic, 'code' | 'message' | 'severity'> {
  /** Relative to the folder that was opened first. */
  readonly file: string;
  readonly start: Position;
  readonly end: Position;
}

interface Known {
  readonly id: string;
  readonly items: readonly Diagnostic[];
}

export class Client implements AsyncDisposable {
  readonly capabilities: ClientCapabilities;
  /** It takes nothing that is published. */
  readonly pulls: boolean;
  /** It reports changes of files to a server that asked for it. */
  readonly watches: boolean;
  /** How often the server asked it to ask again. */
  refreshes = 0;
  /** Text and version of each open document, by URI. */
  readonly #documents = new Map<string, { readonly text: string; readonly version: number }>();
  readonly #known = new Map<string, Known>();
  #editor: Editor | undefined;
  #root = '';
  /** For a server that asks. */
  #settings: unknown = null;
  #wake = Promise.withResolvers<void>();

  constructor(capabilities: ClientCapabilities) {
    const { textDocument, workspace } = capabilities;
    this.capabilities = capabilities;
    this.pulls = textDocument?.diagnostic !== undefined && textDocument.publishDiagnostics === undefined;
    this.watches = workspace?.didChangeWatchedFiles?.dynamicRegistration === true;
  }

  get editor(): Editor {
    return this.#editor ?? assert.fail('not open');
  }

  get encoding(): string {
    return this.editor.initialized?.capabilities.positionEncoding ?? 'utf-16';
  }

  /** Starts a server, and ends the one that it had by force. */
  async open(roots: readonly string[], initializationOptions?: unknown): Promise<void> {
    await this[Symbol.asyncDispose]();
    this.#documents.clear();
    this.#known.clear();
    this.#root = roots[0] ?? assert.fail('no folder');
    const editor = new Editor();
    this.#editor = editor;
    editor.connection.onRequest('workspace/diagnostic/refresh', () => {
      this.refreshes += 1;
      this.#wake.resolve();
      return null;
    });
    if (this.capabilities.workspace?.configuration === true) {
      editor.connection.onRequest('workspace/configuration', ({ items }: { items: readonly unknown[] }) =>
        items.map(() => this.#settings),
      );
    }
    await editor.open(roots, { capabilities: this.capabilities, initializationOptions });
    assert.equal(editor.initialized?.capabilities.diagnosticProvider !== undefined, this.pulls);
  }

  /** The way LSP ends a server, which ends well. */
  async end(): Promise<void> {
    assert.equal(await this.editor.shutdown(), 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#editor?.[Symbol.asyncDispose]();
  }

  /** @param file relative to the first folder, or absolute */
  uri(file: string): string {
    return pathToFileURL(path.resolve(this.#root, file)).href;
  }

  textOf(file: string): string | undefined {
    return this.#documents.get(this.uri(file))?.text;
  }

  /** Opens a document. @param text as the editor read it */
  async show(file: string, text: string, version = 1): Promise<void> {
    const languageId = file.endsWith('.js') ? 'javascript' : 'typescript';
    this.#documents.set(this.uri(file), { text, version });
    await this.#send('didOpen', { textDocument: { uri: this.uri(file), languageId, version, text } });
  }

  async type(file: string, text: string, changes: TextDocumentContentChangeEvent[] = [{ text }]): Promise<void> {
    const uri = this.uri(file);
    const version = (this.#documents.get(uri) ?? assert.fail(`${file} is not open`)).version + 1;
    this.#documents.set(uri, { text, version });
    await this.#send('didChange', { textDocument: { uri, version }, contentChanges: changes });
  }

  /** Writes the text of the document. */
  async save(file: string): Promise<void> {
    await this.elsewhere({ [file]: this.textOf(file) ?? assert.fail(`${file} is not open`) });
    await this.#send('didSave', { textDocument: { uri: this.uri(file) } });
  }

  async close(file: string): Promise<void> {
    this.#documents.delete(this.uri(file));
    await this.#send('didClose', { textDocument: { uri: this.uri(file) } });
  }

  /** Another program writes files; undefined: it deletes the file. */
  async elsewhere(texts: Readonly<Record<string, string | undefined>>): Promise<void> {
    const events: Record<string, 1 | 2 | 3> = {};
    for (const [file, text] of Object.entries(texts)) {
      const absolute = path.resolve(this.#root, file);
      events[file] = text === undefined ? 3 : existsSync(absolute) ? 2 : 1;
      await mkdir(path.dirname(absolute), { recursive: true });
      await (text === undefined ? rm(absolute) : writeFile(absolute, text));
    }
    if (this.watches) await this.editor.watched(this.#root, events);
  }

  /** The user changes the settings `bulkhead.*`. */
  async configure(settings: object): Promise<void> {
    const isAsked = this.capabilities.workspace?.configuration === true;
    this.#settings = settings;
    await this.editor.connection.sendNotification('workspace/didChangeConfiguration', {
      settings: isAsked ? null : { bulkhead: settings },
    });
  }

  /** What the client can use as it is: edits are there, and in the form that it takes. */
  async actions(
    file: string,
    diagnostics: readonly Diagnostic[],
    context: Partial<CodeActionContext> = {},
  ): Promise<readonly CodeAction[]> {
    const start = { line: 0, character: 0 };
    const actions = await this.editor.connection.sendRequest<CodeAction[] | null>('textDocument/codeAction', {
      textDocument: { uri: this.uri(file) },
      range: diagnostics[0]?.range ?? { start, end: start },
      context: { diagnostics, ...context },
    });
    return actions ?? [];
  }

  /** As it is chosen. */
  async resolved(action: CodeAction): Promise<CodeAction> {
    const canAsk = this.capabilities.textDocument?.codeAction?.resolveSupport !== undefined;
    const chosen =
      canAsk && action.edit === undefined && action.data !== undefined
        ? await this.editor.connection.sendRequest<CodeAction>('codeAction/resolve', action)
        : action;
    const takesVersions = this.capabilities.workspace?.workspaceEdit?.documentChanges === true;
    if (!takesVersions) assert.equal(chosen.edit?.documentChanges, undefined);
    else assert.equal(chosen.edit?.changes, undefined);
    return chosen;
  }

  /** Changes the text of an open document. */
  async apply(file: string, action: CodeAction): Promise<void> {
    const before = this.textOf(file) ?? assert.fail(`${file} is not open`);
    await this.type(file, appliedTo(before, editsOf(await this.resolved(action), this.uri(file)), this.encoding));
  }

  diagnosticsOf(file: string): readonly Diagnostic[] {
    return this.#shown.get(this.uri(file)) ?? [];
  }

  /** The rules whose issues it shows in a file, sorted. */
  rules(file: string): readonly string[] {
    return this.diagnosticsOf(file).map(({ code }) => String(code)).sort(); // prettier-ignore
  }

  /** All that it shows, as `file rule`. */
  all(): readonly string[] {
    const lines = [...this.#shown].flatMap(([uri, items]) => items.map(({ code }) => `${this.#nameOf(uri)} ${code}`));
    return lines.sort();
  }

  /** Resolves when it shows these and nothing else, as `file rule`. */
  async shows(...expected: readonly string[]): Promise<void> {
    const wanted = expected.toSorted();
    try {
      await this.until(wanted.join(', '), () => isDeepStrictEqual(this.all(), wanted));
    } catch (error) {
      throw new Error(`It shows ${this.all().join(', ')}`, { cause: error });
    }
  }

  /** @param condition on what it shows or was told */
  async until(what: string, condition: () => boolean): Promise<void> {
    if (!this.pulls) return this.editor.until(what, condition);
    const end = performance.now() + patienceMs;
    for (;;) {
      this.#wake = Promise.withResolvers();
      await this.pull();
      if (condition()) return;
      if (performance.now() > end) throw new Error(`Asked ${patienceMs} ms in vain for: ${what}`);
      const again = setTimeout(this.#wake.resolve, pullMs);
      await this.#wake.promise;
      clearTimeout(again);
    }
  }

  status(): Promise<StatusParams> {
    return this.editor.connection.sendRequest<StatusParams>(requests.status, {});
  }

  /** What it shows when the server has nothing more to do. */
  async final(): Promise<readonly ShownDiagnostic[]> {
    await until('the server rests', async () => (await this.status()).state !== 'analysing');
    if (this.pulls) {
      await this.pull();
      assert.equal(this.editor.publications.size, 0, 'nothing is published');
    }
    const all: ShownDiagnostic[] = [];
    for (const [uri, items] of this.#shown) {
      if (items.length === 0) continue;
      const text = this.#documents.get(uri)?.text ?? (await readFile(fileURLToPath(uri), 'utf8'));
      const at = (position: Position): Position => utf16Position(text, position, this.encoding);
      for (const { range, code, message, severity } of items) {
        const place = { file: this.#nameOf(uri), start: at(range.start), end: at(range.end) };
        all.push({ ...place, message, ...(code === undefined ? {} : { code }), ...(severity ? { severity } : {}) });
      }
    }
    const keyOf = (one: ShownDiagnostic): string => JSON.stringify(one);
    return all.sort((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1));
  }

  /** Asks as clients do: about each open document, then about all. */
  async pull(): Promise<void> {
    for (const uri of this.#documents.keys()) await this.pullDocument(fileURLToPath(uri));
    await this.pullWorkspace();
  }

  /** @returns the files that were reported in full */
  async pullWorkspace(): Promise<readonly string[]> {
    const previousResultIds = [...this.#known].map(([uri, { id }]) => ({ uri, value: id }));
    const { items } = await this.editor.connection.sendRequest<WorkspaceDiagnosticReport>('workspace/diagnostic', { previousResultIds }); // prettier-ignore
    for (const item of items) this.#keep(item.uri, item);
    return items.filter(({ kind }) => kind === 'full').map(({ uri }) => this.#nameOf(uri));
  }

  async pullDocument(file: string): Promise<DocumentDiagnosticReport> {
    const uri = this.uri(file);
    const previousResultId = this.#known.get(uri)?.id;
    const params = { textDocument: { uri }, ...(previousResultId === undefined ? {} : { previousResultId }) };
    const report = await this.editor.connection.sendRequest<DocumentDiagnosticReport>('textDocument/diagnostic', params); // prettier-ignore
    this.#keep(uri, report);
    return report;
  }

  get #shown(): ReadonlyMap<string, readonly Diagnostic[]> {
    if (!this.pulls) return this.editor.diagnostics;
    return new Map([...this.#known].map(([uri, { items }]) => [uri, items]));
  }

  #keep(uri: string, report: DocumentDiagnosticReport): void {
    if (report.kind === 'unchanged') assert.equal(report.resultId, this.#known.get(uri)?.id);
    else this.#known.set(uri, { id: report.resultId ?? assert.fail('no identifier'), items: report.items });
  }

  #nameOf(uri: string): string {
    return path.relative(this.#root, fileURLToPath(uri)).split(path.sep).join('/');
  }

  #send(method: string, params: object): Promise<void> {
    return this.editor.connection.sendNotification(`textDocument/${method}`, params);
  }
}
