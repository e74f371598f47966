import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { makeWorkspace } from '../../support/workspace.ts';

describe('folder: handles', () => {
  it('leaves no timer, socket, watch, thread or worker that keeps its process alive', async () => {
    await using workspace = await makeWorkspace({
      'a.ts': "import { b } from './b.ts';\nexport const a = (): number => b();\n",
      'b.ts': "import { a } from './a.ts';\nexport const b = (): number => a();\n",
    });
    const beside = path.join(workspace.root, '..');
    const script = path.join(import.meta.dirname, 'opens-and-closes.ts');
    const argv = [script, workspace.root, path.join(beside, 'storage')];
    // Its cache folder too is that of this test.
    const env = { ...process.env, XDG_CACHE_HOME: beside, LOCALAPPDATA: beside, HOME: beside };
    const { stdout } = await promisify(execFile)(process.execPath, argv, { env, timeout: 60_000 });
    assert.match(stdout, /^done: [1-9]\d* issues\n$/);
  });
});
