/**
 * The module graph side by side with what people use, and how it grows.
 *
 *     node bench/graph/main.ts [--tools <folder>] [--repository <folder>]… [--sizes 1000,5000,20000,50000]
 *
 * `--tools`: a folder with madge@8.0.0, dependency-cruiser@18.7.2, typescript@6.0.3 and oxlint@1.94.0 installed; without
 * it only the graph itself is measured. Times are of whole processes, start of Node included; n = 3, median. CPU time
 * is told too: it is what a busy machine does not distort.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { generateWorkspace } from './generate.ts';

const RUNS = 3;
const { values } = parseArgs({
  options: {
    tools: { type: 'string' },
    repository: { type: 'string', multiple: true, default: [] },
    sizes: { type: 'string', default: '1000,5000,20000,50000' },
  },
});
const measure = path.join(import.meta.dirname, 'measure.ts');

interface Measured {
  readonly modules: number;
  readonly build: number;
  readonly circular: number;
  readonly cpuToBuild: number;
  readonly edit: Readonly<Record<string, number>>;
  readonly rss: number;
  readonly rssAfterCollection: number;
  readonly heap: number;
}

for (const repository of values.repository) compare(path.resolve(repository));
console.log(
  '\n| generated modules | build ms | CPU ms | edit: graph + circular ms | import | isolation | package | RSS MB | RSS after GC | heap MB after GC |',
);
console.log('| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |');
for (const size of values.sizes
  .split(',')
  .map(Number)
  .filter((one) => one > 0)) {
  const root = mkdtempSync(path.join(tmpdir(), 'bulkhead-bench-'));
  try {
    generateWorkspace(root, size);
    const { build, cpuToBuild, edit, rss, rssAfterCollection, heap } = measured(root);
    const times = [
      build,
      cpuToBuild,
      (edit['graph'] ?? 0) + (edit['circular'] ?? 0),
      edit['import'],
      edit['isolation'],
      edit['package'],
    ];
    console.log(
      `| ${[size, ...[...times, rss, rssAfterCollection, heap].map((one) => (one ?? 0).toFixed(0))].join(' | ')} |`,
    );
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

function compare(root: string): void {
  console.log(`\n| ${path.basename(root)} | wall s | CPU s |\n| --- | --- | --- |`);
  row('Bulkhead: graph and circular', [measure, root, 'cold'], root);
  if (values.tools === undefined) return;
  const modules = path.resolve(values.tools, 'node_modules');
  const tsconfig = existsSync(path.join(root, 'tsconfig.json')) ? path.join(root, 'tsconfig.json') : undefined;
  const config = path.join(tmpdir(), 'bulkhead-bench-oxlintrc.json');
  writeFileSync(
    config,
    JSON.stringify({ plugins: ['import'], categories: { correctness: 'off' }, rules: { 'import/no-cycle': 'warn' } }),
  );
  row(
    'madge',
    [
      path.join(modules, 'madge/bin/cli.js'),
      '--extensions',
      'ts,tsx,js,jsx',
      '--circular',
      ...(tsconfig ? ['--ts-config', tsconfig] : []),
      '.',
    ],
    root,
  );
  row(
    'dependency-cruiser',
    [
      path.join(modules, 'dependency-cruiser/bin/dependency-cruiser.mjs'),
      '--no-config',
      '--output-type',
      'json',
      '--do-not-follow',
      'node_modules',
      '.',
    ],
    root,
  );
  row('oxlint import/no-cycle', [path.join(modules, 'oxlint/bin/oxlint'), '-c', config, '--import-plugin', '.'], root);
  rmSync(config);
}

function row(name: string, args: readonly string[], cwd: string): void {
  const runs = Array.from({ length: RUNS }, () => {
    const started = performance.now();
    // The shell's own clock knows what its children used.
    const timed = ['-c', 'TIMEFORMAT="%U %S"; time "$@" >/dev/null 2>/dev/null', 'bash', process.execPath, ...args];
    const { stderr, signal } = spawnSync('bash', timed, { cwd, encoding: 'utf8', timeout: 300_000 });
    const [user = 0, system = 0] = stderr.trim().split(' ').map(Number);
    return { wall: (performance.now() - started) / 1000, cpu: user + system, failed: signal !== null };
  });
  const median = (kind: 'wall' | 'cpu'): number =>
    runs.map((run) => run[kind]).toSorted((one, other) => one - other)[RUNS >> 1] ?? 0;
  const failed = runs.some((run) => run.failed) ? ' (failed)' : '';
  console.log(`| ${name}${failed} | ${median('wall').toFixed(2)} | ${median('cpu').toFixed(2)} |`);
}

function measured(root: string): Measured {
  const { stdout } = spawnSync(process.execPath, ['--expose-gc', measure, root], {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  return JSON.parse(stdout) as Measured;
}
