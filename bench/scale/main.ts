/**
 * What `bulkhead check` costs as a repository grows, beside the tools that it runs, one after another, in the same run.
 *
 *     node bench/scale/main.ts [--files 1000,5000,20000] [--typescript 7] [--old <another checkout, built>] [--profile <folder>]
 *
 * For each size: everything cold; again with nothing changed; and after an edit of a module that no other package
 * imports. The tools are `tsc -b` (which then is incremental) and `eslint .`, in a copy of the folder. With `--old` each of our runs is also made
 * by that checkout. `--profile` keeps a CPU profile of our own process for each run, and prints where its time went.
 */
import { appendFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { generate } from './generate.ts';
import { costOf, type Cost } from './measure.ts';

const { values } = parseArgs({
  options: {
    files: { type: 'string', default: '1000,5000,20000' },
    typescript: { type: 'string', default: '7' },
    old: { type: 'string' },
    profile: { type: 'string' },
  },
});
const MODULES = 100;
const repository = path.resolve(import.meta.dirname, '../..');
const tools = path.join(repository, 'node_modules');
const typescript = values.typescript === '7' ? 'typescript7' : 'typescript';
const scratch = mkdtempSync(path.join(os.tmpdir(), 'bulkhead-scale-'));
process.env['XDG_CACHE_HOME'] = path.join(scratch, 'cache');

try {
  for (const files of values.files.split(',').map(Number)) await measure(files);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

async function measure(wanted: number): Promise<void> {
  const folder = path.join(scratch, `files-${wanted}`);
  const shape = { packages: Math.max(5, wanted / MODULES), modules: MODULES, tools, typescript };
  const copy = `${folder}-tools`;
  const { files, leaf } = generate(folder, shape);
  generate(copy, shape);
  const edit = (): void => {
    for (const place of [folder, copy]) appendFileSync(path.join(place, leaf), 'const edited = 1;\nvoid edited;\n');
  };
  const rows: (readonly [what: string, who: string, cost: Cost])[] = [];
  const us = [['Bulkhead', repository], ...(values.old === undefined ? [] : [['before', path.resolve(values.old)]])] as const; // prettier-ignore
  const steps = ['cold', 'nothing changed', 'one leaf edited'];
  for (const [index, step] of steps.entries()) {
    if (step === 'one leaf edited') edit();
    for (const [who, checkout] of us) {
      process.env['XDG_CACHE_HOME'] = path.join(scratch, `cache ${who}`);
      const cli = path.join(checkout, 'dist/cli.mjs');
      const argv = [cli, 'check', folder, '--format', 'json', '--fail-on', 'never'];
      rows.push([step, who, await costOf([...profiling(who, `${wanted}-${index}`), ...argv], folder)]);
    }
    rows.push([step, 'tsc -b', await costOf([path.join(copy, 'node_modules/typescript/bin/tsc'), '-b'], copy)]);
    const eslint = [path.join(copy, 'node_modules/eslint/bin/eslint.js'), '.', '-f', 'json'];
    if (step === 'cold') rows.push([step, 'eslint .', await costOf(eslint, copy)]);
  }
  console.log(`\n${files} files in ${shape.packages} projects, TypeScript ${values.typescript}\n`);
  console.log('| | | CPU s | wall s | peak MB |\n| --- | --- | --- | --- | --- |');
  for (const [what, who, { cpu, wall, peakMb, exitCode }] of rows) {
    const failed = exitCode === 0 || who === 'eslint .' || who === 'tsc -b' ? '' : ` (exit code ${exitCode})`;
    console.log(`| ${what} | ${who}${failed} | ${cpu.toFixed(1)} | ${wall.toFixed(1)} | ${peakMb.toFixed(0)} |`);
  }
}

function profiling(who: string, run: string): readonly string[] {
  if (values.profile === undefined || who !== 'Bulkhead') return [];
  const folder = path.join(path.resolve(values.profile), run);
  mkdirSync(folder, { recursive: true });
  process.once('exit', () => printProfile(folder, run));
  return ['--cpu-prof', `--cpu-prof-dir=${folder}`];
}

/** The functions that took most of the time themselves. */
function printProfile(folder: string, run: string): void {
  for (const name of readdirSync(folder)) {
    const { nodes, samples, timeDeltas } = JSON.parse(readFileSync(path.join(folder, name), 'utf8')) as Profile;
    const byNode = new Map(nodes.map((node) => [node.id, node.callFrame]));
    const times = new Map<string, number>();
    for (const [at, id] of samples.entries()) {
      const { functionName = '', url = '', lineNumber = 0 } = byNode.get(id) ?? {};
      const key = `${functionName === '' ? '(anonymous)' : functionName} ${path.basename(url)}:${lineNumber + 1}`;
      times.set(key, (times.get(key) ?? 0) + (timeDeltas[at] ?? 0));
    }
    const slowest = [...times].filter(([key]) => !key.startsWith('(idle)')).sort((one, other) => other[1] - one[1]);
    console.log(`\n${run}: ${path.join(folder, name)}`);
    for (const [key, time] of slowest.slice(0, 15)) console.log(`  ${(time / 1000).toFixed(0).padStart(7)} ms  ${key}`);
  }
}

interface Profile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName?: string; readonly url?: string; readonly lineNumber?: number };
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}
