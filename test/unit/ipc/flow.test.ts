/** A slow reader slows the writer, and nothing grows without bound on either side. */
import assert from 'node:assert/strict';
import type { Vitals } from '../../../workers/ipc/index.ts';
import { rejection, soon, start } from './support.ts';

/** 16 frames of at most 256 events, and one frame that waits. */
const MOST_AHEAD = 17 * 256;

for (const driver of ['child-process', 'worker-threads'] as const) {
  describe(`flow: ${driver}`, () => {
    it('the worker stops emitting when nobody reads, and goes on when somebody does', async () => {
      const worker = await start(driver);
      const gate = Promise.withResolvers<void>();
      let seen = 0;
      const sent = worker.send(
        'count',
        { count: 30_000 },
        {
          onEvent: () => {
            seen += 1;
            return seen === 1 ? gate.promise : undefined;
          },
        },
      );
      let progress = -1;
      for (;;) {
        const next = await worker.send('progress');
        if (next === progress) break;
        progress = next;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      assert.ok(progress <= MOST_AHEAD, `it was ${progress} events ahead`);
      assert.equal(seen, 1);
      gate.resolve();
      assert.equal(await sent, 30_000);
      assert.equal(seen, 30_000);
      await worker.close();
    });

    it('an iterable is read no faster than its loop', async () => {
      const worker = await start(driver);
      let read = 0;
      for await (const { n } of worker.stream('count', { count: 100_000, size: 200 })) {
        assert.equal(n, read);
        read += 1;
        if (read === 100) await new Promise((resolve) => setTimeout(resolve, 100));
        if (read === 101) assert.ok((await worker.send('progress')) <= MOST_AHEAD + 300);
        if (read === 200) break;
      }
      await worker.close();
    });

    it('a flood of 1,000,000 events passes in bounded memory', async function () {
      this.timeout(60_000);
      let workerPeak = 0;
      const worker = await start(driver, {
        onVitals: ({ rssBytes }: Vitals) => (workerPeak = Math.max(workerPeak, rssBytes)),
      });
      const before = process.memoryUsage.rss();
      let peak = 0;
      let seen = 0;
      await worker.send(
        'count',
        { count: 1_000_000, size: 100 },
        {
          onEvent: () => {
            seen += 1;
            if (seen % 50_000 === 0) peak = Math.max(peak, process.memoryUsage.rss());
          },
        },
      );
      assert.equal(seen, 1_000_000);
      // Held whole, the events would take more than 200 MB.
      assert.ok(peak - before < 150e6, `the host grew by ${Math.round((peak - before) / 1e6)} MB`);
      assert.ok(workerPeak < 300e6, `the worker had ${Math.round(workerPeak / 1e6)} MB`);
      await worker.close();
    });

    it('events that nobody awaits pass in a time that grows as their number does', async () => {
      const worker = await start(driver);
      let seen = 0;
      const sent = worker.send('burst', { events: 300_000 }, { onEvent: () => void (seen += 1) });
      assert.equal(await soon(sent, 'the burst'), 300_000);
      assert.equal(seen, 300_000);
      await worker.close();
    });

    it('a frame of large events is no larger than it must be', async () => {
      const worker = await start(driver, { maxFrameBytes: 1_500_000 });
      let seen = 0;
      assert.equal(await worker.send('count', { count: 20, size: 1_000_000 }, { onEvent: () => void (seen += 1) }), 20);
      assert.equal(seen, 20);
      if (driver === 'child-process') {
        const error = await rejection(worker.send('count', { count: 3, size: 2_000_000 }));
        assert.equal(error['code'], 'ERR_WORKER_FRAME_TOO_LARGE');
        assert.equal(await worker.send('echo', 1), 1);
      }
      await worker.close();
    });

    it('a single event is not kept waiting', async () => {
      const worker = await start(driver);
      const arrived = Promise.withResolvers<void>();
      const sent = worker.send('untilCancelled', undefined, { timeout: 10_000, onEvent: () => arrived.resolve() });
      await arrived.promise;
      await worker.kill();
      await rejection(sent);
    });
  });
}

it('an event is sent as it was when it was emitted (child-process)', async () => {
  const worker = await start('child-process');
  const seen: number[] = [];
  await worker.send('mutate', undefined, { onEvent: ({ n }) => void seen.push(n) });
  assert.deepEqual(seen, [0, 1, 2]);
  await worker.close();
});
