import assert from 'node:assert/strict';
import os from 'node:os';
import path from 'node:path';
import { mock } from 'node:test';
import { chooseRoots } from '../../../server/lsp/roots.ts';
import { makeWorkspace } from '../../support/workspace.ts';

describe('the roots that are opened', () => {
  it('leave out a folder that another one covers, but not one that it ignores', async () => {
    await using workspace = await makeWorkspace({
      '.gitignore': 'ignored/\n',
      'a/b/x.ts': '',
      'ignored/x.ts': '',
      'excluded/x.ts': '',
      'node_modules/p/index.js': '',
    });
    await workspace.write({ '.git/HEAD': 'ref: refs/heads/main\n' });
    const at = (...names: readonly string[]): string => path.join(workspace.root, ...names);
    const all = [
      at('a', 'b'),
      at('excluded'),
      at('a'),
      at('ignored'),
      at('node_modules', 'p'),
      at('..', 'workspace-2'),
      at(),
    ];
    const { open, refusals } = await chooseRoots(all, ['excluded/']);
    assert.deepEqual(new Set(open), new Set([at(), at('excluded'), at('ignored'), at('node_modules', 'p'), at('..', 'workspace-2')])); // prettier-ignore
    assert.deepEqual(refusals, []);
    assert.deepEqual((await chooseRoots([at('a', 'b'), at('a')])).open, [at('a')]);
  });

  it('do not include the home folder, what is above it, or a disk, unless a configuration says so', async () => {
    await using workspace = await makeWorkspace({ 'home/project/x.ts': '' });
    const home = path.join(workspace.root, 'home');
    const project = path.join(home, 'project');
    const homedir = mock.method(os, 'homedir', () => home);
    try {
      const disk = path.parse(home).root;
      const { open, refusals } = await chooseRoots([project, home, workspace.root, disk]);
      assert.deepEqual(open, [project], 'the project is not lost with the folder above it');
      assert.deepEqual(
        refusals.map((refusal) =>
          /^Bulkhead does not analyse (.+), because it is (.+?)\. Open/.exec(refusal)?.slice(1),
        ),
        [
          [disk, 'the root of a disk'],
          [workspace.root, 'a folder above your home folder'],
          [home, 'your home folder'],
        ],
      );
      await workspace.write({ 'home/bulkhead.config.json': '{}' });
      assert.deepEqual(await chooseRoots([home]), { open: [home], refusals: [] });
    } finally {
      homedir.mock.restore();
    }
  });
});
