import assert from 'node:assert/strict';
import { Progress } from '../../../server/engine/progress.ts';

describe('progress', () => {
  it('goes from nothing to all of what was asked for, and starts over with the next analysis', () => {
    const progress = new Progress();
    assert.equal(progress.fraction(0), 0);
    progress.start();
    progress.asked(4);
    assert.equal(progress.fraction(1), 0.25);
    progress.answered(2);
    progress.start();
    assert.equal(progress.fraction(1), 0.75, 'it goes on');
    progress.answered(2);
    assert.equal(progress.fraction(1), 1);
    progress.stop();
    progress.start();
    assert.equal(progress.fraction(0), 0);
  });

  it('takes no time before somebody waits, and none after', () => {
    const progress = new Progress();
    assert.equal(progress.durationMs, 0);
    progress.start();
    progress.stop();
    const took = progress.durationMs;
    progress.stop();
    assert.equal(progress.durationMs, took);
  });
});
