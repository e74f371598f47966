/** How a task ends. On simulated time and simulated processes. */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { PlanFailure } from '../../../server/pool/pool.ts';
import { settle } from '../../support/simulated-clock.ts';
import { filesOf, Stage } from './support/stage.ts';

describe('settling', () => {
  it('a cancel settles at once, no event follows, and the worker stays in use', async () => {
    const stage = new Stage({ maxWorkers: 1 });
    const first = stage.check(['a']);
    await stage.ready();
    const puppet = stage.at(0);
    first.controller.abort();
    await settle();
    assert.deepEqual(first.outcome, { kind: 'cancelled' });
    assert.equal(puppet.cancelled, true);
    puppet.begin('a');
    assert.deepEqual(first.events, []);
    const second = stage.check(['b']);
    await puppet.finish();
    assert.deepEqual(filesOf(puppet), ['b']);
    await puppet.finish();
    assert.equal(second.outcome?.kind, 'done');
    assert.equal(stage.puppets.length, 1);
  });

  it('a cancel that is ignored ends the process after a while, and is no crash', async () => {
    const stage = new Stage();
    const check = stage.check(['a']);
    await stage.ready();
    check.controller.abort();
    await stage.clock.advance(4_999);
    assert.equal(stage.at(0).killed, false);
    await stage.clock.advance(1);
    assert.equal(stage.at(0).killed, true);
    await stage.at(0).die({ signal: 'SIGKILL', expected: true });
    assert.deepEqual(stage.pool.errors(), []);
    assert.equal(stage.pool.health()[0]?.consecutiveCrashes, 0);
  });

  it('a queued task that is cancelled never runs', async () => {
    const stage = new Stage({ maxWorkers: 1 });
    stage.check(['a']);
    const second = stage.check(['b']);
    await stage.ready();
    second.controller.abort();
    await stage.at(0).finish();
    assert.equal(stage.at(0).request, undefined);
    assert.equal(second.outcome?.kind, 'cancelled');
  });

  it('dispose cancels tasks, rejects plans and waits for every process', async () => {
    const stage = new Stage();
    const check = stage.check(['a']);
    await stage.ready();
    const plan = stage.pool.plan({ detector: 'types', root: '/r', options: {} }, new AbortController().signal);
    const failed = assert.rejects(plan, PlanFailure);
    await settle();
    let disposed = false;
    void stage.pool.dispose().then(() => {
      disposed = true;
    });
    await settle();
    assert.equal(check.outcome?.kind, 'cancelled');
    await failed;
    assert.equal(disposed, false);
    for (const puppet of stage.living) await puppet.die({ signal: 'SIGKILL', expected: true });
    await settle();
    assert.equal(disposed, true);
    assert.equal(stage.clock.timers, 0);
    assert.equal((await stage.check(['late']).settled).kind, 'cancelled');
  });

  it('a slow reader suspends the progress timeout', async () => {
    const stage = new Stage();
    const gate = Promise.withResolvers<void>();
    stage.check(['a'], { onEvent: () => gate.promise });
    await stage.ready();
    stage.at(0).begin('a');
    for (let second = 0; second < 120; second += 1) {
      await stage.clock.advance(1_000);
      stage.at(0).beat(stage.clock.now());
    }
    assert.equal(stage.at(0).killed, false);
    gate.resolve();
    await settle();
    for (let second = 0; second < 61; second += 1) {
      await stage.clock.advance(1_000);
      stage.at(0).beat(stage.clock.now());
    }
    assert.equal(stage.at(0).killed, true);
  });

  it('a front end that lags behind slows all workers down, and no timeout counts against them', async () => {
    let ready: PromiseWithResolvers<void> | undefined = Promise.withResolvers<void>();
    const stage = new Stage({ readerReady: () => ready?.promise });
    const check = stage.check(['a']);
    await stage.ready();
    stage.at(0).begin('a');
    let slowed = true;
    void Promise.resolve(stage.at(0).say({ kind: 'issues', unit: 'a', file: 'a', issues: [] })).then(() => {
      slowed = false;
    });
    for (let second = 0; second < 120; second += 1) {
      await stage.clock.advance(1_000);
      stage.at(0).beat(stage.clock.now());
    }
    assert.deepEqual([slowed, stage.at(0).killed], [true, false]);
    assert.equal(check.events.length, 2, 'what is there is taken');
    const { resolve } = ready;
    ready = undefined;
    resolve();
    await settle();
    assert.equal(slowed, false);
    await stage.at(0).finish();
    assert.equal(check.outcome?.kind, 'done');
  });

  it('an unknown detector is an error', async () => {
    const stage = new Stage();
    assert.equal((await stage.check(['a'], { detector: 'constructor' }).settled).kind, 'failed');
    assert.equal(stage.pool.errors()[0]?.code, 'DETECTOR_NOT_FOUND');
  });
});
