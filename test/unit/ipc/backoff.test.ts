import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { backoffDelay } from '../../../workers/ipc/backoff.ts';

describe('back-off', () => {
  const delays = (jitter: number, random: number): readonly number[] =>
    [0, 1, 2, 3, 4].map((attempt) => backoffDelay({ delayMs: 100, maxDelayMs: 1_000, jitter }, attempt, () => random));

  it('doubles up to its maximum, however many attempts there were', () => {
    assert.deepEqual(delays(0, 0.3), [100, 200, 400, 800, 1_000]);
    assert.equal(backoffDelay({ delayMs: 100, maxDelayMs: 1_000, jitter: 0 }, 10_000), 1_000);
  });

  it('makes a share of each delay random', () => {
    assert.deepEqual(delays(0.5, 0), [50, 100, 200, 400, 500]);
    assert.deepEqual(delays(0.5, 0.5), [75, 150, 300, 600, 750]);
    assert.deepEqual(delays(1, 0), [0, 0, 0, 0, 0]);
  });
});
