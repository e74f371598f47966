import assert from 'node:assert/strict';
import { rename } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BriefAbsences } from '../../../server/engine/brief-absences.ts';
import { clockToleranceMs } from '../../../server/engine/moment.ts';
import type { JournalChange } from '../../../server/journal.ts';
import { makeWorkspace } from '../../support/workspace.ts';
import { fileUnit } from './support.ts';

describe('files that were away for a moment', () => {
  const files = ['a.ts', 'lib/b.ts', 'lib/deep/c.ts', 'src/d.ts'];
  const texts = Object.fromEntries(files.map((file) => [file, '1']));
  const changed = (...names: readonly string[]): unknown => names.map((file) => ({ file, kind: 'changed' }));

  /** By now, of all files. */
  const reportsOf = (at: number, names = files): ReadonlyMap<string, JournalChange> =>
    new Map(names.map((file) => [file, { file, kind: 'changed', revision: 1, at }]));

  async function awayAndBack(root: string, name: string): Promise<void> {
    await sleep(3 * clockToleranceMs);
    await rename(path.join(root, name), path.join(root, 'away'));
    await rename(path.join(root, 'away'), path.join(root, name));
  }

  it('are those of a folder that was moved since, unless a later report or the comparison knows of them', async function () {
    if (process.platform === 'win32') this.skip();
    await using workspace = await makeWorkspace(texts);
    const { root } = workspace;
    await sleep(3 * clockToleranceMs);
    const before = Date.now();
    const found = (reported = reportsOf(0, []), differing = new Set<string>()): Promise<unknown> =>
      new BriefAbsences(root, new Map(Object.entries(texts)), differing, reported).ofFolders(before);
    assert.deepEqual(await found(), []);
    await awayAndBack(root, 'lib');
    assert.deepEqual(await found(), changed('lib/b.ts', 'lib/deep/c.ts'));
    assert.deepEqual(await found(reportsOf(before)), changed('lib/b.ts', 'lib/deep/c.ts'));
    const later = Date.now() + 10 * clockToleranceMs;
    assert.deepEqual(await found(reportsOf(later, ['lib/b.ts'])), changed('lib/deep/c.ts'));
    assert.deepEqual(await found(undefined, new Set(['lib/b.ts'])), changed('lib/deep/c.ts'));
    const absences = new BriefAbsences(root, new Map(Object.entries(texts)), new Set(), new Map());
    assert.deepEqual(await absences.ofFolders(later), [], 'another comparison has found it');
    assert.deepEqual(await absences.ofFolders(before, 'win32'), []);
  });

  it('are those that were moved after their check began', async () => {
    await using workspace = await makeWorkspace(texts);
    const { root } = workspace;
    await sleep(3 * clockToleranceMs);
    const startedAt = { revision: 1, at: Date.now() };
    const results = files.map((file) => ({ unit: fileUnit(file), startedAt }));
    const found = (reported = reportsOf(0, [])): Promise<unknown> =>
      new BriefAbsences(root, new Map(Object.entries(texts)), new Set(), reported).ofFiles(results);
    assert.deepEqual(await found(), []);
    await awayAndBack(root, 'src/d.ts');
    assert.deepEqual(await found(), changed('src/d.ts'));
    assert.deepEqual(await found(reportsOf(Date.now() + 10 * clockToleranceMs)), []);
  });
});
