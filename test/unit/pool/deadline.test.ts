import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { Deadline } from '../../../server/pool/deadline.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';

describe('deadline', () => {
  const setUp = (): { clock: SimulatedClock; deadline: Deadline; expiries: number[] } => {
    const clock = new SimulatedClock();
    const expiries: number[] = [];
    return { clock, deadline: new Deadline(clock, () => expiries.push(clock.now())), expiries };
  };

  it('expires once after its time', async () => {
    const { clock, deadline, expiries } = setUp();
    deadline.start(1_000);
    await clock.advance(10_000);
    assert.deepEqual(expiries, [1_000]);
    assert.equal(clock.timers, 0);
  });

  it('is postponed by activity, with one timer', async () => {
    const { clock, deadline, expiries } = setUp();
    deadline.start(1_000);
    for (let time = 0; time < 50; time += 1) {
      await clock.advance(100);
      deadline.touch();
      assert.equal(clock.timers, 1);
    }
    await clock.advance(5_000);
    assert.deepEqual(expiries, [6_000]);
  });

  it('does not run while held', async () => {
    const { clock, deadline, expiries } = setUp();
    deadline.start(1_000);
    const release = deadline.hold();
    await clock.advance(60_000);
    assert.deepEqual(expiries, []);
    release();
    release();
    await clock.advance(60_000);
    const [at = 0, ...others]: readonly number[] = expiries;
    assert.equal(others.length, 0);
    assert.ok(at >= 61_000 && at <= 62_000, `expired at ${at}`);
  });

  it('does not count time in which this process was blocked', () => {
    let now = 0;
    const timers: { readonly at: number; readonly callback: () => void }[] = [];
    const clock = {
      now: () => now,
      date: () => now,
      after: (ms: number, callback: () => void) => {
        timers.push({ at: now + ms, callback });
        return () => {};
      },
    };
    let expired = false;
    const deadline = new Deadline(clock, () => {
      expired = true;
    });
    deadline.start(1_000);
    now = 10_000; // The timer fires nine seconds late.
    timers.shift()?.callback();
    assert.equal(expired, false);
    assert.equal(timers[0]?.at, 11_000, 'there is time to read what arrived meanwhile');
    now = 11_000;
    timers.shift()?.callback();
    assert.equal(expired, true);
  });

  it('does not expire once stopped', async () => {
    const { clock, deadline, expiries } = setUp();
    deadline.start(1_000);
    deadline.stop();
    await clock.advance(10_000);
    assert.deepEqual(expiries, []);
  });
});
