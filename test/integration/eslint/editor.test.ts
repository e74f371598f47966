/** ESLint through the built language server, as an editor sees it. */
import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { TextDocument } from 'vscode-languageserver-textdocument';
import type { CodeAction, TextEdit } from 'vscode-languageserver-protocol/node';
import { detectorNames } from '../../../workers/detectors/manifests.ts';
import { requests, type TimingsResult } from '../../../workers/protocol/editor-protocol.ts';
import { Editor } from '../../support/lsp-client.ts';
import { makeWorkspace, removeWorkspaces, type Files } from './workspaces.ts';

const config = (rules: string): string => `export default [{ rules: { ${rules} } }];\n`;
const LOOSE = 'module.exports = (a) => a == 1;\n';

function uriOf(root: string, file: string): string {
  return pathToFileURL(path.join(root, file)).href;
}

async function openEditor(root: string): Promise<Editor> {
  await using unlessReady = new AsyncDisposableStack();
  const editor = unlessReady.use(new Editor());
  const off = { enable: false };
  const others = detectorNames.filter((name) => name !== 'eslint');
  const settings = Object.fromEntries(others.map((name) => [name, off]));
  await editor.open([root], { initializationOptions: { settings, trusted: true, version: '0.0.0' } });
  await editor.settled();
  unlessReady.move();
  return editor;
}

/** Opens a document with the text on the disk, and changes it without saving. */
async function type(editor: Editor, root: string, file: string, saved: string, text: string): Promise<void> {
  const uri = uriOf(root, file);
  const textDocument = { uri, languageId: 'javascript', version: 1, text: saved };
  await editor.connection.sendNotification('textDocument/didOpen', { textDocument });
  const change = { textDocument: { uri, version: 2 }, contentChanges: [{ text }] };
  await editor.connection.sendNotification('textDocument/didChange', change);
}

async function fixAll(editor: Editor, uri: string): Promise<readonly TextEdit[]> {
  const range = { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } };
  const context = { diagnostics: [], only: ['source.fixAll'] };
  const params = { textDocument: { uri }, range, context };
  const actions = await editor.connection.sendRequest<CodeAction[]>('textDocument/codeAction', params);
  return actions.flatMap((action) => {
    assert.equal(action.kind, 'source.fixAll.bulkhead');
    return action.edit?.changes?.[uri] ?? [];
  });
}

describe('eslint in an editor', function () {
  this.timeout(180_000);
  after(removeWorkspaces);

  it('fixes all of a text that was typed a moment ago; suggestions and bulk suppressions are kept apart', async () => {
    const files: Files = {
      'eslint.config.mjs': config("'prefer-const': 2, 'no-var': 2, 'no-prototype-builtins': 2, eqeqeq: 2"),
      'a.js': 'export const a = 1;\n',
      'eslint-suppressions.json': '{ "a.js": { "eqeqeq": { "count": 1 } } }',
    };
    const root = makeWorkspace(files, 'eslint');
    await using editor = await openEditor(root);
    const text = 'var a = 1;\nlet b = a == 2;\nexport const c = b.hasOwnProperty(a);\n';
    await type(editor, root, 'a.js', files['a.js'] ?? '', text);
    // Not waited for: saving follows typing at once.
    const edits = await fixAll(editor, uriOf(root, 'a.js'));
    const fixed = TextDocument.applyEdits(TextDocument.create('', '', 0, text), [...edits]);
    assert.equal(fixed, 'let a = 1;\nconst b = a == 2;\nexport const c = b.hasOwnProperty(a);\n');
    assert.deepEqual(editor.rules(root, 'a.js'), ['no-prototype-builtins', 'no-var', 'prefer-const']);

    const diagnostics = (editor.diagnostics.get(uriOf(root, 'a.js')) ?? []).filter(
      ({ code }) => code === 'no-prototype-builtins',
    );
    const [diagnostic] = diagnostics;
    assert.ok(diagnostic);
    const params = { textDocument: { uri: uriOf(root, 'a.js') }, range: diagnostic.range, context: { diagnostics } };
    const actions = await editor.connection.sendRequest<CodeAction[]>('textDocument/codeAction', params);
    assert.deepEqual(
      actions.map(({ title, isPreferred }) => [title, isPreferred]),
      [
        ['Call Object.prototype.hasOwnProperty explicitly.', false],
        ['Disable no-prototype-builtins for this line', undefined],
        ['Disable no-prototype-builtins for the entire file', undefined],
        ['Suppress all no-prototype-builtins errors of this file in eslint-suppressions.json', undefined],
        ['Add to the baseline', undefined],
        ['Explain no-prototype-builtins', undefined],
      ],
    );
  });

  it('an edit of one file changes the issues of another, before it is saved', async () => {
    const files: Files = {
      'package.json': '{ "name": "w", "type": "module" }',
      'tsconfig.json':
        '{ "compilerOptions": { "strict": true, "module": "nodenext", "target": "es2022", "lib": ["es2022"], "types": [], "skipLibCheck": true } }',
      'eslint.config.js': `import tseslint from 'typescript-eslint';
export default [{
  files: ['**/*.ts'],
  plugins: { '@typescript-eslint': tseslint.plugin },
  languageOptions: { parser: tseslint.parser, parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
  rules: { '@typescript-eslint/no-floating-promises': 'error' },
}];
`,
      'callee.ts': 'export function callee() { return 1; }\n',
      'caller.ts': "import { callee } from './callee.js';\ncallee();\n",
    };
    const root = makeWorkspace(files, 'eslint', ['typescript-eslint', 'typescript', '@typescript-eslint']);
    await using editor = await openEditor(root);
    assert.deepEqual(editor.rules(root, 'caller.ts'), []);
    await type(editor, root, 'callee.ts', files['callee.ts'] ?? '', 'export async function callee() { return 1; }\n');
    await editor.until('the issue of the caller', () => editor.rules(root, 'caller.ts').length === 1);
    assert.deepEqual(editor.rules(root, 'caller.ts'), ['@typescript-eslint/no-floating-promises']);
  });

  it('publishes a file only when its issues change: edit, save, checkout, restart, configuration', async () => {
    const names = Array.from({ length: 500 }, (_, index) => `src/f${index}.js`);
    const root = makeWorkspace(
      {
        'eslint.config.mjs': config('eqeqeq: 2'),
        ...Object.fromEntries(names.map((name) => [name, LOOSE])),
      },
      'eslint',
    );
    await using editor = await openEditor(root);
    const seen = new Map<string, number>();
    /** How often each file was published since the last look. */
    const published = (): Readonly<Record<string, number>> => {
      const since = [...editor.publications].flatMap(([uri, count]): [string, number][] => {
        const before = seen.get(uri) ?? 0;
        seen.set(uri, count);
        return count === before ? [] : [[path.basename(uri), count - before]];
      });
      return Object.fromEntries(since);
    };
    const onceEach = Object.fromEntries(names.map((name) => [path.basename(name), 1]));
    // Diagnostics leave the server one file at a time, the status may come before the last.
    const allOf = (count: number): boolean =>
      names.slice(2).every((name) => (editor.publications.get(uriOf(root, name)) ?? 0) >= count);
    await editor.until('all files', () => allOf(1) && editor.publications.size >= names.length);
    assert.deepEqual(published(), onceEach, 'opening');

    const [first = '', second = ''] = names;
    const edited = `\n${LOOSE}`;
    await type(editor, root, first, LOOSE, edited);
    // Some editors drop what they show of a file when they open or close it.
    await editor.until('the edited file', () => editor.publications.get(uriOf(root, first)) === 3);
    assert.deepEqual(published(), { 'f0.js': 2 }, 'opening it, and an edit');

    writeFileSync(path.join(root, first), edited);
    await editor.connection.sendNotification('textDocument/didSave', { textDocument: { uri: uriOf(root, first) } });
    await type(editor, root, second, LOOSE, edited);
    await editor.until('the next file', () => editor.publications.get(uriOf(root, second)) === 3);
    assert.deepEqual(published(), { 'f1.js': 2 }, 'its save, and opening and editing another file');

    for (const name of names.slice(2)) writeFileSync(path.join(root, name), `\n\n${LOOSE}`);
    await editor.watched(root, Object.fromEntries(names.slice(2).map((name) => [name, 2])));
    await editor.settled();
    await editor.until('all files of the checkout', () => allOf(2));
    const { 'f0.js': _first, 'f1.js': _second, ...others } = onceEach;
    assert.deepEqual(published(), others, 'a checkout of all but the open files');

    await editor.connection.sendRequest(requests.restartWorkers, {});
    await editor.connection.sendRequest(requests.analyze, {});
    await editor.settled();
    assert.deepEqual(published(), {}, 'new workers, everything again');

    writeFileSync(path.join(root, 'eslint.config.mjs'), config("eqeqeq: ['error', 'always']"));
    await editor.watched(root, { 'eslint.config.mjs': 2 });
    await editor.settled();
    assert.deepEqual(published(), {}, 'a configuration that means the same');

    rmSync(path.join(root, 'src/f9.js'));
    await editor.watched(root, { 'src/f9.js': 3 });
    await editor.until('the file is gone', () => editor.rules(root, 'src/f9.js').length === 0);
    assert.deepEqual(published(), { 'f9.js': 1 }, 'a deleted file');

    const { detectors } = await editor.connection.sendRequest<TimingsResult>(requests.timings, {});
    assert.deepEqual(
      detectors.map(({ name, timings }) => [name, Object.keys(timings).sort()]),
      [['eslint', ['eqeqeq', 'parse']]],
    );
  });

  it('a cancelled check keeps the issues of the earlier one, and says so', async () => {
    const names = Array.from({ length: 200 }, (_, index) => `f${index}.js`);
    const slow = `export default [{ plugins: { x: { rules: { slow: { create: () => ({ Program() {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
    } }) } } } }, rules: { eqeqeq: 2, 'x/slow': 2 } }];\n`;
    const root = makeWorkspace(
      { 'eslint.config.mjs': config('eqeqeq: 2'), ...Object.fromEntries(names.map((name) => [name, LOOSE])) },
      'eslint',
    );
    await using editor = await openEditor(root);
    writeFileSync(path.join(root, 'eslint.config.mjs'), slow);
    await editor.watched(root, { 'eslint.config.mjs': 2 });
    await editor.until('the analysis begins', () => {
      const all = editor.statuses.at(-1)?.detectors ?? [];
      return all.some(({ name, status }) => name === 'eslint' && status === 'running');
    });
    await editor.connection.sendRequest(requests.cancel, {});
    await editor.until('it ends', () => editor.statuses.at(-1)?.state === 'problem');
    const [eslint] = (editor.statuses.at(-1)?.detectors ?? []).filter(({ name }) => name === 'eslint');
    assert.ok((eslint?.stale ?? 0) > 0, JSON.stringify(eslint));
    for (const name of names) assert.deepEqual(editor.rules(root, name), ['eqeqeq'], name);

    await editor.connection.sendRequest(requests.analyze, {});
    await editor.settled();
    assert.equal(editor.statuses.at(-1)?.detectors.find(({ name }) => name === 'eslint')?.stale, undefined);
  });

  it('code of a configuration that throws later is reported, and no file loses its issues', async () => {
    const late = `setTimeout(() => { throw new Error('too late'); }, 100);
export default [{ plugins: { x: { rules: { slow: { create: () => ({ Program() {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
} }) } } } }, rules: { eqeqeq: 2, 'x/slow': 2 } }];\n`;
    const root = makeWorkspace({ 'eslint.config.mjs': late, 'a.js': LOOSE, 'b.js': LOOSE }, 'eslint');
    await using editor = await openEditor(root);
    await editor.until('both files', () => ['a.js', 'b.js'].every((file) => editor.rules(root, file).length === 1));
    assert.deepEqual(editor.rules(root, 'a.js'), ['eqeqeq']);
    await editor.until('the error', () => editor.rules(root, 'eslint.config.mjs').length === 1);
    assert.deepEqual(editor.rules(root, 'eslint.config.mjs'), ['config-error']);
  });

  it('a configuration that cannot be loaded is reported, never shown as no issues', async () => {
    const root = makeWorkspace({ 'eslint.config.mjs': config('eqeqeq: 2'), 'a.js': LOOSE }, 'eslint');
    await using editor = await openEditor(root);
    assert.deepEqual(editor.rules(root, 'a.js'), ['eqeqeq']);
    writeFileSync(path.join(root, 'eslint.config.mjs'), "import 'eslint-plugin-gone';\nexport default [];\n");
    await editor.watched(root, { 'eslint.config.mjs': 2 });
    await editor.settled();
    const status = await editor.atRest();
    assert.equal(status.state, 'problem');
    assert.match(status.message ?? '', /eslint-plugin-gone/);
    assert.deepEqual(editor.rules(root, 'eslint.config.mjs'), ['config-error']);
    assert.deepEqual(editor.rules(root, 'a.js'), ['eqeqeq'], 'what was known of other files stays');
  });
});
