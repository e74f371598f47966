/**
 * Measures the store: writing and reading 200,000 issues, and the warm start of a workspace of 10,000 files.
 *
 *     node bench/store/main.ts [--rounds 5] [--files 10000] [--issues 20]
 *
 * Prints the median of the rounds, and how long the event loop of the process that uses the store was blocked.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { openStore, type Store } from '../../server/store/store.ts';
import type { UnitResult } from '../../server/store/write-queue.ts';
import type { Issue } from '../../workers/protocol/detector-protocol.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    files: { type: 'string', default: '10000' },
    issues: { type: 'string', default: '20' },
  },
});
const [rounds, fileCount, issuesPerFile] = [Number(values.rounds), Number(values.files), Number(values.issues)];
const total = fileCount * issuesPerFile;

const names = Array.from({ length: fileCount }, (_, index) => `packages/p${index % 20}/src/module-${index}.ts`);
const base = mkdtempSync(path.join(os.tmpdir(), 'bulkhead-bench-'));
const root = path.join(base, 'root');
for (const name of names) {
  const file = path.join(root, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, `export const name = '${name}';\n`.repeat(40));
}

const measured = new Map<string, number[]>();
try {
  for (let round = 0; round < rounds; round += 1) await measureRound(path.join(base, `store-${round}`));
} finally {
  rmSync(base, { recursive: true, force: true });
}
const width = Math.max(...[...measured.keys()].map(({ length }) => length));
for (const [what, numbers] of measured) console.log(`${what.padEnd(width)}  ${median(numbers).toFixed(1).padStart(9)}`);

async function measureRound(dir: string): Promise<void> {
  const units = names.map((name): UnitResult => unitOf(name, new Map([[name, issuesOf(name)]])));
  const open = (): Promise<Store> => openStore({ dir });
  let store = await timed('open a new store (ms)', open);
  await timed(`write ${total} issues in ${fileCount} units (ms)`, async () => {
    for (const unit of units) store.putUnit(unit);
    await store.flush(600_000);
  });
  await timed(`hash ${fileCount} files, none known (ms)`, () => store.hashInputs(root, names));
  record('size in use (MB)', (await store.stats()).bytes / 1e6);
  await timed('snapshot (ms)', () => store.snapshot());
  await timed('verify everything (ms)', () => store.verify());
  const file = units[0];
  if (file) {
    await timed('write one unit and flush (ms)', async () => {
      store.putUnit({ ...file, fingerprint: 'edited' });
      await store.flush();
    });
  }
  await timed('close (ms)', () => store.close());

  // A file is read again unless its times are older than its hash: see input-hash.ts.
  await new Promise((resolve) => setTimeout(resolve, 3000));
  store = await timed('open (ms)', open);
  await timed(`hash ${fileCount} files again, still racy (ms)`, () => store.hashInputs(root, names));
  await store.close();

  const start = performance.now();
  store = await open();
  const hashes = await timed(`warm: hash ${fileCount} known files (ms)`, () => store.hashInputs(root, names));
  await timed(`warm: load ${total} issues (ms)`, async () => {
    let issues = 0;
    for await (const { files } of store.loadUnits()) for (const list of files.values()) issues += list.length;
    if (issues !== total || hashes.size !== fileCount) throw new Error(`${issues} issues, ${hashes.size} hashes`);
  });
  record('warm: open, hash and load (ms)', performance.now() - start);

  const project = unitOf('tsconfig.json', new Map(names.map((name) => [name, issuesOf(name)])));
  await timed(`write one unit of ${total} issues (ms)`, async () => {
    store.putUnit(project);
    await store.flush(600_000);
  });
  const edited = new Map(project.files).set(names[0] ?? '', []);
  await timed('write it again, one file changed (ms)', async () => {
    store.putUnit({ ...project, fingerprint: '2', files: edited });
    await store.flush(600_000);
  });
  await store.close();
  rmSync(dir, { recursive: true, force: true });
}

/** Records the wall time, the CPU time (which says more on a busy machine), and how long the event loop was blocked. */
async function timed<Result>(what: string, work: () => Promise<Result>): Promise<Result> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const start = performance.now();
  const cpu = process.cpuUsage();
  const result = await work();
  record(what, performance.now() - start);
  const { user, system } = process.cpuUsage(cpu);
  record(`  CPU time, all threads (ms)  [${what}]`, (user + system) / 1000);
  delay.disable();
  if (delay.count > 20) record(`  p99 of the loop's delay (ms)  [${what}]`, delay.percentile(99) / 1e6);
  return result;
}

function record(what: string, value: number): void {
  const numbers = measured.get(what) ?? [];
  numbers.push(value);
  measured.set(what, numbers);
}

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

function unitOf(unit: string, files: ReadonlyMap<string, readonly Issue[]>): UnitResult {
  return {
    detector: files.size > 1 ? 'typescript' : 'eslint',
    unit,
    fingerprint: `of ${unit}`,
    engine: 'bench 1',
    files,
  };
}

function issuesOf(file: string): readonly Issue[] {
  return Array.from({ length: issuesPerFile }, (_, line) => ({
    ...{ detector: 'eslint', file, rule: 'no-unused-vars', severity: 'warning' as const, fixable: false },
    message: `'value${line}' is assigned a value but never used.`,
    range: { start: { line, character: 6 }, end: { line, character: 12 } },
    fingerprint: `${line}`.padStart(16, '0'),
  }));
}
