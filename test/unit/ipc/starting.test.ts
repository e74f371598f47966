/** Starts under bad circumstances: they work, or say what is missing. None of them goes on for ever. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {
  CancelledError,
  createWorker,
  DriverError,
  SerializationError,
  SpawnError,
} from '../../../workers/ipc/index.ts';
import type { DriverName } from '../../../workers/ipc/index.ts';
import { loggerOf, silentLogger } from '../../../workers/ipc/logger.ts';
import { HeapWitness } from '../../../workers/ipc/drivers/heap-witness.ts';
import { loaderOptions } from '../../../workers/ipc/drivers/loader-options.ts';
import { makePrivateDirectory } from '../../../workers/ipc/drivers/socket-path.ts';
import { fixture, fixturePath, rejection, socketDirectories, soon, start } from './support.ts';

const isWindows = process.platform === 'win32';

describe('starting', function () {
  this.timeout(120_000);
  let scratch: string;
  beforeEach(() => (scratch = mkdtempSync(path.join(os.tmpdir(), 'starting-'))));
  afterEach(() => rmSync(scratch, { recursive: true, force: true }));

  describe('itself', () => {
    for (const driver of ['child-process', 'stdio', 'worker-threads', 'inline'] as const) {
      it(`is refused: ${driver}`, () => {
        const { stdout } = spawnSync(process.execPath, [fixturePath('both.ts'), driver], {
          encoding: 'utf8',
          timeout: 60_000,
        });
        assert.match(stdout, /starts itself: it was started as a worker/);
        if (driver === 'child-process' || driver === 'stdio') assert.match(stdout, /^DriverError/);
      });
    }

    it('is refused behind any number of other programs', async () => {
      process.env['ISOLATED_WORKER_DEPTH'] = '16';
      try {
        assert.match((await rejection(start('child-process'))).message, /16 deep/);
        assert.match((await rejection(start('worker-threads'))).message, /16 deep/);
      } finally {
        delete process.env['ISOLATED_WORKER_DEPTH'];
      }
    });
  });

  describe('can be given up', () => {
    it('before it begins: nothing is started', async () => {
      const logged: string[] = [];
      const error = await rejection(
        start('child-process', {
          signal: AbortSignal.abort(new Error('not needed')),
          logger: loggerOf((_level, message) => void logged.push(message)),
        }),
      );
      assert.ok(error instanceof CancelledError);
      assert.deepEqual(logged, []);
      assert.deepEqual(socketDirectories(), []);
    });

    it('in the pause between two attempts', async () => {
      const controller = new AbortController();
      const starting = rejection(
        start('worker-threads', {
          script: fixture('throws-at-load.ts'),
          signal: controller.signal,
          retry: { maxRetries: Infinity, delayMs: 2 ** 40, maxDelayMs: Infinity, jitter: 0 },
          logger: { ...silentLogger, warn: () => void setImmediate(() => controller.abort()) },
        }),
      );
      assert.ok((await soon(starting, 'the cancel', 30_000)) instanceof CancelledError);
    });
  });

  describe('without a directory', () => {
    before(function () {
      if (isWindows) this.skip();
    });

    it('for sockets takes the next one that can be used', () => {
      const used = makePrivateDirectory([path.join(scratch, 'missing'), scratch]);
      assert.equal(path.dirname(used), scratch);
    });

    it('for sockets at all says where it looked, and names TMPDIR', () => {
      const file = path.join(scratch, 'file');
      writeFileSync(file, '');
      assert.throws(
        () => makePrivateDirectory([path.join(scratch, 'missing'), file]),
        (error: Error) => error instanceof DriverError && /TMPDIR.*missing.*file/s.test(error.message),
      );
    });

    for (const temporary of ['missing', 'relative']) {
      it(`works with a TMPDIR that is ${temporary}, in another working directory`, () => {
        mkdirSync(path.join(scratch, 'relative'));
        const { stdout, stderr } = spawnSync(
          process.execPath,
          [fixturePath('starts-workers.ts'), 'child-process', '1', os.homedir()],
          { encoding: 'utf8', cwd: scratch, env: { ...process.env, TMPDIR: temporary } },
        );
        assert.deepEqual(JSON.parse(stdout || stderr), { started: 1, failure: '' });
      });
    }
  });

  for (const driver of ['child-process', 'stdio'] as const) {
    it(`${driver}: a working directory that is missing or no directory is named`, async () => {
      const missing = path.join(scratch, 'missing');
      const gone = await rejection(start(driver, { cwd: missing }));
      assert.ok(gone instanceof SpawnError);
      assert.ok(gone.message.includes(`'${missing}' does not exist`), gone.message);
      const file = path.join(scratch, 'file');
      writeFileSync(file, '');
      const other = await rejection(start(driver, { cwd: file }));
      assert.ok(other.message.includes(`'${file}' is not a directory`), other.message);
      assert.deepEqual(socketDirectories(), []);
    });

    it(`${driver}: a host whose own working directory is gone says so`, function () {
      if (isWindows) return this.skip();
      const script = `rmdir "$PWD" && exec "$@"`;
      const { stdout } = spawnSync('sh', ['-c', script, 'sh', process.execPath, '--eval', startsInGone(driver)], {
        encoding: 'utf8',
        cwd: scratch,
      });
      assert.match(stdout, /working directory does not exist any more/);
    });

    it(`${driver}: too many open files are told as that`, function () {
      if (isWindows) return this.skip();
      const { stdout } = spawnSync(
        'sh',
        ['-c', 'ulimit -n 45 && exec "$@"', 'sh', process.execPath, fixturePath('starts-workers.ts'), driver, '30'],
        { encoding: 'utf8' },
      );
      const { failure } = JSON.parse(stdout) as { failure: string };
      assert.match(failure, /^(SpawnError|ConnectTimeoutError): .*(EMFILE|too many open files)/s);
    });
  }

  it('worker-threads: too many open files are told as that', function () {
    if (isWindows) return this.skip();
    const { stdout } = spawnSync(
      'sh',
      [
        '-c',
        'ulimit -n 40 && exec "$@"',
        'sh',
        process.execPath,
        fixturePath('starts-workers.ts'),
        'worker-threads',
        '30',
      ],
      { encoding: 'utf8' },
    );
    const { failure } = JSON.parse(stdout) as { failure: string };
    assert.match(failure, /^SpawnError: .*too many open files/s);
  });

  describe('workerData', () => {
    const data = () => ({
      large: 'd'.repeat(1_000_000),
      big: 5n,
      map: new Map([[1, new Set(['x'])]]),
      when: new Date(0),
      nothing: undefined,
    });
    for (const driver of ['child-process', 'stdio', 'worker-threads', 'inline'] as const) {
      it(`arrives as it is, of any size: ${driver}`, async () => {
        for (const workerData of [data(), { ...data(), large: '' }]) {
          const worker = await createWorker<{ look: { payload: void; result: string } }>({
            script: fixture('data.ts'),
            driver,
            workerData,
          });
          const { look } = { look: await worker.send('look') };
          assert.equal(look, `${workerData.large.length} 5 x 1970-01-01T00:00:00.000Z true`);
          await worker.close();
        }
      });
    }

    it('that cannot be cloned is a SerializationError, and nothing stays behind', async () => {
      for (const driver of ['child-process', 'stdio'] as const) {
        const error = await rejection(start(driver, { workerData: { call: () => 1 } }));
        assert.ok(error instanceof SerializationError);
      }
      assert.deepEqual(socketDirectories(), []);
    });
  });

  it('takes the loaders of the host along', () => {
    const { stdout } = spawnSync(
      process.execPath,
      ['--import', './loader.mjs', '--no-warnings', fixturePath('with-loader.ts')],
      { encoding: 'utf8', cwd: path.dirname(fixturePath('loader.mjs')) },
    );
    assert.equal(stdout, 'child-process true\nstdio true\nworker-threads true\n');
  });

  it('takes along what loads modules, not what debugs or watches', () => {
    const base = path.resolve('/base');
    const options = ['--inspect-brk=0', '--import=./a.mjs', '-r', './b.cjs', '--watch', '-C', 'dev', '--title', 'x'];
    assert.deepEqual(loaderOptions([...options, '--enable-source-maps', '--import', 'some-package'], base), [
      '--import',
      new URL('a.mjs', `file://${isWindows ? '/C:' : ''}/base/`).href,
      '-r',
      path.join(base, 'b.cjs'),
      '-C',
      'dev',
      '--enable-source-maps',
      '--import',
      'some-package',
    ]);
  });

  describe('at a socket path of your own', () => {
    before(function () {
      if (isWindows) this.skip();
    });

    it('that is in use fails, and leaves the socket to whom it belongs', async () => {
      const socketPath = path.join(scratch, 'mine');
      const first = await start('child-process', { socketPath });
      const error = await rejection(start('child-process', { socketPath }));
      assert.ok(error instanceof SpawnError);
      assert.match(error.message, /in use by another process/);
      assert.ok(existsSync(socketPath));
      assert.equal(await first.send('echo', 1), 1);
      await first.close();
      assert.ok(!existsSync(socketPath));
    });

    it('never removes a file that is no socket', async () => {
      const socketPath = path.join(scratch, 'file');
      writeFileSync(socketPath, 'precious');
      assert.ok((await rejection(start('child-process', { socketPath }))) instanceof SpawnError);
      assert.ok(existsSync(socketPath));
    });

    it('gives up at once when the worker ends while it is connected to', async () => {
      const worker = await start('child-process');
      const lasting = worker as unknown as { disconnect(): Promise<void>; reconnect(): Promise<void> };
      await lasting.disconnect();
      const reconnecting = rejection(lasting.reconnect());
      await worker.kill();
      assert.equal((await reconnecting)['code'], 'ERR_WORKER_CLOSED');
    });
  });

  describe('whose memory ran out', () => {
    const collection = (pid: number) => `[${pid}:0x2d4f0000]      543 ms: Mark-Compact 50.0 (60.0) -> 49.9 (60.0) MB`;
    const fatal = 'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory';
    const read = (...lines: string[]): HeapWitness => {
      const witness = new HeapWitness();
      for (const line of lines) witness.read(line);
      return witness;
    };

    it('is told by the process that V8 names, else by how the worker ended', () => {
      assert.equal(read('x').whose(1, null, 'SIGABRT'), undefined);
      assert.equal(read(collection(1), fatal).whose(1, null, 'SIGABRT'), 'own');
      assert.equal(read(collection(2), fatal).whose(1, 1, null), 'child');
      assert.equal(read(collection(2), fatal).whose(1, null, 'SIGABRT'), 'child');
      assert.equal(read(collection(2), fatal, collection(1), fatal).whose(1, null, 'SIGABRT'), 'own');
      assert.equal(read(fatal).whose(1, null, 'SIGABRT'), 'own');
      assert.equal(read(fatal).whose(1, 1, null), 'child');
    });

    it('a child process of the worker is not the worker', async () => {
      const worker = await createWorker<{ fill: { payload: void } }>({ script: fixture('fills-child.ts') });
      await rejection(worker.send('fill'));
      const exit = await worker.exited;
      assert.equal(exit.kind, 'exit');
      assert.equal(exit.exitCode, 3);
      assert.equal(exit.outOfMemory, false);
      assert.equal(exit.childOutOfMemory, true);
      assert.match(exit.reason, /exit code 3.*process that it had started ran out of memory/);
    });
  });

  it('inline runs a worker in CommonJS any number of times, also at once', async () => {
    type Counting = { next: { payload: void; result: [number, number] } };
    const open = (workerData: number) =>
      createWorker<Counting>({ script: fixture('counts.cjs'), driver: 'inline', workerData });
    const workers = await Promise.all([1, 2, 3].map(open));
    for (const [index, worker] of workers.entries()) {
      assert.deepEqual(await worker.send('next'), [index + 1, 1]);
      assert.deepEqual(await worker.send('next'), [index + 1, 2]);
      await worker.close();
    }
    const again = await open(4);
    assert.deepEqual(await again.send('next'), [4, 1]);
    await again.close();
  });
});

function startsInGone(driver: DriverName): string {
  return `process.argv[2] = '${driver}'; import(${JSON.stringify(fixture('starts-workers.ts').href)})`;
}
