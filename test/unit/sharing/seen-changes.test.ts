import assert from 'node:assert/strict';
import { rm, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { SeenChanges } from '../../../server/sharing/seen-changes.ts';
import { makeWorkspace } from '../../support/workspace.ts';

/** Longer than a state counts as just written. */
const SETTLED_MS = 60;

describe('sharing: seen changes', () => {
  it('recognizes a change that was reported before, and not the next one', async () => {
    await using workspace = await makeWorkspace({ 'a.ts': '1', 'b.ts': '1' });
    const seen = new SeenChanges(workspace.root);
    const changes = [
      { file: 'a.ts', kind: 'changed' },
      { file: 'b.ts', kind: 'created' },
    ] as const;
    await wait(SETTLED_MS);
    assert.deepEqual(await seen.takeNew(changes), changes);
    assert.deepEqual(await seen.takeNew(changes), []);
    await workspace.write({ 'a.ts': '2' });
    await wait(SETTLED_MS);
    assert.deepEqual(await seen.takeNew(changes), [changes[0]]);
    // Even where content and length are the same.
    await utimes(path.join(workspace.root, 'b.ts'), 1, 1);
    await wait(SETTLED_MS);
    assert.deepEqual(await seen.takeNew(changes), [changes[1]]);
    await rm(path.join(workspace.root, 'a.ts'));
    const gone = [{ file: 'a.ts', kind: 'deleted' }] as const;
    assert.deepEqual(await seen.takeNew(gone), gone);
    assert.deepEqual(await seen.takeNew(gone), []);
  });

  it('passes on that a file came or went, also after a report that it changed', async () => {
    await using workspace = await makeWorkspace({ 'a.ts': '1' });
    const seen = new SeenChanges(workspace.root);
    const change = (kind: 'changed' | 'created' | 'deleted') => [{ file: 'a.ts', kind }] as const;
    await wait(SETTLED_MS);
    for (const kinds of [
      ['changed', 'created'],
      ['changed', 'deleted'],
    ] as const) {
      for (const kind of kinds) assert.deepEqual(await seen.takeNew(change(kind)), change(kind));
      for (const kind of kinds) assert.deepEqual(await seen.takeNew(change(kind)), []);
      await rm(path.join(workspace.root, 'a.ts'), { force: true });
    }
  });

  it('treats changes as new for files with unsaved text, and while no other process is connected', async () => {
    await using workspace = await makeWorkspace();
    const seen = new SeenChanges(workspace.root);
    const changes = [{ file: 'a.ts', kind: 'changed' }] as const;
    await writeFile(path.join(workspace.root, 'a.ts'), '1');
    await wait(SETTLED_MS);
    assert.deepEqual(await seen.takeNew(changes), changes);
    assert.deepEqual(await seen.takeNew(changes), []);
    seen.forget('a.ts');
    assert.deepEqual(await seen.takeNew(changes), changes);
    seen.clear();
    assert.deepEqual(await seen.takeNew(changes), changes);
  });
});
