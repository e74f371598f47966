/**
 * What `bulkhead check` costs as a repository grows, beside the tools that it runs, one after another, in the same run.
 *
 *     node bench/scale/main.ts [--files 1000,5000,20000] [--typescript 7] [--rounds 1] [--projects 300]
 *                              [--old <another checkout, built>] [--profile <folder>]
 *
 * For each size: everything cold, with ESLint alone, and with all detectors; again with nothing changed; and after an edit of
 * a module that no other package imports. `--projects` checks so many files with a tsconfig each, and with one for all.
 * Medians of the rounds, in CPU seconds of all processes together. The tools are `tsc -b` (which then is incremental) and `eslint .`, in a copy of the folder. With `--old` each of our runs is also made
 * by that checkout. `--profile` keeps a CPU profile of our own process for each run, and prints where its time went.
 */
import { appendFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { generate, generateFolders } from './generate.ts';
import { costOf, type Cost } from './measure.ts';

const { values } = parseArgs({
  options: {
    files: { type: 'string', default: '1000,5000,20000' },
    typescript: { type: 'string', default: '7' },
    rounds: { type: 'string', default: '1' },
    projects: { type: 'string' },
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
const us = [['Bulkhead', repository], ...(values.old === undefined ? [] : [['before', path.resolve(values.old)]])] as const; // prettier-ignore
const measured = new Map<string, readonly Cost[]>();

try {
  if (values.projects === undefined) for (const files of values.files.split(',').map(Number)) await measure(files);
  else await measureProjects(Number(values.projects));
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

async function measure(wanted: number): Promise<void> {
  const folder = path.join(scratch, `files-${wanted}`);
  const shape = { packages: Math.max(5, wanted / MODULES), modules: MODULES, tools, typescript };
  const copy = `${folder}-tools`;
  const { files, leaf } = generate(folder, shape);
  generate(copy, shape);
  const edit = (round: number): void => {
    const text = `const edited${round} = 1;\nvoid edited${round};\n`;
    for (const place of [folder, copy]) appendFileSync(path.join(place, leaf), text);
  };
  const steps = ['ESLint alone, cold', 'cold', 'nothing changed', 'one leaf edited'];
  for (let round = 0; round < Number(values.rounds); round += 1) {
    generate(copy, shape);
    for (const [index, step] of steps.entries()) {
      if (step === 'one leaf edited') edit(round);
      for (const [who, checkout] of us) {
        const cache = path.join(scratch, `cache ${who} ${wanted}`);
        if (step === 'cold') rmSync(cache, { recursive: true, force: true });
        process.env['XDG_CACHE_HOME'] = cache;
        const only = index === 0 ? ['--detectors', 'eslint', '--no-cache'] : [];
        const options = [...profiling(who, `${wanted}-${index}`), ...bulkhead(checkout, folder), ...only];
        note(step, who, await costOf(options, folder));
      }
      if (index > 0)
        note(step, 'tsc -b', await costOf([path.join(copy, 'node_modules/typescript/bin/tsc'), '-b'], copy));
      const eslint = [path.join(copy, 'node_modules/eslint/bin/eslint.js'), '.', '-f', 'json'];
      if (index < 2) note(step, 'eslint .', await costOf(eslint, copy));
    }
  }
  console.log(`\n${files} files in ${shape.packages} projects, TypeScript ${values.typescript}`);
  print();
}

async function measureProjects(modules: number): Promise<void> {
  for (let round = 0; round < Number(values.rounds); round += 1) {
    for (const each of [false, true]) {
      const folder = path.join(scratch, each ? 'many' : 'one');
      generateFolders(folder, { modules, each, tools, typescript });
      const only = ['--detectors', 'typescript', '--no-cache'];
      for (const [who, checkout] of us)
        note(
          each ? 'a tsconfig each' : 'one tsconfig',
          who,
          await costOf([...bulkhead(checkout, folder), ...only], folder),
        );
    }
  }
  console.log(`\n${modules} files, TypeScript ${values.typescript}`);
  print();
}

function bulkhead(checkout: string, folder: string): readonly string[] {
  return [path.join(checkout, 'dist/cli.mjs'), 'check', folder, '--format', 'json', '--fail-on', 'never'];
}

function note(what: string, who: string, cost: Cost): void {
  const key = `| ${what} | ${who}`;
  measured.set(key, [...(measured.get(key) ?? []), cost]);
}

function print(): void {
  console.log('\n| | | CPU s | wall s | peak MB |\n| --- | --- | --- | --- | --- |');
  for (const [what, costs] of measured) {
    const middle = (of: (cost: Cost) => number): number =>
      costs.map(of).sort((one, other) => one - other)[Math.floor(costs.length / 2)] ?? 0;
    const isTool = what.endsWith('eslint .') || what.endsWith('tsc -b');
    const failed = costs.find(({ exitCode }) => exitCode !== 0);
    const suffix = failed === undefined || isTool ? '' : ` (exit code ${failed.exitCode})`;
    const [cpu, wall, peakMb] = [middle((one) => one.cpu), middle((one) => one.wall), middle((one) => one.peakMb)];
    console.log(`${what}${suffix} | ${cpu.toFixed(1)} | ${wall.toFixed(1)} | ${peakMb.toFixed(0)} |`);
  }
  measured.clear();
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
