import assert from 'node:assert/strict';
import type { EngineSettings } from '../../../server/engine/engine-settings.ts';
import { Engine } from '../../../server/engine/engine.ts';
import type { Cause, DetectorProblem, Issue } from '../../../workers/protocol/detector-protocol.ts';
import { fileUnit, issue, planOf, ScriptedPool, settle } from './support.ts';

const start = { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } };
const nothing: Cause = {
  ...{ key: 'not-installed', rule: 'not-installed', file: 'package.json', range: start },
  message: "Nothing is installed. Run 'npm ci'.",
};
const failing: Cause = {
  ...{ key: 'rule-error r', rule: 'rule-error', file: 'eslint.config.js', range: start },
  ...{ message: 'The rule r fails.', ifShared: true },
};

describe('engine: causes', () => {
  let pool: ScriptedPool;
  let engine: Engine;
  let settings: EngineSettings;

  const follows = (file: string, line: number, cause = nothing): Issue => ({
    ...issue('eslint', file, line, 'TS2307'),
    cause,
  });
  const shown = (): string[] => engine.issues().map(({ rule, file, range }) => `${rule} ${file}:${range.start.line}`);
  const state = (): string | undefined => engine.status()[0]?.state;
  const answer = async (file: string, issues: readonly Issue[]): Promise<void> => {
    await pool.last.answer(file, file, issues);
    await settle();
  };
  const change = async (file: string, issues: readonly Issue[]): Promise<void> => {
    engine.filesChanged([{ file, kind: 'changed' }]);
    await settle();
    await answer(file, issues);
    await pool.last.finish();
    await settle();
  };

  beforeEach(async () => {
    const units = ['a.ts', 'b.ts', 'package.json'].map(fileUnit);
    settings = { detectors: new Map([['eslint', {}]]), trusted: true, exclude: [] };
    pool = new ScriptedPool(() => Promise.resolve(planOf(units)));
    engine = new Engine('/root', pool, settings);
    engine.analyzeAll();
    await settle();
  });

  afterEach(() => engine.dispose());

  it('shows one issue at the cause, with a count and places, and a degraded detector', async () => {
    const announced = new Set<string>();
    engine.on('files', (files) => files.forEach((file) => announced.add(file)));
    await answer('a.ts', [follows('a.ts', 1), follows('a.ts', 2), issue('eslint', 'a.ts', 3)]);
    await answer('b.ts', [{ ...follows('b.ts', 1), severity: 'warning' }]);
    await pool.last.finish();
    assert.deepEqual(shown(), ['rule a.ts:3', 'not-installed package.json:0']);
    const cause = engine.issuesOf('package.json')[0];
    assert.equal(cause?.message, "Nothing is installed. Run 'npm ci'. 3 issues follow from this, in 2 files.");
    assert.deepEqual([cause.detector, cause.severity, cause.consequences], ['bulkhead', 'error', 3]);
    assert.deepEqual(
      cause.related?.map(({ file, range, message }) => `${file}:${range.start.line} ${message}`),
      ['a.ts:1 TS2307: message', 'a.ts:2 TS2307: message', 'b.ts:1 TS2307: message'],
    );
    assert.ok(announced.has('package.json'));
    assert.deepEqual([state(), engine.status()[0]?.error], ['degraded', nothing.message]);
    assert.deepEqual(engine.counts(), { error: 2, warning: 0, info: 0, hint: 0 });
    assert.equal(engine.allIssues().length, 2);
  });

  it('a detector that cannot work for a cause it names is degraded; one that fails otherwise has failed', async () => {
    const problem: DetectorProblem = { code: 'TOOL_MISSING', message: 'ESLint is not installed.', fatal: true };
    const stateWith = async (...problems: readonly DetectorProblem[]): Promise<readonly (string | undefined)[]> => {
      const failing = new ScriptedPool(() => Promise.resolve({ ...planOf([]), status: 'failed', problems }));
      const own = new Engine('/root', failing, settings);
      own.analyzeAll();
      await settle();
      const [status] = own.status();
      own.dispose();
      return [status?.state, status?.error];
    };
    assert.deepEqual(await stateWith({ ...problem, cause: nothing }), ['degraded', problem.message]);
    assert.deepEqual(await stateWith(problem), ['failed', problem.message]);
    assert.deepEqual(await stateWith({ ...problem, cause: nothing }, problem), ['failed', problem.message]);
  });

  it('unfolds at once: what no longer follows from it is seen, and the cause goes with its last consequence', async () => {
    await answer('a.ts', [follows('a.ts', 1)]);
    await answer('b.ts', [follows('b.ts', 1)]);
    await pool.last.finish();
    await change('a.ts', [issue('eslint', 'a.ts', 1)]);
    assert.deepEqual(shown(), ['rule a.ts:1', 'not-installed package.json:0']);
    assert.equal(state(), 'degraded');
    await change('b.ts', []);
    assert.deepEqual(shown(), ['rule a.ts:1']);
    assert.equal(state(), 'done');
    assert.deepEqual(engine.counts(), { error: 1, warning: 0, info: 0, hint: 0 });
  });

  it('forgets consequences in deleted files and of detectors that are turned off', async () => {
    await answer('a.ts', [follows('a.ts', 1)]);
    await answer('b.ts', [follows('b.ts', 1)]);
    await pool.last.finish();
    engine.filesChanged([{ file: 'a.ts', kind: 'deleted' }]);
    await settle();
    assert.equal(engine.issues()[0]?.consequences, 1);
    engine.configure({ ...settings, detectors: new Map() });
    await settle();
    assert.deepEqual(shown(), []);
  });

  it('folds what is only assumed to have a common cause where several files have it', async () => {
    await answer('a.ts', [follows('a.ts', 1, failing), follows('a.ts', 2, failing)]);
    assert.deepEqual(shown(), ['TS2307 a.ts:1', 'TS2307 a.ts:2']);
    await answer('b.ts', [follows('b.ts', 1, { ...failing, message: 'Said otherwise.' })]);
    await pool.last.finish();
    assert.deepEqual(shown(), ['rule-error eslint.config.js:0']);
    assert.match(engine.issues()[0]?.message ?? '', /^The rule r fails\. 3 issues/, 'the first file describes it');
    await change('b.ts', []);
    assert.deepEqual(shown(), ['TS2307 a.ts:1', 'TS2307 a.ts:2']);
    assert.equal(state(), 'done');
  });

  it('lets the issue of a detector stand for the cause', async () => {
    await answer('package.json', [{ ...issue('eslint', 'package.json', 0, 'not-installed'), severity: 'warning' }]);
    await answer('a.ts', [follows('a.ts', 1)]);
    await pool.last.finish();
    assert.deepEqual(shown(), ['not-installed package.json:0']);
    const [stated] = engine.issues();
    assert.deepEqual([stated?.detector, stated?.severity, stated?.consequences], ['eslint', 'error', 1]);
    assert.match(stated?.message ?? '', /^message 1 issue follows from this, in 1 file\.$/);
  });

  it('shows consequences besides the cause on request', async () => {
    await answer('a.ts', [follows('a.ts', 1)]);
    await pool.last.finish();
    engine.configure({ ...settings, showConsequences: true });
    await settle();
    assert.deepEqual(shown(), ['TS2307 a.ts:1', 'not-installed package.json:0']);
    assert.equal(state(), 'degraded');
    engine.configure(settings);
    await settle();
    assert.deepEqual(shown(), ['not-installed package.json:0']);
  });

  it('lists some of many consequences, and counts all', async () => {
    const many = Array.from({ length: 30 }, (_, line) => follows('b.ts', line));
    await answer('b.ts', many);
    await answer('a.ts', [follows('a.ts', 7)]);
    const [cause] = engine.issuesOf('package.json');
    assert.equal(cause?.consequences, 31);
    assert.equal(cause.related?.length, 20);
    assert.equal(cause.related[0]?.file, 'a.ts');
  });

  it('is degraded by a problem that says so', async () => {
    const message = 'The script lint covers files that are not checked.';
    await pool.last.task.onEvent({
      kind: 'problem',
      problem: { code: 'CONFIG_ERROR', message, fatal: false, degrades: true },
    });
    await pool.last.finish();
    await settle();
    assert.deepEqual([state(), engine.status()[0]?.error], ['degraded', message]);
  });
});
