/** A worker that does not stop in time is killed, and nothing else is. */
import assert from 'node:assert/strict';
import {
  CancelledError,
  ClosedError,
  CrashedError,
  DriverError,
  MessageTimeoutError,
} from '../../../workers/ipc/index.ts';
import { Line } from '../../../workers/ipc/middleware.ts';
import { Requests } from '../../../workers/ipc/requests.ts';
import type { RequestOptions } from '../../../workers/ipc/requests.ts';
import type { WireMessage } from '../../../workers/ipc/wire.ts';
import { subjects } from './subjects.ts';
import { rejection, silentChannel, soon, start, until } from './support.ts';
import type { TestClient } from './support.ts';

/** The serializer makes no difference here. */
const drivers = subjects.filter(({ options }) => options === undefined);

for (const subject of drivers) {
  describe(`kill if it does not stop: ${subject.title}`, () => {
    const open = (options = {}): Promise<TestClient> =>
      soon(start(subject.driver, { ...subject.options, ...options }), 'the worker');

    it('after a timeout, and other requests are told why', async () => {
      const worker = await open();
      for (const killAfter of [-1, Number.NaN, '1' as unknown as number]) {
        assert.ok((await rejection(worker.send('echo', 1, { killAfter }))) instanceof DriverError);
      }
      assert.equal(await worker.send('echo', 1, { killAfter: Infinity }), 1);
      const other = rejection(worker.send('untilCancelled'));
      // A handler that never ends and looks at no signal; in one thread with the host, it must let that live.
      const sent = rejection(worker.send('die', { how: 'not at all' as 'throw' }, { timeout: 20, killAfter: 50 }));
      assert.ok((await soon(sent, 'the timeout')) instanceof MessageTimeoutError);
      const error = await soon(other, 'the end');
      assert.ok(error instanceof CrashedError);
      assert.equal(error.exit.kind, 'unresponsive');
      assert.match(error.message, /did not stop working on 'die' within 50 ms/);
      assert.equal((await worker.exited).expected, false);
    });

    it('after a cancel, also an acknowledged one', async () => {
      const worker = await open({ timeouts: { killAfter: 50 } });
      const controller = new AbortController();
      const { signal } = controller;
      const sent = rejection(worker.send('die', { how: 'not at all' as 'throw' }, { signal, cancel: 'acknowledged' }));
      controller.abort();
      assert.ok((await soon(sent, 'the end')) instanceof CrashedError);
      assert.equal((await worker.exited).kind, 'unresponsive');
    });

    if (subject.driver === 'inline') return;

    it('also when it spins and hears nothing', async () => {
      const worker = await open();
      const sent = rejection(worker.send('spin', { ms: 600_000 }, { timeout: 50, killAfter: 0 }));
      assert.ok((await soon(sent, 'the timeout')) instanceof MessageTimeoutError);
      assert.equal((await soon(worker.exited, 'the end')).kind, 'unresponsive');
    });

    if (subject.driver !== 'child-process') return;

    it('but not after a disconnect', async () => {
      const worker = await start('child-process', { ...subject.options, timeouts: { killAfter: 50 } });
      const lasting = worker as TestClient & { disconnect(): Promise<void>; reconnect(): Promise<void> };
      const sent = rejection(worker.send('die', { how: 'not at all' as 'throw' }));
      await worker.send('echo', 1);
      await lasting.disconnect();
      await sent;
      await new Promise((resolve) => setTimeout(resolve, 150));
      await lasting.reconnect();
      assert.equal(await worker.send('echo', 2), 2);
      await worker.kill();
    });
  });
}

describe('kill if it does not stop', () => {
  const overdue: string[] = [];
  const sent: WireMessage[] = [];
  let requests: Requests;
  beforeEach(() => {
    overdue.length = 0;
    sent.length = 0;
    const line = new Line({ ...silentChannel, send: (message) => void sent.push(message) });
    requests = new Requests(line, { changed: () => undefined, overdue: (detail) => void overdue.push(detail) });
  });
  const begin = (options: Partial<RequestOptions>): { settled: Promise<Error>; controller: AbortController } => {
    const controller = new AbortController();
    const all = { timeoutMs: Infinity, killAfterMs: 20, signal: controller.signal, ...options };
    return { settled: rejection(requests.send(1, 'work', undefined, all)), controller };
  };
  const later = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
  const block = (ms: number): void => {
    const end = performance.now() + ms;
    while (performance.now() < end);
  };

  it('does not happen to one that stops', async () => {
    for (const cancel of ['immediate', 'acknowledged'] as const) {
      const { settled, controller } = begin({ cancel });
      controller.abort();
      assert.deepEqual(sent.at(-1), { type: '$cancel', tx: 1 });
      requests.receive({ tx: 1, type: 'workResult' });
      assert.ok((await settled) instanceof CancelledError);
      assert.equal(requests.inWork, 0);
    }
    await later(50);
    assert.deepEqual(overdue, []);
  });

  it('does not happen when this process stood still and the answer is there to be read', async () => {
    const { settled, controller } = begin({});
    controller.abort();
    await settled;
    setTimeout(() => setImmediate(() => requests.receive({ tx: 1, type: 'workError', error: {} })), 1);
    block(60);
    await later(60);
    assert.deepEqual(overdue, []);
  });

  it('does not happen after the line was given up', async () => {
    const { settled, controller } = begin({});
    controller.abort();
    await settled;
    requests.cancelAll(() => new ClosedError('disconnected'));
    await later(50);
    assert.deepEqual(overdue, []);
  });

  it('happens to one that does not, once', async () => {
    const { settled, controller } = begin({});
    controller.abort();
    await settled;
    await until(() => overdue.length > 0, 'it is overdue');
    assert.deepEqual(overdue, ["it did not stop working on 'work' within 20 ms"]);
  });
});
