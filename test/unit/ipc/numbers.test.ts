/** What a number of the caller's means: milliseconds, limits, shares. */
import assert from 'node:assert/strict';
import { mock } from 'node:test';
import { CrashedError, DriverError, MessageTimeoutError } from '../../../workers/ipc/index.ts';
import { limitsOf } from '../../../workers/ipc/options.ts';
import type { AnyWorkerOptions } from '../../../workers/ipc/options.ts';
import type * as Timers from '../../../workers/ipc/timers.ts';
import { LONGEST_TIMER_MS } from '../../../workers/ipc/timers.ts';
import { rejection, soon, start } from './support.ts';

const nonsense = [Number.NaN, -1, -Infinity, '5' as unknown as number];

describe('numbers', () => {
  describe('of the options', () => {
    const of = (options: AnyWorkerOptions) => limitsOf(options);

    it('0 and Infinity are no limit, and more than a timer can hold stays what it is', () => {
      for (const ms of [0, Infinity]) {
        const limits = of({
          timeouts: { startup: ms, connect: ms, message: ms, messages: { echo: ms }, unresponsive: ms },
        });
        assert.equal(limits.startup, Infinity);
        assert.equal(limits.connect, Infinity);
        assert.equal(limits.message, Infinity);
        assert.equal(limits.messages.get('echo'), Infinity);
        assert.equal(limits.unresponsive, Infinity);
      }
      assert.equal(of({ timeouts: { startup: 2 ** 40 } }).startup, 2 ** 40);
      assert.equal(of({ maxFrameBytes: Infinity }).maxFrameBytes, 2 ** 32 - 1);
      assert.equal(of({ retry: { maxRetries: Infinity, maxDelayMs: Infinity } }).retry.maxRetries, Infinity);
    });

    it('what means nothing is refused, and the message names the option', () => {
      const options: readonly ((value: number) => [string, AnyWorkerOptions])[] = [
        (value) => ['timeouts.startup', { timeouts: { startup: value } }],
        (value) => ['timeouts.connect', { timeouts: { connect: value } }],
        (value) => ['timeouts.message', { timeouts: { message: value } }],
        (value) => ['timeouts.messages.echo', { timeouts: { messages: { echo: value } } }],
        (value) => ['timeouts.unresponsive', { timeouts: { unresponsive: value } }],
        (value) => ['retry.maxRetries', { retry: { maxRetries: value } }],
        (value) => ['retry.delayMs', { retry: { delayMs: value } }],
        (value) => ['connectRetry.maxDelayMs', { connectRetry: { maxDelayMs: value } }],
        (value) => ['retry.jitter', { retry: { jitter: value } }],
        (value) => ['maxFrameBytes', { maxFrameBytes: value }],
      ];
      for (const option of options) {
        for (const value of nonsense) {
          const [name, given] = option(value);
          assert.throws(
            () => of(given),
            (error: Error) => error instanceof DriverError && error.message.includes(`'${name}'`),
          );
        }
      }
      assert.throws(() => of({ maxFrameBytes: 0 }), DriverError);
      assert.throws(() => of({ retry: { jitter: 2 } }), DriverError);
    });
  });

  it('a timer longer than Node can hold waits all of its time', async () => {
    mock.timers.enable({ apis: ['setTimeout'] });
    try {
      // Loaded anew, because the library keeps the timers that it finds.
      const { startTimer } = (await import(
        `${new URL('../../../workers/ipc/timers.ts', import.meta.url).href}?mocked`
      )) as typeof Timers;
      let fired = 0;
      startTimer(2 * LONGEST_TIMER_MS + 10, () => (fired += 1));
      startTimer(Infinity, () => assert.fail('Infinity is no time'));
      const cancelled = startTimer(LONGEST_TIMER_MS + 10, () => assert.fail('It was cancelled.'));
      mock.timers.tick(LONGEST_TIMER_MS);
      cancelled.cancel();
      mock.timers.tick(LONGEST_TIMER_MS);
      assert.equal(fired, 0);
      mock.timers.tick(10);
      assert.equal(fired, 1);
    } finally {
      mock.timers.reset();
    }
  });

  for (const driver of ['child-process', 'stdio', 'worker-threads', 'inline'] as const) {
    it(`${driver}: requests, the start and the end wait as long as they are told`, async () => {
      const worker = await start(driver, { timeouts: { startup: Infinity, connect: 2 ** 40, message: 2 ** 33 } });
      const counted = worker.send('count', { count: 3, delayMs: 30 }, { timeout: Infinity });
      const other = worker.send('count', { count: 3, delayMs: 30 });
      const closed = worker.close({ drainMs: Infinity, graceMs: 2 ** 40, terminateMs: Infinity });
      assert.equal(await soon(counted, 'the answer'), 3);
      assert.equal(await soon(other, 'the other answer'), 3);
      assert.equal((await soon(closed, 'the end')).kind, 'closed');
    });

    it(`${driver}: what means nothing fails that call alone`, async () => {
      const worker = await start(driver);
      for (const value of nonsense) {
        const sent = worker.send('echo', 1, { timeout: value });
        assert.ok((await rejection(sent)) instanceof DriverError);
        assert.ok((await rejection(worker.close({ graceMs: value }))) instanceof DriverError);
      }
      assert.equal(await worker.send('echo', 1, { timeout: 0 }), 1);
      assert.equal((await worker.close()).expected, true);
    });
  }

  it('resource limits of a thread are sizes; Infinity leaves them to V8', async () => {
    for (const value of [...nonsense, 0]) {
      const error = await rejection(start('worker-threads', { resourceLimits: { maxOldGenerationSizeMb: value } }));
      assert.ok(error instanceof DriverError);
      assert.match(error.message, /'resourceLimits.maxOldGenerationSizeMb' must be a number, above 0/);
    }
    const worker = await start('worker-threads', { resourceLimits: { maxOldGenerationSizeMb: Infinity } });
    assert.equal(await worker.send('echo', 1), 1);
    await worker.close();
  });

  it('a limit holds although the number is small', async () => {
    const worker = await start('child-process', { timeouts: { message: 20 } });
    assert.ok((await rejection(worker.send('untilCancelled'))) instanceof MessageTimeoutError);
    await worker.close();
  });

  it('messages leave although a test has replaced the timers of the host', async () => {
    const worker = await start('child-process');
    const { nextTick } = process;
    process.nextTick = () => undefined;
    try {
      assert.equal(await soon(worker.send('echo', 1), 'the answer', 10_000), 1);
    } finally {
      process.nextTick = nextTick;
    }
    const killed = rejection(worker.send('untilCancelled'));
    await worker.kill();
    assert.ok(!((await killed) instanceof CrashedError));
  });
});
