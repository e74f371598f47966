import assert from 'node:assert/strict';
import { once } from 'node:events';
import path from 'node:path';
import { Folder } from '../../../server/folder/folder.ts';
import { makeWorkspace } from '../../support/workspace.ts';
import { onlyEslint, SearchingPool, shown } from './support.ts';
import { patienceMs } from '../../support/patience.ts';

describe('folder: sharing', () => {
  const cache = { XDG_CACHE_HOME: process.env['XDG_CACHE_HOME'], LOCALAPPDATA: process.env['LOCALAPPDATA'] };

  afterEach(() => {
    for (const [name, value] of Object.entries(cache)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  });

  it('shares the analysis of another folder object, and stops when the settings say so', async () => {
    await using workspace = await makeWorkspace({ 'a.ts': 'BAD', 'b.ts': '' });
    const beside = path.join(workspace.root, '..');
    process.env['XDG_CACHE_HOME'] = beside;
    process.env['LOCALAPPDATA'] = beside;
    const shared = { detectors: onlyEslint, sharing: { role: 'member' } } as const;
    const start = (name: string, pool: SearchingPool): Folder =>
      Folder.start(workspace.root, { pool, settings: shared, storage: { dir: path.join(beside, name) } });
    const [own, other] = [new SearchingPool(), new SearchingPool()];

    await using leader = start('leader', own);
    const leads = until(leader, /^This process leads /);
    await leader.analyze();
    await leads;
    await leader.idle();

    await using follower = start('follower', other);
    const follows = until(follower, /^Another process leads /);
    await follower.analyze();
    await follows;
    await follower.idle();
    assert.deepEqual(shown(follower), ['a.ts']);
    assert.deepEqual(other.checked, []);

    follower.configure({ detectors: onlyEslint });
    await workspace.write({ 'b.ts': 'BAD' });
    follower.filesChanged([{ file: 'b.ts', kind: 'changed' }]);
    await follower.idle();
    assert.deepEqual(shown(follower), ['a.ts', 'b.ts']);
    assert.deepEqual(other.checked, ['b.ts']);
    assert.deepEqual(shown(leader), ['a.ts'], 'it hears nothing any more');

    const again = until(follower, /^Another process leads /);
    follower.configure(shared);
    await again;
  });
});

async function until(folder: Folder, message: RegExp): Promise<void> {
  for (;;) {
    const [, text] = (await once(folder, 'log', { signal: AbortSignal.timeout(patienceMs) })) as [string, string];
    if (message.test(text)) return;
  }
}
