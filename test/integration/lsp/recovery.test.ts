/** What the editor shows while a detector cannot work, and that it goes on by itself when it can again. */
import assert from 'node:assert/strict';
import { readdir, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { Editor } from '../../support/lsp-client.ts';
import { makeBrokenWorkspace, makeWorkspace } from '../../support/workspace.ts';

describe('recovery over stdio', function () {
  this.timeout(120_000);

  it('a configuration that kills its process is shown on it; once it no longer does, a restart is enough', async () => {
    await using workspace = await makeBrokenWorkspace();
    // Outside of the workspace: nobody hears when it goes.
    const deadly = path.join(path.dirname(workspace.root), 'deadly');
    await writeFile(deadly, '');
    await workspace.write({
      'eslint.config.js': [
        "import { existsSync } from 'node:fs';",
        `if (existsSync(${JSON.stringify(deadly)})) process.exit(3);`,
        "export default [{ files: ['**/*.js'], rules: { 'no-var': 'warn' } }];",
      ].join('\n'),
    });
    await using caches = await makeWorkspace();
    await using editor = new Editor({ ...process.env, XDG_CACHE_HOME: caches.root });
    await editor.open([workspace.root], { initializationOptions: { storageDir: path.join(caches.root, 'editor') } });
    const status = await editor.settled();
    const eslint = status.detectors.find(({ name }) => name === 'eslint');
    assert.equal(eslint?.status, 'failed');
    assert.match(eslint.error ?? '', /^ESLint exited while loading eslint\.config\.js \(exit code 3\)/);
    const shown = editor.diagnostics.get(pathToFileURL(path.join(workspace.root, 'eslint.config.js')).href);
    assert.deepEqual(
      shown?.map(({ source, code, message }) => [source, code, message]),
      [['bulkhead(eslint)', 'config-error', eslint.error]],
    );
    assert.deepEqual(editor.rules(workspace.root, 'src/types.ts'), ['TS2322'], 'the others are not affected');

    await rm(deadly);
    await editor.connection.sendRequest('bulkhead/restartWorker', { detector: 'eslint' });
    await editor.until('ESLint works', () => editor.rules(workspace.root, 'src/loose.js').includes('no-var'));
    await editor.until('its status is well', () =>
      Boolean(editor.statuses.at(-1)?.detectors.some(({ name, status: now }) => name === 'eslint' && now === 'done')),
    );
    await editor.until(
      'the configuration is clean',
      () => editor.rules(workspace.root, 'eslint.config.js').length === 0,
    );

    const left = async (): Promise<readonly string[]> =>
      [
        ...(await readdir(caches.root, { recursive: true })).filter((name) => /leader\.json|workers-/.test(name)),
        ...(await readdir(os.tmpdir())).filter((name) => name.startsWith(`iw-${editor.server.pid}-`)),
      ].map((name) => path.basename(name).replaceAll(/\d+/g, 'N'));
    const kinds = new Set(await left());
    if (process.platform === 'win32') return;
    assert.ok(kinds.has('leader.json') && kinds.has('workers-N.json'), [...kinds].join());
    editor.server.kill('SIGTERM');
    assert.equal(await editor.exited, 143);
    assert.deepEqual(await left(), [], 'nothing stays behind');
  });
});
