import assert from 'node:assert/strict';
import { once } from 'node:events';
import { rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Folder } from '../../../server/folder/folder.ts';
import { makeWorkspace } from '../../support/workspace.ts';
import { onlyEslint, SearchingPool, shown, untilShown } from './support.ts';
import { patienceMs } from '../../support/patience.ts';

describe('folder: sharing', () => {
  const cache = { XDG_CACHE_HOME: process.env['XDG_CACHE_HOME'], LOCALAPPDATA: process.env['LOCALAPPDATA'] };

  afterEach(() => {
    for (const [name, value] of Object.entries(cache)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  });

  it('shares the analysis of another folder object, passes on what the user asks for, and stops when the settings say so', async () => {
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

    own.checks.length = 0;
    await follower.analyze();
    await eventually(() => own.checked.length > 0, 'the leader analyses everything again');
    await leader.idle();
    follower.retry('a.ts');
    await eventually(() => own.released.length > 0, 'the leader releases the file too');

    // Both know what is on disk. Unsaved text that is given up leaves the disk as it was, and has to be looked at again.
    await workspace.write({ 'c.ts': '' });
    await sleep(50);
    follower.filesChanged([{ file: 'c.ts', kind: 'created' }]);
    await untilShown(follower, ['a.ts', 'b.ts']);
    follower.setDocument('c.ts', { text: 'BAD', version: 2 });
    follower.filesChanged([{ file: 'c.ts', kind: 'changed' }]);
    await untilShown(follower, ['a.ts', 'b.ts', 'c.ts']);
    follower.setDocument('c.ts', undefined);
    follower.filesChanged([{ file: 'c.ts', kind: 'changed' }]);
    await untilShown(follower, ['a.ts', 'b.ts']);
  });

  it('shows in each process what is on disk, whichever sees first what goes and comes back', async () => {
    await using workspace = await makeWorkspace({ 'a.ts': 'BAD', 'lib/b.ts': 'BAD', 'lib/c.ts': '' });
    const { root } = workspace;
    const beside = path.join(root, '..');
    process.env['XDG_CACHE_HOME'] = beside;
    process.env['LOCALAPPDATA'] = beside;
    const shared = { detectors: onlyEslint, sharing: { role: 'member' } } as const;
    const start = (name: string): Folder =>
      Folder.start(root, { pool: new SearchingPool(), settings: shared, storage: { dir: path.join(beside, name) } });
    await using leader = start('leader');
    const leads = until(leader, /^This process leads /);
    await leader.analyze();
    await leads;
    await using follower = start('follower');
    const follows = until(follower, /^Another process leads /);
    await follower.analyze();
    await follows;
    await follower.idle();
    await sleep(50);
    const at = (file: string): string => path.join(root, file);
    const away = path.join(beside, 'away');
    const created = [{ file: 'lib/b.ts', kind: 'created' }, { file: 'lib/c.ts', kind: 'created' }] as const; // prettier-ignore
    const gone = [{ file: 'lib', kind: 'deleted' }] as const;
    const both = [leader, follower] as const;
    leader.filesChanged(created);
    for (const folder of both) await untilShown(folder, ['a.ts', 'lib/b.ts']);
    for (const [one, other] of [both, both.toReversed(), both] as const) {
      // The files of a folder that is moved look as they did.
      await rename(at('lib'), away);
      one?.filesChanged(gone);
      for (const folder of both) await untilShown(folder, ['a.ts']);
      await rename(away, at('lib'));
      other?.filesChanged(created);
      for (const folder of both) await untilShown(folder, ['a.ts', 'lib/b.ts']);
      // What is told of it late is not true any more.
      one?.filesChanged(gone);
      other?.filesChanged(created);
      for (const folder of both) {
        while (!(await folder.confirm()));
        assert.deepEqual(shown(folder), ['a.ts', 'lib/b.ts']);
      }
    }
    await rm(at('lib'), { recursive: true });
    follower.filesChanged(gone);
    for (const folder of both) await untilShown(folder, ['a.ts']);
  });

  it('answers others from the moment that sharing is turned on', async () => {
    await using workspace = await makeWorkspace({ 'a.ts': 'BAD' });
    const beside = path.join(workspace.root, '..');
    process.env['XDG_CACHE_HOME'] = beside;
    process.env['LOCALAPPDATA'] = beside;
    const shared = { detectors: onlyEslint, sharing: { role: 'member' } } as const;
    const [own, other] = [new SearchingPool(), new SearchingPool()];
    const dir = (name: string): { dir: string } => ({ dir: path.join(beside, name) });

    await using leader = Folder.start(workspace.root, {
      pool: own,
      settings: { detectors: onlyEslint },
      storage: dir('leader'),
    });
    await leader.analyze();
    await leader.idle();
    const leads = until(leader, /^This process leads /);
    leader.configure(shared);
    await leads;

    await using follower = Folder.start(workspace.root, { pool: other, settings: shared, storage: dir('follower') });
    await follower.analyze();
    await follower.idle();
    assert.deepEqual(shown(follower), ['a.ts']);
    assert.deepEqual(other.checked, []);
  });
});

async function eventually(condition: () => boolean, what: string): Promise<void> {
  const deadline = AbortSignal.timeout(patienceMs);
  while (!condition()) {
    if (deadline.aborted) throw new Error(`Waited in vain: ${what}`);
    await sleep(5);
  }
}

async function until(folder: Folder, message: RegExp): Promise<void> {
  for (;;) {
    const [, text] = (await once(folder, 'log', { signal: AbortSignal.timeout(patienceMs) })) as [string, string];
    if (message.test(text)) return;
  }
}
