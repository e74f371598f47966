import assert from 'node:assert/strict';
import { rename, rm, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { FileChange } from '../../../server/journal.ts';
import { SeenChanges, type ToldChange } from '../../../server/sharing/seen-changes.ts';
import { makeWorkspace } from '../../support/workspace.ts';

/** Longer than a state counts as just written. */
const SETTLED_MS = 60;

describe('sharing: seen changes', () => {
  const bare = (changes: readonly ToldChange[]): readonly FileChange[] =>
    changes.map(({ file, kind }) => ({ file, kind }));
  const taken = async (seen: SeenChanges, changes: readonly FileChange[], isFound = false): Promise<readonly FileChange[]> =>
    bare(await seen.takeNew(changes, isFound)); // prettier-ignore

  it('recognizes a change that was reported before, and not the next one', async () => {
    await using workspace = await makeWorkspace({ 'a.ts': '1', 'b.ts': '1' });
    const seen = new SeenChanges(workspace.root);
    const changes = [
      { file: 'a.ts', kind: 'changed' },
      { file: 'b.ts', kind: 'created' },
    ] as const;
    await wait(SETTLED_MS);
    assert.deepEqual(await taken(seen, changes), changes);
    assert.deepEqual(await taken(seen, changes), []);
    await workspace.write({ 'a.ts': '2' });
    await wait(SETTLED_MS);
    assert.deepEqual(await taken(seen, changes), [changes[0]]);
    // Even where content and length are the same.
    await utimes(path.join(workspace.root, 'b.ts'), 1, 1);
    await wait(SETTLED_MS);
    assert.deepEqual(await taken(seen, changes), [changes[1]]);
    await rm(path.join(workspace.root, 'a.ts'));
    const gone = [{ file: 'a.ts', kind: 'deleted' }] as const;
    assert.deepEqual(await taken(seen, gone), gone);
    assert.deepEqual(await taken(seen, gone), []);
  });

  it('passes on that a file came or went, also after a report that it changed', async () => {
    await using workspace = await makeWorkspace({ 'a.ts': '1' });
    const seen = new SeenChanges(workspace.root);
    const change = (kind: 'changed' | 'created' | 'deleted') => [{ file: 'a.ts', kind }] as const;
    await wait(SETTLED_MS);
    for (const kind of ['changed', 'created'] as const) assert.deepEqual(await taken(seen, change(kind)), change(kind));
    for (const kind of ['changed', 'created'] as const) assert.deepEqual(await taken(seen, change(kind)), []);
    await rm(path.join(workspace.root, 'a.ts'));
    assert.deepEqual(await taken(seen, change('deleted')), change('deleted'));
    assert.deepEqual(await taken(seen, change('deleted')), []);
  });

  it('treats changes as new for files with unsaved text, and while no other process is connected', async () => {
    await using workspace = await makeWorkspace();
    const seen = new SeenChanges(workspace.root);
    const changes = [{ file: 'a.ts', kind: 'changed' }] as const;
    await writeFile(path.join(workspace.root, 'a.ts'), '1');
    await wait(SETTLED_MS);
    assert.deepEqual(await taken(seen, changes), changes);
    assert.deepEqual(await taken(seen, changes), []);
    seen.forget('a.ts');
    assert.deepEqual(await taken(seen, changes), changes);
    seen.clear();
    assert.deepEqual(await taken(seen, changes), changes);
  });

  it('takes with a folder what it knew of its files: they look as they did when it is moved away and back', async () => {
    await using workspace = await makeWorkspace({ 'lib/a.ts': '1' });
    const seen = new SeenChanges(workspace.root);
    const at = (file: string): string => path.join(workspace.root, file);
    const created = [{ file: 'lib/a.ts', kind: 'created' }] as const;
    const gone = [{ file: 'lib', kind: 'deleted' }] as const;
    await wait(SETTLED_MS);
    assert.deepEqual(await taken(seen, created), created);
    for (const round of [1, 2]) {
      await rename(at('lib'), at('away'));
      assert.deepEqual(await taken(seen, gone), gone, `deletion ${round}`);
      assert.deepEqual(await taken(seen, gone), []);
      await rename(at('away'), at('lib'));
      assert.deepEqual(await taken(seen, created), created, `return ${round}`);
      assert.deepEqual(await taken(seen, created), []);
    }
  });

  it('knows of another process what that saw, not what is there when it is told', async () => {
    await using workspace = await makeWorkspace({ 'a.ts': '1' });
    const [one, other] = [new SeenChanges(workspace.root), new SeenChanges(workspace.root)];
    const changes = [{ file: 'a.ts', kind: 'changed' }] as const;
    await wait(SETTLED_MS);
    const told = await other.takeNew(changes);
    await workspace.write({ 'a.ts': '22' });
    await wait(SETTLED_MS);
    assert.deepEqual(bare(await one.receive(told)), changes);
    const news = await one.takeNew(changes);
    assert.deepEqual(bare(news), changes, 'the other has to hear of the second text');
    assert.deepEqual(bare(await other.receive(news)), changes);
    assert.deepEqual(await other.takeNew(changes), []);
  });

  it('does not say that something is gone that is there, or the reverse, however late it is told', async () => {
    await using workspace = await makeWorkspace({ 'a.ts': '1', 'lib/b.ts': '1' });
    const seen = new SeenChanges(workspace.root);
    const created = [{ file: 'a.ts', kind: 'created' }] as const;
    const late = [{ file: 'a.ts', kind: 'deleted', state: 'absent' }, { file: 'lib', kind: 'deleted', state: 'absent' }] as const; // prettier-ignore
    await wait(SETTLED_MS);
    for (const round of [1, 2]) {
      assert.deepEqual(
        await taken(seen, created),
        created,
        `also if it was said before the deletion was told, ${round}`,
      );
      const back = [{ file: 'lib', kind: 'deleted' }, { file: 'lib/b.ts', kind: 'created' }] as const; // prettier-ignore
      assert.deepEqual(bare(await seen.receive(late)), [...created, ...back]);
    }
    const [told] = await seen.takeNew(created);
    assert.ok(told);
    await rm(path.join(workspace.root, 'a.ts'));
    const gone = [{ file: 'a.ts', kind: 'deleted' }] as const;
    assert.deepEqual(bare(await new SeenChanges(workspace.root).receive([told])), gone);
    assert.deepEqual(await taken(seen, created), gone);
  });

  it('passes on what a comparison with the disk found, whatever was reported before', async () => {
    await using workspace = await makeWorkspace({ 'a.ts': '1' });
    const [seen, other] = [new SeenChanges(workspace.root), new SeenChanges(workspace.root)];
    const changes = [{ file: 'a.ts', kind: 'created' }] as const;
    await wait(SETTLED_MS);
    for (let round = 0; round < 2; round += 1) {
      const found = await seen.takeNew(changes, true);
      assert.deepEqual(bare(found), changes);
      assert.deepEqual(bare(await other.receive(found, true)), changes);
    }
    assert.deepEqual(await taken(seen, changes), []);
  });

  it('passes on changes in the order in which they come, whatever takes longer to look at', async () => {
    const deep = `lib/${'in/'.repeat(20)}b.ts`;
    await using workspace = await makeWorkspace({ [deep]: '', 'a.ts': '' });
    const seen = new SeenChanges(workspace.root);
    await wait(SETTLED_MS);
    const order: string[] = [];
    // The folder is there, so its files are looked for.
    const first = seen.takeNew([{ file: 'lib', kind: 'deleted' }]).then((news) => order.push(news.at(-1)?.file ?? ''));
    const second = seen.takeNew([{ file: 'a.ts', kind: 'created' }]).then(() => order.push('a.ts'));
    await Promise.all([first, second]);
    assert.deepEqual(order, [deep, 'a.ts']);
  });
});
