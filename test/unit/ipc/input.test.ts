/** What the host streams to a handler, with each driver; and what says that a worker is behind. */
import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { CancelledError, createWorker, DriverError, MessageTimeoutError } from '../../../workers/ipc/index.ts';
import type { WorkerClient, WorkerOptions } from '../../../workers/ipc/index.ts';
import type { BothWays } from '../../fixtures/ipc/both-ways.ts';
import { subjects } from './subjects.ts';
import { fixture, rejection, soon, until } from './support.ts';

/** 16 frames of at most 256 items, and what has been read ahead of them. */
const MOST_AHEAD = 17 * 256 + 128;

/** Numbers without end; says how many were taken, and whether it was left. */
class Source implements AsyncIterable<number> {
  taken = 0;
  left = false;
  async *[Symbol.asyncIterator](): AsyncGenerator<number, void> {
    try {
      for (;;) {
        yield this.taken;
        this.taken += 1;
        if (this.taken % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
    } finally {
      this.left = true;
    }
  }
}

for (const subject of subjects) {
  const open = (): Promise<WorkerClient<BothWays>> =>
    soon(
      createWorker<BothWays>({
        script: fixture('both-ways.ts'),
        ...subject.options,
        driver: subject.driver,
      } as WorkerOptions),
      'the worker',
    );

  describe(`input: ${subject.title}`, () => {
    let worker: WorkerClient<BothWays>;
    before(async () => (worker = await open()));
    after(() => worker.close({ drainMs: 0 }));

    it('comes in order and whole, from arrays, generators and streams', async () => {
      const numbers = Array.from({ length: 5000 }, (_, n) => n);
      const sum = (4999 * 5000) / 2;
      assert.equal(await worker.send('sum', undefined, { input: numbers }), sum);
      assert.equal(await worker.send('sum', undefined, { input: new Set(numbers) }), sum);
      assert.equal(await worker.send('sum', undefined, { input: Readable.from(numbers) }), sum);
      async function* generate(): AsyncGenerator<number> {
        for (const n of numbers) {
          if (n % 1000 === 0) await new Promise((resolve) => setImmediate(resolve));
          yield n;
        }
      }
      assert.equal(await worker.send('sum', undefined, { input: generate() }), sum);
    });

    it('has its payload beside it, and is empty when none was given', async () => {
      assert.equal(await worker.send('join', { separator: '-' }, { input: ['a', 'ü', '🚢'] }), 'a-ü-🚢');
      assert.equal(await worker.send('join', { separator: '-' }, { input: [] }), '');
      assert.equal(await worker.send('join', { separator: '-' }), '');
    });

    it('streams both ways at the same time', async () => {
      const copied: unknown[] = [];
      const items = Array.from({ length: 2000 }, (_, n) => ({ n }));
      await worker.send('copy', undefined, { input: items, onEvent: (item) => void copied.push(item) });
      assert.deepEqual(copied, items);
    });

    it('of many requests does not get mixed up', async () => {
      const sums = await Promise.all(
        Array.from({ length: 50 }, (_, n) => worker.send('sum', undefined, { input: Array<number>(200).fill(n) })),
      );
      assert.deepEqual(
        sums,
        Array.from({ length: 50 }, (_, n) => 200 * n),
      );
    });

    it('is read no further than the handler reads, and is left when the handler leaves it', async () => {
      const source = new Source();
      assert.deepEqual(await worker.send('first', 3, { input: source }), [0, 1, 2]);
      await until(() => source.left, 'the source was left');
      assert.ok(source.taken <= MOST_AHEAD, `${source.taken} were taken`);
    });

    it('is not read by a handler that does not ask for it', async () => {
      const source = new Source();
      assert.equal(await worker.send('ignore', undefined, { input: source }), 'ignored');
      assert.equal(source.taken, 0);
    });

    it('waits for a slow handler', async () => {
      const source = new Source();
      const controller = new AbortController();
      const sent = rejection(
        worker.send('stuck', undefined, { input: source, signal: controller.signal, cancel: 'acknowledged' }),
      );
      let taken = -1;
      while (taken !== source.taken || taken === 0) {
        taken = source.taken;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      assert.ok(source.taken <= MOST_AHEAD, `${source.taken} were taken`);
      controller.abort();
      assert.ok((await soon(sent, 'the cancel')) instanceof CancelledError);
      await until(() => source.left, 'the source was left');
    });

    it('that throws throws in the handler', async () => {
      async function* fails(): AsyncGenerator<number> {
        yield 1;
        await Promise.resolve();
        throw Object.assign(new RangeError('no more'), { code: 'E_SOURCE' });
      }
      const error = await rejection(worker.send('sum', undefined, { input: fails() }));
      assert.equal(error.message, 'no more');
      assert.equal(error['code'], 'E_SOURCE');
      assert.equal(await worker.send('echo', 1), 1);
    });

    it('that hangs does not outlive a timeout, and is asked to clean up', async () => {
      let left = false;
      const input: AsyncIterable<number> = {
        [Symbol.asyncIterator]: () => ({
          next: () => new Promise<never>(() => undefined),
          return: () => {
            left = true;
            return new Promise<never>(() => undefined);
          },
        }),
      };
      const error = await soon(rejection(worker.send('sum', undefined, { input, timeout: 50 })), 'the timeout');
      assert.ok(error instanceof MessageTimeoutError);
      assert.equal(left, true);
      await until(() => worker.inWork === 0, 'the worker has stopped');
    });

    it('whose methods throw, or return what is no promise, costs one request', async () => {
      const fail = (): never => {
        throw new Error('hostile');
      };
      const sources: AsyncIterable<number>[] = [
        { [Symbol.asyncIterator]: fail },
        { [Symbol.asyncIterator]: () => ({ next: fail, return: fail }) },
        { [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new Error('hostile')) }) },
        { [Symbol.asyncIterator]: () => Object.defineProperty({ next: fail }, 'next', { get: fail }) },
      ];
      for (const input of sources) {
        assert.match((await soon(rejection(worker.send('sum', undefined, { input })), 'it')).message, /hostile/);
      }
      const odd = { [Symbol.asyncIterator]: () => ({ next: () => ({ done: true, value: 1 }) }) };
      assert.equal(await worker.send('sum', undefined, { input: odd as unknown as AsyncIterable<number> }), 0);
    });

    it('with an item that cannot be sent costs one request', async () => {
      const self: Record<string, unknown> = { call: () => 1 };
      self['self'] = self;
      assert.match((await rejection(worker.send('copy', undefined, { input: [1, self] }))).message, /encoded|cloned/);
      assert.equal(await worker.send('echo', 1), 1);
    });

    it('that is no iterable is refused at once', async () => {
      for (const input of [7, {}, null, 'text']) {
        const error = await rejection(worker.send('sum', undefined, { input: input as unknown as number[] }));
        assert.ok(error instanceof DriverError, JSON.stringify(input));
        assert.match(error.message, /'input'/);
      }
    });

    it('can be read once', async () => {
      assert.deepEqual(await worker.send('twice', undefined, { input: [1, 2] }), [1, 2]);
    });

    it('ends with the worker', async () => {
      const source = new Source();
      const sent = rejection(worker.send('stuck', undefined, { input: source }));
      await until(() => source.taken > 0, 'it is being read');
      await worker.kill();
      await soon(sent, 'the end');
      await until(() => source.left, 'the source was left');
    });
  });

  describe(`backpressure: ${subject.title}`, () => {
    let worker: WorkerClient<BothWays>;
    before(async () => (worker = await open()));
    after(() => worker.kill());

    it('a worker that takes messages is writable, one that does not is not, until it does again', async () => {
      assert.equal(worker.writable, true);
      await worker.drained();
      const text = 'x'.repeat(10_000);
      let sent = 0;
      const blocked = worker.send('block', { ms: subject.driver === 'inline' ? 0 : 300 });
      // Nothing of it can be taken before this thread turns its loop, or the worker its own.
      for (; worker.writable && sent < 100_000; sent += 1) worker.notify('note', text);
      assert.ok(sent < 100_000, 'it is full at last');
      assert.equal(worker.writable, false);
      await soon(worker.drained(), 'room');
      assert.equal(worker.writable, true);
      await blocked;
      // Who waits for room loses nothing and keeps little.
      for (let n = 0; n < 5_000; n += 1) {
        if (!worker.writable) await soon(worker.drained(), 'room');
        worker.notify('note', text);
      }
      assert.equal(await worker.send('echo', 'still'), 'still');
    });

    it('many requests in work count too', async () => {
      const controller = new AbortController();
      const sent = Array.from({ length: 1_000 }, () =>
        rejection(worker.send('untilCancelled', undefined, { signal: controller.signal })),
      );
      assert.equal(worker.writable, false);
      const drained = worker.drained();
      controller.abort();
      await Promise.all(sent);
      await soon(drained, 'room');
      assert.equal(worker.writable, true);
    });

    it('nobody waits for a worker that is gone', async () => {
      const sent = Array.from({ length: 1_001 }, () => rejection(worker.send('never')));
      const drained = worker.drained();
      await worker.kill();
      await soon(drained, 'the end');
      await Promise.all(sent);
      assert.equal(worker.writable, false);
      await soon(worker.drained(), 'nothing');
    });
  });
}
