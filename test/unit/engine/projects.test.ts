/** Projects after an edit: what was not named again is kept, and confirmed when the engine is idle. */
import assert from 'node:assert/strict';

import { Engine } from '../../../server/engine/engine.ts';
import type { FileChange } from '../../../server/journal.ts';
import type { PeerAnswers } from '../../../server/engine/peer-answers.ts';
import type { CheckResult } from '../../../workers/protocol/detector-protocol.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';
import { issue, planOf, projectUnit, ScriptedPool, settle, type HeldCheck } from './support.ts';

describe('engine: projects after an edit', () => {
  let clock: SimulatedClock;
  let pool: ScriptedPool;
  let engine: Engine;

  async function start(...units: readonly string[]): Promise<void> {
    clock = new SimulatedClock();
    pool = new ScriptedPool(() => Promise.resolve(planOf(units.map(projectUnit), { engine: 'own 5' })));
    const settings = { detectors: new Map([['typescript', {}]]), trusted: true, exclude: [], live: true };
    engine = new Engine('/root', pool, settings, { clock });
    engine.analyzeAll();
    await settle();
  }

  const state = (): string | undefined => engine.status()[0]?.state;
  const issues = (file: string): readonly string[] => engine.issuesOf(file).map(({ message }) => message);
  const found = (file: string, message: string) => [issue('typescript', file, 1, 'TS1', message)];
  const finish = (check: HeldCheck, kept?: CheckResult['coverage'], more: Partial<CheckResult> = {}): Promise<void> =>
    check.finish({
      kind: 'done',
      result: { durationMs: 1, files: 1, issues: 1, ...(kept ? { coverage: kept } : {}), ...more },
      quarantined: [],
    });
  async function edit(file: string): Promise<HeldCheck> {
    engine.filesChanged([{ file, kind: 'changed' }]);
    await settle();
    return pool.last;
  }
  /** The check that is asked for once the engine is idle. */
  async function nextCheck(count: number): Promise<HeldCheck> {
    assert.equal(pool.checks.length, count - 1, 'the user may go on typing');
    await clock.advance(1000);
    assert.equal(pool.checks.length, count);
    return pool.last;
  }

  afterEach(() => engine.dispose());

  describe('that told what they were made from', () => {
    const reads: Readonly<Record<string, readonly string[]>> = {
      'a/tsconfig.json': ['a/a.ts', 'shared/s.ts'],
      'b/tsconfig.json': ['b/b.ts', 'shared/s.ts'],
    };
    let asked: readonly string[];

    async function answerAll(kept?: CheckResult['coverage']): Promise<void> {
      const open = pool.checks.filter(({ settled }) => !settled);
      asked = open.flatMap(({ files }) => files).sort();
      for (const check of open) await finish(check, kept, kept ? {} : { reads });
    }
    async function askedFor(...changes: readonly FileChange[]): Promise<readonly string[]> {
      asked = [];
      engine.filesChanged(changes);
      await settle();
      await answerAll();
      return asked;
    }
    const changed = (file: string): FileChange => ({ file, kind: 'changed' });
    const both = ['a/tsconfig.json', 'b/tsconfig.json'];

    beforeEach(async () => {
      await start('a/tsconfig.json', 'b/tsconfig.json');
      await answerAll();
      assert.equal(state(), 'done');
    });

    it('are asked for again only if they read what changed', async () => {
      assert.deepEqual(await askedFor(changed('a/a.ts')), ['a/tsconfig.json']);
      assert.deepEqual(await askedFor(changed('b/b.ts')), ['b/tsconfig.json']);
      assert.deepEqual(await askedFor(changed('shared/s.ts')), both);
      assert.deepEqual(await askedFor({ file: 'a/a.ts', kind: 'deleted' }), ['a/tsconfig.json']);
    });

    it('are all asked for when a file may be new, as one that was announced as changed', async () => {
      assert.deepEqual(await askedFor({ file: 'a/new.ts', kind: 'created' }), both);
      assert.deepEqual(await askedFor(changed('a/new.ts')), [], 'they know that it is there');
      assert.deepEqual(await askedFor(changed('c/c.ts')), both);
      assert.deepEqual(await askedFor(changed('c/c.ts')), []);
      assert.deepEqual(await askedFor({ file: 'c/c.ts', kind: 'deleted' }), []);
      assert.deepEqual(await askedFor(changed('c/c.ts')), both, 'it was made again');
    });

    it('are asked for while a check of them runs, or after one in part', async () => {
      engine.filesChanged([changed('a/a.ts')]);
      await settle();
      engine.filesChanged([changed('b/b.ts')]);
      await settle();
      await answerAll();
      assert.deepEqual(new Set(asked), new Set(both));
      engine.filesChanged([changed('a/a.ts')]);
      await settle();
      await answerAll({ 'a/tsconfig.json': 'affected' });
      assert.deepEqual(await askedFor(changed('b/b.ts')), both);
    });
  });

  it('keeps issues of files that a partial check did not report, and drops them only after a complete one', async () => {
    await start('tsconfig.json');
    const first = pool.last;
    assert.equal(first.task.request.since, undefined);
    for (const file of ['a.ts', 'b.ts', 'c.ts']) await first.answer('tsconfig.json', file, found(file, 'old'));
    await finish(first);
    assert.equal(state(), 'done');

    const second = await edit('a.ts');
    assert.deepEqual(second.task.request.since, { 'tsconfig.json': first.task.request.revision });
    assert.deepEqual(second.changed, ['a.ts']);
    assert.equal(second.task.request.revalidate, undefined);
    await second.answer('tsconfig.json', 'a.ts', found('a.ts', 'new'));
    await finish(second, { 'tsconfig.json': 'affected' });
    assert.deepEqual([issues('a.ts'), issues('b.ts'), issues('c.ts')], [['new'], ['old'], ['old']]);
    assert.equal(state(), 'confirming');
    assert.equal(engine.settled, false);

    const third = await nextCheck(3);
    assert.equal(third.task.request.revalidate, true);
    assert.equal(third.task.priority, 'background');
    assert.deepEqual(third.task.request.since, { 'tsconfig.json': second.task.request.revision });
    await third.answer('tsconfig.json', 'a.ts', found('a.ts', 'new'));
    await third.answer('tsconfig.json', 'b.ts', found('b.ts', 'late'));
    await finish(third);
    assert.deepEqual([issues('a.ts'), issues('b.ts'), issues('c.ts')], [['new'], ['late'], []]);
    assert.equal(state(), 'done');
  });

  it('an edit goes before revalidation, which starts again afterwards', async () => {
    await start('tsconfig.json');
    await finish(pool.last);
    const second = await edit('a.ts');
    await finish(second, { 'tsconfig.json': 'affected' });
    const third = await nextCheck(3);
    const fourth = await edit('a.ts');
    assert.equal(third.task.signal.aborted, true);
    // What was cancelled was not told: the asker still has the second answer.
    assert.deepEqual(fourth.task.request.since, { 'tsconfig.json': second.task.request.revision });
    assert.equal(fourth.task.request.revalidate, undefined);
    await finish(fourth, { 'tsconfig.json': 'unchanged' });
    assert.equal((await nextCheck(5)).task.request.revalidate, true);
    await finish(pool.last);
    assert.equal(state(), 'done');
  });

  it('revalidates only projects that an edit affected, and still knows the result of each', async () => {
    await start('a/tsconfig.json', 'b/tsconfig.json');
    for (const check of pool.checks.slice()) await finish(check);
    await edit('a/x.ts');
    const [ofA, ofB] = pool.checks.slice(2);
    assert.ok(ofA && ofB);
    await finish(ofA, { 'a/tsconfig.json': 'affected' });
    await finish(ofB, { 'b/tsconfig.json': 'unchanged' });
    const confirmation = await nextCheck(5);
    assert.deepEqual(confirmation.files, ['a/tsconfig.json']);
    await finish(confirmation);
    await edit('b/x.ts');
    assert.deepEqual(
      pool.checks.slice(5).map(({ task }) => task.request.since),
      [{ 'a/tsconfig.json': confirmation.task.request.revision }, { 'b/tsconfig.json': ofB.task.request.revision }],
    );
  });

  it('checks each project on its own, those of open files first, and keeps finished ones when the rest is interrupted', async () => {
    await start();
    engine.dispose();
    pool.plannedBy = () =>
      Promise.resolve(
        planOf(['tsconfig.json', 'a/tsconfig.json', 'b/tsconfig.json', 'b/deep/tsconfig.json'].map(projectUnit)),
      );
    engine = new Engine('/root', pool, { detectors: new Map([['typescript', {}]]), trusted: true, exclude: [] });
    engine.setOpenFiles(['b/deep/x.ts']);
    engine.analyzeAll();
    await settle();
    assert.deepEqual(
      pool.checks.map(({ files, task }) => [...files, task.priority]),
      [
        ['b/deep/tsconfig.json', 'open'],
        ['b/tsconfig.json', 'open'],
        ['tsconfig.json', 'open'],
        ['a/tsconfig.json', 'background'],
      ],
    );
    const [deep] = pool.checks;
    assert.ok(deep);
    await finish(deep);
    await edit('b/deep/x.ts');
    const again = pool.checks.slice(4);
    assert.deepEqual(
      again.map(({ task }) => task.request.since),
      [{ 'b/deep/tsconfig.json': deep.task.request.revision }, undefined, undefined, undefined],
    );
    for (const { changed } of again) assert.deepEqual(changed, ['b/deep/x.ts']);
  });

  it('does not revalidate forever', async () => {
    await start('tsconfig.json');
    await finish(pool.last);
    await finish(await edit('a.ts'), { 'tsconfig.json': 'affected' });
    const third = await nextCheck(3);
    await third.finish({
      kind: 'failed',
      message: 'TypeScript crashed.',
      unfinished: third.task.request.units,
      quarantined: [],
    });
    assert.equal(state(), 'failed');
    assert.equal(engine.settled, true);
  });

  it('revalidates completely checked units if the detector wants it, and shows which tool checked them', async () => {
    await start('tsconfig.json');
    const first = pool.last;
    assert.equal(first.task.request.allowProvisional, true);
    const unit = projectUnit('tsconfig.json');
    const spoke = (): string | undefined => engine.status()[0]?.engine;
    assert.equal(spoke(), 'own 5');
    await first.task.onEvent({ kind: 'answeredBy', unit: unit.id, engine: 'other 7 first' });
    assert.equal(spoke(), 'other 7 first');
    for (const file of ['a.ts', 'b.ts']) await first.answer(unit.id, file, found(file, 'first'));
    await finish(first, undefined, { provisional: [unit.id] });
    assert.equal(state(), 'confirming');
    assert.equal(spoke(), 'other 7 first');
    // Another process hears of it when it is confirmed, and not before.
    const answers = (): PeerAnswers | undefined => engine.peerAnswers('typescript', () => true);
    assert.deepEqual(answers()?.answerFor(unit), { state: 'pending', soFar: undefined });

    const second = await nextCheck(2);
    assert.equal(second.task.request.revalidate, true);
    await second.answer(unit.id, 'a.ts', found('a.ts', 'last'));
    assert.deepEqual(answers()?.answerFor(unit), { state: 'pending', soFar: undefined });
    await finish(second);
    assert.deepEqual([issues('a.ts'), issues('b.ts')], [['last'], []]);
    assert.equal(state(), 'done');
    assert.equal(spoke(), 'own 5');
    assert.equal(answers()?.answerFor(unit).state, 'ready');
  });

  it('drops issues in files that a complete check did not report, even if it is provisional and then unchanged', async () => {
    await start('tsconfig.json');
    await pool.last.answer('tsconfig.json', 'a.ts', found('a.ts', 'old'));
    await finish(pool.last);
    const second = await edit('b.ts');
    await finish(second, undefined, { provisional: ['tsconfig.json'] });
    assert.deepEqual(issues('a.ts'), []);
    await finish(await nextCheck(3), { 'tsconfig.json': 'unchanged' });
    assert.equal(state(), 'done');
  });

  it('an edit aborts revalidation, which starts again afterwards', async () => {
    await start('tsconfig.json');
    await finish(pool.last, undefined, { provisional: ['tsconfig.json'] });
    const second = await nextCheck(2);
    const third = await edit('a.ts');
    assert.equal(second.task.signal.aborted, true);
    await finish(third, { 'tsconfig.json': 'unchanged' });
    assert.equal((await nextCheck(4)).task.request.revalidate, true);
    await finish(pool.last);
    assert.equal(state(), 'done');
  });

  describe('after a cancelled check that had reported some files', () => {
    const project = 'tsconfig.json';
    let first: HeldCheck;

    /** The last result has an issue in a.ts and one in b.ts; a cancelled check has reported other ones. */
    beforeEach(async () => {
      await start(project);
      first = pool.last;
      for (const file of ['a.ts', 'b.ts']) await first.answer(project, file, found(file, 'old'));
      await finish(first);
      const second = await edit('a.ts');
      await second.answer(project, 'a.ts', []);
      await second.answer(project, 'b.ts', []);
      await second.answer(project, 'c.ts', found('c.ts', 'new'));
      assert.deepEqual(['a.ts', 'b.ts', 'c.ts'].map(issues), [[], [], ['new']], 'they show at once');
    });

    it('an unchanged result is the one that the request names', async () => {
      const third = await edit('a.ts');
      assert.deepEqual(third.task.request.since, { [project]: first.task.request.revision });
      await finish(third, { [project]: 'unchanged' });
      assert.equal(state(), 'done');
      assert.deepEqual(['a.ts', 'b.ts', 'c.ts'].map(issues), [['old'], ['old'], []]);
    });

    it('so is the rest of one that was checked in part', async () => {
      const third = await edit('a.ts');
      await third.answer(project, 'a.ts', found('a.ts', 'newest'));
      await finish(third, { [project]: 'affected' });
      assert.deepEqual(['a.ts', 'b.ts', 'c.ts'].map(issues), [['newest'], ['old'], []]);
      // What has an answer is the result from now on.
      await finish(await edit('a.ts'), { [project]: 'unchanged' });
      assert.deepEqual(['a.ts', 'b.ts', 'c.ts'].map(issues), [['newest'], ['old'], []]);
    });

    it('also after several of them, a failed one and a pause', async () => {
      await (await edit('a.ts')).answer(project, 'a.ts', found('a.ts', 'third'));
      const fourth = await edit('a.ts');
      await fourth.answer(project, 'b.ts', found('b.ts', 'fourth'));
      const { units } = fourth.task.request;
      await fourth.finish({ kind: 'failed', message: 'TypeScript crashed.', unfinished: units, quarantined: [] });
      await (await edit('a.ts')).answer(project, 'a.ts', found('a.ts', 'fifth'));
      engine.pause();
      engine.resume();
      await settle();
      await finish(pool.last, { [project]: 'unchanged' });
      assert.deepEqual(['a.ts', 'b.ts', 'c.ts'].map(issues), [['old'], ['old'], []]);
    });

    it('a complete check has the last word', async () => {
      await finish(await edit('a.ts'));
      assert.deepEqual(['a.ts', 'b.ts', 'c.ts'].map(issues), [[], [], []]);
      await finish(await edit('a.ts'), { [project]: 'unchanged' });
      assert.deepEqual(['a.ts', 'b.ts', 'c.ts'].map(issues), [[], [], []]);
    });

    it('a file that was deleted meanwhile keeps no issues', async () => {
      engine.filesChanged([{ file: 'b.ts', kind: 'deleted' }]);
      await settle();
      await finish(pool.last, { [project]: 'affected' });
      assert.deepEqual(['a.ts', 'b.ts', 'c.ts'].map(issues), [['old'], [], []]);
    });
  });

  it('asks for everything once a file with issues was deleted, because it may come back as it was', async () => {
    await start('a/tsconfig.json', 'b/tsconfig.json');
    const [ofA, ofB] = pool.checks.slice();
    assert.ok(ofA && ofB);
    await ofA.answer('a/tsconfig.json', 'a/a.ts', found('a/a.ts', 'old'));
    await finish(ofA);
    await finish(ofB);
    engine.filesChanged([{ file: 'a/a.ts', kind: 'deleted' }]);
    await edit('a/a.ts');
    const [again, other] = pool.checks.slice(-2);
    assert.ok(again && other);
    assert.equal(again.task.request.since, undefined);
    assert.deepEqual(other.task.request.since, { 'b/tsconfig.json': ofB.task.request.revision });
    await finish(again);
    await finish(other);
    await edit('a/a.ts');
    assert.deepEqual(pool.checks.at(-2)?.task.request.since, { 'a/tsconfig.json': again.task.request.revision });
  });

  it("passes a detector's notes to its next checks", async () => {
    await start('tsconfig.json');
    assert.equal(pool.last.task.request.notes, undefined);
    await finish(pool.last, undefined, { notes: { one: '1', two: '2', ['long'.repeat(200)]: 'x' } });
    await finish(await edit('a.ts'), undefined, { notes: { two: '3' } });
    assert.deepEqual((await edit('a.ts')).task.request.notes, { one: '1', two: '3' });
  });

  it('accepts no provisional results unless it is live', async () => {
    pool = new ScriptedPool(() => Promise.resolve(planOf([projectUnit('tsconfig.json')])));
    engine = new Engine('/root', pool, { detectors: new Map([['typescript', {}]]), trusted: true, exclude: [] });
    engine.analyzeAll();
    await settle();
    assert.equal(pool.last.task.request.allowProvisional, undefined);
  });
});
