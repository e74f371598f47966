/**
 * The same work with the capabilities of different clients: what they end up showing must be the same. Each client opens,
 * types, saves, closes, and another program changes files.
 */
import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type {
  CodeAction,
  Diagnostic,
  DocumentDiagnosticReport,
  WorkspaceDiagnosticReport,
} from 'vscode-languageserver-protocol/node';
import { readServerReports, serverReportsDir, type ServerReport } from '../../../server/store/server-reports.ts';
import { clients } from '../../support/clients.ts';
import { Editor } from '../../support/lsp-client.ts';
import { makeWorkspace, type TestWorkspace } from '../../support/workspace.ts';

const files = {
  'package.json': '{ "name": "w", "private": true, "type": "module" }\n',
  'tsconfig.json':
    '{ "compilerOptions": { "strict": true, "module": "nodenext", "noEmit": true, "lib": ["es2023"], "types": [], "skipLibCheck": true }, "include": ["src"] }\n',
  'eslint.config.js':
    "export default [{ files: ['**/*.js'], rules: { 'prefer-const': 'error', 'no-var': 'error' } }];\n",
  'src/a.ts': "export const a: number = 'x';\n",
  'src/b.ts': "import { a } from './a.js';\nexport const b: string = a;\n",
  'src/c.ts': 'export const c: number = "";\n',
  'src/x.js': 'let x = 1;\nexport default x;\n',
};

/** A client that shows what is published, or asks. */
class Client {
  readonly editor: Editor;
  readonly #root: string;
  readonly #pulls: boolean;
  #shown = new Map<string, { readonly id: string | undefined; readonly items: readonly Diagnostic[] }>();

  constructor(editor: Editor, root: string, pulls: boolean) {
    this.editor = editor;
    this.#root = root;
    this.#pulls = pulls;
  }

  uri(file: string): string {
    return pathToFileURL(path.join(this.#root, file)).href;
  }

  async open(file: string, text: string): Promise<void> {
    const textDocument = { uri: this.uri(file), languageId: 'typescript', version: 1, text };
    await this.editor.connection.sendNotification('textDocument/didOpen', { textDocument });
  }

  async tell(method: 'didSave' | 'didClose', file: string): Promise<void> {
    await this.editor.connection.sendNotification(`textDocument/${method}`, { textDocument: { uri: this.uri(file) } });
  }

  /** Resolves when these are all the problems that the client shows, as `file rule`. */
  async shows(...expected: readonly string[]): Promise<void> {
    const isIt = (): boolean => JSON.stringify(this.#all()) === JSON.stringify([...expected].sort());
    if (!this.#pulls) return this.editor.until(`${expected.join(', ')}, not ${this.#all().join(', ')}`, isIt);
    for (let round = 0; round < 50 && !isIt(); round += 1) {
      await this.pull();
      if (!isIt()) await new Promise((resolve) => setTimeout(resolve, 100));
    }
    assert.deepEqual(this.#all(), [...expected].sort());
  }

  async pull(): Promise<WorkspaceDiagnosticReport> {
    const previousResultIds = [...this.#shown].flatMap(([uri, { id }]) =>
      id === undefined ? [] : [{ uri, value: id }],
    );
    const report = await this.editor.connection.sendRequest<WorkspaceDiagnosticReport>('workspace/diagnostic', {
      previousResultIds,
    });
    for (const item of report.items) {
      if (item.kind === 'full') this.#shown.set(item.uri, { id: item.resultId, items: item.items });
    }
    return report;
  }

  #all(): readonly string[] {
    const shown: readonly (readonly [string, readonly Diagnostic[]])[] = this.#pulls
      ? [...this.#shown].map(([uri, { items }]) => [uri, items] as const)
      : [...this.editor.diagnostics];
    return shown
      .flatMap(([uri, items]) => items.map(({ code }) => `${uri.replace(`${this.uri('')}/`, '')} ${code}`))
      .sort();
  }
}

describe('clients', function () {
  this.timeout(180_000);
  let workspace: TestWorkspace;

  before(async () => {
    workspace = await makeWorkspace();
    await workspace.link({ typescript: 'typescript', eslint: 'eslint' });
  });
  after(() => workspace[Symbol.asyncDispose]());

  for (const [name, capabilities] of Object.entries(clients)) {
    it(`${name}: shows unsaved text, new files, changes by other programs, and what it dropped`, async () => {
      const { root } = workspace;
      await rm(path.join(root, 'src'), { recursive: true, force: true });
      await workspace.write(files);
      await using editor = new Editor();
      const reports = capabilities.workspace?.didChangeWatchedFiles?.dynamicRegistration === true;
      const pulls = capabilities.textDocument?.publishDiagnostics === undefined && name === 'pull-only';
      const client = new Client(editor, root, pulls);
      const elsewhere = async (file: string, text: string | undefined, type: 1 | 2 | 3): Promise<void> => {
        if (text === undefined) await rm(path.join(root, file));
        else await writeFile(path.join(root, file), text);
        if (reports) await editor.watched(root, { [file]: type });
      };
      await editor.open([root], { capabilities });
      const [a, b, c, x] = ['src/a.ts TS2322', 'src/b.ts TS2322', 'src/c.ts TS2322', 'src/x.js prefer-const'] as const;
      await client.shows(a, b, c, x);

      await client.open('src/a.ts', 'export const a: number = 1;\n');
      await client.shows(b, c, x);
      await client.tell('didClose', 'src/a.ts');
      await client.shows(a, b, c, x);

      await elsewhere('src/c.ts', 'export const c = "";\n', 2);
      await elsewhere('src/other.ts', 'export const other: number = "";\n', 1);
      await elsewhere('src/b.ts', undefined, 3);
      const other = 'src/other.ts TS2322';
      await client.shows(a, other, x);

      await client.open('src/new.js', '');
      await writeFile(path.join(root, 'src/new.js'), 'var n = 1;\nexport default n;\n');
      await editor.connection.sendNotification('textDocument/didChange', {
        textDocument: { uri: client.uri('src/new.js'), version: 2 },
        contentChanges: [{ text: 'var n = 1;\nexport default n;\n' }],
      });
      await client.tell('didSave', 'src/new.js');
      const all = [a, other, x, 'src/new.js no-var'];
      await client.shows(...all);

      if (pulls) await expectPulls(client);
      else {
        editor.diagnostics.delete(client.uri('src/x.js'));
        await client.open('src/x.js', files['src/x.js']);
        await client.shows(...all);
      }

      for (const settings of [null, {}, { settings: { exclude: ['**'] } }, { typescript: { enable: false } }]) {
        await editor.connection.sendNotification('workspace/didChangeConfiguration', { settings });
      }
      const [action] = await actionsAt(client);
      assert.equal(action?.title, 'Fix this prefer-const problem');
      await client.shows(...all);
      const complaints = editor.log.filter((line) => /fail|unhandled|exception|support/i.test(line));
      assert.deepEqual([...complaints, ...editor.messages], [], 'nothing to complain about');
      await expectReport(editor, root);
      assert.equal(await editor.shutdown(), 0);
      assert.deepEqual(await reportsOf(editor), []);
    });
  }

  const reportsOf = async ({ server }: Editor): Promise<readonly ServerReport[]> =>
    (await readServerReports(serverReportsDir())).filter(({ pid }) => pid === server.pid);

  /** What `bulkhead status` shows; it is written a moment later. */
  async function expectReport(editor: Editor, root: string): Promise<void> {
    const isTold = (report: ServerReport | undefined): boolean => report?.status.state === 'idle';
    let [report] = await reportsOf(editor);
    for (let round = 0; round < 200 && !isTold(report); round += 1) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      [report] = await reportsOf(editor);
    }
    assert.deepEqual([report?.roots, report?.status.issues.error], [[root], 4]);
  }

  /** Without the `data` of the diagnostic, as some clients ask. */
  async function actionsAt(client: Client): Promise<readonly CodeAction[]> {
    const uri = client.uri('src/x.js');
    const range = { start: { line: 0, character: 4 }, end: { line: 0, character: 5 } };
    const { diagnostics } = client.editor;
    const items = diagnostics.get(uri) ?? (await documentReport(client, uri)).items;
    const [{ data: _, ...diagnostic } = assert.fail('no diagnostic')] = items;
    const params = { textDocument: { uri }, range, context: { diagnostics: [diagnostic] } };
    return client.editor.connection.sendRequest<CodeAction[]>('textDocument/codeAction', params);
  }

  async function documentReport(client: Client, uri: string): Promise<{ id: string; items: readonly Diagnostic[] }> {
    const params = { textDocument: { uri } };
    const report = await client.editor.connection.sendRequest<DocumentDiagnosticReport>(
      'textDocument/diagnostic',
      params,
    );
    if (report.kind !== 'full' || report.resultId === undefined) return assert.fail(JSON.stringify(report));
    return { id: report.resultId, items: report.items };
  }

  async function expectPulls(client: Client): Promise<void> {
    const { connection, initialized, publications } = client.editor;
    assert.equal(publications.size, 0, 'nothing is published');
    assert.ok(initialized?.capabilities.diagnosticProvider);
    assert.ok((await client.pull()).items.every(({ kind }) => kind === 'unchanged'));
    const uri = client.uri('src/a.ts');
    const { id, items } = await documentReport(client, uri);
    assert.equal(items.length, 1);
    const again = await connection.sendRequest('textDocument/diagnostic', {
      textDocument: { uri },
      previousResultId: id,
    });
    assert.deepEqual(again, { kind: 'unchanged', resultId: id });
    const parts: unknown[] = [];
    const listening = connection.onNotification('$/progress', ({ value }: { value: WorkspaceDiagnosticReport }) => {
      parts.push(...value.items);
    });
    const params = { previousResultIds: [], partialResultToken: 'parts' };
    assert.deepEqual(await connection.sendRequest('workspace/diagnostic', params), { items: [] });
    assert.equal(parts.length, 4);
    listening.dispose();
  }
});
