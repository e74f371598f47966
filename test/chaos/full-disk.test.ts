/** A disk without room: the pool works on, says so, and leaves no half-written file. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { describe, it } from 'mocha';
import { openStore } from '../../server/store/store.ts';
import { Scene } from './support/scene.ts';

describe('full disk', function () {
  this.timeout(120_000);

  it('keeps the analysis working, without results between sessions', async () => {
    const disk = await fullDisk();
    const scene = await Scene.open({ a: 'well', bad: 'exit-1', c: 'well' }, {}, { storageDir: disk.folder });
    const messages: string[] = [];
    const store = await openStore({ dir: disk.folder, log: (_level, message) => void messages.push(message) });
    scene.pool.openQuarantine(scene.root, store.quarantine);
    try {
      const { outcome, issues } = await scene.check();
      assert.ok(outcome.kind === 'done');
      assert.deepEqual(
        outcome.quarantined.map(({ file }) => file),
        ['bad.job'],
      );
      assert.equal(issues.size, 2);
      const again = await scene.check({ revision: 2 });
      assert.equal(again.outcome.kind === 'done' && again.outcome.quarantined.length, 1, 'kept in memory');
      assert.match(messages.join('\n'), /Results are kept in memory only/);
    } finally {
      await scene.close();
      await store.close();
      await disk.remove();
    }
  });
});

/** A file system of 64 KB that is full; where none may be mounted, a folder that cannot be made. */
async function fullDisk(): Promise<{ folder: string; remove: () => Promise<void> }> {
  const base = await mkdtemp(path.join(os.tmpdir(), 'bulkhead-disk-'));
  let mounted = false;
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', base], { stdio: 'ignore' });
    mounted = true;
  } catch {
    // Not root, or not Linux.
  }
  if (mounted) await writeFile(path.join(base, 'filler'), Buffer.alloc(1_000_000)).catch(() => {});
  else await writeFile(path.join(base, 'file'), '');
  return {
    folder: mounted ? base : path.join(base, 'file', 'storage'),
    remove: async () => {
      if (mounted) execFileSync('umount', [base]);
      await rm(base, { recursive: true, force: true });
    },
  };
}
