import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { EngineSettings } from '../../../server/engine/engine-settings.ts';
import { Engine } from '../../../server/engine/engine.ts';
import { Journal } from '../../../server/journal.ts';
import { PlanFailure } from '../../../server/pool/plan-failure.ts';
import { fileUnit, issue, planOf, projectUnit, ScriptedPool, settle } from './support.ts';

const reason = { kind: 'oom-heap', message: 'ESLint ran out of memory on this file.', stderr: [] } as const;

function settings(...detectors: readonly string[]): EngineSettings {
  return { detectors: new Map(detectors.map((name) => [name, {}])), trusted: true, exclude: [] };
}

describe('engine', () => {
  let pool: ScriptedPool;
  let engine: Engine;

  async function start(
    detector: string,
    units = [fileUnit('a.ts'), fileUnit('b.ts')],
    more: Partial<EngineSettings> = {},
  ) {
    pool = new ScriptedPool(() => Promise.resolve(planOf(units)));
    engine = new Engine('/root', pool, { ...settings(detector), ...more });
    engine.analyzeAll();
    await settle();
  }

  const lines = (file: string): number[] => engine.issuesOf(file).map((found) => found.range.start.line);

  afterEach(() => engine.dispose());

  it('shows a file as soon as it is done, and settles when all are', async () => {
    await start('eslint');
    assert.deepEqual(pool.last.files, ['a.ts', 'b.ts']);
    const announced: string[] = [];
    engine.on('files', (files) => announced.push(...files));
    await pool.last.answer('a.ts', 'a.ts', [issue('eslint', 'a.ts', 1)]);
    await settle();
    assert.deepEqual(announced, ['a.ts']);
    assert.equal(engine.settled, false);
    await pool.last.answer('b.ts', 'b.ts', []);
    await pool.last.finish();
    assert.equal(engine.settled, true);
    assert.equal(engine.status()[0]?.state, 'done');
    assert.deepEqual(engine.counts('eslint'), { error: 1, warning: 0, info: 0, hint: 0 });
  });

  it('settles even if a listener throws', async () => {
    await start('eslint', [fileUnit('a.ts')]);
    engine.on('files', () => {
      throw new Error('Listener failed.');
    });
    const handlers = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    try {
      const thrown = once(process, 'uncaughtException');
      const idle = engine.idle();
      await pool.last.answer('a.ts', 'a.ts', [issue('eslint', 'a.ts', 1)]);
      await pool.last.finish();
      assert.match(String(await thrown), /Listener failed/);
      await idle;
    } finally {
      for (const handler of handlers) process.on('uncaughtException', handler);
    }
  });

  it('lets nobody wait once it is disposed', async () => {
    await start('eslint');
    const waiting = [engine.idle(), engine.upToDate('a.ts', new AbortController().signal)];
    engine.dispose();
    assert.deepEqual(await Promise.all(waiting), [undefined, false]);
    await engine.idle();
  });

  it('does not show issues of a file that is not done', async () => {
    await start('eslint');
    await pool.last.task.onEvent({ kind: 'issues', unit: 'a.ts', file: 'a.ts', issues: [issue('eslint', 'a.ts', 1)] });
    assert.deepEqual(lines('a.ts'), []);
  });

  it('discards issues of a file whose worker was replaced in the middle', async () => {
    await start('eslint');
    await pool.last.task.onEvent({ kind: 'begin', unit: 'a.ts', file: 'a.ts' });
    await pool.last.task.onEvent({ kind: 'issues', unit: 'a.ts', file: 'a.ts', issues: [issue('eslint', 'a.ts', 1)] });
    await pool.last.answer('a.ts', 'a.ts', [issue('eslint', 'a.ts', 2)]);
    assert.deepEqual(lines('a.ts'), [2]);
  });

  it("shows a file's earlier issues until it is done again", async () => {
    await start('eslint');
    await pool.last.answer('a.ts', 'a.ts', [issue('eslint', 'a.ts', 1)]);
    await pool.last.finish();
    engine.filesChanged([{ file: 'a.ts', kind: 'changed' }]);
    await settle();
    const announced: string[] = [];
    engine.on('files', (files) => announced.push(...files));
    const { onEvent } = pool.last.task;
    await onEvent({ kind: 'begin', unit: 'a.ts', file: 'a.ts' });
    await settle();
    assert.deepEqual([lines('a.ts'), announced], [[1], []]);
    await onEvent({ kind: 'issues', unit: 'a.ts', file: 'a.ts', issues: [issue('eslint', 'a.ts', 2)] });
    await settle();
    assert.deepEqual([lines('a.ts'), announced], [[1], []]);
    await onEvent({ kind: 'done', unit: 'a.ts', file: 'a.ts' });
    await settle();
    assert.deepEqual([lines('a.ts'), announced], [[2], ['a.ts']]);
  });

  it('knows changes from before it was started', async () => {
    pool = new ScriptedPool(() => Promise.resolve(planOf([projectUnit('tsconfig.json')])));
    const journal = new Journal();
    const early = journal.append([{ file: 'a.ts', kind: 'changed' }]);
    engine = new Engine('/root', pool, settings('typescript'), { journal });
    engine.filesChanged([{ file: 'b.ts', kind: 'changed' }]);
    engine.analyzeAll();
    await settle();
    assert.equal(engine.journal, journal);
    assert.ok(pool.last.task.request.revision > early);
    assert.equal(pool.last.task.changedSince?.(early), undefined, 'whoever knows less has to look at everything');
    engine.filesChanged([{ file: 'c.ts', kind: 'changed' }]);
    assert.deepEqual(pool.last.changed, ['c.ts']);
  });

  it('checks only the changed file of a detector that works file by file', async () => {
    await start('eslint');
    await pool.last.answer('a.ts', 'a.ts', [issue('eslint', 'a.ts', 1)]);
    await pool.last.finish();
    engine.filesChanged([{ file: 'a.ts', kind: 'changed' }]);
    await settle();
    assert.deepEqual(pool.last.files, ['a.ts']);
    assert.deepEqual(lines('a.ts'), [1], 'old issues stay until the new answer');
    await pool.last.answer('a.ts', 'a.ts', []);
    assert.deepEqual(lines('a.ts'), []);
  });

  it('ignores results of an older batch for a unit that was submitted again', async () => {
    await start('eslint');
    const older = pool.last;
    engine.filesChanged([{ file: 'a.ts', kind: 'changed' }]);
    await settle();
    const newer = pool.last;
    assert.notEqual(newer, older);
    await newer.answer('a.ts', 'a.ts', [issue('eslint', 'a.ts', 2)]);
    await newer.finish();
    await older.answer('a.ts', 'a.ts', [issue('eslint', 'a.ts', 1)]);
    await older.answer('b.ts', 'b.ts', [issue('eslint', 'b.ts', 1)]);
    await older.finish();
    assert.deepEqual(lines('a.ts'), [2]);
    assert.deepEqual(lines('b.ts'), [1]);
    assert.equal(engine.settled, true);
  });

  it('replaces a running check of a project, and passes what changed since the last one', async () => {
    await start('typescript', [projectUnit('tsconfig.json')]);
    await pool.last.finish();
    engine.filesChanged([{ file: 'a.ts', kind: 'changed' }]);
    await settle();
    const superseded = pool.last;
    assert.deepEqual(superseded.changed, ['a.ts']);
    engine.filesChanged([{ file: 'b.ts', kind: 'created' }]);
    await settle();
    assert.equal(superseded.task.signal.aborted, true);
    assert.deepEqual(pool.last.changed, ['b.ts'], 'the pool knows what the run was told that was cut short');
    await pool.last.finish();
    engine.filesChanged([{ file: 'c.ts', kind: 'changed' }]);
    await settle();
    assert.deepEqual(pool.last.changed, ['c.ts']);
  });

  it('asks for all of a project after a change of configuration: no answer from before is one to start from', async () => {
    await start('typescript', [projectUnit('tsconfig.json')]);
    await pool.last.answer('tsconfig.json', 'a.ts', []);
    await pool.last.finish();
    engine.filesChanged([{ file: 'a.ts', kind: 'changed' }]);
    await settle();
    assert.deepEqual(Object.keys(pool.last.task.request.since ?? {}), ['tsconfig.json']);
    await pool.last.finish();
    engine.filesChanged([{ file: 'tsconfig.json', kind: 'changed' }]);
    await settle();
    assert.equal(pool.checks.length, 3);
    assert.equal(pool.last.task.request.since, undefined);
  });

  it('plans again when a configuration changes, and drops units that no longer exist', async () => {
    await start('eslint');
    await pool.last.answer('a.ts', 'a.ts', [issue('eslint', 'a.ts', 1)]);
    await pool.last.answer('b.ts', 'b.ts', [issue('eslint', 'b.ts', 1)]);
    await pool.last.finish();
    pool.plannedBy = () => Promise.resolve(planOf([fileUnit('b.ts')]));
    engine.filesChanged([{ file: 'eslint.config.js', kind: 'changed' }]);
    await settle();
    assert.deepEqual(pool.restarted, ['eslint'], 'modules loaded before are out of date');
    assert.equal(pool.plans.length, 2);
    assert.deepEqual(lines('a.ts'), []);
    assert.deepEqual(lines('b.ts'), [1]);
    assert.deepEqual(pool.last.files, ['b.ts']);
    assert.equal(pool.last.changed, undefined);
  });

  it('is busy while its processes are replaced, and plans afterwards', async () => {
    await start('eslint');
    await pool.last.finish();
    assert.equal(engine.settled, true);
    const renewed = Promise.withResolvers<void>();
    pool.restart = () => renewed.promise;
    engine.filesChanged([{ file: 'eslint.config.js', kind: 'changed' }]);
    await settle();
    assert.deepEqual([engine.settled, engine.busy, pool.plans.length], [false, true, 1]);
    renewed.resolve();
    await settle();
    assert.equal(pool.plans.length, 2);
    await pool.last.finish();
    assert.deepEqual([engine.settled, engine.busy], [true, false]);
  });

  it('drops the issues of a deleted file at once', async () => {
    await start('eslint');
    await pool.last.answer('a.ts', 'a.ts', [issue('eslint', 'a.ts', 1)]);
    engine.filesChanged([{ file: 'a.ts', kind: 'deleted' }]);
    assert.deepEqual(lines('a.ts'), []);
  });

  it('keeps older issues of files that a check did not finish, and says why', async () => {
    await start('eslint');
    await pool.last.answer('a.ts', 'a.ts', [issue('eslint', 'a.ts', 1)]);
    await pool.last.answer('b.ts', 'b.ts', [issue('eslint', 'b.ts', 1)]);
    await pool.last.finish();
    engine.analyzeAll();
    await settle();
    await pool.last.answer('a.ts', 'a.ts', []);
    await pool.last.finish({
      kind: 'failed',
      message: 'The pool stopped.',
      unfinished: [fileUnit('b.ts')],
      quarantined: [],
    });
    assert.deepEqual(lines('a.ts'), []);
    assert.deepEqual(lines('b.ts'), [1]);
    const status = engine.status()[0];
    assert.equal(status?.state, 'partial');
    assert.equal(status.error, 'The pool stopped.');
  });

  it('shows a quarantined input as an issue on it', async () => {
    await start('eslint');
    await pool.last.answer('a.ts', 'a.ts', []);
    const poison = { detector: 'eslint', root: '/root', unit: fileUnit('b.ts'), file: 'b.ts', reason, since: 0 };
    await pool.last.finish({ kind: 'done', result: { durationMs: 1, files: 1, issues: 0 }, quarantined: [poison] });
    const [found] = engine.issuesOf('b.ts');
    assert.equal(found?.rule, 'quarantined');
    assert.match(found.message, /^ESLint ran out of memory on this file\. Bulkhead skips this file until/);
    assert.equal(engine.status()[0]?.state, 'partial');
  });

  it('checks failed units again when the pool is available again', async () => {
    await start('eslint');
    await pool.last.answer('a.ts', 'a.ts', [issue('eslint', 'a.ts', 1)]);
    pool.available('eslint');
    assert.equal(pool.checks.length, 1, 'it is in work');
    await pool.last.finish({
      kind: 'failed',
      message: 'ESLint crashed too often and is tried again later.',
      unfinished: [fileUnit('b.ts')],
      quarantined: [],
    });
    assert.equal(engine.status()[0]?.error, 'ESLint crashed too often and is tried again later.');
    pool.available('typescript');
    pool.available('eslint');
    assert.deepEqual(pool.last.files, ['b.ts']);
    assert.equal(engine.status()[0]?.state, 'running');
    await pool.last.answer('b.ts', 'b.ts', [issue('eslint', 'b.ts', 1)]);
    await pool.last.finish();
    assert.deepEqual([engine.status()[0]?.state, engine.status()[0]?.error], ['done', undefined]);
    assert.deepEqual([lines('a.ts'), lines('b.ts')], [[1], [1]]);
    pool.available('eslint');
    assert.equal(pool.checks.length, 2, 'nothing is missing');
  });

  it('remembers that the pool is available again while another batch runs', async () => {
    await start(
      'eslint',
      Array.from({ length: 200 }, (_, index) => fileUnit(`f${index}.ts`)),
    );
    const [first, ...others] = pool.checks;
    assert.ok(first && others.length > 0);
    const unfinished = first.task.request.units;
    await first.finish({ kind: 'failed', message: 'It is tried again later.', unfinished, quarantined: [] });
    pool.available('eslint');
    for (const other of others) await other.finish();
    assert.deepEqual(
      pool.checks.slice(others.length + 1).flatMap(({ files }) => files),
      unfinished.map(({ file }) => file),
    );
  });

  it('does not resume what the user cancelled', async () => {
    await start('eslint');
    engine.cancel();
    await settle();
    pool.available('eslint');
    assert.equal(pool.checks.length, 1);
  });

  it('shows on a configuration that its code crashed the worker, and plans again when the pool is available', async () => {
    pool = new ScriptedPool(() =>
      Promise.reject(new PlanFailure(reason.message, { ...reason, input: 'eslint.config.js' })),
    );
    engine = new Engine('/root', pool, settings('eslint'));
    engine.analyzeAll();
    await settle();
    assert.equal(engine.status()[0]?.state, 'failed');
    const [found] = engine.issuesOf('eslint.config.js');
    assert.deepEqual([found?.rule, found?.message], ['config-error', reason.message]);
    pool.plannedBy = () => Promise.resolve(planOf([fileUnit('a.ts')]));
    pool.available('eslint');
    await settle();
    assert.deepEqual(engine.issuesOf('eslint.config.js'), []);
    await pool.last.finish();
    assert.equal(engine.status()[0]?.state, 'done');
  });

  it('cancels, keeps the issues found so far, and continues with the next request', async () => {
    await start('eslint');
    await pool.last.answer('a.ts', 'a.ts', [issue('eslint', 'a.ts', 1)]);
    engine.cancel();
    await settle();
    assert.equal(engine.status()[0]?.state, 'cancelled');
    assert.deepEqual(lines('a.ts'), [1]);
    engine.analyzeAll();
    await settle();
    assert.deepEqual(pool.last.files, ['a.ts', 'b.ts']);
    await pool.last.finish();
    assert.equal(engine.status()[0]?.state, 'done');
  });

  it('cancels a running plan and makes it again', async () => {
    await start('eslint');
    const hanging = Promise.withResolvers<ReturnType<typeof planOf>>();
    pool.plannedBy = () => hanging.promise;
    engine.analyzeAll();
    engine.cancel();
    pool.plannedBy = () => Promise.resolve(planOf([fileUnit('c.ts')]));
    engine.analyzeAll();
    await settle();
    hanging.resolve(planOf([fileUnit('never.ts')]));
    await settle();
    assert.deepEqual(pool.last.files, ['c.ts']);
  });

  it('turns a detector off and on at once', async () => {
    await start('eslint');
    await pool.last.answer('a.ts', 'a.ts', [issue('eslint', 'a.ts', 1)]);
    await pool.last.finish();
    engine.configure(settings('typescript'));
    await settle();
    assert.deepEqual(lines('a.ts'), []);
    assert.deepEqual(
      engine.status().map((status) => status.name),
      ['typescript'],
    );
    engine.configure(settings('typescript', 'eslint'));
    await settle();
    assert.deepEqual(
      pool.plans.map((plan) => plan.detector),
      ['eslint', 'typescript', 'eslint'],
    );
  });

  it('does not run code of the workspace before it is trusted', async () => {
    await start('eslint', undefined, { trusted: false });
    assert.equal(pool.plans.length, 0);
    assert.equal(engine.status()[0]?.state, 'restricted');
    engine.configure(settings('eslint'));
    await settle();
    assert.equal(pool.plans.length, 1);
  });

  it('omits files that the user excluded', async () => {
    await start('eslint', [fileUnit('a.ts'), fileUnit('dist/a.js')], { exclude: ['dist/'] });
    assert.deepEqual(pool.last.files, ['a.ts']);
  });

  it('shows a problem of a configuration on its file until it is fixed', async () => {
    pool = new ScriptedPool(() =>
      Promise.resolve(
        planOf([], {
          status: 'failed',
          problems: [{ code: 'CONFIG_ERROR', message: 'Unexpected token', file: 'eslint.config.js', fatal: true }],
        }),
      ),
    );
    engine = new Engine('/root', pool, settings('eslint'));
    engine.analyzeAll();
    await settle();
    assert.equal(engine.status()[0]?.state, 'failed');
    assert.equal(engine.issuesOf('eslint.config.js')[0]?.rule, 'config-error');
    pool.plannedBy = () => Promise.resolve(planOf([fileUnit('a.ts')]));
    engine.filesChanged([{ file: 'eslint.config.js', kind: 'changed' }]);
    await settle();
    await pool.last.finish();
    assert.deepEqual(engine.issuesOf('eslint.config.js'), []);
    assert.equal(engine.status()[0]?.state, 'done');
  });

  it('fails visibly when the plan cannot be made', async () => {
    pool = new ScriptedPool(() => Promise.reject(new Error('eslint#1 ended with SIGSEGV.')));
    engine = new Engine('/root', pool, settings('eslint'));
    engine.analyzeAll();
    await settle();
    assert.equal(engine.status()[0]?.state, 'failed');
    assert.equal(engine.status()[0]?.error, 'eslint#1 ended with SIGSEGV.');
    assert.equal(engine.settled, true);
  });

  it('makes a detector do the part of one that failed, until that one succeeds', async () => {
    let fails = true;
    pool = new ScriptedPool(({ detector }) =>
      detector === 'typescript' && fails
        ? Promise.reject(new Error('typescript#1 ended with SIGSEGV.'))
        : Promise.resolve(planOf([projectUnit('x')])),
    );
    engine = new Engine('/root', pool, settings('import', 'typescript'));
    const dedupes = (): unknown => {
      const checks = pool.checks.filter(({ task }) => task.request.detector === 'import');
      return checks.at(-1)?.task.request.options['dedupeWithTypescript'];
    };
    engine.analyzeAll();
    await settle();
    assert.equal(dedupes(), false);
    for (const check of pool.checks.filter(({ settled }) => !settled)) await check.finish();
    fails = false;
    engine.filesChanged([{ file: 'tsconfig.json', kind: 'changed' }]);
    await settle();
    for (const check of pool.checks.filter(({ settled }) => !settled)) await check.finish();
    await settle();
    assert.equal(dedupes(), undefined);
  });

  it('handles a thousand changed files as one piece of work', async () => {
    const files = Array.from({ length: 1000 }, (_, index) => `f${index}.ts`);
    await start('eslint', files.map(fileUnit));
    for (const check of [...pool.checks]) await check.finish();
    const before = pool.checks.length;
    engine.filesChanged(files.map((file) => ({ file, kind: 'changed' as const })));
    await settle();
    const sizes = pool.checks.slice(before).map((check) => check.files.length);
    assert.equal(
      sizes.reduce((sum, size) => sum + size, 0),
      1000,
    );
    assert.ok(Math.max(...sizes) <= 50 && Math.min(...sizes) >= 20, `batches of ${sizes.join(', ')}`);
  });

  it('sends open files first', async () => {
    pool = new ScriptedPool(() => Promise.resolve(planOf(Array.from({ length: 60 }, (_, i) => fileUnit(`f${i}.ts`)))));
    engine = new Engine('/root', pool, settings('eslint'));
    engine.setOpenFiles(['f59.ts']);
    engine.analyzeAll();
    await settle();
    assert.deepEqual(pool.checks[0]?.files, ['f59.ts']);
    assert.equal(pool.checks[0].task.priority, 'open');
    assert.equal(pool.checks[1]?.task.priority, 'background');
  });
});
