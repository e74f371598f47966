/**
 * Starts, uses and ends workers again and again: nothing piles up. `LEAK_CYCLES` sets how often. In a process of its own, because
 * what other tests leave behind would be measured too.
 *
 * Heap memory and objects are measured, not the resident set: allocators and thread stacks keep what they once took, so the
 * resident set of a process without a leak grows by megabytes too.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import v8 from 'node:v8';
import vm from 'node:vm';
import { build } from 'esbuild';
import { fixturePath, rejection, socketDirectories, start, until } from '../ipc/support.ts';

const CYCLES = Number(process.env['LEAK_CYCLES'] ?? 120);
const AT_ONCE = 4;

/** As many as it takes until everything is loaded and compiled. */
const WARM_UP = 40;

/** 600 cycles without a leak move it by 0.4 MB. */
const allowedGrowthMb = 1;

/** A leak grows in every round. What Node loads or compiles late, it loads only once. */
const ROUNDS = 3;

/** Without a flag on the command line: what is not collected yet is no leak. */
function collectGarbage(): void {
  v8.setFlagsFromString('--expose-gc');
  (vm.runInNewContext('gc') as () => void)();
}

function memoryMb(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 1024 / 1024;
}

describe('leaks', () => {
  let directory: string;
  let script: string;
  before(async () => {
    // Bundled, as products are: it starts several times faster than sources do.
    directory = mkdtempSync(path.join(os.tmpdir(), 'ipc-leaks-'));
    script = path.join(directory, 'worker.mjs');
    await build({
      entryPoints: [fixturePath('worker.ts')],
      outfile: script,
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node22',
      logLevel: 'error',
    });
  });
  after(() => rmSync(directory, { recursive: true }));

  const workers: WeakRef<object>[] = [];

  async function cycle(n: number): Promise<void> {
    const worker = await start(n % 5 >= 3 ? 'worker-threads' : n % 10 === 2 ? 'stdio' : 'child-process', { script });
    workers.push(new WeakRef(worker));
    assert.equal(await worker.send('echo', n), n);
    assert.equal(await worker.send('count', { count: 5 }, { timeout: 60_000, onEvent: () => undefined }), 5);
    const hanging = rejection(worker.send('untilCancelled', undefined, { signal: new AbortController().signal }));
    if (n % 3 === 0) await worker.close({ drainMs: 0 });
    else if (n % 3 === 1) await worker.kill();
    else await rejection(worker.send('exit', { code: n % 7 }));
    await hanging;
    await worker.exited;
  }

  async function run(cycles: number): Promise<void> {
    let next = 0;
    const lane = async (): Promise<void> => {
      while (next < cycles) {
        next += 1;
        await cycle(next);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, lane));
  }

  it(`${CYCLES} cycles leave no descriptor, handle, socket or memory behind`, async function () {
    this.timeout(300_000);
    const descriptors = (): number => (process.platform === 'linux' ? readdirSync('/proc/self/fd').length : 0);
    const handles = (): string[] =>
      process
        .getActiveResourcesInfo()
        .filter((name) => name !== 'Timeout' && name !== 'Immediate')
        .toSorted();
    await run(WARM_UP);
    await until(() => socketDirectories().length === 0, 'the warm-up has left');
    const before = { descriptors: descriptors(), handles: handles() };
    const grown: number[] = [];
    do {
      const memory = memoryMb();
      await run(CYCLES);
      await until(() => descriptors() <= before.descriptors, 'the descriptors are back');
      await until(() => handles().length <= before.handles.length, 'the handles are back');
      assert.deepEqual(socketDirectories(), []);
      grown.push(memoryMb() - memory);
    } while (grown.length < ROUNDS && grown.every((mb) => mb >= allowedGrowthMb));
    assert.ok(
      grown.some((mb) => mb < allowedGrowthMb),
      `round after round, the heap has grown by ${grown.map((mb) => mb.toFixed(2)).join(', ')} MB`,
    );
    const alive = workers.filter((worker) => worker.deref() !== undefined).length;
    // The last of each lane may still be on a stack.
    assert.ok(alive <= AT_ONCE, `${alive} workers are still reachable`);
  });
});
