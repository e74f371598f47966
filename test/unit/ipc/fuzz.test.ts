/**
 * Answers, events, log lines, errors, payloads, inputs and calls of every kind: everything settles, and no worker is
 * lost that does not end itself. A few thousand in a usual run; `IPC_FUZZ=1000000` for as many in all.
 */
import assert from 'node:assert/strict';
import { createWorker } from '../../../workers/ipc/index.ts';
import type { WorkerClient, WorkerOptions } from '../../../workers/ipc/index.ts';
import { fuzzed } from '../../fixtures/ipc/fuzz-values.ts';
import type { FuzzMessages } from '../../fixtures/ipc/fuzz.ts';
import { seed, tellSeed } from './seed.ts';
import { subjects } from './subjects.ts';
import { fixture, soon } from './support.ts';

const total = Number(process.env['IPC_FUZZ'] ?? 10_000);
const perSubject = Math.ceil(total / subjects.length);
/** Requests at a time, and events, log lines and items of one request. */
const AT_ONCE = 50;
const LOT = 20;

for (const { title, driver, options } of subjects) {
  describe(`fuzz: ${title}`, () => {
    it(`${perSubject} values of every kind`, async function () {
      this.timeout(0);
      tellSeed();
      let logged = 0;
      const worker: WorkerClient<FuzzMessages> = await soon(
        createWorker<FuzzMessages>({
          script: fixture('fuzz.ts'),
          maxFrameBytes: 300_000,
          ...options,
          driver,
          handlers: { give: (value: unknown) => fuzzed(typeof value === 'number' ? value : 7) },
          onLog: () => void (logged += 1),
        } as WorkerOptions),
        'the worker',
      );
      let next = seed % 1_000_000;
      let done = 0;
      const take = (count: number): number => {
        done += count;
        next += 2 * count;
        return next;
      };
      const kinds: readonly (() => Promise<unknown>)[] = [
        () => worker.send('answer', take(1)),
        () => worker.send('answer', take(1)),
        () => worker.send('throw', take(1)),
        () => worker.send('emit', { seed: take(LOT), count: LOT }, { onEvent: () => undefined }),
        () => worker.send('log', { seed: take(LOT), count: LOT }),
        () => worker.send('take', fuzzed(take(1))),
        () => worker.send('read', undefined, { input: [fuzzed(take(1)), fuzzed(take(1))] }),
        () => worker.send('call', take(1)),
      ];
      for (let round = 0; done < perSubject; round += 1) {
        const from = next;
        const sent = Array.from(
          { length: AT_ONCE },
          (_, n) => kinds[(round + n) % kinds.length]?.() ?? Promise.resolve(),
        );
        const settled = soon(Promise.allSettled(sent), `round ${round}, seeds ${from} to ${next}`, 120_000);
        await settled;
        assert.equal(await soon(worker.send('echo', round), 'a sane answer'), round);
        assert.equal(worker.state, 'ready', `seeds ${from} to ${next}`);
      }
      assert.equal(worker.inWork, 0);
      assert.ok(logged > 0);
      const { kind } = await soon(worker.close(), 'the close');
      assert.equal(kind, 'closed');
    });
  });
}
