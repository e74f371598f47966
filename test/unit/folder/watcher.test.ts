import assert from 'node:assert/strict';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { mock } from 'node:test';
import { FolderWatcher, WatchError } from '../../../server/folder/watcher.ts';
import { makeWorkspace } from '../../support/workspace.ts';

describe('folder watcher', () => {
  it('says what to do when the limit of the system is reached, whoever uses it', async () => {
    const watch = mock.method(fs, 'watch', () => {
      throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' });
    });
    syncBuiltinESMExports();
    try {
      const starting = FolderWatcher.start(import.meta.dirname, { onChanges: () => {}, onError: () => {} });
      await assert.rejects(starting, (error) => {
        assert.ok(error instanceof WatchError);
        assert.match(error.message, /max_user_watches=\d+\), or open the folder without watching it\.$/);
        assert.doesNotMatch(error.message, /--/);
        return true;
      });
    } finally {
      watch.mock.restore();
      syncBuiltinESMExports();
    }
  });

  it('reports an installation from its beginning, and again when its folder was replaced', async () => {
    await using workspace = await makeWorkspace({ 'package.json': '{}', 'p/package.json': '{}' });
    const seen = new Set<string>();
    let noted = (): void => {};
    using watcher = await FolderWatcher.start(workspace.root, {
      onChanges: (changes) => {
        for (const { file, kind } of changes) seen.add(`${kind} ${file}`);
        noted();
      },
      onError: (error) => assert.fail(error),
    });
    assert.ok(watcher);
    const reported = async (change: string): Promise<void> => {
      while (!seen.has(change)) await new Promise<void>((resolve) => (noted = resolve));
      seen.clear();
    };
    for (const folder of ['node_modules', 'p/node_modules']) {
      await workspace.write({ [`${folder}/a/index.js`]: '' });
      await reported(`changed ${folder}`);
      await workspace.write({ [`${folder}/.package-lock.json`]: '{}' });
      await reported(`changed ${folder}/.package-lock.json`);
      await rm(path.join(workspace.root, folder), { recursive: true });
      await reported(`deleted ${folder}`);
      await workspace.write({ [`${folder}/b/index.js`]: '' });
      await reported(`changed ${folder}`);
      await workspace.write({ [`${folder}/.package-lock.json`]: '{}' });
      await reported(`changed ${folder}/.package-lock.json`);
    }
  });

  it('reports files of a folder that is replaced, and of a root that vanishes and comes back', async () => {
    await using workspace = await makeWorkspace({ 'src/a.ts': '1', 'src/gone.ts': '', 'other/a.ts': '2', 'b.ts': '' });
    const { root } = workspace;
    const seen: string[] = [];
    let noted = (): void => {};
    using watcher = await FolderWatcher.start(root, {
      onChanges: (changes) => {
        seen.push(...changes.map(({ file, kind }) => `${kind} ${file}`));
        noted();
      },
      onError: (error) => assert.fail(error),
    });
    assert.ok(watcher);
    const reported = async (...changes: readonly string[]): Promise<void> => {
      while (!changes.every((change) => seen.includes(change))) await new Promise<void>((resolve) => (noted = resolve));
      seen.length = 0;
    };
    await rename(path.join(root, 'src'), path.join(root, 'old'));
    await rename(path.join(root, 'other'), path.join(root, 'src'));
    await reported('changed src/a.ts', 'deleted src/gone.ts', 'deleted other', 'created old/gone.ts');
    await workspace.write({ 'src/new.ts': '' });
    await reported('created src/new.ts');
    await rename(root, `${root}-away`);
    await reported('deleted src/a.ts', 'deleted b.ts');
    await rename(`${root}-away`, root);
    await reported('created src/a.ts', 'created b.ts');
    await workspace.write({ 'src/later.ts': '' });
    await reported('created src/later.ts');
  });
});
