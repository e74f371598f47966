/** What only the child-process driver does: sockets, groups, signals, reconnecting, outliving. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import {
  ClosedError,
  ConnectTimeoutError,
  CrashedError,
  createWorker,
  DriverError,
  SpawnError,
} from '../../../workers/ipc/index.ts';
import type { ChildProcessOptions, LogEntry, Vitals } from '../../../workers/ipc/index.ts';
import type { AnyWorkerOptions } from '../../../workers/ipc/options.ts';
import { loggerOf } from '../../../workers/ipc/logger.ts';
import { childProcessDriver } from '../../../workers/ipc/drivers/child-process.ts';
import type { ConformanceMessages } from '../../fixtures/ipc/messages.ts';
import { fixture, fixturePath, isAlive, rejection, socketDirectories, soon, start, until } from './support.ts';

const open = (options: AnyWorkerOptions = {}) =>
  createWorker<ConformanceMessages>({
    script: fixture('worker.ts'),
    ...options,
    driver: childProcessDriver,
  } as ChildProcessOptions);

describe('child-process driver', () => {
  describe('options', () => {
    it('passes environment, working directory, arguments and Node options', async () => {
      const cwd = os.tmpdir();
      const worker = await createWorker<{
        look: {
          payload: undefined;
          result: { cwd: string; argv: string[]; heapMb: number; there: string; gone: boolean; execArgv: string[] };
          event: never;
        };
      }>({
        script: fixture('look.ts'),
        env: { IPC_TEST: 'there', HOME: undefined },
        cwd,
        argv: ['one', 'two'],
        execArgv: ['--max-old-space-size=123'],
      });
      const seen = await worker.send('look');
      assert.equal(seen.cwd, cwd);
      assert.deepEqual(seen.argv, ['one', 'two']);
      assert.equal(seen.there, 'there');
      assert.equal(seen.gone, true);
      assert.deepEqual(seen.execArgv, ['--max-old-space-size=123'], 'the guard leaves no trace for forks to inherit');
      await worker.close();
    });

    it('refuses what it cannot do, naming who can', async () => {
      const error = await rejection(open({ resourceLimits: { maxOldGenerationSizeMb: 10 } }));
      assert.ok(error instanceof DriverError);
      assert.match(error.message, /resourceLimits.*worker-threads/);
    });

    it('refuses a script that is no absolute path', async () => {
      assert.ok((await rejection(open({ script: './worker.ts' }))) instanceof DriverError);
      assert.ok((await rejection(open({ script: undefined }))) instanceof DriverError);
    });

    it('says so when there is no such driver', async () => {
      const error = await rejection(start('carrier-pigeon' as 'inline'));
      assert.ok(error instanceof DriverError);
      assert.match(error.message, /child-process, stdio, worker-threads, inline/);
    });

    it('fails when the Node to run does not exist', async () => {
      const error = await rejection(open({ execPath: path.join(os.tmpdir(), 'no-such-node') }));
      assert.ok(error instanceof SpawnError);
      assert.equal(error.exit?.kind, 'spawn-failed');
      assert.match(error.message, /ENOENT/);
      assert.deepEqual(socketDirectories(), []);
    });
  });

  describe('sockets', () => {
    it('are in a directory for this user alone, and go with the worker', async function () {
      if (process.platform === 'win32') return;
      const worker = await open();
      const [directory] = socketDirectories();
      assert.ok(directory !== undefined);
      const full = path.join(os.tmpdir(), directory);
      assert.equal(statSync(full).mode & 0o777, 0o700);
      const sockets = readdirSync(full).map((name) => path.join(full, name));
      assert.equal(sockets.length, 1);
      assert.equal(statSync(sockets[0] ?? '').mode & 0o777, 0o600);
      await worker.close();
      assert.deepEqual(socketDirectories(), []);
    });

    it('go when the worker is killed', async () => {
      const worker = await open();
      await worker.kill();
      assert.deepEqual(socketDirectories(), []);
    });

    it('may be where the caller wants them', async () => {
      const directory = mkdtempSync(path.join(os.tmpdir(), 'ipc-test-'));
      const socketPath = process.platform === 'win32' ? '\\\\.\\pipe\\ipc-test' : path.join(directory, 'mine');
      const worker = await open({ socketPath });
      assert.equal(await worker.send('echo', 1), 1);
      await worker.close();
      assert.equal(existsSync(socketPath), false);
      rmSync(directory, { recursive: true });
    });

    it('with too long a path are refused before anything is started', async () => {
      const error = await rejection(open({ socketPath: `/tmp/${'x'.repeat(120)}` }));
      assert.ok(error instanceof DriverError);
      assert.match(error.message, /bytes/);
    });

    it('that do not answer are given up after the connect timeout', async () => {
      const error = await soon(
        rejection(open({ script: fixture('mute-socket.ts'), timeouts: { connect: 200 } })),
        'the timeout',
      );
      assert.ok(error instanceof ConnectTimeoutError);
      assert.match(error.message, /200 ms/);
    });

    it('are tried again while they cannot be reached', async () => {
      const tries: string[] = [];
      const worker = await open({
        script: fixture('late-socket.ts'),
        connectRetry: { maxRetries: 1000, delayMs: 20, maxDelayMs: 20 },
        logger: loggerOf((_level, message) => void tries.push(message)),
      });
      assert.equal(await worker.send('echo', 1), 1);
      assert.ok(tries.some((message) => message.includes('next attempt')));
      await worker.close();
    });
  });

  describe('reconnect', () => {
    it('takes the line up again; the worker has lived on', async () => {
      const worker = await open();
      const { pid } = worker;
      worker.notify('note', 'before');
      await worker.send('echo', 0);
      await worker.disconnect();
      assert.equal(worker.state, 'disconnected');
      assert.ok((await rejection(worker.send('echo', 1))) instanceof ClosedError);
      await worker.reconnect();
      assert.equal(worker.state, 'ready');
      assert.equal(worker.pid, pid);
      assert.deepEqual(await worker.send('notes'), ['before']);
      await worker.close();
    });

    it('settles what is in flight when disconnecting, and cancels it in the worker', async () => {
      const worker = await open();
      const working = Promise.withResolvers<void>();
      const sent = rejection(worker.send('untilCancelled', undefined, { onEvent: () => working.resolve() }));
      await working.promise;
      await worker.disconnect();
      assert.ok((await sent) instanceof ClosedError);
      await worker.reconnect();
      assert.equal(await worker.send('lastCancel'), 'CancelledError');
      await worker.close();
    });

    it('leaves the end of the old line without a meaning', async () => {
      const worker = await open();
      await worker.disconnect();
      await worker.reconnect();
      // A line that ends while its worker lives gets a second before the worker is killed for it.
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      assert.equal(worker.state, 'ready');
      assert.equal(await worker.send('echo', 1), 1);
      await worker.close();
    });

    it('is not needed to close', async () => {
      const worker = await open();
      await worker.disconnect();
      assert.equal((await soon(worker.close(), 'the close')).expected, true);
    });
  });

  it('takes a line that breaks while the worker lives on for its end', async () => {
    const worker = await open({ script: fixture('breaks-line.ts') });
    const error = await soon(rejection(worker.send('echo', 1)), 'the end');
    assert.ok(error instanceof CrashedError);
    assert.equal(error.exit.kind, 'protocol');
    assert.equal(isAlive(worker.pid ?? 0), false);
  });

  for (const what of ['garbage', 'foreign answer', 'no message', 'huge length'] as const) {
    it(`ends a worker that sends ${what}`, async () => {
      const worker = await open({ script: fixture('speaks-garbage.ts'), argv: [what] });
      const error = await soon(rejection(worker.send('echo', 1)), 'the end');
      assert.ok(error instanceof CrashedError);
      assert.equal(error.exit.kind, 'protocol');
    });
  }

  describe('exit reasons', () => {
    for (const [how, signal] of [
      ['abort', 'SIGABRT'],
      ['segfault', 'SIGSEGV'],
      ['kill', 'SIGKILL'],
    ] as const) {
      it(`names ${signal}, and what was sent before it has arrived`, async () => {
        const worker = await open();
        const events: string[] = [];
        const error = await soon(
          rejection(worker.send('die', { how }, { onEvent: (event) => void events.push(event) })),
          signal,
        );
        assert.ok(error instanceof CrashedError);
        assert.equal(error.exit.kind, 'signal');
        assert.equal(error.exit.signal, signal);
        assert.equal(error.exit.outOfMemory, false);
        assert.deepEqual(events, ['last words']);
      });
    }

    it('tells that the heap ran out', async () => {
      const worker = await open({ execArgv: ['--max-old-space-size=40'] });
      const error = await soon(rejection(worker.send('die', { how: 'heap' })), 'the end');
      assert.ok(error instanceof CrashedError);
      assert.equal(error.exit.outOfMemory, 'heap');
      assert.equal(error.exit.kind, 'out-of-memory');
      assert.ok(error.exit.stderrTail.length <= 20);
    });

    it('tells a kill from outside from our own', async () => {
      const worker = await open();
      process.kill(worker.pid ?? 0, 'SIGTERM');
      const exit = await worker.exited;
      assert.equal(exit.expected, false);
      assert.equal(exit.signal, 'SIGTERM');
    });
  });

  describe('the kill ladder', () => {
    it('climbs to SIGTERM for a worker in an endless loop', async () => {
      const worker = await open();
      const spinning = Promise.withResolvers<void>();
      const sent = rejection(worker.send('spin', { ms: 600_000 }, { onEvent: () => spinning.resolve() }));
      await spinning.promise;
      const exit = await soon(worker.close({ drainMs: 10, graceMs: 50, terminateMs: 5000 }), 'the end');
      assert.ok((await sent) instanceof ClosedError);
      assert.equal(exit.signal, 'SIGTERM');
      assert.equal(exit.kind, 'closed');
    });

    it('climbs to SIGKILL for one that ignores SIGTERM', async () => {
      const worker = await open({ script: fixture('ignores-sigterm.ts') });
      const exit = await soon(worker.close({ graceMs: 100, terminateMs: 100 }), 'the end');
      assert.equal(exit.signal, 'SIGKILL');
      assert.equal(exit.kind, 'killed');
      assert.equal(exit.expected, true);
    });

    it('takes grandchildren along, also when the worker dies by itself', async () => {
      for (const end of ['kill', 'crash', 'close'] as const) {
        const worker = await open();
        const grandchild = await worker.send('spawnGrandchild');
        assert.equal(isAlive(grandchild), true);
        if (end === 'kill') await worker.kill();
        else if (end === 'close') await worker.close();
        else await rejection(worker.send('exit', { code: 3 }));
        await until(() => !isAlive(grandchild), `the grandchild is gone after ${end}`);
      }
    });
  });

  it('hands over what the worker prints, line by line', async () => {
    const logs: LogEntry[] = [];
    const worker = await open({ onLog: (entry) => logs.push(entry) });
    await worker.send('print', { stdout: 'one\ntw', stderr: 'grüße\r\n' });
    await worker.send('print', { stdout: 'o\nthree' });
    await worker.close();
    assert.deepEqual(
      logs.filter(({ source }) => source === 'stdout').map(({ message }) => message),
      ['one', 'two', 'three'],
    );
    assert.deepEqual(
      logs.filter(({ source }) => source === 'stderr').map(({ message }) => message),
      ['grüße'],
    );
  });

  describe('vitals', () => {
    it('come while a request is in work, even if the main thread is blocked', async () => {
      const beats: Vitals[] = [];
      const latest = (): Vitals | undefined => beats.at(-1);
      const blocked = Promise.withResolvers<void>();
      const worker = await open({
        onVitals: (vitals) => {
          beats.push(vitals);
          if (vitals.blockedMs > 500) blocked.resolve();
        },
      });
      void worker.send('spin', { ms: 600_000 }).catch(() => undefined);
      await soon(blocked.promise, 'a heartbeat that tells of the loop');
      assert.ok((beats[0]?.rssBytes ?? 0) > 10_000_000);
      assert.deepEqual(worker.vitals, latest());
      assert.ok((latest()?.cpuMs ?? 0) > 0);
      await worker.kill();
    });

    it('that fail to come are noticed: a stopped process is killed', async function () {
      if (process.platform === 'win32') return;
      const worker = await open({ timeouts: { unresponsive: 500 } });
      const sent = rejection(
        worker.send('untilCancelled', undefined, { onEvent: () => void process.kill(worker.pid ?? 0, 'SIGSTOP') }),
      );
      const error = await soon(sent, 'the end');
      assert.ok(error instanceof CrashedError);
      assert.equal(error.exit.kind, 'unresponsive');
    });

    it('tell that the inspector is open; such a worker is not unresponsive', async () => {
      const seen: Vitals[] = [];
      const worker = await open({
        execArgv: ['--inspect=0'],
        timeouts: { unresponsive: 500 },
        onVitals: (vitals) => seen.push(vitals),
      });
      await worker.send('spin', { ms: 3_000 });
      assert.ok(seen.some(({ inspected, blockedMs }) => inspected === true && blockedMs > 500));
      await worker.close();
    });

    it('stop when nothing is in work', async () => {
      let last = performance.now();
      const worker = await open({ onVitals: () => (last = performance.now()) });
      await worker.send('echo', 1);
      await until(() => performance.now() - last > 3500, 'the heartbeat has stopped');
      await worker.close();
    });
  });

  it('lets a detached worker live on when its host ends', async () => {
    const host = spawn(process.execPath, [fixturePath('detaches.ts')], { stdio: ['ignore', 'pipe', 'inherit'] });
    const output = await new Promise<string>((resolve) => {
      let text = '';
      host.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      host.once('exit', () => resolve(text));
    });
    const { pid, socketPath } = JSON.parse(output) as { pid: number; socketPath: string };
    try {
      assert.equal(isAlive(pid), true);
      const socket = net.connect(socketPath);
      const [line] = await new Promise<string[]>((resolve) =>
        socket.once('data', (data) => resolve(String(data).split('\n'))),
      );
      assert.match(line ?? '', /"ready":1/);
      socket.end('{"type":"$close"}\n');
      await until(() => !isAlive(pid), 'it has closed');
      assert.equal(existsSync(socketPath), false);
    } finally {
      if (isAlive(pid)) process.kill(pid, 'SIGKILL');
      rmSync(path.dirname(socketPath), { recursive: true, force: true });
    }
  });
});
