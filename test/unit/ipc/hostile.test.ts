/**
 * Code that is not ours and does its worst: every request settles, exactly once, and no other request pays for it.
 */
import assert from 'node:assert/strict';
import {
  CancelledError,
  ClosedError,
  CrashedError,
  createWorker,
  MessageTimeoutError,
  MiddlewareError,
} from '../../../workers/ipc/index.ts';
import type { DriverName, WorkerClient, WorkerOptions } from '../../../workers/ipc/index.ts';
import type { AnyWorkerOptions } from '../../../workers/ipc/options.ts';
import type { HostileMessages } from '../../fixtures/ipc/hostile.ts';
import { loggerOf, silentLogger } from '../../../workers/ipc/logger.ts';
import { hostile } from '../../fixtures/ipc/hostile-values.ts';
import { toWireError } from '../../../workers/ipc/wire-errors.ts';
import type { HangingMessages } from '../../fixtures/ipc/hanging-middleware.ts';
import { fixture, rejection, soon, until } from './support.ts';

const MAX_FRAME_BYTES = 100_000;
const never = (): Promise<never> => new Promise<never>(() => undefined);

for (const driver of ['child-process', 'stdio', 'worker-threads', 'inline'] as const satisfies DriverName[]) {
  const open = (options: AnyWorkerOptions = {}): Promise<WorkerClient<HostileMessages>> =>
    soon(
      createWorker<HostileMessages>({
        script: fixture('hostile.ts'),
        maxFrameBytes: MAX_FRAME_BYTES,
        ...options,
        driver,
      } as WorkerOptions),
      'the worker',
    );

  describe(`hostile code: ${driver}`, () => {
    let worker: WorkerClient<HostileMessages>;
    before(async () => (worker = await open()));
    after(async () => assert.equal((await worker.close({ drainMs: 10 })).kind, 'closed'));

    for (const what of hostile) {
      it(`${what} costs one request`, async () => {
        const other = worker.send('never', undefined, { timeout: 60_000 });
        other.catch(() => undefined);
        const settled = await soon(
          Promise.allSettled([
            worker.send('answer', { what }),
            worker.send('emit', { what }),
            worker.send('throw', { what }),
          ]),
          'all three',
        );
        assert.equal(settled[2].status, 'rejected');
        assert.equal(await worker.send('echo', 1), 1);
        assert.equal(worker.state, 'ready');
      });
    }

    it('an answer that is nested deeper than the host can read costs one request', async () => {
      for (let depth = 1_000; depth < 30_000; depth += 1_000) {
        const other = worker.send('never', undefined, { timeout: 60_000 });
        other.catch(() => undefined);
        await soon(Promise.allSettled([worker.send('deep', { depth })]), `a depth of ${depth}`);
        assert.equal(await worker.send('echo', depth), depth);
      }
      assert.equal(worker.state, 'ready');
    });

    it('a listener that hangs does not outlive a timeout', async () => {
      const sent = worker.send('events', { count: 3 }, { onEvent: never, timeout: 100 });
      assert.ok((await soon(rejection(sent), 'the timeout')) instanceof MessageTimeoutError);
      assert.equal(await worker.send('echo', 1), 1);
    });

    it('a listener that hangs does not outlive the worker', async () => {
      const other = await open();
      const seen: number[] = [];
      const hangs = (n: number): Promise<void> => {
        seen.push(n);
        return never();
      };
      const begun = rejection(other.send('events', { count: 3 }, { onEvent: hangs }));
      await other.send('echo', 1);
      const exit = await other.kill();
      const error = await soon(begun, 'the end');
      assert.ok(error instanceof ClosedError || error instanceof CrashedError);
      assert.equal(error.exit, exit);
      assert.deepEqual(seen, [0]);
    });

    it('a listener may return what only looks like a promise', async () => {
      let taken = 0;
      const onEvent = (): Promise<void> => {
        const then = (done: () => void): void => {
          taken += 1;
          setImmediate(done);
        };
        return { then } as unknown as Promise<void>;
      };
      assert.equal(await worker.send('events', { count: 5 }, { onEvent }), 5);
      assert.equal(taken, 5);
      const throws = (): Promise<void> =>
        Object.defineProperty({}, 'then', {
          get: () => {
            throw new RangeError('a getter');
          },
        }) as Promise<void>;
      const error = await rejection(worker.send('events', { count: 5 }, { onEvent: throws }));
      assert.equal(error.message, 'a getter');
    });

    it('onLog, onVitals and the logger may throw and reject', async () => {
      const fail = (): never => {
        throw new Error('a callback of the host');
      };
      const warned = new Promise<Error>((resolve) => process.once('warning', resolve));
      const other = await open({ logger: loggerOf(fail), onLog: fail, onVitals: fail });
      other.onLog(() => Promise.reject(new Error('later')) as unknown as undefined);
      assert.equal(await other.send('log'), 'logged');
      assert.equal(await other.send('echo', 1), 1);
      assert.match((await soon(warned, 'the warning')).message, /a callback of the host/);
      assert.equal((await other.close()).kind, 'closed');
    });

    it('what a listener throws is logged', async () => {
      const logged: string[] = [];
      const other = await open({
        logger: { ...silentLogger, error: (message) => void logged.push(message) },
        onLog: () => {
          throw new Error('a callback of the host');
        },
      });
      await other.send('log');
      assert.match(logged.join('\n'), /listener failed.*a callback of the host/s);
      await other.close();
    });

    it('a middleware that hangs costs the request it hangs on, once that is given up', async () => {
      for (const type of ['events', 'eventsResult']) {
        const other = await open({
          middleware: [(message) => (message.type === type ? never() : undefined)],
        });
        const hanging = rejection(other.send('events', { count: 0 }, { timeout: 300 }));
        const behind = other.send('echo', 'behind');
        assert.ok((await soon(hanging, 'the timeout')) instanceof MessageTimeoutError);
        assert.equal(await soon(behind, 'the request behind it'), 'behind');
        assert.equal(other.inWork, 0);
        assert.equal((await soon(other.close(), 'the close')).kind, 'closed');
      }
    });

    it('a middleware of the worker that hangs costs the request it hangs on, once that is given up', async () => {
      const other = await soon(
        createWorker<HangingMessages>({ script: fixture('hanging-middleware.ts'), driver } as WorkerOptions),
        'the worker',
      );
      const acknowledged = { signal: AbortSignal.timeout(100), cancel: 'acknowledged' } as const;
      const requests = [
        // On its way to the handler, on its way back, and an event of it.
        () => other.send('echo', 'hang', { timeout: 100 }),
        () => other.send('echo', 'answer', { timeout: 100 }),
        () => other.send('emit', 'hang', { timeout: 100 }),
        () => other.send('echo', 'hang', acknowledged),
        () => other.send('echo', 'answer', acknowledged),
      ];
      for (const [index, request] of requests.entries()) {
        const hanging = rejection(request());
        const behind = other.send('echo', `behind ${index}`);
        const error = await soon(hanging, `request ${index}`);
        assert.ok(error instanceof MessageTimeoutError || error instanceof CancelledError, String(error));
        assert.equal(await soon(behind, `the request behind ${index}`), `behind ${index}`);
        await until(() => other.inWork === 0, 'the worker has said that it stopped');
      }
      assert.ok(!(await other.send('seen')).includes('hang'), 'no handler got what was given up');
      // Nobody gives up a notification: the first request behind it that is given up opens the way.
      other.notify('note', 'hang');
      assert.ok((await soon(rejection(other.send('echo', 1, { timeout: 100 })), 'it')) instanceof MessageTimeoutError);
      assert.equal(await soon(other.send('echo', 'after'), 'the next'), 'after');
      // What was sent before a close is still handled, and a message that hangs does not keep it.
      other.notify('note', 'last');
      assert.equal((await soon(other.close({ drainMs: 10 }), 'the close')).kind, 'closed');
    });

    it('a middleware that hangs does not keep the worker from being closed', async () => {
      const other = await open({ middleware: [(message) => (message.type === 'echo' ? never() : undefined)] });
      const hanging = rejection(other.send('echo', 1));
      await soon(other.close({ drainMs: 10, graceMs: 1_000 }), 'the close');
      assert.ok((await hanging) instanceof ClosedError);
    });

    it('a middleware that throws something odd fails its own request', async () => {
      const { proxy, revoke } = Proxy.revocable({}, {});
      revoke();
      const other = await open({
        middleware: [
          (message) => {
            // eslint-disable-next-line @typescript-eslint/only-throw-error -- what is thrown is what is tested
            if (message.payload === 'odd') throw proxy;
          },
        ],
      });
      assert.ok((await rejection(other.send('echo', 'odd'))) instanceof MiddlewareError);
      assert.ok((await soon(rejection(other.send('echo', 'odd')), 'it')) instanceof MiddlewareError);
      assert.equal(await other.send('echo', 'even'), 'even');
      assert.equal(other.inWork, 0);
      await other.close();
    });

    it('a result that a middleware makes a promise may hang', async () => {
      const other = await open({
        middleware: [(message) => (message.type === 'echoResult' ? { ...message, payload: never() } : undefined)],
      });
      assert.ok((await soon(rejection(other.send('echo', 1, { timeout: 100 })), 'it')) instanceof MessageTimeoutError);
      await other.close();
    });

    it('transaction ids that are none are refused', async () => {
      const ids = [Number.NaN, Infinity, {}, undefined];
      const other = await open({ transactionId: () => ids.pop() as number });
      while (ids.length > 0) assert.match((await rejection(other.send('echo', 1))).message, /transactionId/);
      await other.close();
    });
  });
}

describe('errors as data', () => {
  it('end, however deep and wide they are', () => {
    const self = new AggregateError([], 'around');
    self.errors.push(self, new Error('inner'));
    const wire = toWireError(self);
    assert.deepEqual(
      wire.errors?.map(({ message }) => message),
      ['around', 'inner'],
    );
    assert.equal(wire.errors[0]?.errors, undefined);
    let error: Error = new Error('the innermost');
    for (let depth = 0; depth < 20; depth += 1) error = new AggregateError(Array<Error>(100).fill(error), `${depth}`);
    assert.ok(JSON.stringify(toWireError(error)).length < 1_000_000);
  });
});
