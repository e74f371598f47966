import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { appendFile, cp, readFile, symlink } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { makeWorkspace, repository } from '../../support/workspace.ts';

describe('editor host', () => {
  it('never runs a stale bundle: it builds the extension when its sources changed', async function () {
    this.timeout(600_000);
    await using scratch = await makeWorkspace();
    const { root } = scratch;
    const parts = ['client', 'server', 'workers', 'scripts', 'test/editor', 'test/support'];
    for (const part of [...parts, 'esbuild.mjs', 'package.json', 'package-lock.json', 'tsconfig.base.json']) {
      await cp(path.join(repository, part), path.join(root, part), { recursive: true });
    }
    await symlink(path.join(repository, 'node_modules'), path.join(root, 'node_modules'), 'junction');
    const client = path.join(root, 'dist', 'client.cjs');
    /** Up to the choice of the scenario: nothing after it matters here. */
    const run = async (): Promise<void> => {
      const host = path.join(root, 'scripts', 'editor-host', 'run.mjs');
      const running = promisify(execFile)(process.execPath, [host, '--scenario', 'none'], { cwd: root });
      await assert.rejects(running, /Unknown scenario none/);
    };
    await run();
    const before = await readFile(client, 'utf8');
    await appendFile(path.join(root, 'client', 'extension.ts'), "\nconsole.log('edited after the build');\n");
    await run();
    const after = await readFile(client, 'utf8');
    assert.ok(!before.includes('edited after the build'));
    assert.ok(after.includes('edited after the build'));
  });
});
