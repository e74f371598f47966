/** The worker calls its host, with each driver. */
import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { CancelledError, ClosedError, CrashedError, createWorker, RemoteError } from '../../../workers/ipc/index.ts';
import type { Handlers, WorkerClient, WorkerOptions } from '../../../workers/ipc/index.ts';
import type { AnyHostOptions } from '../../../workers/ipc/options.ts';
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
    const open = (options: AnyHostOptions = {}): Promise<WorkerClient<BothWays>> =>
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
    after(() => worker.close({ drainMs: 0 }));

    it('are answered', async () => {
      assert.deepEqual(await worker.send('ask', { type: 'echo', value: { text: 'grüße' } }), { text: 'grüße' });
    });

    it('are answered each with its own, a thousand at once, while the host sends a thousand', async () => {
      const [many, ...own] = await Promise.all([
        worker.send('askMany', 1000),
        ...Array.from({ length: 1000 }, (_, n) => worker.send('echo', n)),
      ]);
      assert.equal(many, 1000);
      assert.deepEqual(
        own,
        Array.from({ length: 1000 }, (_, n) => n),
      );
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
      assert.equal(error.name, 'MessageTimeoutError');
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
      const sent = rejection(
        worker.send('ask', { type: 'hang' }, { signal: controller.signal, cancel: 'acknowledged' }),
      );
      assert.equal(await worker.send('echo', 1), 1);
      controller.abort();
      assert.ok((await soon(sent, 'the cancel')) instanceof CancelledError);
      await until(() => aborted.length === 1, 'the handler of the host was told');
      assert.equal(worker.inWork, 0);
    });

    it('can be made outside of a handler', async () => {
      assert.equal(await worker.send('outside', 'out'), 'out');
    });

    it('of the methods that every object has are of no handler', async () => {
      for (const type of ['constructor', 'toString', '__proto__', '$input', '$close']) {
        const error = await soon(rejection(worker.send('ask', { type: type as 'echo', timeout: 5_000 })), type);
        assert.match(error.message, /no handler|the library's own/, type);
      }
    });

    it('pass the middleware of the host; what cannot be sent costs one; they are answered until the end', async () => {
      const seen: string[] = [];
      const other = await open({
        handlers: { ...handlers, echo: (value: unknown) => (value === 'function' ? () => 1 : value) },
        middleware: [
          ({ type, payload }, direction) => {
            seen.push(`${direction} ${type}`);
            if (type === 'echo' && direction === 'incoming' && payload === 'bad') throw new Error('not this');
          },
        ],
      });
      const ask = (value: unknown): Promise<unknown> => other.send('ask', { type: 'echo', value });
      assert.equal(await ask(1), 1);
      assert.deepEqual(seen, ['outgoing ask', 'incoming echo', 'outgoing echoResult', 'incoming askResult']);
      assert.match((await rejection(ask('bad'))).message, /not this/);
      if (subject.clones) assert.match((await rejection(ask('function'))).message, /cloned|encoded/);
      else assert.equal(await ask('function'), undefined);
      assert.equal(await ask(2), 2);
      const slow = other.send('ask', { type: 'slow', value: 50 });
      const hangs = rejection(other.send('ask', { type: 'hang' }));
      const closed = other.close({ drainMs: 1_000 });
      assert.equal(await slow, 'slowly');
      assert.equal((await soon(closed, 'the close')).expected, true);
      assert.ok((await hangs) instanceof ClosedError);
      assert.equal(aborted.length, 1);
    });

    if (subject.driver !== 'inline') {
      it('tell the handler of the host when the worker dies', async () => {
        const asked = rejection(worker.send('ask', { type: 'hang' }));
        assert.equal(await worker.send('echo', 1), 1);
        const died = rejection(worker.send('exit', 3));
        assert.ok((await soon(asked, 'the end')) instanceof CrashedError);
        assert.ok((await died) instanceof CrashedError);
        await until(() => aborted.length === 1, 'the handler of the host was told');
        assert.deepEqual(aborted, ['ClosedError']);
      });
    }
  });
}

describe('calls of the host', () => {
  it('run in the asynchronous context of the sender of the request', async () => {
    const storage = new AsyncLocalStorage<string>();
    const worker = await createWorker<BothWays, Pick<HostMessages, 'echo'>>({
      script: fixture('both-ways.ts'),
      driver: 'inline',
      handlers: { echo: () => storage.getStore() ?? 'none' },
    });
    const asked = ['one', 'two'].map((name) => storage.run(name, () => worker.send('ask', { type: 'echo' })));
    assert.deepEqual(await Promise.all(asked), ['one', 'two']);
    await worker.close();
  });

  it('without handlers in the host reject', async () => {
    const worker = await createWorker<BothWays>({ script: fixture('both-ways.ts'), driver: 'inline' });
    assert.match((await rejection(worker.send('ask', { type: 'echo' }))).message, /host has no handler for 'echo'/);
    await worker.close();
  });

  it('cannot be taken for requests of the host', async () => {
    const worker = await createWorker<BothWays>({
      script: fixture('both-ways.ts'),
      driver: 'inline',
      transactionId: () => '$1',
    });
    assert.match((await rejection(worker.send('echo', 1))).message, /transactionId/);
    for (const type of ['$close', '$input', '$cancel']) {
      assert.match((await rejection(worker.send(type as 'echo', 1))).message, /the library's own/);
      assert.throws(() => worker.notify(type as 'echo', 1), /the library's own/);
    }
    await worker.close();
  });
});
