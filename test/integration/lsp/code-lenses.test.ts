/** The scores above each function, as an editor asks for them. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ClientCapabilities, CodeLens } from 'vscode-languageserver-protocol/node';
import { Editor } from '../../support/lsp-client.ts';
import { makeWorkspace, type TestWorkspace } from '../../support/workspace.ts';

const script = `export function sign(n) {
  if (n < 0) return -1;
  return n > 0 ? 1 : 0;
}

/* 😀 */ export const pick = (rows) => rows.filter((row) => row.a && row.b);

export default class {
  get all() {
    for (const one of this.list) {
      if (one) return one;
    }
  }
}

describe('a suite', () => {
  it('has a test', () => {});
});
`;
const component = `<template><p /></template>
<script setup>
function close() {
  if (open) return;
}
</script>
`;
const scores = ['0:16 cyclomatic 3 · cognitive 2', '5:22 cyclomatic 1 · cognitive 0', '8:6 cyclomatic 3 · cognitive 3'];

describe('code lenses', function () {
  this.timeout(120_000);
  let workspace: TestWorkspace;

  before(async () => {
    workspace = await makeWorkspace({ 'package.json': '{ "private": true }\n', 'a.js': script, 'b.vue': component });
  });
  after(() => workspace[Symbol.asyncDispose]());

  const uriOf = (file: string): string => pathToFileURL(path.join(workspace.root, file)).href;

  async function opened(settings: object, capabilities?: ClientCapabilities): Promise<Editor> {
    await using unlessReady = new AsyncDisposableStack();
    const editor = unlessReady.use(new Editor());
    const own = { ...settings, knip: { enable: false }, eslint: { enable: false }, typescript: { enable: false } };
    const options = { initializationOptions: { settings: own } };
    await editor.open([workspace.root], capabilities ? { ...options, capabilities } : options);
    await editor.settled();
    unlessReady.move();
    return editor;
  }

  async function lenses(editor: Editor, file = 'a.js'): Promise<readonly string[]> {
    const found = await editor.connection.sendRequest<readonly CodeLens[]>('textDocument/codeLens', {
      textDocument: { uri: uriOf(file) },
    });
    return found.map(({ range: { start }, command }) => `${start.line}:${start.character} ${String(command?.title)}`);
  }

  it('are absent unless the setting asks for them, or if the detector is off', async () => {
    for (const settings of [{}, { codeLens: true, complexity: { enable: false } }]) {
      await using editor = await opened(settings);
      assert.deepEqual(await lenses(editor), []);
    }
  });

  it('show both scores of each function with a name, as it is typed; half-typed text keeps the last', async () => {
    await using editor = await opened({ codeLens: true });
    assert.deepEqual(await lenses(editor), scores);
    assert.deepEqual(await lenses(editor, 'b.vue'), ['2:9 cyclomatic 2 · cognitive 1']);
    const uri = uriOf('a.js');
    const textDocument = { uri, languageId: 'javascript', version: 1, text: script };
    await editor.connection.sendNotification('textDocument/didOpen', { textDocument });
    const type = (version: number, text: string): Promise<void> =>
      editor.connection.sendNotification('textDocument/didChange', {
        textDocument: { uri, version },
        contentChanges: [{ text }],
      });
    await type(2, 'export function sign(n) {\n  return n || 1;\n}\n');
    assert.deepEqual(await lenses(editor), ['0:16 cyclomatic 2 · cognitive 1']);
    await type(3, 'export function sign(n) {\n  return n ||\n}\n');
    assert.deepEqual(await lenses(editor), ['0:16 cyclomatic 2 · cognitive 1']);
    assert.deepEqual(editor.messages, []);
  });

  it('are absent where a file is too large or nested too deeply, and nothing is said', async () => {
    await using editor = await opened({ codeLens: true });
    const uri = uriOf('a.js');
    const large = Array.from({ length: 40_000 }, (_, index) => `function f${index}(a) { return a ? 1 : 0; }`).join(
      '\n',
    );
    const deep = `function f(a) {${'if (a) {'.repeat(20_000)}${'}'.repeat(20_000)}}`;
    const textDocument = { uri, languageId: 'javascript', version: 1, text: large };
    await editor.connection.sendNotification('textDocument/didOpen', { textDocument });
    assert.deepEqual(await lenses(editor), []);
    await editor.connection.sendNotification('textDocument/didChange', {
      textDocument: { uri, version: 2 },
      contentChanges: [{ text: deep }],
    });
    assert.deepEqual(await lenses(editor), []);
    assert.deepEqual([editor.messages, editor.log.filter((line) => /RangeError|stack/.test(line))], [[], []]);
  });

  it('are asked for again when the setting changes, and count as the client does', async () => {
    await using editor = await opened(
      { codeLens: false },
      { workspace: { codeLens: { refreshSupport: true } }, general: { positionEncodings: ['utf-8'] } },
    );
    let refreshed = 0;
    editor.connection.onRequest('workspace/codeLens/refresh', () => {
      refreshed += 1;
      return null;
    });
    for (const [codeLens, expected] of [
      [true, [scores[0], '5:24 cyclomatic 1 · cognitive 0', scores[2]]],
      [false, []],
    ] as const) {
      const before = refreshed;
      await editor.connection.sendNotification('workspace/didChangeConfiguration', {
        settings: { bulkhead: { codeLens } },
      });
      assert.deepEqual(await lenses(editor), expected);
      assert.equal(refreshed, before + 1);
    }
  });
});
