/** Attaching to a worker that another process started and detached; what becomes of it, and of the others. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import {
  attachWorker,
  binarySerializer,
  CancelledError,
  cleanupSocketPath,
  ClosedError,
  ConnectTimeoutError,
  CrashedError,
  createWorker,
  DriverError,
  generateSocketPath,
  SpawnError,
} from '../../../workers/ipc/index.ts';
import type { AttachOptions, WorkerAddress } from '../../../workers/ipc/index.ts';
import { isListening } from '../../../workers/ipc/drivers/socket-adapter.ts';
import type { BothWays, HostMessages } from '../../fixtures/ipc/both-ways.ts';
import type { HangingUp } from '../../fixtures/ipc/hangs-up.ts';
import type { ConformanceMessages } from '../../fixtures/ipc/messages.ts';
import { fixture, fixturePath, isAlive, rejection, soon, until } from './support.ts';

describe('attaching', () => {
  const addresses: WorkerAddress[] = [];

  /** A worker whose host has ended. */
  function orphan(script = 'worker.ts'): WorkerAddress {
    const { stdout, stderr } = spawnSync(process.execPath, [fixturePath('detaches.ts'), script], { encoding: 'utf8' });
    assert.notEqual(stdout, '', stderr);
    const address = JSON.parse(stdout) as WorkerAddress;
    addresses.push(address);
    return address;
  }
  const attach = (address: WorkerAddress | string, options?: AttachOptions) =>
    soon(attachWorker<ConformanceMessages>(address, options), 'the attachment');

  afterEach(() => {
    for (const { pid, socketPath } of addresses.splice(0)) {
      if (pid !== undefined && isAlive(pid)) process.kill(pid, 'SIGKILL');
      if (process.platform !== 'win32') rmSync(path.dirname(socketPath), { recursive: true, force: true });
    }
  });

  it('from another process: the worker answers, keeps its state, and can be closed', async () => {
    const address = orphan();
    const worker = await attach(address);
    assert.equal(worker.pid, address.pid);
    assert.equal(worker.socketPath, address.socketPath);
    assert.equal(worker.state, 'ready');
    worker.notify('note', 'kept');
    const events: number[] = [];
    await worker.send('count', { count: 3 }, { onEvent: ({ n }) => void events.push(n) });
    assert.deepEqual(events, [0, 1, 2]);
    assert.deepEqual(await worker.detach(), address);
    assert.equal((await worker.exited).kind, 'detached');

    const next = await attach(address.socketPath);
    assert.deepEqual(await next.send('notes'), ['kept']);
    const exit = await soon(next.close(), 'the end');
    assert.equal(exit.kind, 'closed');
    assert.equal(exit.expected, true);
    await until(() => !isAlive(address.pid ?? 0), 'the process is gone');
    assert.equal(existsSync(address.socketPath), false);
  });

  it('a detached client is over: closing it leaves the worker alone', async () => {
    const address = orphan();
    const worker = await attach(address);
    await worker.detach();
    assert.equal((await soon(worker.close(), 'the close')).kind, 'detached');
    assert.ok((await rejection(worker.send('notes'))) instanceof ClosedError);
    assert.equal(isAlive(address.pid ?? 0), true);
  });

  it('the process that started the worker can close its client too', async () => {
    const worker = await createWorker<ConformanceMessages>({ script: fixture('worker.ts') });
    const address = await worker.detach();
    addresses.push(address);
    assert.equal((await soon(worker.close(), 'the close')).kind, 'detached');
    const own = await attach(address);
    assert.equal(await own.send('echo', 1), 1);
    await own.close();
  });

  it('to one that is gone rejects with a ClosedError that names the place', async () => {
    const address = orphan();
    process.kill(address.pid ?? 0, 'SIGKILL');
    await until(() => !isAlive(address.pid ?? 0), 'it is dead');
    const unused = generateSocketPath();
    for (const place of [address, unused]) {
      const error = await rejection(attach(place, { connectRetry: { maxRetries: 0 } }));
      assert.ok(error instanceof ClosedError, String(error));
      assert.match(error.message, /There is no worker at '.*iw-/);
    }
    cleanupSocketPath(unused);
  });

  it('to one that dies: requests reject with a CrashedError, and how it ended is not made up', async () => {
    const address = orphan();
    const worker = await attach(address);
    const heard: string[] = [];
    for (const event of ['disconnect', 'error', 'exit'] as const) worker.on(event, () => heard.push(event));
    const error = await soon(rejection(worker.send('die', { how: 'kill' })), 'the end');
    assert.ok(error instanceof CrashedError);
    const { kind, expected, exitCode, signal } = error.exit;
    assert.deepEqual(
      { kind, expected, exitCode, signal },
      { kind: 'lost', expected: false, exitCode: undefined, signal: undefined },
    );
    assert.deepEqual(heard, ['disconnect', 'error', 'exit']);
    assert.ok((await rejection(worker.reconnect())) instanceof ClosedError);
  });

  it('kill ends the worker, whether connected or not', async () => {
    for (const disconnects of [false, true]) {
      const address = orphan();
      const worker = await attach(address);
      if (disconnects) await worker.disconnect();
      assert.equal((await soon(worker.kill(), 'the kill')).kind, 'killed');
      await until(() => !isAlive(address.pid ?? 0), 'the process is gone');
    }
  });

  it('that the worker went while nobody was connected is told', async () => {
    const address = orphan();
    const worker = await attach(address);
    await worker.disconnect();
    process.kill(address.pid ?? 0, 'SIGKILL');
    assert.equal((await soon(worker.exited, 'the end')).kind, 'lost');
    assert.equal(worker.state, 'closed');
  });

  it('whoever attaches last is the host; the one before is told, and may take the worker back', async () => {
    const address = orphan();
    const first = await attach(address, { reconnect: true });
    const lost = Promise.withResolvers<Error | undefined>();
    first.on('disconnect', lost.resolve);
    const sent = rejection(first.send('untilCancelled'));
    const second = await attach(address);
    assert.match((await soon(lost.promise, 'the news'))?.message ?? '', /Another host/);
    assert.ok((await sent) instanceof ClosedError);
    assert.equal(first.state, 'disconnected');
    assert.equal(await second.send('lastCancel'), 'ClosedError');
    await first.reconnect();
    await until(() => second.state === 'disconnected', 'the second is told');
    assert.equal(await first.send('echo', 1), 1);
    // Not its worker any more.
    assert.equal((await second.close()).kind, 'detached');
    assert.equal(await first.send('echo', 2), 2);
    await first.close();
  });

  it('to a worker whose host lives: the host is told and does not take it for a fault', async () => {
    const owner = await createWorker<ConformanceMessages>({ script: fixture('worker.ts') });
    const guest = await attach(owner.socketPath ?? '');
    await until(() => owner.state === 'disconnected', 'the owner is told');
    assert.equal(await guest.send('echo', 1), 1);
    await guest.detach();
    await owner.reconnect();
    assert.equal(await owner.send('echo', 2), 2);
    await owner.close();
  });

  it('whoever only looks whether it listens does not take it', async () => {
    const worker = await createWorker<ConformanceMessages>({ script: fixture('worker.ts') });
    for (let look = 0; look < 5; look += 1) assert.equal(await isListening(worker.socketPath ?? ''), true);
    assert.equal(await worker.send('echo', 1), 1);
    assert.equal(worker.state, 'ready');
    await worker.close();
  });

  it('a line that breaks disconnects, or is taken up again; the worker is left alone', async () => {
    const address = orphan('hangs-up.ts');
    const plain = await attachWorker<HangingUp>(address);
    const error = await soon(rejection(plain.send('hangUp', 'once')), 'the loss');
    assert.ok(error instanceof ClosedError);
    assert.equal(plain.state, 'disconnected');
    await plain.reconnect();
    assert.equal(await plain.send('count'), 1);
    await plain.detach();

    const lasting = await attachWorker<HangingUp>(address, { reconnect: true });
    const again = Promise.withResolvers<void>();
    lasting.on('connect', () => again.resolve());
    await rejection(lasting.send('hangUp', 'once'));
    await soon(again.promise, 'the connection');
    assert.equal(await lasting.send('count'), 2);
    await lasting.close();
  });

  it('a detached worker may print after its host has ended', async () => {
    const address = orphan('hangs-up.ts');
    const worker = await attachWorker<HangingUp>(address);
    for (let line = 0; line < 3; line += 1) await worker.send('print', 'x'.repeat(100_000));
    assert.equal(await worker.send('count'), 1);
    await worker.close();
  });

  it('to what is no worker fails, says so, and harms nobody', async () => {
    const sockets = new Set<net.Socket>();
    for (const [what, says] of [
      ['silent', undefined],
      ['garbage', 'SSH-2.0-x\r\n'],
      ['another serializer', '{"ready":1,"serializer":"own","pid":1}\n'],
      ['another version', '{"ready":99,"pid":1}\n'],
    ] as const) {
      const socketPath = generateSocketPath();
      const server = net.createServer((socket) => {
        sockets.add(socket);
        socket.on('error', () => undefined);
        if (says !== undefined) socket.write(says);
      });
      await new Promise<void>((resolve) => server.listen(socketPath, resolve));
      const error = await soon(rejection(attach(socketPath, { timeouts: { connect: 200 } })), what);
      assert.ok(error instanceof (says === undefined ? ConnectTimeoutError : SpawnError), `${what}: ${String(error)}`);
      for (const socket of sockets) socket.destroy();
      server.close();
      cleanupSocketPath(socketPath);
    }
  });

  it('a process that claims to be process 1, this one or none is not killed', async () => {
    for (const pid of [1, process.pid, -1, 0, 'x', undefined]) {
      const socketPath = generateSocketPath();
      const server = net.createServer((socket) => {
        socket.on('error', () => undefined).resume();
        socket.write(`${JSON.stringify({ ready: 1, serializer: 'json', pid })}\n`);
      });
      await new Promise<void>((resolve) => server.listen(socketPath, resolve));
      const worker = await attach(socketPath);
      const exit = await soon(worker.kill(), 'the kill');
      assert.equal(exit.kind, 'lost');
      assert.match(exit.reason, /cannot be ended from here: The worker did not say which process it is/);
      server.close();
      cleanupSocketPath(socketPath);
    }
  });

  it('can be given up, and a bad path or option is refused at once', async () => {
    const socketPath = generateSocketPath();
    const controller = new AbortController();
    const attaching = rejection(
      attach(socketPath, {
        signal: controller.signal,
        connectRetry: { maxRetries: Infinity, delayMs: 10_000, maxDelayMs: 10_000 },
      }),
    );
    controller.abort();
    assert.ok((await attaching) instanceof CancelledError);
    assert.ok((await rejection(attach(`/${'x'.repeat(200)}`))) instanceof DriverError);
    assert.ok((await rejection(attach('', {}))) instanceof DriverError);
    const options = { timeouts: { unresponsive: 5 } } as AttachOptions;
    assert.match((await rejection(attach(socketPath, options))).message, /unresponsive/);
    const ofAStart = { cwd: '/' } as AttachOptions;
    assert.match((await rejection(attach(socketPath, ofAStart))).message, /no use for the option 'cwd'/);
    cleanupSocketPath(socketPath);
  });

  it('a cancelled attachment does not kill the worker', async () => {
    const address = orphan();
    const controller = new AbortController();
    const attaching = attach(address, { signal: controller.signal, on: { connect: () => controller.abort() } });
    await (await attaching).detach();
    controller.abort();
    const aborted = AbortSignal.abort();
    assert.ok((await rejection(attach(address, { signal: aborted }))) instanceof CancelledError);
    assert.equal(isAlive(address.pid ?? 0), true);
  });

  it('with another serializer than the worker is refused, with the same it works', async () => {
    const worker = await createWorker<ConformanceMessages>({
      script: fixture('worker.ts'),
      serializer: binarySerializer,
    });
    const address = await worker.detach();
    addresses.push(address);
    const error = await rejection(attach(address));
    assert.ok(error instanceof SpawnError);
    assert.match(error.message, /binary/);
    const attached = await attach(address, { serializer: binarySerializer });
    assert.equal(await attached.send('echo', 5n), 5n);
    await attached.close();
  });

  it('keeps no process alive that is done, and such a process leaves the worker to others', () => {
    const address = orphan();
    const library = new URL('../../../workers/ipc/index.ts', import.meta.url).href;
    for (const last of ["await worker.send('echo', 1);", 'await worker.disconnect();']) {
      const program = `
        const { attachWorker } = await import(${JSON.stringify(library)});
        const worker = await attachWorker(process.argv[1]);
        ${last}`;
      const { status, signal } = spawnSync(
        process.execPath,
        ['--input-type=module', '-e', program, address.socketPath],
        { timeout: 60_000, stdio: 'inherit' },
      );
      assert.deepEqual({ status, signal }, { status: 0, signal: null });
      assert.equal(isAlive(address.pid ?? 0), true);
    }
  });

  it('lets the worker call the host that is attached', async () => {
    const address = orphan('both-ways.ts');
    const worker = await attachWorker<BothWays, Pick<HostMessages, 'echo'>>(address, {
      handlers: { echo: (value) => value },
    });
    assert.equal(await worker.send('ask', { type: 'echo', value: 5 }), 5);
    await worker.close();
  });
});
