import assert from 'node:assert/strict';
import { Engine } from '../../../server/engine/engine.ts';
import type { PlanResult } from '../../../workers/protocol/detector-protocol.ts';
import { fileUnit, issue, planOf, projectUnit, ScriptedPool, settle } from './support.ts';

describe('engine: changes for running checks, and the filter', () => {
  const settings = { trusted: true, exclude: [] };

  it('passes to the first check after a new plan that anything may have changed, even if an older check ends in between', async () => {
    const units = [projectUnit('tsconfig.json')];
    let planned: (plan: PlanResult) => void = () => {};
    const pool = new ScriptedPool(() => Promise.resolve(planOf(units)));
    const engine = new Engine('/root', pool, { ...settings, detectors: new Map([['typescript', {}]]) });
    engine.analyzeAll();
    await settle();
    await pool.last.finish();
    engine.filesChanged([{ file: 'a.ts', kind: 'changed' }]);
    await settle();
    const older = pool.last;
    assert.deepEqual(older.changed, ['a.ts']);
    pool.plannedBy = () => new Promise((resolve) => (planned = resolve));
    engine.filesChanged([
      { file: 'tsconfig.json', kind: 'changed' },
      { file: 'b.ts', kind: 'deleted' },
    ]);
    await older.finish();
    planned(planOf(units));
    await settle();
    assert.notEqual(pool.last, older);
    assert.equal(pool.last.changed, undefined);
    engine.dispose();
  });

  it('plans again for a file that was deleted and of which an editor says only that it changed', async () => {
    let units = [fileUnit('a.ts'), fileUnit('src/b.ts')];
    const pool = new ScriptedPool(() => Promise.resolve(planOf(units)));
    const engine = new Engine('/root', pool, { ...settings, detectors: new Map([['eslint', {}]]) });
    engine.analyzeAll();
    await settle();
    await pool.last.finish();
    for (const gone of ['src/b.ts', 'src']) {
      units = [fileUnit('a.ts')];
      engine.filesChanged([{ file: gone, kind: 'deleted' }]);
      await settle();
      units = [fileUnit('a.ts'), fileUnit('src/b.ts')];
      engine.filesChanged([{ file: 'src/b.ts', kind: 'changed' }]);
      await settle();
      assert.deepEqual(pool.last.files, ['src/b.ts'], gone);
      await pool.last.answer('src/b.ts', 'src/b.ts', [issue('eslint', 'src/b.ts', 1)]);
      await pool.last.finish();
      assert.equal(engine.issues().length, 1, gone);
    }
    engine.dispose();
  });

  it('plans again if what was away for a moment was all that there is', async () => {
    const units = [fileUnit('a.ts')];
    const plans: ((plan: PlanResult) => void)[] = [];
    const pool = new ScriptedPool(() => new Promise((resolve) => plans.push(resolve)));
    const engine = new Engine('/root', pool, { ...settings, detectors: new Map([['eslint', {}]]) });
    engine.analyzeAll();
    await settle();
    plans.shift()?.(planOf(units));
    await settle();
    await pool.last.finish();
    engine.filesChanged([{ file: 'eslint.config.js', kind: 'changed' }]);
    await settle();
    engine.filesChanged([{ file: 'a.ts', kind: 'changed' }]);
    plans.shift()?.(planOf([], { status: 'not-applicable' }));
    await settle();
    assert.equal(plans.length, 1);
    plans.shift()?.(planOf(units));
    await settle();
    assert.deepEqual(pool.last.files, ['a.ts']);
    engine.dispose();
  });

  for (const when of ['while it is planned', 'after the plan'] as const) {
    it(`plans again if a plan lacks a file that was away for a moment, which changed ${when}`, async () => {
      const all = [fileUnit('a.ts'), fileUnit('b.ts')];
      const plans: ((plan: PlanResult) => void)[] = [];
      const pool = new ScriptedPool(() => new Promise((resolve) => plans.push(resolve)));
      const engine = new Engine('/root', pool, { ...settings, detectors: new Map([['eslint', {}]]) });
      engine.analyzeAll();
      await settle();
      plans.shift()?.(planOf(all));
      await settle();
      await pool.last.answer('b.ts', 'b.ts', [issue('eslint', 'b.ts', 1)]);
      await pool.last.finish();
      engine.filesChanged([{ file: 'c.ts', kind: 'created' }]);
      await settle();
      // Nobody saw that it was away when the worker listed the files, only that something was written.
      const change = (): void => engine.filesChanged([{ file: 'b.ts', kind: 'changed' }]);
      if (when === 'while it is planned') change();
      plans.shift()?.(planOf([fileUnit('a.ts'), fileUnit('c.ts')]));
      await settle();
      if (when === 'after the plan') change();
      await settle();
      assert.equal(plans.length, 1);
      plans.shift()?.(planOf([...all, fileUnit('c.ts')]));
      await settle();
      for (const check of pool.checks.filter(({ settled }) => !settled)) {
        if (check.files.includes('b.ts')) await check.answer('b.ts', 'b.ts', [issue('eslint', 'b.ts', 2)]);
        await check.finish();
      }
      assert.deepEqual(engine.issues().map(({ range }) => range.start.line), [2]); // prettier-ignore
      assert.equal(engine.settled, true);
      assert.equal(plans.length, 0);
      engine.dispose();
    });
  }

  it('checks a new file again that a plan had before it was reported: it may have another text by now', async () => {
    const units = [fileUnit('a.ts')];
    const pool = new ScriptedPool(() => Promise.resolve(planOf([...units])));
    const engine = new Engine('/root', pool, { ...settings, detectors: new Map([['eslint', {}]]) });
    engine.analyzeAll();
    await settle();
    await pool.last.finish();
    units.push(fileUnit('new.ts'), fileUnit('other.ts'));
    engine.filesChanged([{ file: 'other.ts', kind: 'created' }]);
    await settle();
    for (const check of pool.checks.filter(({ settled }) => !settled)) await check.finish();
    assert.deepEqual(pool.checks.flatMap(({ files }) => files).sort(), ['a.ts', 'new.ts', 'other.ts']);
    engine.filesChanged([{ file: 'new.ts', kind: 'created' }]);
    await settle();
    assert.deepEqual(pool.checks.filter(({ settled }) => !settled).map(({ files }) => files), [['new.ts']]); // prettier-ignore
    engine.dispose();
  });

  it('shows and counts only visible issues, checks only the requested files, and keeps all issues', async () => {
    const pool = new ScriptedPool(() => Promise.resolve(planOf([fileUnit('a.ts'), fileUnit('b.ts')])));
    const only = (file: string): boolean => file === 'a.ts';
    const engine = new Engine('/root', pool, { ...settings, only, detectors: new Map([['eslint', {}]]) });
    engine.analyzeAll();
    await settle();
    assert.deepEqual(pool.last.files, ['a.ts']);
    await pool.last.answer('a.ts', 'a.ts', [issue('eslint', 'a.ts', 1), issue('eslint', 'a.ts', 2)]);
    await pool.last.finish();
    const announced: string[] = [];
    engine.on('files', (files) => announced.push(...files));
    engine.setFilter((_file, issues) => issues.slice(1));
    await settle();
    assert.deepEqual(announced, ['a.ts']);
    assert.deepEqual([engine.issues().length, engine.counts().error, engine.allIssues().length], [1, 1, 2]);
    engine.setFilter();
    await settle();
    assert.deepEqual([engine.issues().length, engine.counts().error], [2, 2]);
    engine.dispose();
  });
});
