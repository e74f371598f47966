/**
 * Compares the module graph with other tools and shows how it grows. One run of a few minutes prints every table.
 *
 *     node bench/graph/main.ts [--tools <folder>] [--repository <folder>]… [--sizes 1000,5000,10000,20000,50000]
 *
 * `--tools`: a folder with madge@8.0.0, dependency-cruiser@18.7.2, typescript@6.0.3 and oxlint@1.94.0 installed. Without it,
 * only the graph itself is measured. Our side is bundled like the product and runs with the flags and variables of its worker.
 * Comparisons cover whole processes including the start of Node, in alternating rounds, n = 3, median. CPU time is user and
 * system time of all threads, which a busy machine distorts least.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { detectorTable } from '../../server/pool/detectors.ts';
import { generateWorkspace } from './generate.ts';

const RUNS = 3;
const OWN = 'Bulkhead: graph and circular';
const OXLINT = 'oxlint import/no-cycle';
const { values } = parseArgs({
  options: {
    tools: { type: 'string' },
    repository: { type: 'string', multiple: true, default: [] },
    sizes: { type: 'string', default: '1000,5000,10000,20000,50000' },
  },
});

interface Cost {
  readonly wall: number;
  readonly cpu: number;
}

interface Measured {
  readonly modules: number;
  readonly cold: Cost;
  readonly allCold: Cost;
  readonly texts: Readonly<Record<string, Cost>>;
  readonly imports: Readonly<Record<string, Cost>>;
  readonly memory: Readonly<Record<'atStart' | 'built' | 'edited' | 'heap', number>>;
}

const repositoryRoot = path.resolve(import.meta.dirname, '../..');
const measure = path.join(repositoryRoot, 'out/bench/graph/measure.mjs');
const { execArgv: flags = [], env: variables = {} } = detectorTable['circular'] ?? {};
await build({
  entryPoints: [path.join(import.meta.dirname, 'measure.ts')],
  outdir: path.dirname(measure),
  outExtension: { '.js': '.mjs' },
  bundle: true,
  splitting: true,
  platform: 'node',
  format: 'esm',
  mainFields: ['module', 'main'],
  external: ['oxc-parser', 'oxc-resolver'],
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
  logLevel: 'error',
});

console.log(`${os.cpus()[0]?.model ?? ''}, ${String(os.cpus().length)} cores, ${os.platform()} ${os.release()}, Node ${process.version}; load average ${(os.loadavg()[0] ?? 0).toFixed(1)} at the start.`); // prettier-ignore
const targets: string[][] = [];
for (const repository of values.repository) compare(path.resolve(repository));
growth(values.sizes.split(',').map(Number).filter((size) => size > 0)); // prettier-ignore
table(['target', 'measured', 'wanted', ''], targets);
console.log(`\nLoad average ${(os.loadavg()[0] ?? 0).toFixed(1)} at the end.`);

/** The contenders take turns, so that a busy minute affects all of them. */
function compare(root: string): void {
  const contenders = contendersFor(root);
  const runs = new Map(Object.keys(contenders).map((name) => [name, [] as Run[]]));
  for (let round = 0; round < RUNS; round++) {
    for (const [name, args] of Object.entries(contenders))
      runs.get(name)?.push(run(args, root, name === OWN ? variables : {}));
  }
  const own = costOf(runs.get(OWN) ?? []);
  const real = measured(root);
  console.log(`\n### ${path.basename(root)}, ${String(real.modules)} modules`);
  table(
    ['cold, graph and cycles', 'wall s', 'CPU s', 'wall, times ours', 'CPU, times ours'],
    [...runs].map(([name, list]) => {
      const { wall, cpu } = costOf(list);
      const failed = list.some((one) => one.failed) ? ' (failed)' : '';
      return [name + failed, wall.toFixed(2), cpu.toFixed(2), (wall / own.wall).toFixed(1), (cpu / own.cpu).toFixed(1)];
    }),
  );
  console.log(`\nAn edit there, to new results of all four detectors: ${pair(real.texts['all'])} ms (wall / CPU), with an import more ${pair(real.imports['all'])} ms; ${real.memory.edited.toFixed(0)} MB.`); // prettier-ignore
  for (const [name, wanted] of [
    ['madge', 10],
    ['dependency-cruiser', 10],
    [OXLINT, 2],
  ] as const) {
    // prettier-ignore
    const theirs = costOf(runs.get(name) ?? []);
    if (theirs.cpu === 0) continue;
    const ratios = `wall ${(theirs.wall / own.wall).toFixed(1)}, CPU ${(theirs.cpu / own.cpu).toFixed(1)}`;
    target(`${path.basename(root)}: times as fast as ${name}`, ratios, `at least ${String(wanted)}`, theirs.cpu / own.cpu >= wanted); // prettier-ignore
  }
}

function contendersFor(root: string): Readonly<Record<string, readonly string[]>> {
  const own = { [OWN]: [...flags, measure, root, 'cold'] };
  if (values.tools === undefined) return own;
  const modules = path.resolve(values.tools, 'node_modules');
  const tsconfig = path.join(root, 'tsconfig.json');
  const config = path.join(os.tmpdir(), 'bulkhead-bench-oxlintrc.json');
  writeFileSync(
    config,
    JSON.stringify({ plugins: ['import'], categories: { correctness: 'off' }, rules: { 'import/no-cycle': 'warn' } }),
  );
  const extensions = ['--extensions', 'ts,tsx,js,jsx', ...(existsSync(tsconfig) ? ['--ts-config', tsconfig] : [])];
  const cruise = ['--no-config', '--output-type', 'json', '--do-not-follow', 'node_modules'];
  return {
    ...own,
    madge: [path.join(modules, 'madge/bin/cli.js'), ...extensions, '--circular', '.'],
    'dependency-cruiser': [path.join(modules, 'dependency-cruiser/bin/dependency-cruiser.mjs'), ...cruise, '.'],
    [OXLINT]: [path.join(modules, 'oxlint/bin/oxlint'), '-c', config, '--import-plugin', '.'],
  };
}

function growth(sizes: readonly number[]): void {
  const rows: string[][] = [];
  const parts: string[][] = [];
  for (const size of sizes) {
    const root = mkdtempSync(path.join(os.tmpdir(), 'bulkhead-bench-'));
    try {
      generateWorkspace(root, size);
      const { cold, allCold, texts, imports, memory } = measured(root);
      const seconds = ({ wall, cpu }: Cost): string => `${(wall / 1000).toFixed(2)} / ${(cpu / 1000).toFixed(2)}`;
      const megabytes = [memory.atStart, memory.built, memory.edited, memory.heap].map((one) => one.toFixed(0));
      rows.push([
        String(size),
        seconds(cold),
        seconds(allCold),
        pair(texts['all']),
        pair(imports['all']),
        ...megabytes,
      ]);
      parts.push([String(size), ...['graph', 'circular', 'import', 'isolation', 'package'].map((name) => pair(imports[name]))]); // prettier-ignore
      if (size !== 10_000) continue;
      const slowest = Math.max(texts['all']?.cpu ?? 0, imports['all']?.cpu ?? 0);
      target('10,000 files: edit to new results of all four, CPU ms', slowest.toFixed(1), 'at most 30', slowest <= 30);
      target('10,000 files: memory after 200 edits, MB', memory.edited.toFixed(0), 'at most 150', memory.edited <= 150);
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  }
  console.log('\n### Growth\n\nTimes are wall / CPU; of edits the median and the mean, in milliseconds.');
  table(
    ['generated modules', 'cold graph and cycles, s', 'with all four detectors, s', 'edit of a text, ms', 'edit that adds an import, ms', 'RSS at start, MB', 'RSS when built', 'RSS after 200 edits', 'heap then, collected'],
    rows,
  ); // prettier-ignore
  console.log('\nThe parts of an edit that adds an import:');
  table(['generated modules', 'graph', 'circular', 'import', 'isolation', 'package'], parts);
}

function pair({ wall, cpu }: Cost = { wall: 0, cpu: 0 }): string {
  return `${wall.toFixed(1)} / ${cpu.toFixed(1)}`;
}

function target(name: string, value: string, wanted: string, isMet: boolean): void {
  targets.push([name, value, wanted, isMet ? 'met' : '**not met**']);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): void {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  console.log(['', line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n'));
}

interface Run extends Cost {
  readonly failed: boolean;
}

/** Seconds. */
function run(args: readonly string[], cwd: string, ownEnv: Readonly<Record<string, string>>): Run {
  const started = performance.now();
  // The shell's `time` includes the CPU time of child processes.
  const timed = ['-c', 'TIMEFORMAT="%U %S"; time "$@" >/dev/null 2>/dev/null', 'bash', process.execPath, ...args];
  const env = { ...process.env, ...ownEnv };
  const { stderr, signal } = spawnSync('bash', timed, { cwd, env, encoding: 'utf8', timeout: 300_000 });
  const [user = 0, system = 0] = stderr.trim().split(' ').map(Number);
  return { wall: (performance.now() - started) / 1000, cpu: user + system, failed: signal !== null };
}

function costOf(runs: readonly Run[]): Cost {
  const median = (kind: 'wall' | 'cpu'): number =>
    runs.map((one) => one[kind]).toSorted((one, other) => one - other)[runs.length >> 1] ?? 0;
  return { wall: median('wall'), cpu: median('cpu') };
}

function measured(root: string): Measured {
  const { stdout } = spawnSync(process.execPath, [...flags, '--expose-gc', measure, root], {
    env: { ...process.env, ...variables },
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return JSON.parse(stdout) as Measured;
}
