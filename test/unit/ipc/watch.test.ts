/** When a worker counts as unresponsive. On a clock that the test moves. */
import assert from 'node:assert/strict';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, describe, it } from 'mocha';
import { Watch } from '../../../workers/ipc/watch.ts';

/** The watch looks every 10 ms of real time. */
const LIMIT_MS = 20;

describe('the watch over a worker', () => {
  let watch: Watch | undefined;

  afterEach(() => watch?.stop());

  /** @param onLook runs at each look, before the watch judges */
  function open(onLook: () => void = () => {}): { readonly reports: string[]; readonly time: { now: number } } {
    const time = { now: 1_000 };
    const reports: string[] = [];
    watch = new Watch({
      inWork: () => 1,
      turn: () => {},
      unresponsiveMs: LIMIT_MS,
      unresponsive: (detail) => reports.push(detail),
      now: () => {
        onLook();
        return time.now;
      },
    });
    watch.update();
    return { reports, time };
  }

  function beat(at: number, blockedMs = 0, inspected = false): void {
    watch?.beat({
      heartbeatAt: at,
      rssBytes: 1,
      heapUsedBytes: 1,
      utilization: 1,
      cpuMs: 1,
      blockedMs,
      inspected,
    });
  }

  it('reports a worker whose event loop has not turned', async () => {
    const { reports, time } = open();
    beat(time.now, 500);
    await wait(50);
    assert.match(reports[0] ?? '', /for 500 ms/);
  });

  it('reports a worker that says nothing any more', async () => {
    const { reports, time } = open();
    for (let step = 0; step < 300 && reports.length === 0; step += 1) {
      time.now += 15;
      await wait(11);
    }
    assert.ok(reports.length > 0);
  });

  it('takes its own stall for no silence of the worker: what came meanwhile is still to be read', async () => {
    let stalled = false;
    const { reports, time } = open(() => {
      if (!stalled) return;
      // The looks after the stall: by the first, nothing was read; before the next, it was.
      stalled = false;
      setImmediate(() => beat(time.now));
    });
    beat(time.now);
    await wait(30);
    time.now += 60_000;
    stalled = true;
    await wait(60);
    assert.deepEqual(reports, []);
  });

  it('takes what its own stall did to a worker that writes for no fault of the worker', async () => {
    const { reports, time } = open();
    beat(time.now);
    await wait(30);
    time.now += 60_000;
    await wait(30);
    // The worker waited until somebody read.
    beat(time.now, 60_000);
    await wait(30);
    assert.deepEqual(reports, []);
    // The next beat counts again.
    time.now += 15;
    for (let step = 0; step < 300 && reports.length === 0; step += 1) {
      time.now += 15;
      beat(time.now, 500);
      await wait(11);
    }
    assert.match(reports[0] ?? '', /for 500 ms/);
  });

  it('leaves a worker alone whose inspector is open: it may stand at a breakpoint', async () => {
    const { reports, time } = open();
    beat(time.now, 500, true);
    await wait(50);
    assert.deepEqual(reports, []);
  });
});
