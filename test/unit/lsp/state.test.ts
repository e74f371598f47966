import assert from 'node:assert/strict';
import { isIncomplete, isSettled, type DetectorState } from '../../../server/engine/status.ts';
import { stateOf } from '../../../server/lsp/state.ts';

const states = [
  'off',
  'restricted',
  'waiting',
  'planning',
  'running',
  'confirming',
  'not-applicable',
  'done',
  'degraded',
  'partial',
  'failed',
  'cancelled',
] as const satisfies readonly DetectorState[];
const flags = [false, true] as const;

describe('the state of the server', () => {
  it('is idle only if nothing speaks against it, in every combination', () => {
    for (const paused of flags)
      for (const opening of flags)
        for (const underWay of flags)
          for (const problems of [0, 1])
            for (const one of states)
              for (const other of states) {
                const facts = { paused, opening, underWay, problems, detectors: [one, other] };
                const isUnderWay = opening || underWay || !isSettled(one) || !isSettled(other);
                const isWrong = problems > 0 || isIncomplete(one) || isIncomplete(other);
                const expected = paused ? 'paused' : isUnderWay ? 'analysing' : isWrong ? 'problem' : 'idle';
                assert.equal(stateOf(facts), expected, JSON.stringify(facts));
              }
  });

  it('counts revalidation as work, and a cancelled analysis as a problem', () => {
    const facts = { paused: false, opening: false, underWay: false, problems: 0 };
    assert.equal(stateOf({ ...facts, detectors: ['done', 'confirming'] }), 'analysing');
    assert.equal(stateOf({ ...facts, detectors: ['done', 'cancelled'] }), 'problem');
    assert.equal(stateOf({ ...facts, detectors: ['done', 'restricted', 'not-applicable', 'off'] }), 'idle');
    assert.equal(stateOf({ ...facts, detectors: [] }), 'idle');
  });
});
