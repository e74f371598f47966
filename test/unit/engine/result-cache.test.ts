/**
 * What a session finds again that an earlier one stored. Real files in simulated time: what the test writes has changed
 * when the clock says, which is ahead of the real one, so that nothing depends on how fast the machine is.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { rename, rm, utimes } from 'node:fs/promises';
import path from 'node:path';
import { Engine } from '../../../server/engine/engine.ts';
import type { InterfaceSignature, Unit } from '../../../workers/protocol/detector-protocol.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';
import { makeWorkspace, type TestWorkspace } from '../../support/workspace.ts';
import { dependent, signatureOf } from './dependents.ts';
import { MemoryStore } from './memory-store.ts';
import { fileUnit, issue, planOf, projectUnit, ScriptedPool } from './support.ts';

/** Longer than the tolerance for the clocks of file systems. */
const clockStepMs = 40;

interface Session {
  readonly engine: Engine;
  readonly pool: ScriptedPool;
  /** Answers all checks with one issue in each unit's file, on this line. */
  answer(
    line: number,
    signatures?: Readonly<Record<string, InterfaceSignature>>,
    reads?: Readonly<Record<string, readonly string[]>>,
  ): Promise<void>;
  end(): Promise<void>;
}

/** Resolves when the engine has come to it. */
async function reached(engine: Engine, condition: () => boolean): Promise<void> {
  while (!condition()) await once(engine, 'status');
}

describe('result cache of an engine', () => {
  let workspace: TestWorkspace;
  let store: MemoryStore;
  let clock: SimulatedClock;

  beforeEach(async () => {
    store = new MemoryStore();
    clock = new SimulatedClock(Date.now() + 3_600_000);
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

  afterEach(() => workspace[Symbol.asyncDispose]());

  /** Files change now. */
  async function write(files: Readonly<Record<string, string>>): Promise<void> {
    await workspace.write(files);
    const now = clock.date() / 1000;
    for (const file of Object.keys(files)) await utimes(path.join(workspace.root, file), now, now);
  }

  const eslintUnits = [fileUnit('a.ts'), fileUnit('b.ts'), fileUnit('notes.md')];
  const projectUnits = [projectUnit('tsconfig.json')];

  async function start(detector: string, units: readonly Unit[], options = {}): Promise<Session> {
    const pool = new ScriptedPool(() =>
      Promise.resolve(planOf(units, { engine: 'engine 1', status: units.length === 0 ? 'not-applicable' : 'ready' })),
    );
    const settings = { detectors: new Map([[detector, options]]), trusted: true, exclude: [] };
    const engine = new Engine(workspace.root, pool, settings, { store, clock });
    // What is analysed now was written a moment ago, as it is in real life.
    await clock.advance(clockStepMs);
    engine.analyzeAll();
    await reached(engine, () => pool.checks.length > 0 || engine.settled);
    return {
      engine,
      pool,
      answer: async (line, signatures = {}, reads = {}) => {
        for (const check of pool.checks.filter(({ settled }) => !settled)) {
          for (const { id, file } of check.task.request.units)
            await check.answer(id, file, [issue(detector, file, line)], signatures[file]);
          const result = { durationMs: 1, files: 1, issues: 1, reads };
          await check.finish({ kind: 'done', result, quarantined: [] });
        }
        await engine.idle();
      },
      end: async () => {
        await engine.persist();
        engine.dispose();
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

  /** Files that the second session asks for again; issues of the others come from the cache. */
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

  it('shows everything again without planning or checking when nothing changed', async () => {
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

  it('remembers that there was nothing to check, until a file is created or deleted', async () => {
    const plans = async (during?: () => Promise<void>): Promise<number> => {
      const session = await start('knip', []);
      assert.equal(session.engine.status()[0]?.state, 'not-applicable');
      await during?.();
      await session.end();
      return session.pool.plans.length;
    };
    assert.equal(await plans(), 1);
    assert.equal(await plans(), 0);
    await write({ 'knip.json': '{}' });
    assert.equal(await plans(), 1, 'a file came');
    assert.equal(await plans(), 0);
    await write({ 'package.json': '{ "name": "w", "knip": {} }' });
    const unannounced = { 'package.json': '{ "name": "w", "knip": { "a": 1 } }' };
    assert.equal(await plans(() => write(unannounced)), 1, 'a manifest changed');
    assert.equal(await plans(), 1, 'it changed after the plan: that was of something else');
  });

  it('stores nothing of a detector that reads files that are not compared', async () => {
    for (let session = 0; session < 2; session++) {
      const { pool, answer, end } = await start('knip', [{ ...projectUnit('knip.json'), kind: 'graph' }]);
      assert.deepEqual([pool.plans.length, pool.checks.length], [1, 1]);
      await answer(1);
      await end();
    }
  });

  it('checks a changed file and every project again', async () => {
    await firstSession('eslint', eslintUnits);
    await firstSession('typescript', projectUnits);
    await write({ 'a.ts': 'export const a = 2;\n' });
    assert.deepEqual(await asked('eslint', eslintUnits), ['a.ts']);
    assert.deepEqual(await asked('typescript', projectUnits), ['tsconfig.json']);
  });

  describe('a project that tells what it was made from', () => {
    const projects = ['a', 'b'].map((name) => projectUnit(`${name}/tsconfig.json`));
    const reads = {
      'a/tsconfig.json': ['a/a.ts', 'b/b.ts', '../beside.ts'],
      'b/tsconfig.json': ['b/b.ts', 'b/data.json'],
    };
    const both = projects.map(({ file }) => file);

    beforeEach(async () => {
      await write({
        ...{ 'a/tsconfig.json': '{}', 'a/a.ts': 'export {};', 'a/unread.ts': 'export {};', '../beside.ts': '1' },
        ...{ 'b/tsconfig.json': '{}', 'b/b.ts': 'export {};', 'b/data.json': '1' },
      });
      const session = await start('typescript', projects);
      await session.answer(1, {}, reads);
      await session.end();
    });

    const changes: readonly [what: string, change: () => Promise<void>, again: readonly string[]][] = [
      ['a file that both read', () => write({ 'b/b.ts': 'export const b = 1;' }), both],
      ['a file that one reads', () => write({ 'a/a.ts': 'export const a = 1;' }), ['a/tsconfig.json']],
      ['JSON that one imports', () => write({ 'b/data.json': '2' }), ['b/tsconfig.json']],
      ['a new file that nothing can import', () => write({ 'a/notes.md': '# Notes' }), []],
      ['a file that none reads', () => write({ 'a/unread.ts': 'export const c = 1;' }), []],
      ['a file outside of the root', () => write({ '../beside.ts': '2' }), ['a/tsconfig.json']],
      ['a new file, which imports may find', () => write({ 'a/new.ts': '' }), both],
      ['a file that is gone', () => rm(path.join(workspace.root, 'a/unread.ts')), both],
      ['a configuration', () => write({ 'b/tsconfig.json': '{ "files": [] }' }), both],
      ['a manifest', () => write({ 'b/package.json': '{ "type": "module" }' }), both],
    ];
    for (const [what, change, again] of changes) {
      it(`is checked again for ${what} only if that concerns it: ${again.join(', ') || 'none'}`, async () => {
        await change();
        assert.deepEqual(await asked('typescript', projects), again);
      });
    }

    it('goes on knowing it in the next session', async () => {
      const session = await start('typescript', projects);
      assert.equal(session.pool.checks.length, 0);
      await write({ 'a/a.ts': 'export const a = 3;', 'a/unread.ts': 'export const d = 1;' });
      await clock.advance(clockStepMs);
      session.engine.filesChanged(['a/a.ts', 'a/unread.ts'].map((file) => ({ file, kind: 'changed' })));
      await reached(session.engine, () => session.pool.checks.length > 0);
      assert.deepEqual(
        session.pool.checks.flatMap(({ files }) => files),
        ['a/tsconfig.json'],
      );
      await session.answer(1, {}, reads);
      await session.end();
      assert.deepEqual(await asked('typescript', projects), []);
    });

    it('is not stored if what it read changed meanwhile, unannounced', async () => {
      await write({ 'a/a.ts': 'export const a = 2;', 'b/b.ts': 'export const b = 2;' });
      const session = await start('typescript', projects);
      await clock.advance(clockStepMs);
      await write({ 'b/data.json': '4' });
      await session.answer(1, {}, reads);
      await session.end();
      assert.deepEqual(await asked('typescript', projects), ['b/tsconfig.json']);
    });
  });

  it('notices changes of other files that ESLint lints', async () => {
    await firstSession('eslint', eslintUnits);
    await write({ 'notes.md': '# Other notes\n' });
    assert.deepEqual(await asked('eslint', eslintUnits), ['notes.md']);
  });

  it('notices files that Git ignores, because a compiler reads them', async () => {
    await firstSession('typescript', projectUnits);
    await write({ 'generated/g.ts': 'export const g = "other";\n' });
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
    it(`checks everything again after a change of ${what}`, async () => {
      await firstSession('eslint', eslintUnits);
      await firstSession('typescript', projectUnits);
      await write(files);
      assert.deepEqual(await asked('eslint', eslintUnits), ['a.ts', 'b.ts', 'notes.md']);
      assert.deepEqual(await asked('typescript', projectUnits), ['tsconfig.json']);
    });
  }

  it('checks everything again with other options', async () => {
    await firstSession('typescript', projectUnits);
    assert.deepEqual(await asked('typescript', projectUnits, { engine: 'native' }), ['tsconfig.json']);
  });

  it('plans again when a file is created or deleted', async () => {
    await firstSession('eslint', eslintUnits);
    await write({ 'c.ts': 'export {};\n' });
    const session = await start('eslint', [...eslintUnits, fileUnit('c.ts')]);
    assert.equal(session.pool.plans.length, 1);
    assert.deepEqual(session.pool.last.files, ['c.ts']);
    await session.answer(1);
    await session.end();
  });

  it('stores no result of a file with an unreported change during its check', async () => {
    await firstSession('eslint', eslintUnits, () => write({ 'a.ts': 'export const a = 3;\n' }));
    assert.deepEqual(await asked('eslint', eslintUnits), ['a.ts']);
    await firstSession('typescript', projectUnits, () => write({ 'b.ts': 'export const b = 3;\n' }));
    assert.deepEqual(await asked('typescript', projectUnits), ['tsconfig.json']);
  });

  it('returns unreported changes', async () => {
    const session = await start('eslint', eslintUnits);
    await session.answer(1);
    await write({ 'a.ts': 'export const a = 4;\n' });
    await write({ 'new.ts': '' });
    await rm(path.join(workspace.root, 'b.ts'));
    assert.deepEqual(await session.engine.persist(), [
      { file: 'a.ts', kind: 'changed' },
      { file: 'new.ts', kind: 'created' },
      { file: 'b.ts', kind: 'deleted' },
    ]);
    await session.end();
  });

  it('stores the result after a reported change', async () => {
    const session = await start('eslint', eslintUnits);
    await session.answer(2);
    await write({ 'a.ts': 'export const a = 5;\n' });
    await clock.advance(clockStepMs);
    session.engine.filesChanged([{ file: 'a.ts', kind: 'changed' }]);
    await reached(session.engine, () => session.pool.last.files.length === 1);
    await session.answer(1);
    assert.deepEqual(await session.engine.persist(), []);
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

  it('stores no result of a file that changed again after it was reported, and returns the change', async () => {
    const session = await start('eslint', eslintUnits);
    await session.answer(1);
    await write({ 'a.ts': 'export const a = 7;\n' });
    await clock.advance(clockStepMs);
    session.engine.filesChanged([{ file: 'a.ts', kind: 'changed' }]);
    await clock.advance(clockStepMs);
    await write({ 'a.ts': 'export const a = 8;\n' });
    await session.answer(2);
    assert.deepEqual(await session.engine.persist(), [{ file: 'a.ts', kind: 'changed' }]);
    await session.end();
    assert.deepEqual(await asked('eslint', eslintUnits), ['a.ts']);
  });

  it('returns what was undone, redone or written again after it was reported', async () => {
    const session = await start('eslint', eslintUnits);
    await session.answer(1);
    await write({ 'a.ts': 'export const a = 20;\n', 'new.ts': '' });
    await rm(path.join(workspace.root, 'b.ts'));
    await clock.advance(clockStepMs);
    session.engine.filesChanged([
      { file: 'a.ts', kind: 'changed' },
      { file: 'b.ts', kind: 'deleted' },
      { file: 'new.ts', kind: 'created' },
      { file: 'notes.md', kind: 'changed' },
    ]);
    // As it was when it was compared last.
    await write({ 'a.ts': 'export const a = 1;\n', 'b.ts': 'export const b = 1;\n' });
    await rm(path.join(workspace.root, 'new.ts'));
    assert.deepEqual(await session.engine.persist(), [
      { file: 'b.ts', kind: 'created' },
      { file: 'a.ts', kind: 'changed' },
      { file: 'new.ts', kind: 'deleted' },
    ]);
    await session.end();
  });

  it('stores no plan that lacks a file which came meanwhile: whoever is killed now must not miss it for ever', async () => {
    await firstSession('eslint', eslintUnits, () => write({ 'new.ts': '' }));
    assert.deepEqual(await asked('eslint', [...eslintUnits, fileUnit('new.ts')]), ['new.ts']);
  });

  it('stores no plan that lacks a file, however often the folder is compared before the file is followed', async () => {
    await firstSession('eslint', eslintUnits);
    const session = await start('eslint', eslintUnits);
    await write({ 'new.ts': '' });
    for (let round = 0; round < 2; round += 1)
      assert.deepEqual(await session.engine.persist(), [{ file: 'new.ts', kind: 'created' }]);
    await session.end();
    assert.deepEqual(await asked('eslint', [...eslintUnits, fileUnit('new.ts')]), ['new.ts']);
  });

  it('returns a file once that was written while its check ran, although it is as it was', async () => {
    const session = await start('eslint', eslintUnits);
    await clock.advance(clockStepMs);
    await write({ 'a.ts': 'export const a = 1;\n', 'b.ts': 'export const b = 1;\n' });
    session.engine.filesChanged([{ file: 'b.ts', kind: 'changed' }]);
    await session.answer(1);
    const changes = await session.engine.persist();
    assert.deepEqual(
      [...changes].sort((one, other) => (one.file < other.file ? -1 : 1)),
      [
        { file: 'a.ts', kind: 'changed' },
        { file: 'b.ts', kind: 'changed' },
      ],
    );
    await session.end();
  });

  it('returns the files of a folder that was moved and is back', async function () {
    // The times of folders do not tell.
    if (process.platform === 'win32') this.skip();
    await workspace.write({ 'lib/data.txt': '' });
    // The clock of the file system is the real one.
    clock = new SimulatedClock(Date.now() - 1000);
    const session = await start('eslint', eslintUnits);
    await session.answer(1);
    const away = path.join(workspace.root, '..', 'away');
    await rename(path.join(workspace.root, 'lib'), away);
    await rename(away, path.join(workspace.root, 'lib'));
    const changes = await session.engine.persist();
    assert.deepEqual(changes.filter(({ file }) => file.startsWith('lib')), [{ file: 'lib/data.txt', kind: 'changed' }]); // prettier-ignore
    session.engine.dispose();
  });

  it('stores no plan that was made before packages were installed', async () => {
    for (const [detector, units] of [
      ['eslint', eslintUnits],
      ['typescript', projectUnits],
    ] as const) {
      const version = `{ "version": "2.0.0", "description": "${detector}" }`;
      await firstSession(detector, units, () => write({ 'node_modules/dependency/package.json': version }));
      const session = await start(detector, units);
      assert.equal(session.pool.plans.length, 1, detector);
      await session.answer(1);
      await session.end();
    }
  });

  it('finds a plan again although files came and went that cannot change it', async () => {
    for (const [detector, units, changes] of [
      ['typescript', projectUnits, { created: ['new.ts', 'new.md'], deleted: ['b.ts'] }],
      ['eslint', eslintUnits, { created: [], deleted: ['b.ts'] }],
    ] as const) {
      const session = await start(detector, units);
      await session.answer(1);
      await session.engine.persist();
      const created = changes.created.map((file) => ({ file, kind: 'created' as const }));
      const deleted = changes.deleted.map((file) => ({ file, kind: 'deleted' as const }));
      await write(Object.fromEntries(created.map(({ file }) => [file, 'export {};\n'])));
      for (const { file } of deleted) await rm(path.join(workspace.root, file));
      await clock.advance(clockStepMs);
      session.engine.filesChanged([...created, ...deleted]);
      await clock.advance(1000);
      await session.answer(1);
      await session.end();
      const left = units.filter(({ file }) => !deleted.some((gone) => gone.file === file));
      const next = await start(detector, left);
      assert.deepEqual([next.pool.plans, next.pool.checks], [[], []], detector);
      assert.equal(next.engine.issues().length, left.length, detector);
      await next.end();
      await write({ 'b.ts': 'export const b = 1;\n' });
    }
  });

  it('returns a new file that was reported as changed only', async () => {
    const session = await start('eslint', eslintUnits);
    await session.answer(1);
    await write({ 'new.ts': '' });
    await clock.advance(clockStepMs);
    session.engine.filesChanged([{ file: 'new.ts', kind: 'changed' }]);
    const missed = await session.engine.persist();
    assert.deepEqual(missed, [{ file: 'new.ts', kind: 'created' }]);
    await clock.advance(clockStepMs);
    session.engine.filesChanged(missed);
    assert.deepEqual(await session.engine.persist(), [], 'once');
    await session.end();
  });

  it('plans again, once, when a plan lost a file that is there, which nobody has told', async () => {
    const session = await start('eslint', eslintUnits);
    const { engine, pool } = session;
    await session.answer(1);
    await engine.persist();
    for (const isBack of [true, false]) {
      // Its folder was moved away and back while the worker listed it.
      pool.plannedBy = () => Promise.resolve(planOf(eslintUnits.filter(({ file }) => file !== 'b.ts')));
      engine.filesChanged([{ file: 'a.ts', kind: 'created' }]);
      await clock.advance(clockStepMs);
      await session.answer(1);
      assert.deepEqual(engine.files(), ['a.ts', 'notes.md']);
      pool.plans.length = 0;
      if (isBack) pool.plannedBy = () => Promise.resolve(planOf(eslintUnits));
      assert.deepEqual(await engine.persist(), []);
      assert.equal(engine.settled, false);
      await clock.advance(clockStepMs);
      await session.answer(1);
      assert.deepEqual(engine.files(), isBack ? ['a.ts', 'b.ts', 'notes.md'] : ['a.ts', 'notes.md']);
      await engine.persist();
      assert.equal(engine.settled, true);
      assert.deepEqual([pool.plans.length, pool.doubted.at(-1)], [1, true]);
    }
    await session.end();
  });

  it('returns what a comparison found until it is reported, although the next one no longer sees it', async () => {
    const session = await start('eslint', eslintUnits);
    await session.answer(1);
    await write({ 'new.ts': '' });
    await rm(path.join(workspace.root, 'b.ts'));
    const found = [{ file: 'new.ts', kind: 'created' }, { file: 'b.ts', kind: 'deleted' }]; // prettier-ignore
    // Two at a time: neither may take the other's for passed on.
    const both = await Promise.all([session.engine.persist(), session.engine.persist()]);
    assert.deepEqual(both, [found, found]);
    assert.deepEqual(await session.engine.persist(), found);
    await clock.advance(clockStepMs);
    session.engine.filesChanged([{ file: 'new.ts', kind: 'created' }]);
    assert.deepEqual(await session.engine.persist(), [{ file: 'b.ts', kind: 'deleted' }]);
    await write({ 'b.ts': 'export const b = 1;\n' });
    assert.deepEqual(await session.engine.persist(), [{ file: 'b.ts', kind: 'created' }]);
    await clock.advance(clockStepMs);
    session.engine.filesChanged([{ file: 'b.ts', kind: 'created' }]);
    assert.deepEqual(await session.engine.persist(), []);
    await session.end();
  });

  it('returns files that came back in a folder whose deletion was reported', async () => {
    await write({ 'lib/c.ts': 'export const c = 1;\n' });
    const session = await start('eslint', [...eslintUnits, fileUnit('lib/c.ts')]);
    await session.answer(1);
    session.engine.filesChanged([{ file: 'lib', kind: 'deleted' }]);
    assert.deepEqual(await session.engine.persist(), [{ file: 'lib/c.ts', kind: 'created' }]);
    await session.end();
  });

  it('returns changes of files whose content is not compared, and of the baseline', async () => {
    const session = await start('eslint', eslintUnits);
    await session.answer(1);
    assert.deepEqual(await session.engine.persist(), []);
    await clock.advance(clockStepMs);
    await write({ 'notes.md': '# Other\n', 'unrelated.md': '# None\n', '../list.json': '{}' });
    assert.deepEqual(await session.engine.persist(['../list.json']), [
      { file: 'unrelated.md', kind: 'created' },
      { file: 'notes.md', kind: 'changed' },
      { file: '../list.json', kind: 'changed' },
    ]);
    await session.end();
  });

  it('stores no result of a file that was replaced unreported, even by an older file', async () => {
    const session = await start('eslint', eslintUnits);
    await workspace.write({ 'a.ts': 'export const a = 9;\n' });
    await session.answer(1);
    await session.end();
    assert.deepEqual(await asked('eslint', eslintUnits), ['a.ts']);
  });

  it('accepts changes that are reported while inputs are read', async () => {
    const session = await start('eslint', eslintUnits);
    await session.answer(1);
    store.whenHashed = async () => {
      store.whenHashed = () => Promise.resolve();
      await write({ 'a.ts': 'export const a = 10;\n' });
      await clock.advance(clockStepMs);
      session.engine.filesChanged([{ file: 'a.ts', kind: 'changed' }]);
    };
    assert.deepEqual(await session.engine.persist(), []);
    await session.answer(2);
    assert.deepEqual(await session.engine.persist(), []);
    await session.end();
  });

  it('gives a detector that is enabled again no results from the start of the session', async () => {
    await firstSession('eslint', eslintUnits);
    const session = await start('eslint', eslintUnits);
    assert.equal(session.pool.checks.length, 0);
    await write({ 'a.ts': 'export const a = 6;\n' });
    session.engine.filesChanged([{ file: 'a.ts', kind: 'changed' }]);
    await reached(session.engine, () => session.pool.checks.length === 1);
    await session.answer(2);
    const settings = { trusted: true, exclude: [] };
    session.engine.configure({ ...settings, detectors: new Map() });
    session.engine.configure({ ...settings, detectors: new Map([['eslint', {}]]) });
    await reached(session.engine, () => session.pool.checks.length === 2 || session.engine.settled);
    assert.deepEqual(
      session.pool.checks.flatMap((check) => check.files),
      ['a.ts', 'a.ts'],
    );
    await session.answer(3);
    await session.end();
  });

  it('stores nothing about unsaved text', async () => {
    const session = await start('eslint', eslintUnits);
    await session.answer(1);
    session.engine.setOverlay('a.ts', { text: 'export const a = "typed";', version: 2 });
    session.engine.filesChanged([{ file: 'a.ts', kind: 'changed' }]);
    await reached(session.engine, () => session.pool.last.files.length === 1);
    await session.answer(7);
    await session.end();
    const again = await start('eslint', eslintUnits);
    assert.deepEqual(
      again.pool.checks.flatMap((check) => check.files),
      ['a.ts'],
    );
    await again.end();
  });

  it('stores no project-wide results of a folder within a larger project', async () => {
    await write({ '../package.json': '{}' });
    await firstSession('typescript', projectUnits);
    assert.deepEqual(await asked('typescript', projectUnits), ['tsconfig.json']);
  });

  it('checks importers of a changed file again, and all files if imports are unknown', async () => {
    const units = ['a.ts', 'b.ts', 'generated/g.ts'].map((file) => dependent(file, 'types'));
    const { imports: _, ...opaque } = signatureOf([]);
    // Of what b.ts imports, nobody knows what it imports itself.
    const signatures = { 'a.ts': signatureOf([]), 'b.ts': signatureOf(['generated/g.ts']), 'generated/g.ts': opaque };
    const first = await start('eslint', units);
    await first.answer(1, signatures);
    await first.end();
    assert.deepEqual(await asked('eslint', units), []);
    await write({ 'c.ts': 'export const c = 1;\n' });
    const second = await start('eslint', [...units, dependent('c.ts', 'types')]);
    await second.answer(1, { ...signatures, 'c.ts': signatureOf([]) });
    await second.end();
    await write({ 'c.ts': 'export const c = "other";\n' });
    assert.deepEqual(await asked('eslint', [...units, dependent('c.ts', 'types')]), ['b.ts', 'generated/g.ts', 'c.ts']);
  });

  it('stores no provisional result', async () => {
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

  it('passes notes of a detector to its next session, except damaged ones', async () => {
    const session = await start('typescript', projectUnits);
    const [check] = session.pool.checks;
    const result = { durationMs: 1, files: 1, issues: 1, notes: { verdict: 'equal', other: 'text' } };
    await check?.finish({ kind: 'done', result, quarantined: [] });
    await session.end();
    // An edit, so that there is something to ask for.
    const askedWith = async (): Promise<unknown> => {
      await write({ 'a.ts': `export const a = ${Math.random()};\n` });
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
      store.meta.put('notes typescript', note);
      assert.deepEqual(await askedWith(), expected);
    }
  });

  it('the disk is compared once more only if there is something to store', async () => {
    await firstSession('eslint', eslintUnits);
    let looks = 0;
    store.whenHashed = () => {
      looks += 1;
      return Promise.resolve();
    };
    const recalled = await start('eslint', eslintUnits);
    assert.equal(recalled.pool.checks.length, 0);
    const before = looks;
    await recalled.engine.persist([], true);
    assert.equal(looks, before, 'all is stored already');
    await recalled.end();
    assert.notEqual(looks, before, 'who wants to know what changed is told');
    await write({ 'a.ts': 'export const a = 2;\n' });
    const edited = await start('eslint', eslintUnits);
    await edited.answer(2);
    await edited.engine.persist([], true);
    edited.engine.dispose();
    const last = await start('eslint', eslintUnits);
    assert.equal(last.pool.checks.length, 0, 'the new answer was stored');
    await last.end();
  });

  it('the notes of a detector are read without those of others, among which are the plans of all', async () => {
    store.meta.list = () => assert.fail('everything was read');
    store.meta.put('notes eslint', { verdict: 'equal' });
    const session = await start('eslint', eslintUnits);
    assert.deepEqual(session.pool.checks[0]?.task.request.notes, { verdict: 'equal' });
    session.engine.dispose();
  });
});
