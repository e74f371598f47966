/** Fixes that are requested while the text changes: each must be for the text that it is applied to, or not be offered. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  CodeActionTriggerKind,
  type CodeAction,
  type CodeActionContext,
  type Diagnostic,
  type TextEdit,
} from 'vscode-languageserver-protocol/node';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { detectorNames } from '../../../workers/detectors/manifests.ts';
import { Editor } from '../../support/lsp-client.ts';
import { makeWorkspace, type TestWorkspace } from '../../support/workspace.ts';

const saved = 'let one = 1;\nlet two = 2;\nexport default one + two;\n';
const comment = '// a comment above\n';
const modules = "import { a } from './m.js';\nimport { b } from './m.js';\nexport const sum = a + b;\n";
const start = { line: 0, character: 0 };
const { Invoked: invoked, Automatic: automatic } = CodeActionTriggerKind;

/** The same numbers for the same seed (mulberry32). */
function randomOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** An open document, as an editor keeps it. */
class OpenDocument {
  readonly uri: string;
  readonly #editor: Editor;
  text: string;
  version = 1;

  constructor(editor: Editor, absolute: string, text: string) {
    this.#editor = editor;
    this.uri = pathToFileURL(absolute).href;
    this.text = text;
  }

  async open(): Promise<void> {
    const textDocument = { uri: this.uri, languageId: 'javascript', version: this.version, text: this.text };
    await this.#editor.connection.sendNotification('textDocument/didOpen', { textDocument });
  }

  /** @param incremental as the client sends it: a single edit by its range, or the whole text */
  async change(edits: readonly TextEdit[], incremental = false): Promise<void> {
    const [edit, ...more] = edits;
    const isSingle = incremental && edit !== undefined && more.length === 0;
    this.text = TextDocument.applyEdits(TextDocument.create(this.uri, '', 0, this.text), [...edits]);
    this.version += 1;
    await this.#editor.connection.sendNotification('textDocument/didChange', {
      textDocument: { uri: this.uri, version: this.version },
      contentChanges: isSingle ? [{ range: edit.range, text: edit.newText }] : [{ text: this.text }],
    });
  }

  /** The fixes of detectors: other actions are not for a text. */
  async actions(context: CodeActionContext): Promise<readonly CodeAction[]> {
    const params = { textDocument: { uri: this.uri }, range: { start, end: start }, context };
    const all = await this.#editor.connection.sendRequest<CodeAction[]>('textDocument/codeAction', params);
    return all.filter(({ kind, isPreferred }) => isPreferred !== undefined || kind !== 'quickfix');
  }

  get diagnostics(): Diagnostic[] {
    return [...(this.#editor.diagnostics.get(this.uri) ?? [])];
  }

  /** Edits of this document in an action. An edit of another version would have been refused. */
  editsOf({ edit }: CodeAction): readonly TextEdit[] {
    if (edit?.changes) return edit.changes[this.uri] ?? [];
    return (edit?.documentChanges ?? []).flatMap((change) => {
      assert.ok('textDocument' in change);
      assert.deepEqual(change.textDocument, { uri: this.uri, version: this.version });
      return change.edits as TextEdit[];
    });
  }

  fixed(action: CodeAction): string {
    return TextDocument.applyEdits(TextDocument.create(this.uri, '', 0, this.text), [...this.editsOf(action)]);
  }
}

describe('fixes while the text changes', function () {
  this.timeout(180_000);

  async function open(workspace: TestWorkspace, run: 'onSave' | 'onType', documentChanges: boolean): Promise<Editor> {
    await using unlessReady = new AsyncDisposableStack();
    const editor = unlessReady.use(new Editor());
    const others = detectorNames.filter((name) => name !== 'eslint' && name !== 'import');
    const settings = { run, ...Object.fromEntries(others.map((name) => [name, { enable: false }])) };
    await editor.open([workspace.root], { initializationOptions: { settings }, documentChanges });
    await editor.settled();
    unlessReady.move();
    return editor;
  }

  async function makeFiles(): Promise<TestWorkspace> {
    const workspace = await makeWorkspace({
      'package.json': '{ "name": "w", "private": true, "type": "module" }\n',
      'eslint.config.js': "export default [{ rules: { 'prefer-const': 'error' } }];\n",
      'x.js': saved,
      'm.js': 'export const a = 1;\nexport const b = 2;\n',
      'graph.js': modules,
    });
    await workspace.link({ eslint: 'eslint' });
    return workspace;
  }

  for (const run of ['onSave', 'onType'] as const) {
    for (const documentChanges of [true, false]) {
      const how = `run: ${run}, ${documentChanges ? 'with' : 'without'} versions in edits`;

      it(`are for the unsaved text (${how})`, async () => {
        await using workspace = await makeFiles();
        await using editor = await open(workspace, run, documentChanges);
        const document = new OpenDocument(editor, path.join(workspace.root, 'x.js'), saved);
        await document.open();
        const { diagnostics } = document;
        assert.equal(diagnostics.length, 2);
        await document.change([{ range: { start, end: start }, newText: comment }]);
        const [action, ...more] = await document.actions({
          diagnostics: diagnostics.slice(0, 1),
          triggerKind: invoked,
        });
        assert.ok(action);
        assert.deepEqual(more, []);
        assert.equal(document.fixed(action), `${comment}const one = 1;\nlet two = 2;\nexport default one + two;\n`);
        await document.change([{ range: { start, end: start }, newText: comment }]);
        const [all] = await document.actions({ diagnostics: [], only: ['source.fixAll'] });
        assert.ok(all);
        const fixed = 'const one = 1;\nconst two = 2;\nexport default one + two;\n';
        assert.equal(document.fixed(all), comment + comment + fixed);
      });
    }
  }

  it('are not computed for a menu that opens by itself, if the text is analysed only when it is saved', async () => {
    await using workspace = await makeFiles();
    await using editor = await open(workspace, 'onSave', true);
    const document = new OpenDocument(editor, path.join(workspace.root, 'x.js'), saved);
    await document.open();
    const { diagnostics } = document;
    await document.change([{ range: { start, end: start }, newText: comment }]);
    assert.deepEqual(await document.actions({ diagnostics, triggerKind: automatic }), []);
    await document.change([{ range: { start, end: { line: 1, character: 0 } }, newText: '' }]);
    assert.equal((await document.actions({ diagnostics, triggerKind: automatic })).length, 2, 'the edit is undone');
  });

  it('of a graph detector and of a file that another program changed are not applied to another text', async () => {
    await using workspace = await makeFiles();
    await using editor = await open(workspace, 'onSave', true);
    const absolute = path.join(workspace.root, 'graph.js');
    const document = new OpenDocument(editor, absolute, modules);
    const { diagnostics } = document;
    assert.deepEqual(
      diagnostics.map(({ code }) => code),
      ['duplicate-import'],
    );
    const context = { diagnostics, triggerKind: automatic };
    assert.equal((await document.actions(context)).length, 1);
    // The file is not open, and no watcher has reported this.
    await writeFile(absolute, comment + modules);
    assert.deepEqual(await document.actions(context), []);
    await writeFile(absolute, modules.replaceAll('\n', '\r\n'));
    assert.equal((await document.actions(context)).length, 1, 'positions do not depend on line ends');
    await writeFile(absolute, modules);
    await document.open();
    await document.change([{ range: { start, end: start }, newText: comment }]);
    assert.deepEqual(await document.actions(context), []);
  });

  it('are offered to editors that do not return the data of a diagnostic', async () => {
    await using workspace = await makeFiles();
    await using editor = await open(workspace, 'onType', false);
    const document = new OpenDocument(editor, path.join(workspace.root, 'x.js'), saved);
    const diagnostics = document.diagnostics.map(({ data: _, ...rest }) => rest);
    assert.equal((await document.actions({ diagnostics })).length, 2);
  });

  it('change only what they name, in random sequences of edits and actions', async () => {
    const random = randomOf(Number(process.env['FIX_SEED'] ?? 1));
    const steps = Number(process.env['FIX_STEPS'] ?? 60);
    await using workspace = await makeFiles();
    let applied = 0;
    for (const [run, documentChanges] of [
      ['onSave', false],
      ['onType', true],
    ] as const) {
      await using editor = await open(workspace, run, documentChanges);
      const document = new OpenDocument(editor, path.join(workspace.root, 'x.js'), saved);
      await document.open();
      for (let step = 0; step < steps; step += 1) {
        const lines = document.text.split('\n').length;
        const at = { line: random(lines), character: 0 };
        // After the export nothing may follow that declares the same name again.
        const newText = random(3) === 0 ? comment : `let v${run}${step} = ${step};\n`;
        const isRemoval = random(4) === 0 && at.line < lines - 1;
        const removed = { start: at, end: { line: at.line + 1, character: 0 } };
        const edit = isRemoval ? { range: removed, newText: '' } : { range: { start: at, end: at }, newText };
        await document.change([edit], random(2) === 0);
        // Some clients do not return the data of a diagnostic.
        const returnsData = random(2) === 0;
        const diagnostics = document.diagnostics
          .slice(0, 3)
          .map(({ data, ...rest }) => (returnsData ? { ...rest, data: data as unknown } : rest));
        const context: CodeActionContext =
          random(2) === 0
            ? { diagnostics: [], only: ['source.fixAll'] }
            : { diagnostics, triggerKind: random(2) === 0 ? invoked : automatic };
        const [action] = await document.actions(context);
        if (!action) continue;
        const fixed = document.fixed(action);
        assert.notEqual(fixed, document.text);
        assert.equal(fixed.replaceAll('const ', 'let '), document.text.replaceAll('const ', 'let '), `step ${step}`);
        await document.change(document.editsOf(action));
        applied += 1;
      }
    }
    assert.ok(applied > steps / 4, `${applied} fixes were applied`);
  });
});
