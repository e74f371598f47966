/**
 * Compares the eslint detector with ESLint itself: after an edit, with its API and vscode-eslint's server; over the whole
 * project, with its command line, with and without `--cache`.
 *
 *     node bench/live/eslint.ts <folder> [--file <relative path>]… [--rounds 9] [--vscode-eslint <checkout, built>]
 *
 * The folder is copied and needs its packages installed. Each edit adds an unsaved line at the end of a file. Without
 * `--file`, it edits a small, a medium and a large file. Shows medians. It calls the engine as the language server does,
 * without the server itself.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { Engine } from '../../server/engine/engine.ts';
import { createPool } from '../../server/pool/pool.ts';
import { openStore } from '../../server/store/store.ts';
import { Folder } from '../../test/support/replay/folder.ts';
import { VscodeEslint } from './eslint/vscode-eslint.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    file: { type: 'string', multiple: true, default: [] },
    rounds: { type: 'string', default: '9' },
    'vscode-eslint': { type: 'string' },
  },
});
const rounds = Number(values.rounds);

interface EslintClass {
  new (options: { cwd: string }): {
    lintText(text: string, options: { filePath: string }): Promise<readonly { messages: readonly unknown[] }[]>;
    isPathIgnored(file: string): Promise<boolean>;
  };
}

await using folder = await Folder.copyOf(path.resolve(positionals[0] ?? '.'));
const { root } = folder;
const beside = await mkdtemp(path.join(os.tmpdir(), 'bulkhead-bench-'));
try {
  const ours = await wholeProject();
  await edits(ours.files);
} finally {
  await rm(beside, { recursive: true, force: true });
}

/** Cold, with stored results, and with stored results after an edit. */
async function wholeProject(): Promise<{ readonly files: readonly string[] }> {
  const cli = createRequire(path.join(root, 'package.json')).resolve('eslint/package.json');
  const bin = path.join(path.dirname(cli), 'bin/eslint.js');
  const cached = ['--cache', '--cache-strategy', 'content', '--cache-location', path.join(beside, 'cache')];
  const eslint = (args: readonly string[]): Promise<number> => timeOf(() => run(bin, ['.', ...args]));
  const rows: Record<string, number> = {};

  rows['eslint'] = await eslint([]);
  rows['eslint --cache, first'] = await eslint(cached);
  rows['eslint --cache, nothing changed'] = await eslint(cached);
  const first = await session();
  rows['ours, first'] = first.ms;
  const edited = first.files.find((file) => /^(?!.*config).*\.[cm]?[jt]s$/.test(file)) ?? '';
  const text = await readFile(path.join(root, edited), 'utf8');
  const again = await session();
  rows['ours, nothing changed'] = again.ms;
  await writeFile(path.join(root, edited), `${text}\nvoid 0;\n`);
  rows[`eslint --cache, one file edited`] = await eslint(cached);
  rows['ours, one file edited'] = (await session()).ms;
  await writeFile(path.join(root, edited), text);
  console.log(`\n${path.basename(root)}: ${first.files.length} files, ${first.issues} issues, edited: ${edited}`);
  print(rows);
  return first;
}

/** From the start of the engine until everything is confirmed; results are stored after the time is taken. */
async function session(): Promise<{ readonly ms: number; readonly issues: number; readonly files: readonly string[] }> {
  const startedAt = performance.now();
  const pool = createPool();
  const files = new Set<string>();
  const { plan } = pool;
  pool.plan = async (...request) => {
    const result = await plan.call(pool, ...request);
    for (const unit of result.units) files.add(unit.file);
    return result;
  };
  const store = await openStore({ dir: path.join(beside, 'store') });
  const engine = new Engine(root, pool, settings(), { store });
  engine.analyzeAll();
  await engine.idle();
  const ms = performance.now() - startedAt;
  const issues = engine.issues().length;
  await engine.persist();
  engine.dispose();
  await Promise.all([pool.dispose(), store.close()]);
  return { ms, issues, files: [...files] };
}

/** The edited file's issues: ESLint's own time, ours, vscode-eslint's. */
async function edits(linted: readonly string[]): Promise<void> {
  const files = values.file.length > 0 ? values.file : await someSizes(linted);
  const require = createRequire(path.join(root, 'package.json'));
  const { loadESLint } = require('eslint') as { loadESLint(options: { cwd: string }): Promise<EslintClass> };
  process.chdir(root);
  process.env['TSESTREE_SINGLE_RUN'] = 'false';
  const api = new (await loadESLint({ cwd: root }))({ cwd: root });
  const pool = createPool();
  const engine = new Engine(root, pool, settings());
  engine.analyzeAll();
  await engine.idle();
  const checkout = values['vscode-eslint'];
  await using other = checkout === undefined ? undefined : await VscodeEslint.start(path.resolve(checkout), root);
  for (const file of files) {
    const absolute = path.join(root, file);
    const text = await readFile(absolute, 'utf8');
    const textOf = (round: number): string => `${text}\nvoid ${round};\n`;
    const own = await medianOf(async (round) => {
      await api.lintText(textOf(round), { filePath: absolute });
    });
    const ours = await medianOf(async (round) => {
      engine.setOverlay(file, { text: textOf(round), version: round });
      engine.filesChanged([{ file, kind: 'changed' }]);
      await engine.upToDate(file, new AbortController().signal);
    });
    engine.setOverlay(file, undefined);
    engine.filesChanged([{ file, kind: 'changed' }]);
    await engine.idle();
    await other?.open(absolute, text);
    const theirs = other && (await medianOf((round) => other.edit(absolute, textOf(round), round + 1)));
    console.log(`\nafter an edit of ${file} (${Math.round(text.length / 1024)} kB), median of ${rounds}`);
    print({
      'ESLint.lintText, warm': own,
      'ours, warm': ours,
      ...(theirs === undefined ? {} : { 'vscode-eslint, warm': theirs }),
    });
    console.log(`ours / ESLint.lintText: ${(ours / own).toFixed(2)}`);
  }
  engine.dispose();
  await pool.dispose();
}

function settings(): ConstructorParameters<typeof Engine>[2] {
  return { detectors: new Map([['eslint', {}]]), trusted: true, exclude: [] };
}

/** The linted scripts at the 25th, 75th and 99th percentile of size. */
async function someSizes(linted: readonly string[]): Promise<readonly string[]> {
  const scripts = linted.filter((file) => /\.[cm]?[jt]sx?$/.test(file));
  const sizes = await Promise.all(
    scripts.map(async (file) => [file, (await readFile(path.join(root, file), 'utf8')).length] as const),
  );
  sizes.sort(([, one], [, another]) => one - another);
  return [0.25, 0.75, 0.99].flatMap((share) => sizes[Math.floor(sizes.length * share)]?.[0] ?? []);
}

/** The first two rounds are warm-up. */
async function medianOf(work: (round: number) => Promise<void>): Promise<number> {
  const times: number[] = [];
  for (let round = 1; round <= rounds + 2; round += 1) {
    const ms = await timeOf(() => work(round));
    if (round > 2) times.push(ms);
  }
  return times.sort((one, another) => one - another)[Math.floor(times.length / 2)] ?? Number.NaN;
}

async function timeOf(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

function run(script: string, args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--max-old-space-size=8192', script, ...args], {
      cwd: root,
      stdio: 'ignore',
    });
    child.on('error', reject);
    child.on('exit', () => resolve());
  });
}

function print(rows: Readonly<Record<string, number>>): void {
  const width = Math.max(...Object.keys(rows).map((name) => name.length));
  for (const [name, ms] of Object.entries(rows)) {
    console.log(
      `${name.padEnd(width)}  ${(ms >= 10_000 ? `${(ms / 1000).toFixed(1)} s` : `${ms.toFixed(0)} ms`).padStart(9)}`,
    );
  }
}
