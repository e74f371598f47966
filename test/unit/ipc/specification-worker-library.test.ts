/** The specification of the worker library: each of its success criteria, in its words, and each of its error rules. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import * as library from '../../../workers/ipc/index.ts';
import {
  ClosedError,
  ConnectTimeoutError,
  createConnection,
  createWorker,
  deserializeMessage,
  getSocketAdapter,
  MessageTimeoutError,
  ProtocolError,
  RemoteError,
  shutdownWorker,
  SpawnError,
  StartupTimeoutError,
  UnknownMessageError,
  WorkerError,
} from '../../../workers/ipc/index.ts';
import { checkSocketPath } from '../../../workers/ipc/drivers/socket-path.ts';
import { limitsOf } from '../../../workers/ipc/options.ts';
import type { HangingUp } from '../../fixtures/ipc/hangs-up.ts';
import type { ConformanceMessages } from '../../fixtures/ipc/messages.ts';
import { ownDriver, reversed } from '../../fixtures/ipc/own-parts.ts';
import type { OwnMessages } from '../../fixtures/ipc/own-parts.ts';
import { fixture, isAlive, rejection, socketDirectories, soon, until } from './support.ts';

const open = () => soon(createWorker<ConformanceMessages>({ script: fixture('worker.ts') }), 'the worker');

describe('specification: worker library', () => {
  describe('success criteria', () => {
    it('Worker spawns successfully', async () => {
      const worker = await open();
      assert.ok(worker.pid !== undefined && worker.pid !== process.pid && isAlive(worker.pid));
      await worker.close();
    });

    it('Socket connection established (cross-platform)', async () => {
      const worker = await open();
      const { socketPath } = worker;
      assert.ok(socketPath !== undefined);
      assert.match(socketPath, process.platform === 'win32' ? /^\\\\\.\\pipe\\/ : /^\//);
      const connection = await createConnection({ socketPath });
      assert.equal(connection.pid, worker.pid);
      await connection.close();
      await worker.close();
    });

    it('Messages sent and received with type safety', async () => {
      const worker = await open();
      const count: number = await worker.send('count', { count: 2 });
      assert.equal(count, 2);
      // @ts-expect-error -- no such message
      assert.ok((await rejection(worker.send('nonsense', 1))) instanceof UnknownMessageError);
      // @ts-expect-error -- the result is a number
      const text: string = await worker.send('count', { count: 1 });
      assert.equal(text, 1);
      await worker.close();
    });

    it('Request/response pairing works (transaction IDs)', async () => {
      const worker = await open();
      // Answered in the opposite order.
      const slow = worker.send('count', { count: 1, delayMs: 100 });
      const quick = worker.send('echo', 'quick');
      const order: string[] = [];
      await Promise.all([slow.then(() => order.push('slow')), quick.then(() => order.push('quick'))]);
      assert.deepEqual(order, ['quick', 'slow']);
      assert.deepEqual([await slow, await quick], [1, 'quick']);
      await worker.close();
    });

    it('Middleware: Single middleware with direction context functional', async () => {
      const seen: string[] = [];
      const worker = await createWorker<ConformanceMessages>({
        script: fixture('worker.ts'),
        middleware: [
          (message, direction) => {
            seen.push(`${direction} ${message.type}`);
            return message.payload === 'observed' ? { ...message, payload: 'transformed' } : undefined;
          },
        ],
      });
      assert.equal(await worker.send('echo', 'observed'), 'transformed');
      assert.deepEqual(seen, ['outgoing echo', 'incoming echoResult']);
      await worker.close();
    });

    it('Custom serializer: Users can inject custom serialization', async () => {
      const worker = await createWorker<OwnMessages>({
        script: fixture('own-parts.ts'),
        argv: ['worker'],
        serializer: reversed,
        driver: ownDriver,
      });
      assert.equal(await worker.send('echo', 'forwards'), 'forwards');
      await worker.close();
    });

    it('Proper error handling and serialization', async () => {
      const worker = await open();
      const error = await rejection(worker.send('fail', { kind: 'odd' }));
      assert.ok(error instanceof RemoteError);
      assert.deepEqual([error.name, error.message, error['code']], ['OddError', 'odd indeed', 'E_ODD']);
      assert.match(error.stack ?? '', /worker\.ts/);
      assert.equal(await worker.send('echo', 'still there'), 'still there');
      await worker.close();
    });

    it('Clean shutdown sequence', async () => {
      const worker = await open();
      const inFlight = worker.send('count', { count: 1, delayMs: 50 });
      const exit = await shutdownWorker(worker);
      assert.equal(await inFlight, 1);
      assert.deepEqual([exit.kind, exit.exitCode, exit.expected], ['closed', 0, true]);
      await until(() => !isAlive(worker.pid ?? 0), 'the process is gone');
      assert.deepEqual(socketDirectories(), []);
    });

    it('Unit tests for all components', () => {
      const folder = import.meta.dirname;
      const tests = readdirSync(folder)
        .filter((name) => name.endsWith('.test.ts'))
        .map((name) => readFileSync(path.join(folder, name), 'utf8').replaceAll(/^import [^;]*;$/gm, ''))
        .join('\n');
      const untested = Object.keys(library).filter((name) => !new RegExp(`\\b${name}\\b`).test(tests));
      assert.deepEqual(untested, []);
    });

    it('E2E test: full spawn → message → shutdown workflow', async () => {
      const heard: string[] = [];
      const worker = await createWorker<ConformanceMessages>({
        script: fixture('worker.ts'),
        on: { connect: () => heard.push('connect'), exit: ({ kind }) => heard.push(kind) },
      });
      assert.equal(await worker.send('echo', 'hello'), 'hello');
      await worker.close();
      assert.ok((await rejection(worker.send('echo', 'late'))) instanceof ClosedError);
      assert.deepEqual(heard, ['connect', 'closed']);
    });

    it('Cross-platform: Works on Unix and Windows', () => {
      // The rest of this suite runs on the platform it is run on; these are the parts that differ.
      assert.notEqual(getSocketAdapter('linux'), getSocketAdapter('win32'));
      checkSocketPath('\\\\.\\pipe\\mine', 'win32');
      checkSocketPath('/tmp/mine', 'linux');
      assert.throws(() => checkSocketPath('/tmp/mine', 'win32'));
      assert.equal(getSocketAdapter(), getSocketAdapter(process.platform));
    });
  });

  describe('connection errors', () => {
    it('Connection refused → Retry with backoff', async () => {
      const { connectRetry } = limitsOf({});
      assert.equal(connectRetry.maxRetries, 5);
      assert.ok(connectRetry.jitter > 0);
      const worker = await createWorker<ConformanceMessages>({
        script: fixture('late-socket.ts'),
        connectRetry: { maxRetries: 1_000, delayMs: 10 },
      });
      assert.equal(await worker.send('echo', 1), 1);
      await worker.close();
    });

    it('Timeout → Abort with clear error message', async () => {
      const connecting = createWorker({ script: fixture('mute-socket.ts'), timeouts: { connect: 200 } });
      const error = await soon(rejection(connecting), 'the timeout');
      assert.ok(error instanceof ConnectTimeoutError && error instanceof WorkerError);
      assert.match(error.message, /No connection to the worker within 200 ms/);
      const worker = await open();
      const sent = worker.send('untilCancelled', undefined, { timeout: 100 });
      assert.ok((await rejection(sent)) instanceof MessageTimeoutError);
      await worker.close();
    });

    it('Socket closed → Attempt reconnect if configured', async () => {
      const worker = await createWorker<HangingUp>({ script: fixture('hangs-up.ts'), reconnect: true });
      const again = Promise.withResolvers<void>();
      worker.on('connect', () => again.resolve());
      await rejection(worker.send('hangUp', 'once'));
      await soon(again.promise, 'the connection');
      assert.equal(await worker.send('count'), 1);
      await worker.close();
    });
  });

  describe('worker errors', () => {
    it('Spawn failure → Throw with process error details', async () => {
      const error = await rejection(createWorker({ script: fixture('worker.ts'), execPath: '/no/such/node' }));
      assert.ok(error instanceof SpawnError);
      assert.equal(error.exit?.kind, 'spawn-failed');
      assert.match(error.message, /no\/such\/node/);
    });

    it('Startup timeout → Kill process and throw', async () => {
      let pid: number | undefined;
      const starting = createWorker({
        script: fixture('never-ready.ts'),
        timeouts: { startup: 500 },
        logger: {
          ...console,
          debug: () => undefined,
          error: (message) => (pid = Number(/\((\d+)\)/.exec(message)?.[1])),
        },
      });
      const error = await soon(rejection(starting), 'the timeout');
      assert.ok(error instanceof StartupTimeoutError);
      assert.ok(pid !== undefined);
      assert.equal(isAlive(pid), false);
    });

    it('Runtime errors → Serialize and propagate', async () => {
      const worker = await open();
      const error = await rejection(worker.send('die', { how: 'throw' }));
      assert.equal((error.cause as Error).message, 'thrown outside');
    });
  });

  describe('message errors', () => {
    it('Invalid message format → Throw parse error', () => {
      assert.throws(() => deserializeMessage('{"no":"type"}'), ProtocolError);
    });

    it('Unknown message type → Log warning, continue', async () => {
      const logs: string[] = [];
      const worker = await createWorker<ConformanceMessages>({
        script: fixture('worker.ts'),
        onLog: ({ level, message }) => logs.push(`${level} ${message}`),
      });
      await rejection(worker.send('nonsense' as 'echo', 1));
      assert.equal(await worker.send('echo', 1), 1);
      assert.ok(logs.some((line) => /^warn .*nonsense/.test(line)));
      await worker.close();
    });

    it('Handler error → Serialize and return as result error', async () => {
      const worker = await open();
      assert.equal((await rejection(worker.send('fail', { kind: 'plain' }))).message, 'plain');
      await worker.close();
    });
  });
});
