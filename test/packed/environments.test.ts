/**
 * Where people use the worker library: in tests of Jest and Vitest with each of their pools, bundled, in a single
 * executable, and with the oldest Node that is supported. The package is the packed one; the runners are those of the
 * repository, so that nothing is fetched.
 */
import assert from 'node:assert/strict';
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { build, transform } from 'esbuild';
import { repository } from '../support/workspace.ts';
import { filesOf } from './support/documents.ts';
import { installation, run, runNode } from './support/installation.ts';
import type { Outcome } from './support/installation.ts';

const own = createRequire(import.meta.url);
const tool = (name: string): string => path.join(repository, 'node_modules', ...name.split('/'));

describe('the environments of the worker library', function () {
  this.timeout(600_000);
  let folder: string;
  before(() => {
    folder = path.join(installation().folder, 'environments');
    mkdirSync(folder);
    writeFileSync(path.join(folder, 'package.json'), '{ "private": true, "type": "module" }\n');
  });

  describe('the examples of docs/workers.md', () => {
    const names: string[] = [];
    before(async () => {
      const tests: string[] = [];
      for (const { name, code, output } of filesOf('docs/workers.md')) {
        writeFileSync(path.join(folder, name), code);
        if (output === undefined) continue;
        // As compiled for Node 22, which has no `await using`.
        const compiled = await transform(code, { loader: 'ts', format: 'esm', target: 'node22' });
        const file = name.replace(/\.ts$/, '.js');
        names.push(file);
        writeFileSync(path.join(folder, file), compiled.code);
        tests.push(`test('${file}', async () => {
  await import('./${file}');
  expect(lines.join('\\n')).toBe(${JSON.stringify(output.trim())});
}, 120_000);`);
      }
      const half = Math.ceil(tests.length / 2);
      // Two files, so that the runners use their pools.
      for (const [index, part] of [tests.slice(0, half), tests.slice(half)].entries()) {
        writeFileSync(
          path.join(folder, `examples${index}.test.js`),
          `import { format } from 'node:util';
const { log } = console;
let lines;
beforeEach(() => {
  lines = [];
  console.log = (...values) => void lines.push(format(...values));
});
afterEach(() => void (console.log = log));
${part.join('\n')}\n`,
        );
      }
    });

    const passes = ({ code, stdout, stderr }: Outcome): void => {
      assert.equal(code, 0, stdout + stderr);
      assert.match(stdout + stderr, new RegExp(`Tests:? +${names.length} passed`));
    };

    for (const workerThreads of [true, false]) {
      it(`pass in Jest, in its ${workerThreads ? 'threads' : 'processes'}`, async () => {
        const config = { testEnvironment: 'node', transform: {}, testMatch: ['**/examples*.test.js'], workerThreads };
        passes(
          await runNode(
            [
              '--experimental-vm-modules',
              tool('jest/bin/jest.js'),
              ...['--rootDir', folder, '--config', JSON.stringify(config), '--maxWorkers', '2'],
            ],
            folder,
          ),
        );
      });
    }

    for (const pool of ['threads', 'forks']) {
      it(`pass in Vitest, in its ${pool}`, async () => {
        const options = ['--root', folder, '--pool', pool, '--globals', '--no-color', '--maxWorkers', '2'];
        passes(await runNode([tool('vitest/vitest.mjs'), 'run', ...options], folder));
      });
    }

    it('pass with Node 22', async function () {
      const node22 = nodeOf('node22');
      if (node22 === undefined) return this.skip();
      for (const file of names) {
        const { code, stdout, stderr } = await run(node22, [file], folder);
        assert.equal(code, 0, `${file}: ${stdout}${stderr}`);
      }
    });
  });

  for (const { format, extension } of [
    { format: 'esm', extension: 'mjs' },
    { format: 'cjs', extension: 'cjs' },
  ] as const) {
    it(`it works bundled by esbuild as ${format}, host and worker each for itself`, async () => {
      const bundled = path.join(folder, format);
      const here = format === 'esm' ? 'import.meta.dirname' : '__dirname';
      writeFileSync(
        path.join(folder, `host-${format}.mjs`),
        `import path from 'node:path';
import { CrashedError, createPool, createWorker } from 'bulkhead/workers';
import { stdioDriver } from 'bulkhead/drivers/stdio';
const script = path.join(${here}, 'bundled-worker.${extension}');
async function main() {
  for (const driver of ['child-process', 'worker-threads', stdioDriver, 'inline']) {
    const worker = await createWorker({ driver, script });
    console.log(driver.name ?? driver, await worker.send('add', { a: 1, b: 2 }));
    if (driver === 'child-process') console.log(await worker.send('end').catch((error) => error instanceof CrashedError));
    await worker.close();
  }
  const pool = createPool({ script, maxWorkers: 1 });
  console.log(await pool.send('add', { a: 2, b: 3 }));
}
main();\n`,
      );
      writeFileSync(
        path.join(folder, 'bundled-worker.mjs'),
        `import { startWorkerServer } from 'bulkhead/workers';
startWorkerServer({ add: ({ a, b }) => a + b, end: () => process.exit(1) });\n`,
      );
      await build({
        absWorkingDir: folder,
        entryPoints: [`host-${format}.mjs`, 'bundled-worker.mjs'],
        outdir: format,
        outExtension: { '.js': `.${extension}` },
        bundle: true,
        minify: true,
        keepNames: true,
        platform: 'node',
        format,
        logLevel: 'silent',
      });
      const { stdout, stderr } = await runNode([path.join(bundled, `host-${format}.${extension}`)], folder);
      assert.equal(stdout, 'child-process 3\ntrue\nworker-threads 3\nstdio 3\ninline 3\n5\n', stderr);
    });
  }

  it('in a single executable it says what to do, and does it', async function () {
    // The way to make one that Node 22 and 24 have, on the systems where it needs no signature.
    if (process.platform !== 'linux') return this.skip();
    writeFileSync(
      path.join(folder, 'single.mjs'),
      `import { createWorker } from 'bulkhead/workers';
const [, , node, script] = process.argv;
async function main() {
  const refused = await createWorker({ script }).catch((error) => error);
  console.log(refused.code, /single executable.*'execPath'/.test(refused.message));
  for (const options of [{ execPath: node }, { driver: 'stdio', execPath: node }, { driver: 'worker-threads' }]) {
    const worker = await createWorker({ script, ...options });
    console.log(await worker.send('add', { a: 1, b: 2 }));
    await worker.close();
  }
}
main();\n`,
    );
    await build({
      absWorkingDir: folder,
      entryPoints: ['single.mjs'],
      outfile: 'single.cjs',
      bundle: true,
      platform: 'node',
      format: 'cjs',
      logLevel: 'silent',
    });
    writeFileSync(
      path.join(folder, 'sea.json'),
      JSON.stringify({ main: 'single.cjs', output: 'single.blob', disableExperimentalSEAWarning: true }),
    );
    const made = await runNode(['--experimental-sea-config', 'sea.json'], folder);
    assert.equal(made.code, 0, made.stderr);
    const executable = path.join(folder, 'single');
    copyFileSync(process.execPath, executable);
    const { inject } = own('postject') as {
      inject(file: string, name: string, data: Buffer, options: { sentinelFuse: string }): Promise<void>;
    };
    const fuse = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';
    await inject(executable, 'NODE_SEA_BLOB', readFileSync(path.join(folder, 'single.blob')), { sentinelFuse: fuse });
    const worker = path.join(folder, 'cjs', 'bundled-worker.cjs');
    assert.ok(existsSync(worker));
    const { stdout, stderr } = await run(executable, [process.execPath, worker], folder);
    assert.equal(stdout, 'ERR_WORKER_DRIVER true\n3\n3\n3\n', stderr);
  });
});

/** Of a package that installs a Node; undefined where it is not installed. */
function nodeOf(name: string): string | undefined {
  const file = tool(`${name}/bin/node${process.platform === 'win32' ? '.exe' : ''}`);
  return existsSync(file) ? file : undefined;
}
