/** How a thread waits for its next request: `Atomics.wait` instead of the event loop, where requests follow one another fast. */
import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { MessageChannel } from 'node:worker_threads';
import { setImmediate as turn } from 'node:timers/promises';
import { BellWaiter, createBell, ring } from '../../../workers/ipc/bell.ts';
import { fixture, rejection, start } from './support.ts';

describe('the bell of a thread', () => {
  const { port1, port2 } = new MessageChannel();
  const bell = createBell();
  /** In milliseconds. */
  let time = 0;
  const seen: unknown[] = [];
  let onMessage: (message: unknown) => void = (message) => seen.push(message);
  const open = (): BellWaiter =>
    new BellWaiter(port2, bell, { message: (message) => onMessage(message), unreadable: assert.fail }, () => time);
  const post = (message: unknown): void => {
    port1.postMessage(message);
    ring(bell);
  };

  after(() => port1.close());

  /** After one request that came fast. */
  const fast = (): BellWaiter => {
    const waiter = open();
    waiter.rest();
    waiter.turned();
    return waiter;
  };

  it('takes the next message before the event loop turns', async () => {
    const waiter = fast();
    post('next');
    waiter.rest();
    await Promise.resolve();
    assert.deepEqual(seen.splice(0), ['next']);
  });

  it('leaves messages to the event loop where they come slowly', async () => {
    const waiter = open();
    waiter.rest();
    time += 1;
    waiter.turned();
    post('slow');
    waiter.rest();
    await Promise.resolve();
    assert.deepEqual(seen, []);
    // A wait in vain ends, and is not repeated.
    const vain = fast();
    vain.rest();
    await Promise.resolve();
    assert.deepEqual(seen.splice(0), ['slow']);
    vain.rest();
    await Promise.resolve();
    post('later');
    vain.rest();
    await Promise.resolve();
    assert.deepEqual(seen, []);
    fast().rest();
    await Promise.resolve();
    assert.deepEqual(seen.splice(0), ['later']);
  });

  it('lets the event loop turn, however many messages come', async () => {
    let hasTurned = false;
    let taken = 0;
    const waiter = fast();
    onMessage = () => {
      time += 0.01;
      assert.ok((taken += 1) < 1_000_000, 'The event loop starves.');
      if (hasTurned) return;
      post('more');
      waiter.rest();
    };
    post('first');
    waiter.rest();
    await turn();
    hasTurned = true;
    assert.ok(taken > 1);
    fast().rest();
    await Promise.resolve();
    onMessage = (message) => seen.push(message);
  });

  it('receives in the context of the port, not of the request before', async () => {
    const storage = new AsyncLocalStorage<string>();
    const waiter = fast();
    let context: string | undefined = 'none';
    onMessage = () => (context = storage.getStore());
    post('next');
    storage.run('request', () => waiter.rest());
    await Promise.resolve();
    assert.equal(context, undefined);
    onMessage = (message) => seen.push(message);
  });

  it('a request that the thread cannot read costs that request, also in a wait', async () => {
    const worker = await start('worker-threads', {
      script: fixture('worker.ts'),
      resourceLimits: { stackSizeMb: 0.5 },
    });
    let deep: unknown = 0;
    for (let level = 0; level < 3_000; level += 1) deep = [deep];
    for (let round = 0; round < 20; round += 1) {
      for (let n = 0; n < 20; n += 1) assert.equal(await worker.send('echo', n), n);
      const error = await rejection(worker.send('echo', deep));
      assert.match(error.message, /could not be read/);
    }
    assert.equal(await worker.send('echo', 'after'), 'after');
    await worker.close();
  });
});
