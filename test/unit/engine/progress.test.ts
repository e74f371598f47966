import assert from 'node:assert/strict';
import { Progress } from '../../../server/engine/progress.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';

describe('progress', () => {
  it('goes from 0 to 1, and starts over with the next analysis', () => {
    const progress = new Progress(new SimulatedClock());
    assert.equal(progress.fraction(0), 0);
    progress.start();
    progress.submitted(4);
    assert.equal(progress.fraction(1), 0.25);
    progress.completed(2);
    progress.start();
    assert.equal(progress.fraction(1), 0.75, 'it goes on');
    progress.completed(2);
    assert.equal(progress.fraction(1), 1);
    progress.stop();
    progress.start();
    assert.equal(progress.fraction(0), 0);
  });

  it('measures only the time in which the user waits', async () => {
    const clock = new SimulatedClock();
    const progress = new Progress(clock);
    await clock.advance(5);
    assert.equal(progress.durationMs, 0);
    progress.start();
    await clock.advance(7);
    assert.equal(progress.durationMs, 7, 'so far');
    progress.stop();
    await clock.advance(11);
    progress.stop();
    assert.equal(progress.durationMs, 7);
  });
});
