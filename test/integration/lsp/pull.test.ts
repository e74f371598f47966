/** Clients that ask for diagnostics: what they are told, when they are told to ask again, and what a waiting request answers. */
import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type {
  ClientCapabilities,
  DocumentDiagnosticReport,
  WorkspaceDiagnosticReport,
} from 'vscode-languageserver-protocol/node';
import { clients } from '../../support/clients.ts';
import { Editor } from '../../support/lsp-client.ts';
import { makeBrokenWorkspace } from '../../support/workspace.ts';

/** What a client knows: the identifier of each file's last report, and the rules in it. */
class Puller {
  readonly known = new Map<string, { readonly id: string; readonly rules: readonly string[] }>();
  readonly editor: Editor;
  readonly #root: string;

  constructor(editor: Editor, root: string) {
    this.editor = editor;
    this.#root = root;
  }

  uri(file: string): string {
    return pathToFileURL(path.join(this.#root, file)).href;
  }

  /** @returns which files were reported in full */
  async workspace(): Promise<readonly string[]> {
    const previousResultIds = [...this.known].map(([uri, { id }]) => ({ uri, value: id }));
    const params = { previousResultIds };
    const { items } = await this.editor.connection.sendRequest<WorkspaceDiagnosticReport>('workspace/diagnostic', params); // prettier-ignore
    for (const item of items) {
      if (item.kind === 'unchanged') assert.equal(item.resultId, this.known.get(item.uri)?.id);
      else this.#keep(item.uri, item.resultId, item.items);
    }
    return items.filter(({ kind }) => kind === 'full').map(({ uri }) => uri.slice(this.uri('').length + 1)); // prettier-ignore
  }

  async document(file: string): Promise<'full' | 'unchanged'> {
    const uri = this.uri(file);
    const previousResultId = this.known.get(uri)?.id;
    const params = { textDocument: { uri }, ...(previousResultId === undefined ? {} : { previousResultId }) };
    const report = await this.editor.connection.sendRequest<DocumentDiagnosticReport>('textDocument/diagnostic', params); // prettier-ignore
    if (report.kind === 'full') this.#keep(uri, report.resultId, report.items);
    return report.kind;
  }

  rules(file: string): readonly string[] {
    return this.known.get(this.uri(file))?.rules ?? [];
  }

  #keep(uri: string, id: string | undefined, items: readonly { readonly code?: unknown }[]): void {
    assert.ok(id !== undefined);
    this.known.set(uri, { id, rules: items.map(({ code }) => String(code)).sort() });
  }
}

describe('diagnostics on request', function () {
  this.timeout(180_000);

  async function opened(root: string, capabilities: ClientCapabilities): Promise<Puller> {
    await using unlessReady = new AsyncDisposableStack();
    const editor = unlessReady.use(new Editor());
    await editor.open([root], { capabilities });
    unlessReady.move();
    return new Puller(editor, root);
  }

  it('are asked for again when something changed, and only what changed is sent', async () => {
    await using workspace = await makeBrokenWorkspace();
    const { root } = workspace;
    const puller = await opened(root, clients['pull-only'] ?? assert.fail());
    await using editor = puller.editor;
    let refreshes = 0;
    editor.connection.onRequest('workspace/diagnostic/refresh', () => {
      refreshes += 1;
      return null;
    });
    // Held until the first analysis has ended.
    assert.deepEqual((await puller.workspace()).toSorted(), ['src/b.ts', 'src/loose.js', 'src/types.ts']);
    assert.deepEqual(puller.rules('src/types.ts'), ['TS2322']);
    await editor.atRest();
    assert.deepEqual(await puller.workspace(), []);
    assert.equal(await puller.document('src/types.ts'), 'unchanged');

    const before = refreshes;
    await writeFile(path.join(root, 'src/types.ts'), 'export const count = missing;\n');
    await waitFor(() => refreshes > before);
    assert.equal(await puller.document('src/loose.js'), 'unchanged');
    assert.equal(await puller.document('src/types.ts'), 'full');
    assert.deepEqual(puller.rules('src/types.ts'), ['TS2304']);

    const later = refreshes;
    await rm(path.join(root, 'src/types.ts'));
    await waitFor(() => refreshes > later);
    assert.deepEqual(await puller.workspace(), ['src/types.ts']);
    assert.deepEqual(puller.rules('src/types.ts'), []);
    assert.deepEqual(await puller.workspace(), []);
    assert.equal(await editor.shutdown(), 0);
  });

  it('answer for what was typed just before, from a client that is not told to ask again', async () => {
    await using workspace = await makeBrokenWorkspace();
    const { diagnostics: _, ...rest } = clients['pull-only']?.workspace ?? {};
    const puller = await opened(workspace.root, { ...clients['pull-only'], workspace: rest });
    await using editor = puller.editor;
    const asked: string[] = [];
    editor.connection.onRequest('workspace/diagnostic/refresh', () => {
      asked.push('refresh');
      return null;
    });
    await puller.workspace();
    const uri = puller.uri('src/loose.js');
    const type = async (version: number, text: string): Promise<void> => {
      await editor.connection.sendNotification('textDocument/didChange', {
        textDocument: { uri, version },
        contentChanges: [{ text }],
      });
    };
    const textDocument = { uri, languageId: 'javascript', version: 1, text: 'export const loose = 1;\n' };
    await editor.connection.sendNotification('textDocument/didOpen', { textDocument });
    assert.deepEqual(await puller.workspace(), ['src/loose.js'], 'the text that it was opened with');
    assert.deepEqual(puller.rules('src/loose.js'), []);
    for (const [version, text, rules] of [
      [2, 'var loose = 1;\n', ['no-var']],
      [3, 'var loose = 1 == 2;\n', ['eqeqeq', 'no-var']],
      [4, 'export const loose = 1;\n', []],
    ] as const) {
      await type(version, text);
      if (version === 3) assert.equal(await puller.document('src/loose.js'), 'full');
      else assert.deepEqual(await puller.workspace(), ['src/loose.js']);
      assert.deepEqual(puller.rules('src/loose.js'), rules);
    }
    assert.deepEqual(asked, [], 'nothing that it cannot do');
  });
});

async function waitFor(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 50));
}
