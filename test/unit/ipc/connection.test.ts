/** `createConnection`, the places for sockets, and messages and errors as data. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import {
  binarySerializer,
  CancelledError,
  cleanupSocketPath,
  ClosedError,
  ConnectTimeoutError,
  createConnection,
  createWorker,
  deserializeError,
  deserializeMessage,
  DriverError,
  generateSocketPath,
  getSocketAdapter,
  getSocketPath,
  getTempDir,
  ProtocolError,
  RemoteError,
  SerializationError,
  serializeError,
  serializeMessage,
  UnknownMessageError,
  unixSocketAdapter,
  windowsSocketAdapter,
} from '../../../workers/ipc/index.ts';
import type { UncheckedMessage, WireMessage } from '../../../workers/ipc/index.ts';
import type { HangingUp } from '../../fixtures/ipc/hangs-up.ts';
import { fixture, rejection, soon } from './support.ts';

describe('connections', () => {
  it('carry messages both ways, and end without ending the worker', async () => {
    const worker = await createWorker<HangingUp>({ script: fixture('hangs-up.ts') });
    const connection = await createConnection({ socketPath: worker.socketPath ?? '' });
    assert.equal(connection.isConnected, true);
    assert.equal(connection.pid, worker.pid);
    const answer = Promise.withResolvers<UncheckedMessage>();
    await connection.send({ tx: 'a', type: 'count' });
    // It waits for a listener.
    await new Promise((resolve) => setTimeout(resolve, 100));
    connection.onMessage(answer.resolve);
    assert.deepEqual(await soon(answer.promise, 'the answer'), { tx: 'a', type: 'countResult', payload: 1 });
    const heard: string[] = [];
    connection.on('disconnect', (error) => heard.push(String(error)));
    await connection.close();
    assert.deepEqual(heard, ['undefined']);
    assert.ok((await rejection(connection.send({ type: 'count' }))) instanceof ClosedError);
    await worker.reconnect();
    assert.equal(await worker.send('count'), 2);
    await worker.close();
  });

  it('settle `send` when a message of any size has left', async () => {
    const worker = await createWorker({ script: fixture('worker.ts') });
    const connection = await createConnection({ socketPath: worker.socketPath ?? '' });
    const answers: UncheckedMessage[] = [];
    const all = Promise.withResolvers<void>();
    connection.onMessage((message) => {
      answers.push(message);
      if (answers.length === 5) all.resolve();
    });
    for (let tx = 1; tx <= 5; tx += 1) await connection.send({ tx, type: 'echo', payload: 'x'.repeat(1_000_000) });
    await soon(all.promise, 'the answers');
    assert.equal(connection.socket.writableLength, 0);
    await connection.close();
    await worker.close();
  });

  it('are made anew with `reconnect`', async () => {
    const worker = await createWorker<HangingUp>({ script: fixture('hangs-up.ts') });
    const connection = await createConnection({ socketPath: worker.socketPath ?? '', reconnect: true });
    const { socket } = connection;
    const heard: string[] = [];
    const again = Promise.withResolvers<void>();
    connection.on('disconnect', () => heard.push('disconnect'));
    connection.on('connect', () => again.resolve());
    await connection.send({ tx: 1, type: 'hangUp', payload: 'once' });
    await soon(again.promise, 'the connection');
    assert.notEqual(connection.socket, socket);
    const answer = Promise.withResolvers<UncheckedMessage>();
    connection.onMessage(answer.resolve);
    await connection.send({ tx: 2, type: 'count' });
    assert.equal((await soon(answer.promise, 'the answer')).payload, 1);
    assert.deepEqual(heard, ['disconnect']);
    await connection.close();
    await worker.close();
  });

  it('that cannot be made are tried again with growing pauses, and then rejected', async () => {
    const socketPath = generateSocketPath();
    const attempts: number[] = [];
    const delayMs = (attempt: number): number => {
      attempts.push(attempt);
      return 1;
    };
    const error = await rejection(createConnection({ socketPath, connectRetry: { maxRetries: 3, delayMs } }));
    assert.ok(error instanceof ConnectTimeoutError);
    assert.match(error.message, /ENOENT/);
    assert.deepEqual(attempts, [0, 1, 2, 3]);
    const controller = new AbortController();
    const connecting = rejection(
      createConnection({ socketPath, signal: controller.signal, connectRetry: { maxRetries: 9, delayMs: 9_000 } }),
    );
    controller.abort();
    assert.ok((await soon(connecting, 'the end')) instanceof CancelledError);
    cleanupSocketPath(socketPath);
  });
});

describe('places for sockets', () => {
  it('are new each time, private, and go when they are cleaned up', async () => {
    const places = [generateSocketPath(), generateSocketPath(), getSocketPath()];
    assert.equal(new Set(places).size, 3);
    const adapter = getSocketAdapter();
    for (const place of places) {
      const server = adapter.createServer(place);
      await new Promise<void>((resolve) => void server.once('listening', resolve));
      const client = adapter.createClient(place);
      await new Promise<void>((resolve) => void client.once('connect', resolve));
      if (process.platform !== 'win32') {
        assert.equal(path.dirname(path.dirname(place)), getTempDir());
        assert.equal(statSync(path.dirname(place)).mode & 0o777, 0o700);
        assert.equal(statSync(place).mode & 0o777, 0o600);
      }
      client.destroy();
      const closed = new Promise<void>((resolve) => void server.close(() => resolve()));
      cleanupSocketPath(place);
      cleanupSocketPath(place);
      await closed;
      assert.equal(existsSync(path.dirname(place)), process.platform === 'win32');
    }
  });

  it("of the caller's own go without their directory; what is no socket stays", async function () {
    if (process.platform === 'win32') return this.skip();
    const directory = mkdtempSync(path.join(os.tmpdir(), 'ipc-test-'));
    const place = path.join(directory, 'mine');
    const server = unixSocketAdapter.createServer(place);
    await new Promise<void>((resolve) => void server.once('listening', resolve));
    cleanupSocketPath(place);
    assert.equal(existsSync(place), false);
    assert.equal(existsSync(directory), true);
    server.close();
    const file = path.join(directory, 'file');
    writeFileSync(file, 'kept');
    assert.throws(() => cleanupSocketPath(file), DriverError);
    assert.throws(() => cleanupSocketPath(directory), DriverError);
    assert.equal(existsSync(file), true);
    rmSync(directory, { recursive: true });
  });

  it('are files on Unix and pipes on Windows; a path that cannot be one is refused at once', () => {
    assert.equal(getSocketAdapter('linux'), unixSocketAdapter);
    assert.equal(getSocketAdapter('darwin'), unixSocketAdapter);
    assert.equal(getSocketAdapter('win32'), windowsSocketAdapter);
    const long = `/tmp/${'x'.repeat(200)}`;
    assert.throws(() => unixSocketAdapter.createServer(long), DriverError);
    assert.throws(() => unixSocketAdapter.createClient(long), DriverError);
    assert.throws(() => unixSocketAdapter.createClient(''), DriverError);
  });

  it('a server on a path that is taken gives the error of the system', async () => {
    const place = generateSocketPath();
    const first = net.createServer().listen(place);
    await new Promise<void>((resolve) => void first.once('listening', resolve));
    const second = getSocketAdapter().createServer(place);
    const [error] = await new Promise<Error[]>((resolve) => void second.once('error', (e: Error) => resolve([e])));
    assert.match(error?.message ?? '', /EADDRINUSE/);
    first.close();
    cleanupSocketPath(place);
  });
});

describe('messages as data', () => {
  const message: WireMessage = { tx: 1, type: 'add', payload: { a: 1, text: 'grüße 🚢\n' } };

  it('come back as they were, as JSON or by another serializer', () => {
    assert.equal(typeof serializeMessage(message), 'string');
    assert.deepEqual(deserializeMessage(serializeMessage(message)), message);
    const big = { tx: 2, type: 'add', payload: { big: 5n, map: new Map([[1, 2]]) } };
    const bytes = serializeMessage(big, binarySerializer);
    assert.deepEqual(deserializeMessage(bytes, binarySerializer), big);
    assert.deepEqual(deserializeMessage(Buffer.from(JSON.stringify(message))), message);
  });

  it('that cannot be encoded, and what is no message, are told so', () => {
    assert.throws(() => serializeMessage({ tx: 1, type: 'add', payload: 1n }), SerializationError);
    for (const text of ['', 'no json', '[]', '1', 'null', '{"type":1}', '{}']) {
      assert.throws(() => deserializeMessage(text), ProtocolError, text);
    }
    assert.throws(() => deserializeMessage(new Uint8Array([1, 2]), binarySerializer), ProtocolError);
  });
});

describe('errors as data', () => {
  it('keep name, message, stack, code, cause and fields through JSON', () => {
    const thrown = Object.assign(new TypeError('wrong', { cause: new RangeError('deep') }), { code: 'E_X', line: 3 });
    const error = deserializeError(JSON.parse(JSON.stringify(serializeError(thrown))));
    assert.ok(error instanceof RemoteError);
    assert.equal(error.name, 'TypeError');
    assert.equal(error.message, 'wrong');
    assert.equal(error.stack, thrown.stack);
    assert.equal(error['code'], 'E_X');
    assert.equal(error['line'], 3);
    assert.equal((error.cause as Error).name, 'RangeError');
  });

  it('of the library keep their class; anything else becomes an error that shows it', () => {
    const own = deserializeError(serializeError(new UnknownMessageError('none')));
    assert.ok(own instanceof UnknownMessageError);
    assert.match(deserializeError(serializeError('only text')).message, /only text/);
    for (const nothing of [undefined, null, 5, 'text', {}, []]) {
      assert.ok(deserializeError(nothing) instanceof Error);
      assert.equal(typeof serializeError(nothing).message, 'string');
    }
  });
});
