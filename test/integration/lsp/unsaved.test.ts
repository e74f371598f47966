import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { Editor } from '../../support/lsp-client.ts';
import { makeBrokenWorkspace, makeWorkspace } from '../../support/workspace.ts';

describe('unsaved text in the language server', function () {
  this.timeout(120_000);

  it('is forgotten on closing, even if the file changed on disk meanwhile', async () => {
    await using workspace = await makeBrokenWorkspace();
    const { root } = workspace;
    await using editor = new Editor();
    await editor.open([root]);
    await editor.settled();
    const file = 'src/loose.js';
    const uri = pathToFileURL(path.join(root, file)).href;
    const text = 'var loose = 1;\nif (loose == 2) loose = 3;\n';
    await editor.connection.sendNotification('textDocument/didOpen', {
      textDocument: { uri, languageId: 'javascript', version: 1, text },
    });
    await editor.connection.sendNotification('textDocument/didChange', {
      textDocument: { uri, version: 2 },
      contentChanges: [{ text: `${text}if (loose == 4) loose = 5;\n` }],
    });
    await editor.until('what was typed', () => editor.rules(root, file).length === 3);
    await writeFile(path.join(root, file), 'let loose = 1;\nif (loose == 2) loose = 3;\n');
    await editor.watched(root, { [file]: 2 });
    await editor.settled();
    assert.equal(editor.rules(root, file).length, 3, 'the editor still shows the unsaved text');
    await editor.connection.sendNotification('textDocument/didClose', { textDocument: { uri } });
    await editor.until('the disk counts again', () => editor.rules(root, file).join() === 'eqeqeq');
  });

  for (const typescript of ['typescript', 'typescript7']) {
    it(`of a file that is not on disk yet is analysed, and again when the file is saved (${typescript})`, async () => {
      await using workspace = await makeWorkspace({
        'package.json': '{ "private": true, "type": "module" }\n',
        'tsconfig.json':
          '{ "compilerOptions": { "strict": true, "noEmit": true, "lib": ["es2023"], "types": [] }, "include": ["src"] }\n',
        'src/a.ts': "export const a: number = 'x';\n",
      });
      await workspace.link({ typescript });
      const { root } = workspace;
      await using editor = new Editor();
      await editor.open([root], { initializationOptions: { settings: { typescript: { engine: 'workspace' } } } });
      await editor.settled();
      const send = (method: string, params: object) =>
        editor.connection.sendNotification(`textDocument/${method}`, params);
      for (const file of ['src/one.ts', 'src/two.ts']) {
        const uri = pathToFileURL(path.join(root, file)).href;
        const text = 'export const n: string = 5;\n';
        await send('didOpen', { textDocument: { uri, languageId: 'typescript', version: 1, text: '' } });
        await send('didChange', { textDocument: { uri, version: 2 }, contentChanges: [{ text }] });
        // As editors do on saving: the text is analysed before the file is there.
        const range = { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } };
        const context = { diagnostics: [], only: ['source.fixAll'] };
        await editor.connection.sendRequest('textDocument/codeAction', { textDocument: { uri }, range, context });
        await writeFile(path.join(root, file), text);
        await send('didSave', { textDocument: { uri } });
        await editor.until('the error', () => editor.rules(root, file).length > 0);
        assert.deepEqual(editor.rules(root, file), ['TS2322']);
      }
    });
  }

  it('is not confused with changes of an open file by another program, even if only saves are analysed', async () => {
    await using workspace = await makeBrokenWorkspace();
    const { root } = workspace;
    await using editor = new Editor();
    await editor.open([root], { initializationOptions: { settings: { run: 'onSave' } } });
    await editor.settled();
    const file = 'src/loose.js';
    const uri = pathToFileURL(path.join(root, file)).href;
    const text = await readFile(path.join(root, file), 'utf8');
    await editor.connection.sendNotification('textDocument/didOpen', {
      textDocument: { uri, languageId: 'javascript', version: 1, text },
    });
    await writeFile(path.join(root, file), `\uFEFF${text}if (loose == 4) loose = 5;\n`);
    await editor.watched(root, { [file]: 2 });
    await editor.until('the disk counts', () => editor.rules(root, file).length === 3);
  });
});
