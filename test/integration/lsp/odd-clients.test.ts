/** Clients that do what they should not, or leave out what they should do. */
import assert from 'node:assert/strict';
import { readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { Editor } from '../../support/lsp-client.ts';
import { makeBrokenWorkspace } from '../../support/workspace.ts';

describe('odd clients', function () {
  this.timeout(180_000);

  it('send the same version with every change, or name a file in another way', async () => {
    await using workspace = await makeBrokenWorkspace();
    const { root } = workspace;
    await using editor = new Editor();
    await editor.open([root], { capabilities: {} });
    await editor.settled();
    const send = (method: string, params: object): Promise<void> =>
      editor.connection.sendNotification(`textDocument/${method}`, params);
    const uri = pathToFileURL(path.join(root, 'src/types.ts')).href;
    const text = await readFile(path.join(root, 'src/types.ts'), 'utf8');
    await send('didOpen', { textDocument: { uri, languageId: 'typescript', version: 1, text } });
    for (const [typed, rules] of [
      ['export const count = 3;\n', ''],
      ['export const count = missing;\n', 'TS2304'],
      ['export const count = 4;\n', ''],
    ] as const) {
      await send('didChange', { textDocument: { uri, version: 1 }, contentChanges: [{ text: typed }] });
      await editor.until(`"${rules}" of ${typed}`, () => editor.rules(root, 'src/types.ts').join() === rules);
    }
    await send('didClose', { textDocument: { uri } });
    await editor.until('the disk counts', () => editor.rules(root, 'src/types.ts').join() === 'TS2322');

    for (const other of [
      uri.replace('types', '%74ypes'),
      uri.replace('file:', 'FILE:'),
      uri.replace('file://', 'file://localhost'),
    ]) {
      await send('didOpen', {
        textDocument: { uri: other, languageId: 'typescript', version: 1, text: 'export {};\n' },
      });
      await editor.until(`${other} counts`, () => editor.rules(root, 'src/types.ts').length === 0);
      await send('didClose', { textDocument: { uri: other } });
      await editor.until('the disk counts', () => editor.rules(root, 'src/types.ts').join() === 'TS2322');
    }
  });

  it('never answer what their settings are', async () => {
    await using workspace = await makeBrokenWorkspace();
    await using editor = new Editor();
    editor.connection.onRequest('workspace/configuration', () => new Promise(() => {}));
    await editor.open([workspace.root], { capabilities: { workspace: { configuration: true } } });
    await editor.until('an end', () => editor.statuses.at(-1)?.state === 'idle');
    assert.deepEqual(editor.rules(workspace.root, 'src/types.ts'), ['TS2322']);
  });

  it('initialize twice, and open what is no folder', async () => {
    await using workspace = await makeBrokenWorkspace();
    const { root } = workspace;
    await using editor = new Editor();
    await editor.open([path.join(root, 'src/types.ts')], { capabilities: { workspace: { workspaceFolders: true } } });
    const again = editor.connection.sendRequest('initialize', { processId: null, rootUri: null, capabilities: {} });
    await assert.rejects(again, /initialized already/);
    await editor.until('the reason', () => editor.messages.some((message) => message.includes('because it is a file')));
    const change = (added: readonly string[], removed: readonly string[]) =>
      editor.connection.sendNotification('workspace/didChangeWorkspaceFolders', {
        event: { added: added.map((uri) => ({ uri, name: '' })), removed: removed.map((uri) => ({ uri, name: '' })) },
      });
    const uri = pathToFileURL(root).href;
    await change([uri, `${uri}/`, 'file:///%00', 'untitled:1'], ['file:///never/added']);
    await editor.until('the issues', () => editor.rules(root, 'src/types.ts').join() === 'TS2322');
    assert.equal((await editor.atRest()).issues.error, 2, 'counted once');
    await change([], [`${uri}/`]);
    await editor.until('no issues', () => editor.rules(root, 'src/types.ts').length === 0);
    assert.deepEqual(
      editor.log.filter((line) => /unhandled|exception|%00/i.test(line)),
      [],
    );
    assert.equal(await editor.shutdown(), 0);
  });

  for (const typescript of ['typescript', 'typescript7']) {
    it(`do not watch while a folder is moved and comes back (${typescript})`, async () => {
      await using workspace = await makeBrokenWorkspace();
      const { root } = workspace;
      await rm(path.join(root, 'node_modules/typescript'), { recursive: true });
      await workspace.link({ typescript });
      await using editor = new Editor();
      await editor.open([root], { capabilities: {} });
      await editor.settled();
      await editor.atRest();
      const shown = (): string => {
        const all = [...editor.diagnostics].flatMap(([uri, list]) =>
          list.map(({ code, range }) => `${uri.slice(pathToFileURL(root).href.length)} ${range.start.line} ${code}`),
        );
        return all.sort().join(', ');
      };
      const before = shown();
      // A file in the other place tells the compiler that something is new, but not what is gone.
      for (const away of [path.join(root, 'lib.1'), path.join(root, '..', 'away'), path.join(root, 'lib.1')]) {
        await rename(path.join(root, 'src'), away);
        await editor.until('nothing in a file that is not there', () => !shown().includes('/src/'));
        await editor.atRest();
        assert.ok(!shown().includes('/src/'), shown());
        await rename(away, path.join(root, 'src'));
        await editor.until(before, () => shown() === before);
        await editor.atRest();
        assert.equal(shown(), before);
      }
    });
  }
});
