/**
 * What the sandbox costs, and whether it changes an answer: `node bench/sandbox/main.ts [--starts N] [--rounds N] <folder> …`.
 * With and without it take turns, so that other load meets both. Needs a built `dist/`, and a system with a sandbox.
 */
import { spawnSync } from 'node:child_process';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { detectorTable } from '../../server/pool/detectors.ts';
import { launchIn } from '../../server/pool/process-link.ts';
import { Sandbox } from '../../server/pool/sandbox.ts';
import { noSandbox } from '../../server/pool/sandbox-settings.ts';

interface Pair {
  readonly without: number;
  readonly within: number;
}

interface Analysis {
  readonly ms: number;
  /** All issues, and what became of each detector. */
  readonly answer: string;
  readonly issues: number;
}

const dist = path.resolve(import.meta.dirname, '../../dist');

const { values, positionals } = parseArgs({
  options: { starts: { type: 'string', default: '40' }, rounds: { type: 'string', default: '5' } },
  allowPositionals: true,
});
const load = (): string => os.loadavg()[0]?.toFixed(1) ?? '';
console.log(
  `${os.availableParallelism()} cores, ${os.type()} ${os.release()}, Node ${process.versions.node}, load ${load()}`,
);
const rows = [row(`start of a worker (${values.starts} pairs)`, await starts(Number(values.starts)))];
for (const folder of positionals) rows.push(coldChecks(path.resolve(folder), Number(values.rounds)));
console.log(
  `\n| what | without | within | ratio of medians | median of ratios |\n| --- | --- | --- | --- | --- |\n${rows.join('\n')}\n`,
);
console.log(`load at the end ${load()}`);

async function starts(count: number): Promise<readonly Pair[]> {
  const boxes = [
    new Sandbox(noSandbox, { warn: fail }),
    new Sandbox({ ...noSandbox, mode: 'require' }, { warn: fail }),
  ];
  const entry = { ...detectorTable['eslint'], group: 'eslint', script: path.join(dist, 'host.mjs') };
  const root = path.dirname(dist);
  const pairs: Pair[] = [];
  // The first pair measures what the sandbox keeps, and fills caches of the system.
  for (let pair = 0; pair <= count; pair += 1) {
    const times: number[] = [];
    for (const box of boxes) {
      const startedAt = performance.now();
      const link = launchIn(box)({ name: 'start', root, heapMb: 768, entry, startMs: 60_000, log: () => {} });
      if (!(await link.ready)) fail((await link.exited).refused ?? 'A worker did not start.');
      times.push(performance.now() - startedAt);
      link.close();
      await link.exited;
    }
    const [without = 0, within = 0] = times;
    if (pair > 0) pairs.push({ without, within });
  }
  return pairs;
}

function coldChecks(folder: string, rounds: number): string {
  const pairs: Pair[] = [];
  let equal = true;
  let issues = 0;
  for (let round = 0; round < rounds; round += 1) {
    const [without, within] = [check(folder, 'off'), check(folder, 'require')];
    pairs.push({ without: without.ms, within: within.ms });
    equal &&= without.answer === within.answer;
    ({ issues } = within);
  }
  const what = `cold check of ${path.basename(folder)} (${rounds} pairs), ${issues} issues: ${equal ? 'byte-equal' : 'NOT EQUAL'}`;
  return row(what, pairs);
}

function check(folder: string, mode: 'off' | 'require'): Analysis {
  const argv = [path.join(dist, 'cli.mjs'), 'check', folder, '--no-cache', '--format', 'json', '--sandbox', mode];
  const startedAt = performance.now();
  const { stdout, stderr } = spawnSync(process.execPath, argv, { encoding: 'utf8', maxBuffer: 1 << 30 });
  const ms = performance.now() - startedAt;
  if (stdout === '') return fail(stderr);
  const { issues, detectors } = JSON.parse(stdout) as {
    readonly issues: readonly unknown[];
    readonly detectors: readonly Readonly<Record<'name' | 'status' | 'error', unknown>>[];
  };
  const states = detectors.map(({ name, status, error }) => ({ name, status, error }));
  return { ms, answer: JSON.stringify({ issues, states }), issues: issues.length };
}

function row(what: string, pairs: readonly Pair[]): string {
  const without = median(pairs.map((pair) => pair.without));
  const within = median(pairs.map((pair) => pair.within));
  const ratio = median(pairs.map((pair) => pair.within / pair.without));
  const cells = [what, ms(without), ms(within), (within / without).toFixed(2), ratio.toFixed(2)];
  return `| ${cells.join(' | ')} |`;
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? 0;
}

function ms(value: number): string {
  return `${Math.round(value)} ms`;
}

function fail(message: string): never {
  throw new Error(message);
}
