/** A pool, with each driver. */
import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import {
  CancelledError,
  ClosedError,
  CrashedError,
  createPool,
  DriverError,
  MessageTimeoutError,
  QueueFullError,
  SpawnError,
} from '../../../workers/ipc/index.ts';
import type { PoolLimits, PoolOptions, WorkerPool } from '../../../workers/ipc/index.ts';
import type { AnyHostOptions } from '../../../workers/ipc/options.ts';
import type { BothWays } from '../../fixtures/ipc/both-ways.ts';
import { subjects } from './subjects.ts';
import type { Subject } from './subjects.ts';
import { fixture, rejection, soon, until } from './support.ts';

/** The serializer makes no difference here. */
const drivers = subjects.filter(({ options }) => options === undefined);

function makePool(
  driver: Subject['driver'] | 'carrier-pigeon',
  options: AnyHostOptions & PoolLimits = {},
): WorkerPool<BothWays> {
  return createPool<BothWays>({ script: fixture('both-ways.ts'), ...options, driver } as PoolOptions);
}

for (const { driver, title } of drivers) {
  describe(`pool: ${title}`, () => {
    let pool: WorkerPool<BothWays>;
    before(() => (pool = makePool(driver, { maxWorkers: 2, handlers: { echo: (value: unknown) => value } })));
    after(() => soon(pool.close(), 'the close'));
    /** A worker may be starting still, or be stopping a task that is over for its sender. */
    const bothIdle = () => until(() => pool.metrics().idleWorkers === 2, 'both workers are idle');

    it('does the tasks of its queue, with no more workers than allowed', async () => {
      const answers = await Promise.all(Array.from({ length: 100 }, (_, n) => pool.send('echo', n)));
      assert.deepEqual(
        answers,
        Array.from({ length: 100 }, (_, n) => n),
      );
      const { workers, completed, failed, queueSize, running, waitTime, runTime, duration, utilization } =
        pool.metrics();
      assert.deepEqual(
        { workers, completed, failed, queueSize, running },
        {
          workers: 2,
          completed: 100,
          failed: 0,
          queueSize: 0,
          running: 0,
        },
      );
      assert.ok(waitTime.p50 > 0 && waitTime.max >= waitTime.p99 && waitTime.p99 >= waitTime.p50);
      assert.ok(runTime.mean > 0 && runTime.min <= runTime.average && runTime.p99_999 <= runTime.max * 1.01);
      assert.ok(duration > 0 && utilization > 0 && utilization <= 1);
    });

    it('has tasks with events, input, calls and errors', async () => {
      const copied: unknown[] = [];
      await pool.send('copy', undefined, { input: [1, 2, 3], onEvent: (item) => void copied.push(item) });
      assert.deepEqual(copied, [1, 2, 3]);
      const streamed: unknown[] = [];
      for await (const item of pool.stream('copy', undefined, { input: ['a', 'b'] })) streamed.push(item);
      assert.deepEqual(streamed, ['a', 'b']);
      assert.equal(await pool.send('ask', { type: 'echo', value: 5 }), 5);
      assert.match((await rejection(pool.send('ask', { type: 'nothing' }))).message, /no handler/);
    });

    it('serves the most urgent first, and of equals what has waited longest', async () => {
      await bothIdle();
      const order: string[] = [];
      const gates = [1, 2].map(() => new AbortController());
      const busy = gates.map(({ signal }) => rejection(pool.send('untilCancelled', undefined, { signal })));
      const waiting = [
        ['low 1', -1],
        ['usual 1', undefined],
        ['high', 10],
        ['usual 2', 0],
        ['low 2', -1],
      ].map(([name, priority]) =>
        pool.send('echo', name, { priority: priority as number | undefined }).then((done) => order.push(String(done))),
      );
      assert.equal(pool.metrics().queueSize, 5);
      // One worker takes them all.
      gates[0]?.abort();
      await Promise.all(waiting);
      assert.deepEqual(order, ['high', 'usual 1', 'usual 2', 'low 1', 'low 2']);
      gates[1]?.abort();
      await Promise.all(busy);
    });

    it('lets queued and running tasks be cancelled, and a place is free only when its worker has stopped', async () => {
      await bothIdle();
      const gates = [1, 2].map(() => new AbortController());
      const busy = gates.map(({ signal }) => rejection(pool.send('untilCancelled', undefined, { signal })));
      const controller = new AbortController();
      const queued = rejection(pool.send('echo', 'never', { signal: controller.signal }));
      controller.abort(new Error('not needed'));
      const error = await queued;
      assert.ok(error instanceof CancelledError);
      assert.equal((error.cause as Error).message, 'not needed');
      assert.equal(pool.metrics().queueSize, 0);
      for (const gate of gates) gate.abort();
      for (const error of await Promise.all(busy)) assert.ok(error instanceof CancelledError);
      assert.ok((await rejection(pool.send('echo', 1, { signal: AbortSignal.abort() }))) instanceof CancelledError);
      assert.ok(
        (await rejection(pool.send('untilCancelled', undefined, { timeout: 10 }))) instanceof MessageTimeoutError,
      );
      assert.equal(await pool.send('echo', 'free again'), 'free again');
    });

    it('runs listeners in the context of the sender', async () => {
      const storage = new AsyncLocalStorage<number>();
      const seen = await Promise.all(
        [1, 2, 3, 4].map((n) =>
          storage.run(n, async () => {
            let inListener: number | undefined;
            const onEvent = (): void => void (inListener = storage.getStore());
            await pool.send('copy', undefined, { input: [n], onEvent });
            return inListener;
          }),
        ),
      );
      assert.deepEqual(seen, [1, 2, 3, 4]);
    });

    if (driver !== 'inline') {
      it('loses one task by the crash of one worker, and replaces it', async () => {
        const before = pool.metrics();
        const sent = Array.from({ length: 6 }, (_, n) => (n === 2 ? pool.send('exit', 3) : pool.send('echo', n)));
        const settled = await soon(Promise.allSettled(sent), 'all of them');
        assert.deepEqual(
          settled.map(({ status }) => status),
          ['fulfilled', 'fulfilled', 'rejected', 'fulfilled', 'fulfilled', 'fulfilled'],
        );
        const [, , lost] = settled;
        assert.ok(lost?.status === 'rejected' && lost.reason instanceof CrashedError);
        assert.equal(lost.reason.exit.exitCode, 3);
        await until(() => pool.metrics().crashed === before.crashed + 1, 'the crash is counted');
        assert.equal(pool.metrics().failed, before.failed + 1);
        const both = Array.from({ length: 2 }, () => pool.send('block', { ms: 1 }));
        await soon(Promise.all(both), 'the replacement');
      });
    }

    it('ends a worker that does not stop, and goes on', async () => {
      const other = makePool(driver, { maxWorkers: 1, timeouts: { killAfter: 20 } });
      const hanging = rejection(other.send('never', undefined, { timeout: 20 }));
      const behind = other.send('echo', 'behind');
      assert.ok((await soon(hanging, 'the timeout')) instanceof MessageTimeoutError);
      assert.equal(await soon(behind, 'the next worker'), 'behind');
      assert.equal(other.metrics().crashed, 1);
      // Closed with one in work and one in the queue: both settle.
      const last = [other.send('never'), other.send('echo', 1)].map(rejection);
      await soon(other.close({ drainMs: 10 }), 'the close');
      for (const error of await Promise.all(last)) assert.ok(error instanceof ClosedError);
      assert.ok((await rejection(other.send('echo', 1))) instanceof ClosedError);
      assert.equal(other.metrics().workers, 0);
    });

    it('replaces a worker that has done its number of tasks', async () => {
      const other = makePool(driver, { maxWorkers: 1, maxTasksPerWorker: 2, minWorkers: 1, idleMs: 0 });
      const answers: unknown[] = [];
      const kept = { name: driver === 'worker-threads' || driver === 'inline' ? 'note' : 'pid' } as const;
      for (let n = 0; n < 4; n += 1) answers.push(await soon(other.send(kept.name as 'pid'), 'a worker'));
      if (kept.name === 'pid') {
        assert.equal(answers[0], answers[1]);
        assert.notEqual(answers[1], answers[2]);
        assert.equal(answers[2], answers[3]);
      }
      await until(() => other.metrics().recycled.tasks === 2, 'the second was replaced');
      await soon(other.kill(), 'the end');
    });
  });
}

describe('pool', () => {
  it('has as many tasks in its queue as it may have', async () => {
    const pool = makePool('inline', { maxWorkers: 1, maxQueue: 2 });
    const controller = new AbortController();
    const options = { signal: controller.signal };
    // The first is for the worker that starts.
    const sent = Array.from({ length: 3 }, () => rejection(pool.send('untilCancelled', undefined, options)));
    assert.equal(pool.writable, false);
    assert.equal(pool.metrics().needsDrain, true);
    const refused = await rejection(pool.send('echo', 1));
    assert.ok(refused instanceof QueueFullError);
    assert.equal(refused.code, 'ERR_WORKER_QUEUE_FULL');
    assert.match(refused.stack ?? '', /sent by[\s\S]*pool\.test/);
    let drained = false;
    const waiting = pool.drained().then(() => (drained = true));
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(drained, false);
    controller.abort();
    await soon(waiting, 'room');
    await Promise.all(sent);
    assert.equal(await pool.send('echo', 1), 1);
    await pool.close();
  });

  it('without a queue takes what a worker can do at once', async () => {
    const pool = makePool('inline', { maxWorkers: 1, maxQueue: 0 });
    const one = pool.send('echo', 1);
    assert.ok((await rejection(pool.send('echo', 2))) instanceof QueueFullError);
    assert.equal(await one, 1);
    assert.equal(await pool.send('echo', 3), 3);
    await pool.close();
  });

  it('ends workers that have nothing to do, down to the fewest it keeps', async () => {
    const pool = makePool('inline', { maxWorkers: 3, minWorkers: 1, idleMs: 30 });
    await until(() => pool.metrics().idleWorkers === 1, 'the first is there without a task');
    await Promise.all([1, 2, 3].map(() => pool.send('ask', { type: 'nothing' }).catch(() => undefined)));
    await until(() => pool.metrics().workers === 1, 'two have ended');
    await new Promise((resolve) => setTimeout(resolve, 60));
    assert.equal(pool.metrics().workers, 1);
    await pool.close();
  });

  it('replaces a worker that has too much memory, after its task', async () => {
    const pool = makePool('child-process', { maxWorkers: 1, maxMemoryMb: 300 });
    const first = await pool.send('pid');
    assert.equal(await pool.send('pid'), first);
    assert.equal(await pool.send('grow', { mb: 400, ms: 10 }), 1, 'its task is done');
    await until(() => pool.metrics().recycled.memory === 1, 'it was replaced');
    assert.notEqual(await soon(pool.send('pid'), 'the next'), first);
    await pool.kill();
  });

  it('does several tasks at once in one worker, if asked to', async () => {
    const pool = makePool('inline', { maxWorkers: 1, concurrentTasksPerWorker: 3 });
    const controller = new AbortController();
    const sent = Array.from({ length: 4 }, () =>
      rejection(pool.send('untilCancelled', undefined, { signal: controller.signal })),
    );
    await until(() => pool.metrics().running === 3, 'three are in work');
    assert.equal(pool.metrics().queueSize, 1);
    assert.equal(pool.metrics().workers, 1);
    controller.abort();
    await Promise.all(sent);
    await pool.close();
  });

  it('whose workers cannot be started rejects each task, says why, and tries again with the next', async () => {
    const pool = makePool('worker-threads', { maxWorkers: 2, script: fixture('throws-at-load.ts') });
    const sent = [1, 2, 3].map((n) => rejection(pool.send('echo', n)));
    const errors = await soon(Promise.all(sent), 'all of them');
    for (const error of errors) {
      assert.ok(error instanceof SpawnError);
      assert.match(error.message, /thrown at load/);
      assert.equal(error.stack?.split('sent by').length, 2);
    }
    assert.ok((await soon(rejection(pool.send('echo', 4)), 'the next')) instanceof SpawnError);
    await soon(pool.close(), 'the close');
    const none = makePool('carrier-pigeon');
    assert.ok((await soon(rejection(none.send('echo', 1)), 'it')) instanceof DriverError);
    await none.close();
  });

  it('can be closed while its workers start, and twice', async () => {
    const pool = makePool('worker-threads', { minWorkers: 2, maxWorkers: 2, script: fixture('never-ready.ts') });
    const sent = rejection(pool.send('echo', 1));
    await soon(Promise.all([pool.close({ drainMs: 20 }), pool.close()]), 'the close');
    assert.ok((await sent) instanceof ClosedError);
    assert.equal(pool.metrics().workers, 0);
    const killed = makePool('worker-threads', { minWorkers: 1, script: fixture('never-ready.ts') });
    await soon(killed.kill(), 'the end');
    await soon(killed.close(), 'nothing');
  });

  it('does what it was given before it closes', async () => {
    const answers: unknown[] = [];
    {
      await using pool = makePool('inline', { maxWorkers: 1 });
      for (let n = 0; n < 20; n += 1) void pool.send('echo', n).then((answer) => answers.push(answer));
    }
    assert.deepEqual(
      answers,
      Array.from({ length: 20 }, (_, n) => n),
    );
  });

  it('refuses numbers and options that mean nothing', () => {
    const wrong: (AnyHostOptions & PoolLimits)[] = [
      { maxWorkers: 0 },
      { maxWorkers: 1.5 },
      { maxWorkers: Number.NaN },
      { minWorkers: 3, maxWorkers: 2 },
      { minWorkers: -1 },
      { maxQueue: -1 },
      { idleMs: Number.NaN },
      { maxTasksPerWorker: 0 },
      { maxMemoryMb: 0 },
      { concurrentTasksPerWorker: 0 },
      { timeouts: { killAfter: -1 } },
      { socketPath: '/s' },
      { detached: true },
      { transferList: [] },
    ];
    for (const options of wrong) {
      const [name = ''] = Object.keys(options.timeouts ?? options);
      assert.throws(
        () => makePool('child-process', options),
        (error) => {
          assert.ok(error instanceof DriverError);
          assert.ok(error.message.includes(name), error.message);
          return true;
        },
      );
    }
    assert.throws(() => makePool('inline', { maxMemoryMb: 100 }), /maxMemoryMb/);
    assert.throws(() => makePool('stdio', { command: 'x', maxMemoryMb: 100 }), /maxMemoryMb/);
  });

  it('refuses a priority that is no number', async () => {
    const pool = makePool('inline');
    assert.ok((await rejection(pool.send('echo', 1, { priority: Number.NaN }))) instanceof DriverError);
    assert.equal(await pool.send('echo', 1, { priority: Infinity }), 1);
    await pool.close();
  });
});
