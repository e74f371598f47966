/**
 * Compares `bulkhead check` with what it replaces: `tsc --noEmit`, `eslint .` and `madge --circular`, one after another, on
 * the same folder in the same run.
 *
 *     node bench/check/main.ts <folder> [--rounds 3] [--madge <path of madge's bin/cli.js>] [--source src] [--tsconfig tsconfig.json]
 *
 * The folder needs its own typescript and eslint. Shows medians of the wall time and of the peak resident memory of the whole
 * process tree, sampled every 100 ms (Linux).
 */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';

interface Measured {
  readonly seconds: number;
  readonly peakMb: number;
}

const repository = path.resolve(import.meta.dirname, '../..');
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '3' },
    madge: { type: 'string' },
    source: { type: 'string', default: 'src' },
    tsconfig: { type: 'string', default: 'tsconfig.json' },
  },
});
const folder = path.resolve(positionals[0] ?? '.');
const bin = (name: string, script: string): string => path.join(folder, 'node_modules', name, script);
const cli = [
  path.join(repository, 'dist', 'cli.mjs'),
  'check',
  folder,
  '--no-cache',
  '--format',
  'json',
  '--fail-on',
  'never',
];
const ours = [...cli, '--detectors', 'typescript,eslint,circular', '--tsconfig', values.tsconfig];
const theirs: Readonly<Record<string, readonly string[]>> = {
  tsc: [bin('typescript', 'bin/tsc'), '-p', values.tsconfig, '--noEmit'],
  eslint: [bin('eslint', 'bin/eslint.js'), '.', '-f', 'json'],
  ...(values.madge === undefined
    ? {}
    : {
        madge: [
          values.madge,
          '--circular',
          '--extensions',
          'ts,tsx,js,jsx',
          '--ts-config',
          values.tsconfig,
          values.source,
        ],
      }),
};

const rounds: Record<string, Measured[]> = {};
for (let round = 0; round < Number(values.rounds); round += 1) {
  await record('bulkhead check', ours);
  for (const [name, argv] of Object.entries(theirs)) await record(name, argv);
}
const rows = Object.entries(rounds).map(
  ([name, all]) => [name, median(all.map((one) => one.seconds)), median(all.map((one) => one.peakMb))] as const,
);
const [, ...others] = rows;
const sum = others.reduce((total, [, seconds]) => total + seconds, 0);
const peak = Math.max(...others.map(([, , peakMb]) => peakMb));
console.log(`| ${path.basename(folder)} | wall s | peak MB |\n| --- | --- | --- |`);
for (const [name, seconds, peakMb] of [...rows, ['one after another', sum, peak] as const]) {
  console.log(`| ${name} | ${seconds.toFixed(1)} | ${peakMb.toFixed(0)} |`);
}
console.log(`\nbulkhead / one after another: ${((rows[0]?.[1] ?? 0) / sum).toFixed(2)}`);

async function record(name: string, argv: readonly string[]): Promise<void> {
  (rounds[name] ??= []).push(await measure(argv));
}

async function measure(argv: readonly string[]): Promise<Measured> {
  const startedAt = performance.now();
  const child = spawn(process.execPath, ['--max-old-space-size=8192', ...argv], { cwd: folder, stdio: 'ignore' });
  let peakMb = 0;
  const timer = setInterval(() => (peakMb = Math.max(peakMb, treeMemoryMb(child.pid ?? 0))), 100);
  await new Promise((resolve) => child.on('exit', resolve));
  clearInterval(timer);
  return { seconds: (performance.now() - startedAt) / 1000, peakMb };
}

function treeMemoryMb(root: number): number {
  const processes = new Map<number, { parent: number; pages: number }>();
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, 'utf8');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      processes.set(Number(entry), { parent: Number(fields[1]), pages: Number(fields[21]) });
    } catch {
      continue;
    }
  }
  const below = (pid: number): number =>
    (processes.get(pid)?.pages ?? 0) +
    [...processes].reduce((total, [child, { parent }]) => total + (parent === pid ? below(child) : 0), 0);
  return (below(root) * 4096) / 1024 / 1024;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
