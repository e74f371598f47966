import assert from 'node:assert/strict';
import { Engine } from '../../../server/engine/engine.ts';
import { fileUnit, issue, planOf, ScriptedPool, settle } from './support.ts';

describe('a paused engine', () => {
  let pool: ScriptedPool;
  let engine: Engine;

  beforeEach(() => {
    pool = new ScriptedPool(() => Promise.resolve(planOf([fileUnit('a.ts'), fileUnit('b.ts')])));
    engine = new Engine('/root', pool, { detectors: new Map([['eslint', {}]]), trusted: true, exclude: [] });
  });

  afterEach(() => engine.dispose());

  async function analysed(): Promise<void> {
    engine.analyzeAll();
    await settle();
    for (const file of ['a.ts', 'b.ts']) await pool.last.answer(file, file, [issue('eslint', file, 1)]);
    await pool.last.finish();
    assert.equal(engine.settled, true);
  }

  it('starts nothing, keeps its results, and checks what changed when it goes on', async () => {
    await analysed();
    engine.pause();
    engine.filesChanged([{ file: 'a.ts', kind: 'changed' }]);
    await settle();
    assert.equal(pool.checks.length, 1);
    assert.equal(engine.atRest, true);
    assert.equal(engine.issues().length, 2);
    assert.equal(await engine.upToDate('a.ts', new AbortController().signal), false, 'nobody waits for it');
    engine.resume();
    await settle();
    assert.deepEqual(pool.last.files, ['a.ts']);
    await pool.last.answer('a.ts', 'a.ts', []);
    await pool.last.finish();
    assert.equal(engine.status()[0]?.state, 'done');
    assert.equal(engine.issues().length, 1);
  });

  it('continues an analysis that it cut short with what is left', async () => {
    engine.analyzeAll();
    await settle();
    await pool.last.answer('a.ts', 'a.ts', []);
    engine.pause();
    await settle();
    assert.equal(pool.last.task.signal.aborted, true);
    engine.resume();
    await settle();
    assert.equal(pool.checks.length, 2);
    assert.ok(pool.last.files.includes('b.ts'));
  });

  it('settles when it goes on with nothing to do', async () => {
    await analysed();
    engine.pause();
    engine.resume();
    await settle();
    assert.equal(engine.status()[0]?.state, 'done');
    assert.equal(pool.checks.length, 1);
  });

  it('makes no plan before it goes on', async () => {
    engine.pause();
    engine.analyzeAll();
    await settle();
    assert.equal(pool.plans.length, 0);
    assert.equal(engine.atRest, true);
    engine.resume();
    await settle();
    assert.equal(pool.checks.length, 1);
  });

  it('follows a deleted file and new packages when it goes on', async () => {
    await analysed();
    engine.pause();
    engine.filesChanged([
      { file: 'b.ts', kind: 'deleted' },
      { file: 'package-lock.json', kind: 'changed' },
    ]);
    await settle();
    assert.deepEqual(
      engine.issues().map(({ file }) => file),
      ['a.ts'],
    );
    assert.equal(pool.checks.length, 1);
    engine.resume();
    await settle();
    assert.equal(pool.plans.length, 2);
  });
});
