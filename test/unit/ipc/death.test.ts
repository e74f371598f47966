/**
 * Death at every byte: workers that die while a frame is on its way, of any size, at any moment. The reason that is told
 * is the true one, and everything that was flushed is there. `IPC_DEATHS=500` tries that many.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { binarySerializer, CrashedError, createWorker } from '../../../workers/ipc/index.ts';
<<<<<<< HEAD
import type { LogEntry, WorkerClient, WorkerExit, WorkerOptions } from '../../../workers/ipc/index.ts';
=======
import type { DriverName, LogEntry, WorkerClient, WorkerExit, WorkerOptions } from '../../../workers/ipc/index.ts';
>>>>>>> b1
import type { AnyWorkerOptions } from '../../../workers/ipc/options.ts';
import type { Death, DyingMessages } from '../../fixtures/ipc/dying.ts';
import { seeded } from './seed.ts';
import { fixture, rejection, soon } from './support.ts';

const DEATHS = Number(process.env['IPC_DEATHS'] ?? 18);
const LARGEST = 5_000_000;

<<<<<<< HEAD
const subjects: readonly { title: string; options: AnyWorkerOptions }[] = [
=======
type Options = AnyWorkerOptions & { readonly driver: DriverName };

const subjects: readonly { title: string; options: Options }[] = [
>>>>>>> b1
  { title: 'child-process', options: { driver: 'child-process' } },
  { title: 'child-process, binary', options: { driver: 'child-process', serializer: binarySerializer } },
  { title: 'stdio', options: { driver: 'stdio' } },
];

<<<<<<< HEAD
const open = (options: AnyWorkerOptions): Promise<WorkerClient<DyingMessages>> =>
=======
const open = (options: Options): Promise<WorkerClient<DyingMessages>> =>
>>>>>>> b1
  soon(createWorker<DyingMessages>({ script: fixture('dying.ts'), ...options } as WorkerOptions), 'the worker');

const signals = ['SIGKILL', 'SIGSEGV', 'SIGABRT'] as const;
type Kind = (typeof signals)[number] | Exclude<Death, 'outside'>;
const kinds: readonly Kind[] = [...signals, 'exit', 'throw', 'heap'];

function isSignal(kind: Kind): kind is (typeof signals)[number] {
  return (signals as readonly string[]).includes(kind);
}

function judge(exit: WorkerExit, kind: Kind): void {
  if (isSignal(kind)) {
    assert.deepEqual([exit.kind, exit.signal, exit.outOfMemory], ['signal', kind, false]);
  } else if (kind === 'heap') {
    assert.deepEqual([exit.kind, exit.outOfMemory], ['out-of-memory', 'heap']);
  } else {
    assert.deepEqual([exit.kind, exit.exitCode], ['exit', kind === 'exit' ? 9 : 1]);
    if (kind === 'throw') assert.equal(exit.error?.message, 'the reason');
  }
}

describe('death at every byte', function () {
  // Windows knows no signals: whoever is ended from outside has the exit code 1.
  if (process.platform === 'win32') return;
  this.timeout(60_000 + DEATHS * 10_000);
  const random = seeded('death');
  const int = (below: number): number => Math.floor(random() * below);
  let directory: string;
  before(() => (directory = mkdtempSync(path.join(os.tmpdir(), 'ipc-death-'))));
  after(() => rmSync(directory, { recursive: true }));

  for (const [index, kind] of kinds.entries()) {
    const rounds = Math.ceil((DEATHS - index) / kinds.length);
    it(`by ${kind}, ${rounds} times`, async () => {
      for (let round = 0; round < rounds; round += 1) {
        const subject = subjects[round % subjects.length];
        assert.ok(subject !== undefined);
        const size = Math.round(LARGEST ** random());
        const frames = 1 + int(5);
        const delayMs = random() * 10;
        const counter = path.join(directory, `${kind}-${round}`);
        const told = `${subject.title}: ${frames} frames of ${size}, ${delayMs.toFixed(1)} ms`;
        const execArgv = kind === 'heap' ? ['--max-old-space-size=40'] : [];
        const worker = await open({ ...subject.options, execArgv });
        const { pid } = worker;
        let seen = 0;
        const onEvent = ({ n, text }: { n: number; text: string }): void => {
          assert.deepEqual([n, text.length], [seen, size]);
          seen += 1;
          if (isSignal(kind) && seen === frames) setTimeout(() => process.kill(pid ?? 0, kind), delayMs);
        };
        const how = isSignal(kind) ? 'outside' : kind;
        const error = await soon(rejection(worker.send('write', { how, size, frames, counter }, { onEvent })), told);
        assert.ok(error instanceof CrashedError, told);
        judge(error.exit, kind);
        const counted = readFileSync(counter);
        const flushed = counted.length === 4 ? counted.readUInt32LE() : 0;
        assert.ok(seen >= flushed && seen <= flushed + 1, `${told}: ${flushed} were flushed, ${seen} came`);
        if (!isSignal(kind)) assert.equal(seen, frames, told);
      }
    });
  }
});

for (const { title, options } of subjects) {
  describe(`last words: ${title}`, () => {
    for (const [count, size] of [
      [1, 3_000_000],
      [10, 100_000],
      [5_000, 10],
    ] as const) {
      it(`${count} flushed events of ${size} characters arrive although the worker dies at once`, async () => {
        const worker = await open(options);
        let seen = 0;
        const sent = worker.send('flushOnce', { count, size, die: true }, { onEvent: () => void (seen += 1) });
        const error = await soon(rejection(sent), 'the end');
        assert.ok(error instanceof CrashedError);
        assert.equal(seen, count);
      });
    }

    it('reach a listener that takes its time', async () => {
      const worker = await open(options);
      let seen = 0;
      const onEvent = async (): Promise<void> => {
        await new Promise((resolve) => setTimeout(resolve, 1));
        seen += 1;
      };
      await soon(rejection(worker.send('flushOnce', { count: 300, size: 10, die: true }, { onEvent })), 'the end');
      assert.equal(seen, 300);
    });

    it('flush tells that it kept its word', async () => {
      const worker = await open(options);
      assert.equal(await worker.send('flushOnce', { count: 3, size: 1_000_000, die: false }), true);
      await worker.close();
    });

    it('flush takes log lines along', async () => {
      const logs: LogEntry[] = [];
      const worker = await open({ ...options, onLog: (entry) => logs.push(entry) });
      await soon(rejection(worker.send('logs', { count: 500 })), 'the end');
      assert.equal(logs.filter(({ source }) => source === 'worker').length, 500);
    });

    it('the lines before process.exit() arrive', async () => {
      const logs: string[] = [];
      const worker = await open({ ...options, onLog: ({ message }) => logs.push(message) });
      await soon(rejection(worker.send('print', { stdout: 3_000, stderr: 3_000 })), 'the end');
      assert.equal(logs.filter((line) => line.startsWith('out ')).length, 3_000);
      assert.equal(logs.filter((line) => line.startsWith('err ')).length, 3_000);
      assert.equal((await worker.exited).stderrTail.at(-1), 'err 2999');
    });

    it('an uncaught error is there with all it has, however long Node prints it', async () => {
      const worker = await open(options);
      const error = await soon(rejection(worker.send('throwLater', { lines: 100 })), 'the end');
      assert.ok(error instanceof CrashedError);
      const { exit } = error;
      assert.match(exit.reason, /exit code 1: the reason/);
      assert.equal(exit.error?.message, 'the reason');
      assert.match(exit.error.stack ?? '', /fixtures.ipc.dying/);
      assert.equal((exit.error as { code?: unknown }).code, 'E_ODD');
      assert.equal((exit.error.cause as Error).name, 'TypeError');
    });
  });
}

describe('last words: worker-threads', () => {
  it('flushed events and log lines arrive although the thread exits at once', async () => {
    const worker = await open({ driver: 'worker-threads' });
    let seen = 0;
    const error = await soon(
      rejection(
        worker.send(
          'write',
          { how: 'exit', size: 1_000_000, frames: 40, counter: path.join(os.tmpdir(), `ipc-death-${process.pid}`) },
          { onEvent: () => void (seen += 1) },
        ),
      ),
      'the end',
    );
    rmSync(path.join(os.tmpdir(), `ipc-death-${process.pid}`));
    assert.ok(error instanceof CrashedError);
    assert.deepEqual([error.exit.kind, error.exit.exitCode, seen], ['exit', 9, 40]);
  });

  it('an uncaught error is there with all it has', async () => {
    const worker = await open({ driver: 'worker-threads' });
    const error = await soon(rejection(worker.send('throwLater', { lines: 100 })), 'the end');
    assert.ok(error instanceof CrashedError);
    assert.equal(error.exit.error?.message, 'the reason');
    assert.equal((error.exit.error as { code?: unknown }).code, 'E_ODD');
  });
});
