/** Spawn, use, kill, five hundred times: nothing piles up. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import v8 from 'node:v8';
import vm from 'node:vm';
import { build } from 'esbuild';
import { fixturePath, rejection, socketDirectories, start, until } from './support.ts';

const CYCLES = 500;
const AT_ONCE = 4;

/** As many as it takes until allocators and thread stacks have taken what they keep. */
const WARM_UP = 120;

/** Without a flag on the command line: what is not collected yet is no leak. */
function collectGarbage(): void {
  v8.setFlagsFromString('--expose-gc');
  (vm.runInNewContext('gc') as () => void)();
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

  async function cycle(n: number): Promise<void> {
    const worker = await start(n % 5 >= 3 ? 'worker-threads' : n % 10 === 2 ? 'stdio' : 'child-process', { script });
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
    this.timeout(180_000);
    const descriptors = (): number => (process.platform === 'linux' ? readdirSync('/proc/self/fd').length : 0);
    const handles = (): string[] =>
      process
        .getActiveResourcesInfo()
        .filter((name) => name !== 'Timeout' && name !== 'Immediate')
        .toSorted();
    await run(WARM_UP);
    await until(() => socketDirectories().length === 0, 'the warm-up has left');
    collectGarbage();
    const before = { descriptors: descriptors(), handles: handles() };
    /** What leaks does so every time; an allocator that takes more for once does not. */
    const growthsMb: number[] = [];
    while (growthsMb.length < 3 && growthsMb.every((grown) => grown >= 20)) {
      const rss = process.memoryUsage.rss();
      await run(CYCLES);
      await until(() => descriptors() <= before.descriptors, 'the descriptors are back');
      await until(() => handles().length <= before.handles.length, 'the handles are back');
      assert.deepEqual(socketDirectories(), []);
      collectGarbage();
      growthsMb.push((process.memoryUsage.rss() - rss) / 1024 / 1024);
    }
    assert.ok(
      growthsMb.some((grown) => grown < 20),
      `the memory has grown by ${growthsMb.join(', ')} MB`,
    );
  });
});
