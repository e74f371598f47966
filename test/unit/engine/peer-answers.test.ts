/** What an engine answers a process that has the same folder open. */
import assert from 'node:assert/strict';
import { Engine } from '../../../server/engine/engine.ts';
import type { PeerAnswers } from '../../../server/engine/peer-answers.ts';
import type { Unit } from '../../../workers/protocol/detector-protocol.ts';
import { fileUnit, issue, planOf, projectUnit, ScriptedPool, settle } from './support.ts';

describe('engine: answers for peers', () => {
  const found = [issue('typescript', 'a.ts', 1)];
  let pool: ScriptedPool;
  let engine: Engine;

  async function start(detector: string, units: readonly Unit[]): Promise<void> {
    pool = new ScriptedPool(() => Promise.resolve(planOf(units)));
    engine = new Engine('/root', pool, { detectors: new Map([[detector, {}]]), trusted: true, exclude: [] });
    engine.analyzeAll();
    await settle();
  }

  function answers(detector = 'typescript'): PeerAnswers {
    const own = engine.peerAnswers(detector, () => true);
    assert.ok(own);
    return own;
  }

  const stateOf = (unit: Unit, detector?: string): string => answers(detector).answerFor(unit).state;

  afterEach(() => engine.dispose());

  it('has none for a detector that is disabled or has other options', async () => {
    await start('typescript', [projectUnit('p')]);
    assert.equal(
      engine.peerAnswers('eslint', () => true),
      undefined,
    );
    assert.equal(
      engine.peerAnswers('typescript', (options) => 'engine' in options),
      undefined,
    );
  });

  it('has a plan as soon as there is one, until it is out of date', async () => {
    const plan = Promise.withResolvers<ReturnType<typeof planOf>>();
    await start('typescript', []);
    pool.plannedBy = () => plan.promise;
    engine.analyzeAll();
    assert.deepEqual(answers().plan(), { state: 'pending' });
    assert.deepEqual(answers().answerFor(projectUnit('p')), { state: 'pending' });
    plan.resolve(planOf([projectUnit('p')]));
    await settle();
    assert.equal(answers().plan().state, 'ready');
    engine.filesChanged([{ file: 'tsconfig.json', kind: 'changed' }]);
    assert.equal(answers().plan().state, 'pending');
    engine.cancel();
    assert.equal(answers().plan().state, 'refused');
  });

  it('returns the issues so far of a running project, and all of them when it is done', async () => {
    await start('typescript', [projectUnit('p')]);
    const unit = projectUnit('p');
    await pool.last.answer('p', 'a.ts', found);
    assert.deepEqual(answers().answerFor(unit), { state: 'pending', soFar: new Map([['a.ts', found]]) });
    await pool.last.finish();
    assert.deepEqual(answers().answerFor(unit), {
      state: 'ready',
      value: { incomplete: false, files: new Map([['a.ts', found]]), problems: [] },
    });
    assert.equal(stateOf({ ...unit, group: 'other' }), 'refused', 'it would be checked otherwise');
    assert.equal(stateOf(projectUnit('unknown')), 'refused');
  });

  it('returns no results of unsaved text', async () => {
    await start('typescript', [projectUnit('p')]);
    await pool.last.finish();
    engine.setOverlay('a.ts', { text: 'typed', version: 2 });
    engine.filesChanged([{ file: 'a.ts', kind: 'changed' }]);
    await pool.last.answer('p', 'a.ts', found);
    assert.deepEqual(answers().answerFor(projectUnit('p')), { state: 'pending', soFar: undefined });
    await pool.last.finish();
    assert.equal(stateOf(projectUnit('p')), 'refused');
  });

  it('reports that a unit has no result', async () => {
    await start('eslint', [fileUnit('a.ts'), fileUnit('b.ts')]);
    const failed = { kind: 'failed', message: 'no', unfinished: [fileUnit('a.ts')], quarantined: [] } as const;
    await pool.last.finish(failed);
    const answer = answers('eslint').answerFor(fileUnit('a.ts'));
    assert.equal(answer.state === 'ready' && answer.value.incomplete, true);
    assert.equal(stateOf(fileUnit('b.ts'), 'eslint'), 'ready');
    engine.filesChanged([{ file: 'b.ts', kind: 'changed' }]);
    assert.equal(stateOf(fileUnit('b.ts'), 'eslint'), 'pending');
    engine.cancel();
    assert.equal(stateOf(fileUnit('b.ts'), 'eslint'), 'refused', 'nobody will answer');
  });
});
