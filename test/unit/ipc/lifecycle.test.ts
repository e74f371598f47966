/** What a client tells of its worker and its line, and how it takes up again a line that broke. */
import assert from 'node:assert/strict';
import { ClosedError, CrashedError, createWorker, DriverError } from '../../../workers/ipc/index.ts';
import type {
  ChildProcessOptions,
  DriverName,
  LifecycleEvents,
  LifecycleListeners,
} from '../../../workers/ipc/index.ts';
import { loggerOf } from '../../../workers/ipc/logger.ts';
import type { HangingUp } from '../../fixtures/ipc/hangs-up.ts';
import { fixture, isAlive, rejection, soon, start } from './support.ts';

/** Notes the events by name, and what came with them. */
function recorder(): { heard: string[]; values: unknown[]; on: LifecycleListeners } {
  const heard: string[] = [];
  const values: unknown[] = [];
  const note = (event: keyof LifecycleEvents) => (value: unknown) => {
    heard.push(event);
    values.push(value);
  };
  const on = {
    connect: note('connect'),
    disconnect: note('disconnect'),
    error: note('error'),
    exit: note('exit'),
  };
  return { heard, values, on };
}

const openHangingUp = (options: Partial<ChildProcessOptions> = {}) =>
  soon(createWorker<HangingUp>({ script: fixture('hangs-up.ts'), ...options } as ChildProcessOptions), 'the worker');

describe('lifecycle events', () => {
  for (const driver of ['child-process', 'stdio', 'worker-threads', 'inline'] satisfies DriverName[]) {
    it(`${driver}: connect, disconnect and exit, in this order, each once`, async () => {
      const { heard, values, on } = recorder();
      const worker = await start(driver, { on });
      assert.deepEqual(heard, ['connect']);
      const exit = await worker.close();
      assert.deepEqual(heard, ['connect', 'disconnect', 'exit']);
      assert.deepEqual(values, [undefined, undefined, exit]);
    });
  }

  it('a crash is an error too, and comes with the reason', async () => {
    const { heard, values, on } = recorder();
    const worker = await start('child-process', { on });
    await rejection(worker.send('exit', { code: 7 }));
    assert.deepEqual(heard, ['connect', 'disconnect', 'error', 'exit']);
    assert.ok(values[1] instanceof CrashedError && values[2] instanceof CrashedError);
    assert.equal(values[2].exit.exitCode, 7);
    assert.equal(values[3], await worker.exited);
  });

  it('a start that fails tells its exit; the rest rejects', async () => {
    const { heard, on } = recorder();
    await rejection(start('child-process', { on, script: fixture('throws-at-load.ts') }));
    assert.deepEqual(heard, ['exit']);
  });

  it('disconnect and reconnect are told as often as they happen', async () => {
    const { heard, on } = recorder();
    const worker = await createWorker<HangingUp>({ script: fixture('hangs-up.ts'), on });
    await worker.disconnect();
    await worker.reconnect();
    await worker.close();
    assert.deepEqual(heard, ['connect', 'disconnect', 'connect', 'disconnect', 'exit']);
  });

  it('a listener can stop, twice the same listener is two, and what one throws is logged', async () => {
    const logged: string[] = [];
    const calls: string[] = [];
    const worker = await start('inline', { logger: loggerOf((_level, message) => void logged.push(message)) });
    const twice = (): void => void calls.push('twice');
    worker.on('exit', twice);
    const stopOne = worker.on('exit', twice);
    stopOne();
    worker.on('exit', () => {
      throw new Error('the listener');
    });
    worker.on('exit', () => Promise.reject(new Error('the late listener')));
    worker.on('exit', ({ kind }) => calls.push(kind));
    await worker.close();
    assert.deepEqual(calls, ['twice', 'closed']);
    await new Promise((resolve) => setImmediate(resolve));
    assert.ok(logged.some((line) => line.includes('the listener')));
    assert.ok(logged.some((line) => line.includes('the late listener')));
  });
});

describe('a line that breaks', () => {
  it('is taken up again with `reconnect`; what was in flight rejects, and the worker has lived on', async () => {
    const { heard, on } = recorder();
    const again = Promise.withResolvers<void>();
    const worker = await openHangingUp({ reconnect: true, on });
    worker.on('connect', () => again.resolve());
    const { pid } = worker;
    assert.equal(await worker.send('count'), 1);
    const error = await soon(rejection(worker.send('hangUp', 'once')), 'the loss');
    assert.ok(error instanceof ClosedError);
    assert.match(error.message, /was lost/);
    await soon(again.promise, 'the connection');
    assert.equal(worker.state, 'ready');
    assert.equal(worker.pid, pid);
    assert.equal(await worker.send('count'), 2);
    assert.deepEqual(heard, ['connect', 'disconnect', 'error', 'connect']);
    assert.equal((await worker.close()).kind, 'closed');
  });

  it('as often as it breaks', async () => {
    const worker = await openHangingUp({ reconnect: true });
    for (let round = 1; round <= 3; round += 1) {
      const again = Promise.withResolvers<void>();
      const stop = worker.on('connect', () => again.resolve());
      await rejection(worker.send('hangUp', 'once'));
      await soon(again.promise, 'the connection');
      stop();
      assert.equal(await worker.send('count'), round);
    }
    await worker.close();
  });

  it('with its worker is told as the death that it was', async () => {
    for (const how of ['kill', 'segfault', 'throw'] as const) {
      const worker = await start('child-process', { reconnect: true });
      const error = await soon(rejection(worker.send('die', { how })), how);
      assert.ok(error instanceof CrashedError, `${how}: ${String(error)}`);
      assert.equal(error.exit.kind, how === 'throw' ? 'exit' : 'signal');
      assert.equal(error.exit.expected, false);
    }
  });

  it('and cannot be taken up again costs the worker, with the reason', async () => {
    const { heard, on } = recorder();
    const worker = await openHangingUp({
      reconnect: true,
      on,
      connectRetry: { maxRetries: 1, delayMs: 1 },
    });
    const error = await soon(rejection(worker.send('hangUp', 'for ever')), 'the end');
    assert.ok(error instanceof CrashedError);
    assert.equal(error.exit.kind, 'protocol');
    assert.match(error.exit.reason, /cannot be taken up again/);
    assert.equal(isAlive(worker.pid ?? 0), false);
    assert.deepEqual(heard.slice(-2), ['error', 'exit']);
  });

  it('can be closed and killed meanwhile', async () => {
    for (const end of ['close', 'kill'] as const) {
      const worker = await openHangingUp({
        reconnect: true,
        connectRetry: { maxRetries: 1_000, delayMs: 50, maxDelayMs: 50 },
      });
      const lost = Promise.withResolvers<void>();
      worker.on('disconnect', () => lost.resolve());
      const sent = rejection(worker.send('hangUp', 'for ever'));
      await soon(lost.promise, 'the loss');
      assert.equal((await soon(worker[end](), end)).expected, true);
      assert.ok((await sent) instanceof ClosedError);
    }
  });

  it('is for drivers that can reconnect only', async () => {
    for (const driver of ['worker-threads', 'stdio', 'inline'] satisfies DriverName[]) {
      const error = await rejection(start(driver, { reconnect: true }));
      assert.ok(error instanceof DriverError, driver);
      assert.match(error.message, /reconnect/);
    }
  });
});

describe('a delay that is a function', () => {
  it('is asked for each try, and its number is kept to', async () => {
    const attempts: number[] = [];
    const delayMs = (attempt: number): number => {
      attempts.push(attempt);
      return 1;
    };
    await rejection(
      start('child-process', { script: fixture('throws-at-load.ts'), retry: { maxRetries: 2, delayMs } }),
    );
    assert.deepEqual(attempts, [0, 1]);
    const worker = await start('child-process', {
      script: fixture('late-socket.ts'),
      connectRetry: { maxRetries: 1_000, delayMs: (attempt) => 10 + attempt },
    });
    await worker.close();
  });

  it('that throws or returns no duration fails the start', async () => {
    const failing: readonly (() => number)[] = [
      () => NaN,
      () => -1,
      () => {
        throw new Error('no idea');
      },
    ];
    for (const delayMs of failing) {
      const error = await rejection(
        start('child-process', { script: fixture('throws-at-load.ts'), retry: { maxRetries: 2, delayMs } }),
      );
      assert.ok(error instanceof DriverError);
      assert.match(error.message, /delayMs/);
    }
  });
});
