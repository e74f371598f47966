/** Two language servers of different versions on one folder, with one cache: each is right, and neither harms the other. */
import assert from 'node:assert/strict';
import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { ensureFreshBuild } from '../../../scripts/fresh-build.mjs';
import { requests, type FoldersResult, type StatusParams } from '../../../workers/protocol/editor-protocol.ts';
import { Editor } from '../../support/lsp-client.ts';
import { until } from '../../support/processes.ts';
import { makeBrokenWorkspace, repository, type TestWorkspace } from '../../support/workspace.ts';

describe('servers of two versions on one folder', function () {
  this.timeout(300_000);
  let workspace: TestWorkspace;
  let env: NodeJS.ProcessEnv;
  let other: string;

  before(async () => {
    workspace = await makeBrokenWorkspace();
    const beside = (name: string): string => path.join(path.dirname(workspace.root), name);
    env = { ...process.env, XDG_CACHE_HOME: beside('home'), HOME: beside('home'), LOCALAPPDATA: beside('home') };
    other = beside('other');
    await makeOtherVersion(other);
  });
  after(() => workspace[Symbol.asyncDispose]());

  async function opened(folder: string): Promise<Editor> {
    await using unlessReady = new AsyncDisposableStack();
    const editor = unlessReady.use(new Editor(env, folder));
    // What two editors would never share: that is the worst that can happen.
    const storageDir = path.join(path.dirname(workspace.root), 'storage');
    await editor.open([workspace.root], { initializationOptions: { storageDir, trusted: true } });
    await idle(editor);
    unlessReady.move();
    return editor;
  }

  const status = (editor: Editor): Promise<StatusParams> =>
    editor.connection.sendRequest<StatusParams>(requests.status, {});
  const idle = (editor: Editor): Promise<void> =>
    until('the end of the analysis', async () => (await status(editor)).state !== 'analysing');
  /** Without links to pages, which each version has its own of. */
  const shown = (editor: Editor): string => {
    const all = [...editor.diagnostics].flatMap(([uri, list]) =>
      list.map(({ codeDescription: _, ...diagnostic }) => JSON.stringify([uri, diagnostic])),
    );
    return all.sort().join('\n');
  };
  const complaints = (editor: Editor): readonly string[] => [
    ...editor.messages,
    ...editor.log.filter((line) => /could not|damaged|unhandled|exception/i.test(line)),
  ];

  async function isShown(editors: readonly Editor[], file: string, ...rules: readonly string[]): Promise<void> {
    for (const editor of editors) {
      await editor.until(
        `${rules.join()} in ${file}`,
        () => editor.rules(workspace.root, file).join() === rules.join(),
      );
    }
  }

  it('shows the same in both, keeps the results of both, and goes on when either ends', async () => {
    const { root } = workspace;
    await using own = await opened(repository);
    await using foreign = await opened(other);
    const names = [own, foreign].map((editor) => editor.initialized?.serverInfo?.version);
    assert.notEqual(names[0], names[1]);
    assert.notEqual(shown(own), '');
    assert.equal(shown(foreign), shown(own));
    assert.ok(foreign.log.some((line) => line.includes('with another version of Bulkhead')));
    assert.deepEqual(
      (await status(foreign)).detectors.filter(({ status: state }) => state === 'failed'),
      [],
    );

    await writeFile(path.join(root, 'src/types.ts'), 'export const count = missing;\n');
    for (const editor of [own, foreign]) await editor.watched(root, { 'src/types.ts': 2 });
    await isShown([own, foreign], 'src/types.ts', 'TS2304');
    // Unsaved text is the window's own.
    const uri = pathToFileURL(path.join(root, 'src/loose.js')).href;
    const textDocument = { uri, languageId: 'javascript', version: 1, text: 'export const loose = 1;\n' };
    await foreign.connection.sendNotification('textDocument/didOpen', { textDocument });
    await isShown([foreign], 'src/loose.js');
    await isShown([own], 'src/loose.js', 'eqeqeq', 'no-var');
    await foreign.connection.sendNotification('textDocument/didClose', { textDocument: { uri } });
    await isShown([own, foreign], 'src/loose.js', 'eqeqeq', 'no-var');

    own.server.kill('SIGKILL');
    await own.exited;
    await writeFile(path.join(root, 'src/new.js'), 'var fresh = 1;\n');
    await foreign.watched(root, { 'src/new.js': 1 });
    await isShown([foreign], 'src/new.js', 'no-var');
    await using next = await opened(repository);
    await isShown([next], 'src/new.js', 'no-var');
    assert.equal(shown(next), shown(foreign));
    for (const editor of [next, foreign]) {
      await idle(editor);
      assert.deepEqual(complaints(editor), []);
      assert.equal(await editor.shutdown(), 0);
    }

    // Each finds its own results again.
    const expected = shown(next);
    for (const folder of [repository, other, repository]) {
      await using editor = await opened(folder);
      assert.equal(shown(editor), expected);
      // Whether knip has anything to do is asked again after a file has come, in the worker of build.
      const busy = (await status(editor)).workers.filter(({ detector }) => detector !== 'build');
      assert.deepEqual(busy, [], `${folder} analysed everything again`);
      const { folders } = await editor.connection.sendRequest<FoldersResult>(requests.folders, {});
      assert.deepEqual([folders[0]?.store?.mode, complaints(editor)], ['disk', []]);
      await editor.shutdown();
    }
    const kept = await readdir(path.join(path.dirname(root), 'storage'), { recursive: true });
    assert.deepEqual(
      kept.filter((name) => name.includes('damaged')),
      [],
    );
  });
});

/** This Bulkhead, as a version whose results have another format. */
async function makeOtherVersion(folder: string): Promise<void> {
  ensureFreshBuild();
  await mkdir(folder);
  const [from, to] = [path.join(repository, 'dist'), path.join(folder, 'dist')];
  cpSync(from, to, { recursive: true, filter: (name) => !name.endsWith('.map') });
  for (const name of ['node_modules', 'schemas', 'docs'])
    symlinkSync(path.join(repository, name), path.join(folder, name), 'junction');
  const manifest = readFileSync(path.join(repository, 'package.json'), 'utf8');
  writeFileSync(path.join(folder, 'package.json'), manifest.replace(/"version": "[^"]*"/, '"version": "99.0.0"'));
  const thread = path.join(to, 'store-thread.mjs');
  const code = readFileSync(thread, 'utf8');
  const changed = code.replace(/SCHEMA_VERSION = \d+/, 'SCHEMA_VERSION = 99');
  assert.notEqual(changed, code);
  writeFileSync(thread, changed);
}
