/**
 * Compares all rules of code with ESLint, oxlint and Biome on the same files in the same run (Linux).
 *
 *     node bench/rules/main.ts <folder> [<folder> …] --tools <folder> [--rounds 5] [--write]
 *
 * `--tools` names a folder in which `npm install eslint typescript-eslint typescript eslint-plugin-security
 * eslint-plugin-no-unsanitized oxlint @biomejs/biome` ran. The sources are copied, so that nobody reads a configuration
 * of the folder; the rules of the others are those of `contenders.ts`. `--write` puts the tables into docs/benchmarks.md.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { writeSection } from '../document.ts';
import { costOf, type Cost } from '../scale/measure.ts';
import { bundleOurs, contendersIn, type Contender } from './contenders.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { tools: { type: 'string' }, rounds: { type: 'string', default: '5' }, write: { type: 'boolean' } },
});
if (values.tools === undefined || positionals.length === 0) {
  console.error('usage: node bench/rules/main.ts <folder> [<folder> …] --tools <folder> [--rounds 5] [--write]');
  process.exit(2);
}
const tools = path.resolve(values.tools);
const ours = await bundleOurs();
const tables: string[] = [];
for (const folder of positionals) tables.push(await compare(path.resolve(folder)));
const [cpu] = os.cpus();
const head = `${cpu?.model ?? 'unknown processor'}, ${String(os.cpus().length)} cores, Node ${process.versions.node}, medians of ${values.rounds} rounds, load at the end ${(os.loadavg()[0] ?? 0).toFixed(1)}.`;
const text = [head, ...tables].join('\n\n');
console.log(text);
if (values.write) writeSection('bench/rules', text);

async function compare(source: string): Promise<string> {
  const work = mkdtempSync(path.join(os.tmpdir(), 'bench-rules-'));
  try {
    const { files, lines } = copySources(source, path.join(work, 'src'));
    symlinkSync(path.join(tools, 'node_modules'), path.join(work, 'node_modules'), 'dir');
    const contenders = contendersIn(work, ours);
    for (const contender of contenders) prove(contender, work);
    const costs = new Map<Contender, Cost[]>(contenders.map((one) => [one, []]));
    // Round by round, so that what else the machine does hits all of them.
    for (let round = 0; round < Number(values.rounds); round++) {
      for (const [{ argv }, list] of costs) list.push(await costOf(argv, work));
    }
    const rows = [...costs].map(([{ name }, list]) => ({
      name,
      cpu: median(list.map((one) => one.cpu)),
      wall: median(list.map((one) => one.wall)),
      peak: median(list.map((one) => one.peakMb)),
    }));
    const own = rows[0]?.cpu ?? 1;
    return [
      `${path.basename(source)}: ${String(files)} files, ${String(lines)} lines.`,
      '',
      '| | CPU s | relative to Bulkhead | files per CPU second | wall s | peak MB |',
      '| --- | ---: | ---: | ---: | ---: | ---: |',
      ...rows.map(
        (row) =>
          `| ${row.name} | ${row.cpu.toFixed(2)} | ${(row.cpu / own).toFixed(2)} | ${(files / row.cpu).toFixed(0)} | ${row.wall.toFixed(2)} | ${row.peak.toFixed(0)} |`,
      ),
    ].join('\n');
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function prove({ name, argv, proof }: Contender, cwd: string): void {
  const { stdout, stderr } = spawnSync(process.execPath, argv, { cwd, encoding: 'utf8', maxBuffer: 2 ** 30 });
  if (!proof.test(stdout + stderr)) throw new Error(`${name} found nothing:\n${(stderr + stdout).slice(0, 2000)}`);
}

function copySources(from: string, to: string): { readonly files: number; readonly lines: number } {
  let files = 0;
  let lines = 0;
  mkdirSync(to, { recursive: true });
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [path.join(from, entry.name), path.join(to, entry.name)];
    if (entry.isDirectory()) {
      if (/^(?:node_modules|dist|out|build|coverage|\..*)$/.test(entry.name)) continue;
      const inner = copySources(source, target);
      files += inner.files;
      lines += inner.lines;
    } else if (
      /\.[cm]?[jt]sx?$/.test(entry.name) &&
      !/\.d\.[cm]?ts$/.test(entry.name) &&
      !/config\.\w+$/.test(entry.name)
    ) {
      copyFileSync(source, target);
      files += 1;
      lines += readFileSync(target, 'utf8').split('\n').length;
    }
  }
  return { files, lines };
}

function median(list: readonly number[]): number {
  const sorted = [...list].sort((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
