/** Programs that import and require the entries of the installed package, run and compiled. */
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { publicEntries } from '../../scripts/entries.mjs';
import { repository } from '../support/workspace.ts';
import { installation, runNode } from './support/installation.ts';

const specifiers = publicEntries().map(({ name }) => `bulkhead${name.slice(1)}`);

const drivers = {
  'child-process': 'childProcessDriver',
  stdio: 'stdioDriver',
  'worker-threads': 'workerThreadsDriver',
  inline: 'inlineDriver',
} as const;

const handlers = `({
  add: ({ a, b }) => a + b,
  count: async ({ to }, { emit }) => { for (let n = 1; n <= to; n += 1) await emit(n); return 'counted'; },
  fail: () => { throw new TypeError('as asked'); },
});`;

/** Sends, streams, hears of an error and closes; prints what came of it. */
const host = `async function main(driver, script) {
  const worker = await createWorker({ driver, script });
  const numbers = [];
  for await (const number of worker.stream('count', { to: 3 })) numbers.push(number);
  const failure = await worker.send('fail', undefined).catch((error) => error);
  console.log(driver.name, await worker.send('add', { a: 1, b: 2 }), numbers.join(' '), failure instanceof RemoteError);
  await worker.close();
  const late = await worker.send('add', { a: 1, b: 2 }).catch((error) => error);
  console.log((await worker.exited).kind, late instanceof ClosedError);
}`;

describe('the entries of the package', function () {
  this.timeout(300_000);
  let folder: string;
  let load: NodeJS.Require;
  before(() => {
    folder = path.join(installation().folder, 'entries');
    mkdirSync(folder);
    load = createRequire(path.join(folder, 'program.cjs'));
    const imports = "import { startWorkerServer } from 'bulkhead/workers';";
    writeFileSync(path.join(folder, 'worker.mjs'), `${imports}\nawait startWorkerServer${handlers}\n`);
    const requires = "const { startWorkerServer } = require('bulkhead/workers');";
    writeFileSync(path.join(folder, 'worker.cjs'), `${requires}\nstartWorkerServer${handlers}\n`);
  });

  it('cost a program that is bundled no more than it uses', async () => {
    const entry = path.join(folder, 'bundled.mjs');
    writeFileSync(entry, "export { workerThreadsDriver } from 'bulkhead/drivers/worker-threads';\n");
    const { outputFiles } = await build({
      entryPoints: [entry],
      bundle: true,
      minify: true,
      platform: 'node',
      format: 'esm',
      write: false,
    });
    const kilobytes = (outputFiles[0]?.contents.length ?? 0) / 1000;
    assert.ok(kilobytes > 5 && kilobytes <= 30, `${kilobytes} KB`);
  });

  it('are eight', () => {
    assert.deepEqual(specifiers.sort(), [
      'bulkhead',
      'bulkhead/drivers/child-process',
      'bulkhead/drivers/container',
      'bulkhead/drivers/inline',
      'bulkhead/drivers/stdio',
      'bulkhead/drivers/worker-threads',
      'bulkhead/serialize',
      'bulkhead/workers',
    ]);
  });

  for (const specifier of specifiers) {
    it(`${specifier} gives import and require the same values`, async () => {
      const required = load(specifier) as Record<string, unknown>;
      assert.ok(Object.keys(required).length > 0);
      const file = pathToFileURL(load.resolve(specifier)).href;
      const imported = (await import(file)) as Record<string, unknown>;
      for (const [name, value] of Object.entries(required)) assert.equal(imported[name], value, name);
    });
  }

  const calls = Object.values(drivers).flatMap((driver) =>
    ['worker.mjs', 'worker.cjs'].map((worker) => `await main(${driver}, path.join(import.meta.dirname, '${worker}'));`),
  );
  const expected = Object.keys(drivers)
    .flatMap((name) => [1, 2].map(() => `${name} 3 1 2 3 true\nclosed true`))
    .join('\n');

  it('a program that imports them runs a worker with each driver', async () => {
    const imports = Object.entries(drivers).map(
      ([name, value]) => `import { ${value} } from 'bulkhead/drivers/${name}';`,
    );
    const library = "import { ClosedError, createWorker, RemoteError } from 'bulkhead/workers';";
    const lines = ["import path from 'node:path';", library, ...imports, host, ...calls];
    writeFileSync(path.join(folder, 'drivers.mjs'), lines.join('\n'));
    const { stdout, stderr } = await runNode(['drivers.mjs'], folder);
    assert.equal(stdout.trim(), expected, stderr);
  });

  it('a program that requires them runs a worker with each driver', async () => {
    const requires = Object.entries(drivers).map(
      ([name, value]) => `const { ${value} } = require('bulkhead/drivers/${name}');`,
    );
    const library = "const { ClosedError, createWorker, RemoteError } = require('bulkhead/workers');";
    const body = calls.map((call) => call.replace('import.meta.dirname', '__dirname'));
    const lines = [
      "const path = require('node:path');",
      library,
      ...requires,
      host,
      '(async () => {',
      ...body,
      '})();',
    ];
    writeFileSync(path.join(folder, 'drivers.cjs'), lines.join('\n'));
    const { stdout, stderr } = await runNode(['drivers.cjs'], folder);
    assert.equal(stdout.trim(), expected, stderr);
  });

  it('the library works where modules cannot be imported dynamically', async () => {
    // As under Jest, which evaluates a test's modules in a context of its own and does not let them import().
    const program = path.join(folder, 'no-import.cjs');
    writeFileSync(
      program,
      `const vm = require('node:vm');
const fs = require('node:fs');
const path = require('node:path');
const { createRequire } = require('node:module');
const cache = new Map();
function load(file) {
  if (!cache.has(file)) {
    const module = { exports: {} };
    cache.set(file, module);
    const own = createRequire(file);
    const require = (name) => (/^[./]|^bulkhead/.test(name) ? load(own.resolve(name)) : own(name));
    const run = vm.compileFunction(fs.readFileSync(file, 'utf8'), ['require', 'module', 'exports', '__filename', '__dirname']);
    run(require, module, module.exports, file, path.dirname(file));
  }
  return cache.get(file).exports;
}
const { createWorker } = load(require.resolve('bulkhead/workers'));
(async () => {
  for (const driver of ['child-process', 'worker-threads', 'stdio']) {
    const worker = await createWorker({ driver, script: path.join(__dirname, 'worker.cjs') });
    console.log(driver, await worker.send('add', { a: 1, b: 2 }));
    await worker.close();
  }
})();\n`,
    );
    const { stdout, stderr } = await runNode([program], folder);
    assert.equal(stdout.trim(), 'child-process 3\nworker-threads 3\nstdio 3', stderr);
  });

  it('bulkhead analyses a folder', async () => {
    const program = path.join(folder, 'engine.cjs');
    const project = path.join(folder, 'cycle');
    mkdirSync(project);
    writeFileSync(path.join(project, 'a.mjs'), "import { b } from './b.mjs';\nexport const a = () => b();\n");
    writeFileSync(path.join(project, 'b.mjs'), "import { a } from './a.mjs';\nexport const b = () => a();\n");
    writeFileSync(
      program,
      `const { writeFile } = require('node:fs/promises');
const path = require('node:path');
const { openFolder } = require('bulkhead');
const say = ({ issues, complete }) => console.log(complete, issues.map(({ file, rule }) => file + ' ' + rule).join());
(async () => {
  const folder = await openFolder(process.argv[2], { detectors: ['circular'], watch: true, cache: false });
  say(await folder.analyze());
  const changed = new Promise((resolve) => folder.subscribe(({ files }) => resolve(files)));
  await writeFile(path.join(folder.root, 'b.mjs'), 'export const b = () => 1;\\n');
  console.log((await changed).join());
  say(await folder.idle());
  await folder.dispose();
})();\n`,
    );
    const { stdout, stderr } = await runNode([program, project], folder);
    assert.match(stdout, /^true [ab]\.mjs import-cycle\n[ab]\.mjs\ntrue \n$/, stderr);
  });

  describe('types', () => {
    const resolutions = { node16: 'node16', nodenext: 'nodenext', bundler: 'esnext' } as const;
    before(() => {
      // Every value that there is at run time, by name; and the types that a signature needs.
      const lines = specifiers.map((specifier, index) => {
        const names = Object.keys(load(specifier) as object);
        return `import { ${names.map((name) => `${name} as ${name}${index}`).join(', ')} } from '${specifier}';
export const values${index} = [${names.map((name) => `${name}${index}`).join(', ')}];`;
      });
      const use = `import { createWorker, type DefineMessages } from 'bulkhead/workers';
import { workerThreadsDriver } from 'bulkhead/drivers/worker-threads';
type Messages = DefineMessages<{ add: { payload: { a: number }; result: number } }>;
export async function use(): Promise<number> {
  const worker = await createWorker<Messages>({ script: '/worker.js', driver: workerThreadsDriver });
  // @ts-expect-error -- a thread cannot be disconnected
  await worker.disconnect();
  // @ts-expect-error -- not a number
  await worker.send('add', { a: '1' });
  return worker.send('add', { a: 1 });
}\n`;
      for (const extension of ['mts', 'cts']) {
        writeFileSync(path.join(folder, `program.${extension}`), [...lines, use].join('\n'));
      }
    });

    // The compiler of today with each resolution, and the oldest that is supported.
    const runs = [
      ...Object.entries(resolutions).map((each) => ['typescript7', ...each]),
      ['typescript5', 'node16', 'node16'],
    ];
    for (const [compiler = '', resolution = '', module = ''] of runs) {
      it(`${compiler} takes them with moduleResolution ${resolution}, from an ES module and from CommonJS`, async () => {
        const tsc = path.join(repository, 'node_modules', compiler, 'bin', 'tsc');
        const options = ['--noEmit', '--strict', '--target', 'es2022', '--types', 'node', '--skipLibCheck', 'false'];
        const modules = ['--module', module, '--moduleResolution', resolution];
        const { stdout } = await runNode([tsc, ...options, ...modules, 'program.mts', 'program.cts'], folder);
        assert.equal(stdout, '');
      });
    }
  });
});
