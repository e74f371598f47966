import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Engine } from '../../../server/engine/engine.ts';
import { openStore } from '../../../server/store/store.ts';
import { makeWorkspace, type TestWorkspace } from '../../support/workspace.ts';
import { until } from '../../support/processes.ts';
import type { Unit } from '../../../workers/protocol/detector-protocol.ts';
import { fileUnit, issue, planOf, projectUnit, ScriptedPool } from './support.ts';

/** Longer than the tolerance for the clocks of file systems. */
const clockStepMs = 40;

interface Session {
  readonly engine: Engine;
  readonly pool: ScriptedPool;
  /** Answers all checks with one issue in each unit's file, on this line. */
  answer(line: number): Promise<void>;
  end(): Promise<void>;
}

describe('memory of an engine', function () {
  this.timeout(30_000);
  let workspace: TestWorkspace;
  let storeDir: string;

  beforeEach(async () => {
    storeDir = await mkdtemp(path.join(os.tmpdir(), 'bulkhead-store-'));
    workspace = await makeWorkspace({
      'package.json': '{ "name": "w" }',
      'tsconfig.json': '{}',
      'eslint.config.js': 'export default [];',
      '.gitignore': 'generated/\n',
      'a.ts': 'export const a = 1;\n',
      'b.ts': 'export const b = 1;\n',
      'notes.md': '# Notes\n',
      'generated/g.ts': 'export const g = 1;\n',
      'node_modules/dependency/package.json': '{ "version": "1.0.0" }',
    });
  });

  afterEach(async () => {
    await workspace[Symbol.asyncDispose]();
    await rm(storeDir, { recursive: true, force: true });
  });

  const eslintUnits = [fileUnit('a.ts'), fileUnit('b.ts'), fileUnit('notes.md')];
  const projectUnits = [projectUnit('tsconfig.json')];

  async function start(detector: string, units: readonly Unit[], options = {}): Promise<Session> {
    const store = await openStore({ dir: storeDir });
    const pool = new ScriptedPool(() =>
      Promise.resolve(planOf(units, { engine: 'engine 1', status: units.length === 0 ? 'not-applicable' : 'ready' })),
    );
    const settings = { detectors: new Map([[detector, options]]), trusted: true, exclude: [] };
    const engine = new Engine(workspace.root, pool, settings, store);
    // What is analysed now was written a moment ago, as it is in real life.
    await sleep(clockStepMs);
    engine.analyzeAll();
    await until('plan', () => pool.checks.length > 0 || engine.settled);
    return {
      engine,
      pool,
      answer: async (line) => {
        for (const check of pool.checks.filter(({ settled }) => !settled)) {
          for (const unit of check.task.request.units)
            await check.answer(unit.id, unit.file, [issue(detector, unit.file, line)]);
          await check.finish();
        }
        await engine.idle();
      },
      end: async () => {
        await engine.keep();
        engine.dispose();
        await store.close();
      },
    };
  }

  async function firstSession(
    detector: string,
    units: readonly Unit[],
    during?: (session: Session) => Promise<void>,
  ): Promise<void> {
    const session = await start(detector, units);
    await during?.(session);
    await session.answer(1);
    await session.end();
  }

  /** Files that the second session asks for again; issues of the others come from memory. */
  async function asked(detector: string, units: readonly Unit[], options = {}): Promise<readonly string[]> {
    const session = await start(detector, units, options);
    const files = session.pool.checks.flatMap((check) => check.files);
    for (const { file } of units) {
      const expected = files.includes(file) ? [] : [1];
      assert.deepEqual(
        session.engine.issuesOf(file).map((found) => found.range.start.line),
        expected,
        file,
      );
    }
    for (const check of session.pool.checks) await check.finish({ kind: 'cancelled' });
    session.engine.dispose();
    await session.end();
    return files;
  }

  it('shows everything again without a plan and without a check when nothing changed', async () => {
    for (const [detector, units] of [
      ['eslint', eslintUnits],
      ['typescript', projectUnits],
    ] as const) {
      await firstSession(detector, units);
      const session = await start(detector, units);
      assert.deepEqual(session.pool.plans, [], detector);
      assert.deepEqual(session.pool.checks, [], detector);
      assert.equal(session.engine.status()[0]?.state, 'done');
      assert.equal(session.engine.issues().length, units.length);
      await session.end();
    }
  });

  it('knows that there was nothing to do, until there may be something', async () => {
    const plans = async (during?: () => Promise<void>): Promise<number> => {
      const session = await start('knip', []);
      assert.equal(session.engine.status()[0]?.state, 'not-applicable');
      await during?.();
      await session.end();
      return session.pool.plans.length;
    };
    assert.equal(await plans(), 1);
    assert.equal(await plans(), 0);
    await workspace.write({ 'knip.json': '{}' });
    assert.equal(await plans(), 1, 'a file came');
    assert.equal(await plans(), 0);
    await workspace.write({ 'package.json': '{ "name": "w", "knip": {} }' });
    const unannounced = { 'package.json': '{ "name": "w", "knip": { "a": 1 } }' };
    assert.equal(await plans(() => workspace.write(unannounced)), 1, 'a manifest changed');
    assert.equal(await plans(), 1, 'it changed after the plan: that was of something else');
  });

  it('keeps nothing of a detector that reads more than is compared', async () => {
    for (let session = 0; session < 2; session++) {
      const { pool, answer, end } = await start('knip', [{ ...projectUnit('knip.json'), kind: 'graph' }]);
      assert.deepEqual([pool.plans.length, pool.checks.length], [1, 1]);
      await answer(1);
      await end();
    }
  });

  it('asks again for the file that changed, and for every project', async () => {
    await firstSession('eslint', eslintUnits);
    await firstSession('typescript', projectUnits);
    await workspace.write({ 'a.ts': 'export const a = 2;\n' });
    assert.deepEqual(await asked('eslint', eslintUnits), ['a.ts']);
    assert.deepEqual(await asked('typescript', projectUnits), ['tsconfig.json']);
  });

  it('notices files that are no source: what ESLint lints beside scripts', async () => {
    await firstSession('eslint', eslintUnits);
    await workspace.write({ 'notes.md': '# Other notes\n' });
    assert.deepEqual(await asked('eslint', eslintUnits), ['notes.md']);
  });

  it('notices files that Git ignores: a compiler reads them', async () => {
    await firstSession('typescript', projectUnits);
    await workspace.write({ 'generated/g.ts': 'export const g = "other";\n' });
    assert.deepEqual(await asked('typescript', projectUnits), ['tsconfig.json']);
  });

  const environmentChanges: readonly [string, Readonly<Record<string, string>>][] = [
    ['a configuration', { 'eslint.config.js': 'export default [{}];', 'tsconfig.json': '{ "files": [] }' }],
    ['an installed package', { 'node_modules/dependency/package.json': '{ "version": "1.0.1" }' }],
    ['a new package', { 'node_modules/@scope/other/package.json': '{ "version": "1.0.0" }' }],
    ['a lock file', { 'package-lock.json': '{}' }],
    ['a configuration above the root', { '../package.json': '{}' }],
  ];
  for (const [what, files] of environmentChanges) {
    it(`asks again for everything after a change of ${what}`, async () => {
      await firstSession('eslint', eslintUnits);
      await firstSession('typescript', projectUnits);
      await workspace.write(files);
      assert.deepEqual(await asked('eslint', eslintUnits), ['a.ts', 'b.ts', 'notes.md']);
      assert.deepEqual(await asked('typescript', projectUnits), ['tsconfig.json']);
    });
  }

  it('asks again under other options', async () => {
    await firstSession('typescript', projectUnits);
    assert.deepEqual(await asked('typescript', projectUnits, { engine: 'native' }), ['tsconfig.json']);
  });

  it('plans again when a file is made or deleted', async () => {
    await firstSession('eslint', eslintUnits);
    await workspace.write({ 'c.ts': 'export {};\n' });
    const session = await start('eslint', [...eslintUnits, fileUnit('c.ts')]);
    assert.equal(session.pool.plans.length, 1);
    assert.deepEqual(session.pool.last.files, ['c.ts']);
    await session.answer(1);
    await session.end();
  });

  it('keeps no answer of a file that changed, unannounced, while it was analysed', async () => {
    await firstSession('eslint', eslintUnits, () => workspace.write({ 'a.ts': 'export const a = 3;\n' }));
    assert.deepEqual(await asked('eslint', eslintUnits), ['a.ts']);
    await firstSession('typescript', projectUnits, () => workspace.write({ 'b.ts': 'export const b = 3;\n' }));
    assert.deepEqual(await asked('typescript', projectUnits), ['tsconfig.json']);
  });

  it('tells of changes that nobody announced', async () => {
    const session = await start('eslint', eslintUnits);
    await session.answer(1);
    await workspace.write({ 'a.ts': 'export const a = 4;\n' });
    await workspace.write({ 'new.ts': '' });
    await rm(path.join(workspace.root, 'b.ts'));
    assert.deepEqual(await session.engine.keep(), [
      { file: 'a.ts', kind: 'changed' },
      { file: 'new.ts', kind: 'created' },
      { file: 'b.ts', kind: 'deleted' },
    ]);
    await session.end();
  });

  it('keeps the answer to a change that was announced', async () => {
    const session = await start('eslint', eslintUnits);
    await session.answer(2);
    await workspace.write({ 'a.ts': 'export const a = 5;\n' });
    await sleep(clockStepMs);
    session.engine.filesChanged([{ file: 'a.ts', kind: 'changed' }]);
    await until('check', () => session.pool.last.files.length === 1);
    await session.answer(1);
    assert.deepEqual(await session.engine.keep(), []);
    await session.end();
    const again = await start('eslint', eslintUnits);
    assert.deepEqual(again.pool.checks, []);
    assert.deepEqual(
      again.engine.issuesOf('a.ts').map((found) => found.range.start.line),
      [1],
    );
    assert.deepEqual(
      again.engine.issuesOf('b.ts').map((found) => found.range.start.line),
      [2],
    );
    await again.end();
  });

  it('does not answer a detector that is turned on again with what was true at the start', async () => {
    await firstSession('eslint', eslintUnits);
    const session = await start('eslint', eslintUnits);
    assert.equal(session.pool.checks.length, 0);
    await workspace.write({ 'a.ts': 'export const a = 6;\n' });
    session.engine.filesChanged([{ file: 'a.ts', kind: 'changed' }]);
    await until('check', () => session.pool.checks.length === 1);
    await session.answer(2);
    const settings = { trusted: true, exclude: [] };
    session.engine.configure({ ...settings, detectors: new Map() });
    session.engine.configure({ ...settings, detectors: new Map([['eslint', {}]]) });
    await until('check', () => session.pool.checks.length === 2 || session.engine.settled);
    assert.deepEqual(
      session.pool.checks.flatMap((check) => check.files),
      ['a.ts', 'a.ts'],
    );
    await session.answer(3);
    await session.end();
  });

  it('keeps nothing about text that was not saved', async () => {
    const session = await start('eslint', eslintUnits);
    await session.answer(1);
    session.engine.setOverlay('a.ts', { text: 'export const a = "typed";', version: 2 });
    session.engine.filesChanged([{ file: 'a.ts', kind: 'changed' }]);
    await until('check', () => session.pool.last.files.length === 1);
    await session.answer(7);
    await session.end();
    const again = await start('eslint', eslintUnits);
    assert.deepEqual(
      again.pool.checks.flatMap((check) => check.files),
      ['a.ts'],
    );
    await again.end();
  });

  it('keeps nothing project-wide of a folder within a larger project', async () => {
    await workspace.write({ '../package.json': '{}' });
    await firstSession('typescript', projectUnits);
    assert.deepEqual(await asked('typescript', projectUnits), ['tsconfig.json']);
  });

  it('keeps no answer that is to be confirmed', async () => {
    const session = await start('typescript', projectUnits);
    const [check] = session.pool.checks;
    assert.ok(check);
    await check.task.onEvent({ kind: 'answeredBy', unit: 'tsconfig.json', engine: 'another' });
    await check.answer('tsconfig.json', 'a.ts', [issue('typescript', 'a.ts', 1)]);
    const result = { durationMs: 1, files: 1, issues: 1, provisional: ['tsconfig.json'] };
    await check.finish({ kind: 'done', result, quarantined: [] });
    await session.end();
    assert.deepEqual(await asked('typescript', projectUnits), ['tsconfig.json']);
  });

  it('hands texts of a detector to its next session, without what was damaged meanwhile', async () => {
    const session = await start('typescript', projectUnits);
    const [check] = session.pool.checks;
    const result = { durationMs: 1, files: 1, issues: 1, notes: { verdict: 'equal', other: 'text' } };
    await check?.finish({ kind: 'done', result, quarantined: [] });
    await session.end();
    // An edit, so that there is something to ask for.
    const askedWith = async (): Promise<unknown> => {
      await workspace.write({ 'a.ts': `export const a = ${Math.random()};\n` });
      const next = await start('typescript', projectUnits);
      const { notes: remembered } = next.pool.checks[0]?.task.request ?? {};
      await next.end();
      return remembered;
    };
    assert.deepEqual(await askedWith(), { verdict: 'equal', other: 'text' });
    for (const [note, expected] of [
      [{ verdict: 7, other: 'text' }, { other: 'text' }],
      [['text'], undefined],
      ['text', undefined],
    ] as const) {
      const store = await openStore({ dir: storeDir });
      store.meta.put('remembered typescript', note);
      await store.close();
      assert.deepEqual(await askedWith(), expected);
    }
  });
});
