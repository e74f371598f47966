/** A driver, a serializer, middleware, a logger and an id generator of one's own. */
import assert from 'node:assert/strict';
import {
  CancelledError,
  createLogger,
  createWorker,
  MessageTimeoutError,
  MiddlewareError,
  ProtocolError,
} from '../../../workers/ipc/index.ts';
import type { Middleware } from '../../../workers/ipc/index.ts';
import type { AnyWorkerOptions } from '../../../workers/ipc/options.ts';
import { ownDriver, reversed } from '../../fixtures/ipc/own-parts.ts';
import type { OwnMessages } from '../../fixtures/ipc/own-parts.ts';
import { fixture, rejection, start, until } from './support.ts';

const open = (options: AnyWorkerOptions = {}) =>
  createWorker<OwnMessages>({
    script: fixture('own-parts.ts'),
    argv: ['worker'],
    serializer: reversed,
    ...options,
    driver: ownDriver,
  });

describe('own parts', () => {
  it('a driver and a serializer carry messages and events', async () => {
    const worker = await open();
    const events: string[] = [];
    assert.deepEqual(await worker.send('echo', { text: 'grüße' }, { onEvent: (event) => void events.push(event) }), {
      text: 'grüße',
    });
    assert.deepEqual(events, ['event']);
    await worker.close();
  });

  it("a worker's middleware sees, replaces and fails", async () => {
    const worker = await open();
    assert.equal(await worker.send('echo', 'replace'), 'replaced');
    for (const payload of ['fail incoming', 'fail outgoing']) {
      const error = await rejection(worker.send('echo', payload));
      assert.ok(error instanceof MiddlewareError, payload);
      assert.match(error.message, /not (today|out)/);
    }
    assert.deepEqual((await worker.send('seen')).slice(0, 3), [
      'incoming echo',
      'outgoing echoEvent',
      'outgoing echoResult',
    ]);
    await worker.close();
  });

  it("a host's middleware sees, replaces and fails, in both directions", async () => {
    const seen: string[] = [];
    const middleware: Middleware = (message, direction) => {
      seen.push(`${direction} ${message.type}`);
      if (message.payload === 'out') throw new Error('outgoing');
      if (message.type === 'echoResult' && message.payload === 'in') throw new Error('incoming');
      if (message.type === 'echoResult' && message.payload === 'text') return 'no message' as unknown as typeof message;
      if (message.payload === 'change') return { ...message, payload: 'changed' };
      return undefined;
    };
    const worker = await start('worker-threads', { middleware: [middleware] });
    for (const payload of ['out', 'in', 'text']) {
      assert.ok((await rejection(worker.send('echo', payload))) instanceof MiddlewareError, payload);
    }
    assert.equal(await worker.send('echo', 'change'), 'changed');
    assert.ok(seen.includes('outgoing echo') && seen.includes('incoming echoResult'));
    await worker.close();
  });

  it('middleware that takes its time keeps the order of messages', async () => {
    let turn = 0;
    const middleware: Middleware = () => {
      turn += 1;
      const late = turn % 3;
      return late === 0 ? undefined : new Promise((resolve) => setTimeout(() => resolve(undefined), late * 2));
    };
    const worker = await start('worker-threads', { middleware: [middleware] });
    const order: number[] = [];
    await Promise.all(Array.from({ length: 20 }, (_, n) => worker.send('echo', n).then(() => order.push(n))));
    assert.deepEqual(
      order,
      Array.from({ length: 20 }, (_, n) => n),
    );
    const events: number[] = [];
    await worker.send('count', { count: 50, delayMs: 1 }, { onEvent: ({ n }) => void events.push(n) });
    assert.deepEqual(
      events,
      Array.from({ length: 50 }, (_, n) => n),
    );
    await worker.close();
  });

  it('an id generator names the requests, and a repeated name is refused', async () => {
    const worker = await start('worker-threads', { transactionId: () => 'the same' });
    const first = worker.send('echo', 1);
    assert.ok((await rejection(worker.send('echo', 2))) instanceof ProtocolError);
    assert.equal(await first, 1);
    assert.equal(await worker.send('echo', 3), 3);
    await worker.close();
  });

  it('a name stays taken until the worker has acknowledged the cancel', async () => {
    const worker = await start('worker-threads', { transactionId: () => 'the same' });
    const controller = new AbortController();
    const spinning = worker.send('spin', { ms: 300 }, { signal: controller.signal, onEvent: () => controller.abort() });
    assert.ok((await rejection(spinning)) instanceof CancelledError);
    assert.equal(worker.inWork, 1);
    assert.ok((await rejection(worker.send('echo', 2))) instanceof ProtocolError);
    await until(() => worker.inWork === 0, 'the worker acknowledges');
    assert.equal(await worker.send('echo', 3), 3);
    await worker.close();
  });

  it('a request whose cancel is never acknowledged ends with its timeout', async () => {
    const worker = await start('worker-threads');
    const controller = new AbortController();
    const spinning = worker.send(
      'spin',
      { ms: 600_000 },
      { signal: controller.signal, cancel: 'acknowledged', timeout: 500, onEvent: () => controller.abort() },
    );
    assert.ok((await rejection(spinning)) instanceof MessageTimeoutError);
    assert.ok(controller.signal.aborted);
    assert.equal(worker.inWork, 1);
    await worker.kill();
  });

  it('a worker ignores a second request of a name that is in work, and says so', async () => {
    const logs: string[] = [];
    const worker = await start('worker-threads', {
      onLog: ({ message }) => logs.push(message),
      // Two requests for the host, one name for the worker.
      middleware: [
        (message, direction) =>
          direction === 'outgoing' && message.type === 'note' ? { ...message, tx: 1 } : undefined,
      ],
    });
    const controller = new AbortController();
    const first = worker.send('untilCancelled', undefined, { signal: controller.signal });
    const second = worker.send('note', 'never', { timeout: 100 });
    assert.ok((await rejection(second)) instanceof MessageTimeoutError);
    controller.abort();
    await rejection(first);
    assert.ok(
      logs.some((line) => line.includes('A second request 1')),
      logs.join('\n'),
    );
    assert.deepEqual(await worker.send('notes'), []);
    await worker.close();
  });

  it('a logger hears of the life of the worker, at its level', async () => {
    const lines: string[] = [];
    const worker = await start('worker-threads', {
      name: 'mine',
      logger: createLogger('test', 'debug', (line) => lines.push(line)),
    });
    await worker.close();
    assert.ok(
      lines.some((line) => /^\[test\] debug: mine .*Ready/.test(line)),
      lines.join('\n'),
    );
    const quiet: string[] = [];
    const logger = createLogger('test', 'warn', (line) => quiet.push(line));
    logger.info('not this');
    logger.error('but this');
    assert.deepEqual(quiet, ['[test] error: but this']);
  });
});
