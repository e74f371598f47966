/** Code of a worker can write wherever the library writes: nothing that it does there reaches the host. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createWorker, type LogEntry, type Vitals, type WorkerClient } from '../../../workers/ipc/index.ts';
import { takeReport } from '../../../workers/ipc/drivers/guard.ts';
import type { AbuseMessages } from '../../fixtures/ipc/abuses-descriptors.ts';
import { fixture, isAlive, soon, until } from './support.ts';

const opened = new Set<WorkerClient<AbuseMessages>>();

async function open(
  more: { onLog?: (entry: LogEntry) => void; onVitals?: (vitals: Vitals) => void; endStrays?: boolean } = {},
): Promise<WorkerClient<AbuseMessages>> {
  const script = fixture('abuses-descriptors.ts');
  const worker = await soon(createWorker<AbuseMessages>({ script, driver: 'child-process', ...more }), 'the worker');
  opened.add(worker);
  return worker;
}

describe('reports of a worker', () => {
  const told = (line: string): unknown[] => {
    const heard: unknown[] = [];
    const hear = (what: unknown): void => void heard.push(what);
    takeReport(line, { vitals: hear, uncaught: hear, refused: hear });
    return heard;
  };

  it('are ignored if they are none', () => {
    const amounts = { rss: 1, cpuMs: 1, blockedMs: 1 };
    const lines = ['', 'x', 'null', '1', '"text"', '[]', '{}', '{"rss":1}', '{"refused":1}', '{'.repeat(10_000), '['.repeat(10_000)]; // prettier-ignore
    for (const line of lines) assert.deepEqual(told(line), [], line.slice(0, 50));
    for (const rss of [-1, '1', null, [], {}]) assert.deepEqual(told(JSON.stringify({ ...amounts, rss })), []);
    assert.deepEqual(told('{"rss":1e999,"cpuMs":1,"blockedMs":1}'), []);
    assert.equal(told(JSON.stringify({ ...amounts, heapUsed: 'much', utilization: null })).length, 1);
    for (const uncaught of [null, 1, [], { name: 1, message: {} }]) {
      assert.ok(told(JSON.stringify({ uncaught }))[0] instanceof Error);
    }
  });
});

describe('descriptors of a worker', () => {
  afterEach(async () => {
    for (const worker of opened) await worker.kill();
    opened.clear();
  });

  it('lines on the report pipe cost nothing', async () => {
    const worker = await open();
    for (const text of [
      'x\n',
      'null\n',
      '{}\n',
      '{"rss":"much"}\n',
      '{"uncaught":null}\n',
      'listening\n',
      '{"refused":"no"}\n',
      'endless',
    ]) {
      await worker.send('write', { fd: 4, text });
    }
    await worker.send('write', { fd: 4, text: 'null\n'.repeat(20_000) });
    await worker.send('write', { fd: 4, text: '\0'.repeat(100_000) });
    assert.equal(worker.state, 'ready');
    assert.equal((await worker.close()).kind, 'closed');
  });

  it('a file that takes the place of a pipe or of the line gets none of it, and the worker ends by its own fault', async function () {
    if (process.platform === 'win32') this.skip();
    const directory = mkdtempSync(path.join(os.tmpdir(), 'ipc-descriptors-'));
    try {
      const fds = process.platform === 'linux' ? ([3, 4, 'line'] as const) : ([3, 4] as const);
      const lastWords: (string | undefined)[] = [];
      for (const which of fds) {
        const file = path.join(directory, `${which}.txt`);
        const worker = await open();
        const fd = which === 'line' ? await worker.send('line', undefined) : which;
        // No answer: the worker ends at the next report or message.
        const answer = await worker.send('take', { fd, file }).then(
          (taken) => `descriptor ${taken}`,
          () => undefined,
        );
        assert.equal(answer, undefined, `an answer although ${which} (${fd}) was taken`);
        const exit = await soon(worker.exited, 'the end of the worker');
        assert.deepEqual([exit.signal, exit.expected], ['SIGABRT', false], exit.reason);
        lastWords.push(exit.stderrTail.at(0));
        // It may have ended before the file was opened.
        assert.equal(existsSync(file) ? readFileSync(file, 'utf8') : '', '', `nothing is written instead of ${which}`);
      }
      // Node's event loop may notice it before the guard does: libuv aborts without a word if the kernel cannot poll a file.
      const told = lastWords.filter((words) => words !== undefined);
      assert.deepEqual([...new Set(told)], ['Code of this worker closed descriptors that are not its own.']);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });

  it('a worker whose first line takes the lifeline ends, although its guard has not read anything yet', async function () {
    if (process.platform === 'win32') this.skip();
    const directory = mkdtempSync(path.join(os.tmpdir(), 'ipc-descriptors-'));
    try {
      const script = fixture('takes-lifeline-at-load.cjs');
      const env = { LIFELINE_FILE: path.join(directory, 'lifeline.txt') };
      const worker = createWorker<AbuseMessages>({ script, driver: 'child-process', env });
      await assert.rejects(soon(worker, 'the end of the worker'), /SIGABRT/);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });

  it('a worker without its lifeline ends, although nobody asks it for anything', async function () {
    if (process.platform === 'win32') this.skip();
    const directory = mkdtempSync(path.join(os.tmpdir(), 'ipc-descriptors-'));
    try {
      const worker = await open();
      await worker.send('takeLater', { fd: 3, file: path.join(directory, 'lifeline.txt'), ms: 3000 });
      const exit = await soon(worker.exited, 'the end of the worker');
      assert.deepEqual([exit.signal, exit.expected], ['SIGABRT', false], exit.reason);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });

  it('a flood of output is folded, its end is not lost, and the host has time meanwhile', async () => {
    const log: LogEntry[] = [];
    const worker = await open({ onLog: (entry) => log.push(entry) });
    let turns = 0;
    const timer = setInterval(() => (turns += 1), 10);
    await soon(worker.send('flood', { lines: 2_000_000 }), 'the end of the flood');
    clearInterval(timer);
    assert.ok(turns > 5, `the loop turned ${turns} times`);
    await until(() => log.some(({ message }) => message === 'the last word'), 'the last word');
    const exit = await worker.close();
    assert.ok(log.length < 200_000, `${log.length} lines of 2,000,000`);
    assert.ok(log.some(({ message }) => /^\d+ characters more, in over 10000 lines within a second/.test(message)));
    assert.equal(exit.stderrTail.at(-1), 'the last word');
  });

  it('what left its process group ends with it, where that can be seen', async function () {
    if (process.platform !== 'linux') this.skip();
    const directory = mkdtempSync(path.join(os.tmpdir(), 'ipc-descriptors-'));
    // `setsid` leaves the group a second time: it forks, and the process that we see ends at once.
    const second = path.join(directory, 'pid');
    try {
      for (const [command, args, file] of [
        [process.execPath, ['-e', 'setTimeout(() => {}, 1e6)'], undefined],
        ['setsid', ['sh', '-c', `sleep 1000 & echo $$ > ${second}.part; mv ${second}.part ${second}; wait`], second],
      ] as const) {
        const worker = await open({ endStrays: true });
        const started = await worker.send('stray', { command, args: [...args] });
        if (file !== undefined) await until(() => existsSync(file), 'the second process');
        const stray = file === undefined ? started : Number(readFileSync(file, 'utf8'));
        assert.equal(isAlive(stray), true);
        await worker.kill();
        await until(() => !isAlive(stray), `${command} is gone`);
      }
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });

  it('without the option it lives on', async function () {
    if (process.platform !== 'linux') this.skip();
    const worker = await open();
    const args = ['-e', 'setTimeout(() => {}, 1e6)'];
    const stray = await worker.send('stray', { command: process.execPath, args });
    await worker.close();
    assert.equal(isAlive(stray), true);
    process.kill(stray, 'SIGKILL');
  });
});
