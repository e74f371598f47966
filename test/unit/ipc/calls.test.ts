/** The worker calls its host, with each driver. */
import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import {
  CancelledError,
  ClosedError,
  CrashedError,
  createWorker,
  MessageTimeoutError,
  RemoteError,
} from '../../../workers/ipc/index.ts';
import type { Handlers, WorkerClient, WorkerOptions } from '../../../workers/ipc/index.ts';
import type { AnyWorkerOptions } from '../../../workers/ipc/options.ts';
import type { BothWays, HostMessages } from '../../fixtures/ipc/both-ways.ts';
import { subjects } from './subjects.ts';
import { fixture, rejection, soon, until } from './support.ts';

const never = (): Promise<never> => new Promise<never>(() => undefined);

for (const subject of subjects) {
  describe(`calls of the host: ${subject.title}`, () => {
    const aborted: string[] = [];
    const handlers: Handlers<HostMessages> = {
      echo: (value) => value,
      fail: (message) => {
        throw Object.assign(new RangeError(message, { cause: new TypeError('the cause') }), { code: 'E_HOST' });
      },
      hang: (_payload, { signal }) => {
        signal.addEventListener('abort', () => aborted.push((signal.reason as Error).name), { once: true });
        return never();
      },
      count: async (count, { emit }) => {
        for (let n = 0; n < count; n += 1) await emit(n);
        return 'counted';
      },
      slow: async (ms) => {
        await new Promise((resolve) => setTimeout(resolve, ms));
        return 'slowly';
      },
    };
    const open = (options: AnyWorkerOptions = {}): Promise<WorkerClient<BothWays>> =>
      soon(
        createWorker<BothWays>({
          script: fixture('both-ways.ts'),
          handlers,
          ...subject.options,
          ...options,
          driver: subject.driver,
        } as WorkerOptions),
        'the worker',
      );
    let worker: WorkerClient<BothWays>;
    before(async () => (worker = await open()));
    beforeEach(() => (aborted.length = 0));
    after(async () => assert.equal((await worker.close({ drainMs: 0 })).expected, true));

    it('are answered', async () => {
      assert.deepEqual(await worker.send('ask', { type: 'echo', value: { text: 'grüße' } }), { text: 'grüße' });
    });

    it('are answered each with its own, a thousand at once, while the host sends a thousand', async () => {
      const [many, ...own] = await Promise.all([
        worker.send('askMany', 1000),
        ...Array.from({ length: 1000 }, (_, n) => worker.send('echo', n)),
      ]);
      assert.equal(many, 1000);
      assert.deepEqual(own, Array.from({ length: 1000 }, (_, n) => n));
    });

    it('have events, in order and before the answer, and a listener that takes its time', async () => {
      assert.deepEqual(await worker.send('listen', 3000), { seen: 3000, answer: 'counted' });
    });

    it('carry what the handler of the host throws, with code and cause', async () => {
      const error = await rejection(worker.send('ask', { type: 'fail', value: 'in the host' }));
      assert.ok(error instanceof RemoteError);
      assert.equal(error.message, 'in the host');
      assert.equal(error['code'], 'E_HOST');
      assert.equal((error.cause as Error).message, 'the cause');
    });

    it('of an unknown type reject, and nothing else breaks', async () => {
      const error = await rejection(worker.send('ask', { type: 'nothing' }));
      assert.match(error.message, /host has no handler for 'nothing'/);
      assert.equal(await worker.send('echo', 1), 1);
    });

    it('have a timeout of their own, which tells the handler of the host to stop', async () => {
      const error = await soon(rejection(worker.send('ask', { type: 'hang', timeout: 30 })), 'the timeout');
      assert.match(error.message, /No answer to 'hang' within 30 ms/);
      await until(() => aborted.length === 1, 'the handler of the host was told');
      assert.deepEqual(aborted, ['CancelledError']);
      assert.equal(await worker.send('echo', 1), 1);
    });

    it('have a cancel of their own', async () => {
      assert.equal(await soon(worker.send('askAndCancel'), 'the cancel'), 'CancelledError: enough');
      await until(() => aborted.length === 1, 'the handler of the host was told');
    });

    it('end with the request on whose behalf they are made', async () => {
      const controller = new AbortController();
      const sent = rejection(worker.send('ask', { type: 'hang' }, { signal: controller.signal, cancel: 'acknowledged' }));
      assert.equal(await worker.send('echo', 1), 1);
      controller.abort();
      assert.ok((await soon(sent, 'the cancel')) instanceof CancelledError);
      await until(() => aborted.length === 1, 'the handler of the host was told');
      assert.equal(worker.inWork, 0);
    });

    it('can be made outside of a handler', async () => {
      assert.equal(await worker.send('outside', 'out'), 'out');
    });

    it('that cannot be sent or answered cost one call', async () => {
      const other = await open({ handlers: { echo: () => () => 1 }, maxFrameBytes: 100_000 });
      if (subject.clones) assert.match((await rejection(other.send('ask', { type: 'echo' }))).message, /cloned|encoded/);
      else assert.equal(await other.send('ask', { type: 'echo' }), undefined);
      assert.equal(await other.send('echo', 1), 1);
      await other.close();
    });

    it('without handlers in the host reject', async () => {
      const other = await open({ handlers: undefined });
      assert.match((await rejection(other.send('ask', { type: 'echo', value: 1 }))).message, /host has no handler/);
      await other.close();
    });

    it('of the methods that every object has are of no handler', async () => {
      for (const type of ['constructor', 'toString', '__proto__', '$input', '$close']) {
        const error = await soon(rejection(worker.send('ask', { type: type as 'echo', timeout: 5_000 })), type);
        assert.match(error.message, /no handler|no request/, type);
      }
    });

    it('pass the middleware of the host, and of what it throws one call is lost', async () => {
      const seen: string[] = [];
      const other = await open({
        middleware: [
          ({ type, payload }, direction) => {
            seen.push(`${direction} ${type}`);
            if (type === 'echo' && direction === 'incoming' && payload === 'bad') throw new Error('not this');
          },
        ],
      });
      assert.equal(await other.send('ask', { type: 'echo', value: 1 }), 1);
      assert.deepEqual(seen, ['outgoing ask', 'incoming echo', 'outgoing echoResult', 'incoming askResult']);
      assert.match((await rejection(other.send('ask', { type: 'echo', value: 'bad' }))).message, /not this/);
      assert.equal(await other.send('ask', { type: 'echo', value: 2 }), 2);
      await other.close();
    });

    it('do not keep a worker from being closed, nor do handlers of the host that hang', async () => {
      const other = await open();
      const sent = rejection(other.send('ask', { type: 'hang' }));
      assert.equal(await other.send('echo', 1), 1);
      assert.equal((await soon(other.close({ drainMs: 20 }), 'the close')).expected, true);
      assert.ok((await sent) instanceof ClosedError);
      assert.ok(aborted.includes('CancelledError') || aborted.includes('ClosedError'));
    });

    it('are answered while the worker is being closed', async () => {
      const other = await open();
      const sent = other.send('ask', { type: 'slow', value: 50 });
      const closed = other.close();
      assert.equal(await sent, 'slowly');
      await closed;
    });

    if (subject.driver !== 'inline') {
      it('tell the handler of the host when the worker dies', async () => {
        const other = await open();
        const asked = rejection(other.send('ask', { type: 'hang' }));
        assert.equal(await other.send('echo', 1), 1);
        const died = rejection(other.send('exit', 3));
        assert.ok((await soon(asked, 'the end')) instanceof CrashedError);
        assert.ok((await died) instanceof CrashedError);
        await until(() => aborted.length === 1, 'the handler of the host was told');
        assert.deepEqual(aborted, ['ClosedError']);
      });
    }

    it('see MessageTimeoutError and CancelledError as such in the worker', async () => {
      const error = await rejection(worker.send('ask', { type: 'hang', timeout: 10 }));
      assert.ok(error instanceof RemoteError || error instanceof MessageTimeoutError);
      assert.equal(error.name, 'MessageTimeoutError');
    });
  });
}

describe('calls of the host', () => {
  it('run in the asynchronous context of the sender of the request', async () => {
    const storage = new AsyncLocalStorage<string>();
    const worker = await createWorker<BothWays, Pick<HostMessages, 'echo'>>({
      script: fixture('both-ways.ts'),
      driver: 'worker-threads',
      handlers: { echo: () => storage.getStore() ?? 'none' },
    });
    const asked = ['one', 'two'].map((name) => storage.run(name, () => worker.send('ask', { type: 'echo' })));
    assert.deepEqual(await Promise.all(asked), ['one', 'two']);
    await worker.close();
  });

  it('cannot be taken for requests of the host', async () => {
    const worker = await createWorker<BothWays>({
      script: fixture('both-ways.ts'),
      driver: 'worker-threads',
      transactionId: () => '$1',
    });
    assert.match((await rejection(worker.send('echo', 1))).message, /transactionId/);
    await worker.close();
  });
});
