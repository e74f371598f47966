/** Answers that the change of another file may have made stale are asked for again. */
import assert from 'node:assert/strict';
import { Engine } from '../../../server/engine/engine.ts';
import type { InterfaceSignature } from '../../../workers/protocol/detector-protocol.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';
import { dependent, signatureOf } from './dependents.ts';
import { issue, planOf, ScriptedPool, settle } from './support.ts';

describe('engine: suspect results', () => {
  it('are revalidated after the change was checked, give way to the next change, and are revalidated again', async () => {
    const units = ['a.ts', 'b.ts', 'c.ts'].map((file) => dependent(file, 'types'));
    const pool = new ScriptedPool(() => Promise.resolve(planOf(units)));
    const settings = { detectors: new Map([['eslint', {}]]), trusted: true, exclude: [] };
    const clock = new SimulatedClock();
    const engine = new Engine('/root', pool, settings, { clock });
    const answer = async (file: string, told: InterfaceSignature, line = 1): Promise<void> => {
      await pool.last.task.onEvent({ kind: 'issues', unit: file, file, issues: [issue('eslint', file, line)] });
      await pool.last.task.onEvent({ kind: 'done', unit: file, file, signature: told });
    };
    const state = (): string | undefined => engine.status()[0]?.state;
    engine.analyzeAll();
    await settle();
    await answer('a.ts', signatureOf([]));
    await answer('b.ts', signatureOf(['a.ts']));
    await answer('c.ts', signatureOf(['b.ts']));
    await pool.last.finish();
    assert.equal(state(), 'done');

    engine.filesChanged([{ file: 'a.ts', kind: 'changed' }]);
    assert.deepEqual(pool.last.files, ['a.ts']);
    await answer('a.ts', signatureOf([], 2));
    await pool.last.finish();
    assert.equal(state(), 'confirming');
    assert.equal(engine.settled, false);
    assert.deepEqual(pool.last.files, ['b.ts'], 'who imports it, at once');
    await answer('b.ts', signatureOf(['a.ts']), 2);
    await pool.last.finish();
    await clock.advance(1000);
    assert.deepEqual(pool.last.files, ['c.ts'], 'the others, when idle');
    const { signal } = pool.last.task;

    engine.filesChanged([{ file: 'b.ts', kind: 'changed' }]);
    assert.equal(signal.aborted, true, 'somebody waits for something else');
    assert.deepEqual(pool.last.files, ['b.ts']);
    assert.equal(state(), 'running');
    await answer('b.ts', signatureOf(['a.ts']), 3);
    await pool.last.finish();
    assert.deepEqual(
      engine.issuesOf('c.ts').map(({ range }) => range.start.line),
      [1],
      'as of the earlier run',
    );
    await clock.advance(1000);
    assert.deepEqual(pool.last.files, ['c.ts'], 'the same again');
    await answer('c.ts', signatureOf(['b.ts']), 4);
    await pool.last.finish();
    await settle();
    assert.equal(state(), 'done');
    assert.deepEqual(
      engine.issuesOf('c.ts').map(({ range }) => range.start.line),
      [4],
    );

    const took = engine.status()[0]?.durationMs;
    engine.filesChanged([{ file: 'global.d.ts', kind: 'changed' }]);
    assert.equal(state(), 'confirming', 'no unit stands for it');
    assert.equal(engine.status()[0]?.durationMs, took, 'nobody waited since');
    await clock.advance(1000);
    assert.deepEqual([...pool.last.files].sort(), ['a.ts', 'b.ts', 'c.ts']);
    for (const file of pool.last.files) await answer(file, signatureOf([]));
    await pool.last.finish();
    await settle();
    assert.equal(state(), 'done');
    engine.dispose();
  });

  it('are revalidated in new processes if rules cache other files', async () => {
    const units = ['a.ts', 'b.ts'].map((file) => dependent(file, 'modules'));
    const pool = new ScriptedPool(() => Promise.resolve(planOf(units)));
    const clock = new SimulatedClock();
    const settings = { detectors: new Map([['eslint', {}]]), trusted: true, exclude: [] };
    const engine = new Engine('/root', pool, settings, { clock });
    const state = (): string | undefined => engine.status()[0]?.state;
    engine.analyzeAll();
    await settle();
    await pool.last.answer('a.ts', 'a.ts', [], signatureOf([]));
    await pool.last.answer('b.ts', 'b.ts', [], signatureOf(['a.ts']));
    await pool.last.finish();
    engine.filesChanged([{ file: 'a.ts', kind: 'changed' }]);
    await pool.last.answer('a.ts', 'a.ts', [], signatureOf([], 2));
    await pool.last.finish();
    assert.deepEqual([state(), pool.checks.length, pool.restarted], ['confirming', 2, []], 'also who imports it waits');
    const renewed = Promise.withResolvers<void>();
    pool.restart = (detector) => {
      pool.restarted.push(detector);
      return renewed.promise;
    };
    await clock.advance(1000);
    assert.deepEqual([pool.checks.length, pool.restarted], [2, ['eslint']]);
    renewed.resolve();
    await settle();
    assert.deepEqual([...pool.last.files].sort(), ['a.ts', 'b.ts']);
    await pool.last.answer('a.ts', 'a.ts', [], signatureOf([], 2));
    await pool.last.answer('b.ts', 'b.ts', [], signatureOf(['a.ts']));
    await pool.last.finish();
    assert.deepEqual([state(), pool.restarted.length], ['done', 1]);
    engine.dispose();
  });

  it('stay suspect when their check is cancelled', async () => {
    const units = ['a.ts', 'b.ts', 'c.ts'].map((file) => dependent(file, 'types'));
    const pool = new ScriptedPool(() => Promise.resolve(planOf(units)));
    const clock = new SimulatedClock();
    const settings = { detectors: new Map([['eslint', {}]]), trusted: true, exclude: [] };
    const engine = new Engine('/root', pool, settings, { clock });
    engine.analyzeAll();
    await settle();
    for (const file of ['a.ts', 'b.ts', 'c.ts']) await pool.last.answer(file, file, [], signatureOf([]));
    await pool.last.finish();
    engine.filesChanged([{ file: 'global.d.ts', kind: 'changed' }]);
    await clock.advance(1000);
    assert.equal(pool.last.files.length, 3);
    engine.filesChanged([{ file: 'b.ts', kind: 'changed' }]);
    await settle();
    assert.deepEqual(pool.last.files, ['b.ts']);
    await pool.last.answer('b.ts', 'b.ts', [], signatureOf([]));
    await pool.last.finish();
    await clock.advance(1000);
    assert.deepEqual([...pool.last.files].sort(), ['a.ts', 'c.ts']);
    engine.dispose();
  });
});
