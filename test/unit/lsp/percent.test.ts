import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { DetectorState, DetectorStatus } from '../../../server/engine/status.ts';
import { AnalysisPercent } from '../../../server/lsp/percent.ts';

function status(state: DetectorState, fraction: number, durationMs: number): DetectorStatus {
  return { name: 'any', state, fraction, durationMs, checked: 0, problems: [] };
}

describe('percent of an analysis', () => {
  it('is unknown while the user waits for nothing', () => {
    assert.equal(new AnalysisPercent().of([status('done', 1, 500), status('confirming', 1, 20)]), undefined);
  });

  it('counts detectors by the time they take, not by their number', () => {
    const percent = new AnalysisPercent();
    percent.of([status('running', 0, 1), status('running', 0, 1), status('running', 0, 1)]);
    const quick = status('done', 1, 10);
    assert.equal(percent.of([quick, quick, status('running', 0.25, 1000)]), 25);
    assert.equal(percent.of([quick, quick, status('running', 0.5, 2000)]), 50);
  });

  it('does not count detectors that take no part', () => {
    assert.equal(new AnalysisPercent().of([status('done', 1, 9000), status('running', 0.1, 10)]), 10);
  });

  it('starts over with the next analysis', () => {
    const percent = new AnalysisPercent();
    assert.equal(percent.of([status('running', 0.8, 80)]), 80);
    assert.equal(percent.of([status('done', 1, 100)]), undefined);
    assert.equal(percent.of([status('waiting', 0, 0)]), 0);
  });

  it('never falls and is never complete during an analysis', () => {
    const state = fc.constantFrom<DetectorState[]>('waiting', 'planning', 'running', 'done', 'failed');
    const one = fc.record({ state, fraction: fc.double({ min: 0, max: 1, noNaN: true }), ms: fc.nat(10_000) });
    const step = fc.array(one, { minLength: 3, maxLength: 3 });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        const percent = new AnalysisPercent();
        let before = 0;
        for (const all of steps) {
          const now = percent.of([
            status('running', 0, 1),
            ...all.map(({ state: each, fraction, ms }) => status(each, fraction, ms)),
          ]);
          assert.ok(now !== undefined && now >= before && now <= 99 && Number.isInteger(now), String(now));
          before = now;
        }
      }),
    );
  });
});
