/**
 * Defects that were found by running the nearest relative of this library, isolated-workers 0.2.0, each a test here:
 * the names say what went wrong there.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import {
  CrashedError,
  MessageTimeoutError,
  MiddlewareError,
  RemoteError,
  SpawnError,
  StartupTimeoutError,
} from '../../../workers/ipc/index.ts';
import type { Serializer } from '../../../workers/ipc/index.ts';
import { silentLogger } from '../../../workers/ipc/logger.ts';
import { fixture, fixturePath, isAlive, rejection, socketDirectories, soon, start } from './support.ts';

describe('defects of others', () => {
  describe('1. a crash of a thread was no crash', () => {
    it('an exception outside of a handler is a CrashedError, and the state tells at once', async () => {
      const worker = await start('worker-threads');
      const error = await soon(rejection(worker.send('die', { how: 'throw' })), 'the crash');
      assert.ok(error instanceof CrashedError);
      assert.equal(worker.state, 'closed');
    });

    it('an exit is a CrashedError', async () => {
      const worker = await start('worker-threads');
      const error = await soon(rejection(worker.send('exit', { code: 5 })), 'the crash');
      assert.ok(error instanceof CrashedError);
      assert.equal(error.exit.exitCode, 5);
    });
  });

  it('2. exit code and signal of a process were lost to the closing socket', async () => {
    for (let round = 0; round < 5; round += 1) {
      const worker = await start('child-process');
      const error = await rejection(worker.send('exit', { code: 40 + round }));
      assert.ok(error instanceof CrashedError);
      assert.equal(error.exit.exitCode, 40 + round);
    }
    const worker = await start('child-process');
    const sent = rejection(worker.send('untilCancelled'));
    process.kill(worker.pid ?? 0, 'SIGKILL');
    const error = await sent;
    assert.ok(error instanceof CrashedError);
    assert.equal(error.exit.signal, 'SIGKILL');
  });

  it('3. one retry meant none', async () => {
    const retries: string[] = [];
    const error = await rejection(
      start('worker-threads', {
        script: fixture('throws-at-load.ts'),
        retry: { maxRetries: 1, delayMs: 1 },
        logger: { ...silentLogger, warn: (message) => void retries.push(message) },
      }),
    );
    assert.ok(error instanceof SpawnError);
    assert.equal(retries.length, 1);
  });

  it('4. the startup timeout and the number of attempts were ignored', async () => {
    const startedAt = performance.now();
    const error = await rejection(
      start('child-process', {
        script: fixture('never-ready.ts'),
        timeouts: { startup: 300 },
        retry: { maxRetries: 1, delayMs: 1 },
      }),
    );
    assert.ok(error instanceof StartupTimeoutError);
    assert.match(error.message, /300 ms/);
    assert.ok(performance.now() - startedAt < 20_000, 'two attempts of 300 ms each');
  });

  it('5. a thread was ready although it never started a server', async () => {
    const error = await rejection(
      start('worker-threads', { script: fixture('never-ready.ts'), timeouts: { startup: 300 } }),
    );
    assert.ok(error instanceof StartupTimeoutError);
  });

  it('6. characters of several bytes broke at the edges of chunks', async () => {
    const worker = await start('child-process');
    const text = '日本語🚢é'.repeat(200_000);
    const answer = await worker.send('echo', text);
    assert.equal(answer, text);
    await worker.close();
  });

  it('7. after a timeout the worker hung, close() took 5 s, and process and socket stayed', async () => {
    const worker = await start('child-process');
    const pid = worker.pid ?? 0;
    const spinning = Promise.withResolvers<void>();
    const sent = rejection(worker.send('spin', { ms: 600_000 }, { timeout: 300, onEvent: () => spinning.resolve() }));
    await spinning.promise;
    assert.ok((await sent) instanceof MessageTimeoutError);
    const exit = await soon(worker.close(), 'the end of a worker that spins for ten minutes');
    assert.equal(exit.expected, true);
    assert.equal(isAlive(pid), false);
    assert.deepEqual(socketDirectories(), []);
  });

  describe('8. found by reading', () => {
    it('different serializers on both sides were not noticed', async () => {
      const serializer: Serializer = {
        name: 'mine',
        framing: 'lines',
        encode: (value) => JSON.stringify(value),
        decode: (bytes) => JSON.parse(String(bytes)) as unknown,
      };
      const error = await rejection(start('child-process', { serializer }));
      assert.ok(error instanceof SpawnError);
      assert.match(error.message, /serializer 'mine'.*startWorkerServer/s);
    });

    it('close() during the start was not safe', async () => {
      const controller = new AbortController();
      const starting = start('child-process', { signal: controller.signal });
      setImmediate(() => controller.abort());
      await rejection(starting);
      assert.deepEqual(socketDirectories(), []);
    });

    it('disconnect only flipped a flag', async () => {
      const worker = await start('child-process');
      assert.equal(worker.capabilities.reconnect, true);
      const lasting = worker as unknown as { disconnect(): Promise<void>; reconnect(): Promise<void> };
      await lasting.disconnect();
      assert.equal(worker.state, 'disconnected');
      await rejection(worker.send('echo', 1));
      await lasting.reconnect();
      assert.equal(await worker.send('echo', 1), 1);
      await worker.close();
    });

    it('messages could not be named like an option', async () => {
      const worker = await start('child-process', {
        timeouts: { message: 60_000, messages: { message: 1, startup: 1 } },
      });
      assert.match((await rejection(worker.send('strategy' as 'echo', 1))).message, /strategy/);
      assert.equal(await worker.send('echo', 1), 1);
      await worker.close();
    });

    it('cause and own fields of errors were dropped', async () => {
      const worker = await start('worker-threads');
      const error = await rejection(worker.send('fail', { kind: 'odd' }));
      assert.ok(error instanceof RemoteError);
      assert.deepEqual(error['place'], { file: 'a.ts', line: 3 });
      assert.ok(error.cause instanceof Error);
      await worker.close();
    });

    it('a middleware that failed on an incoming message was an unhandled rejection', async () => {
      const worker = await start('child-process', {
        middleware: [
          async (message, direction) => {
            await Promise.resolve();
            if (direction === 'incoming' && message.type === 'echoResult') throw new Error('bad day');
          },
        ],
      });
      const error = await rejection(worker.send('echo', 1));
      assert.ok(error instanceof MiddlewareError);
      assert.match(error.message, /bad day/);
      await worker.close();
    });

    it('a timer stayed behind after close', async () => {
      const { stdout } = await promisify(execFile)(process.execPath, [fixturePath('ends-by-itself.ts')], {
        timeout: 25_000,
      });
      assert.ok(Number(stdout) < 1000, `${stdout} ms after the last close the host was still kept alive`);
    });

    it('sharing memory was not implemented, and env reached processes only', async () => {
      const worker = await start('worker-threads', { env: { IPC_TEST: 'yes' } });
      const memory = new SharedArrayBuffer(4);
      await worker.send('shared', { memory });
      assert.equal(new Int32Array(memory)[0], 1);
      assert.equal(await worker.send('environment', 'IPC_TEST'), 'yes');
      await worker.close();
    });

    it('there was no limit to the size of a message', async () => {
      const worker = await start('child-process', { maxFrameBytes: 10_000 });
      const error = await rejection(worker.send('echo', 'x'.repeat(10_001)));
      assert.equal(error['code'], 'ERR_WORKER_FRAME_TOO_LARGE');
      // The echo fits there, but not back with what the worker adds.
      assert.equal(await worker.send('echo', 'x'.repeat(9_000)), 'x'.repeat(9_000));
      await worker.close();
    });
  });
});
