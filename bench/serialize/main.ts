/**
 * How long the event loop waits while a large value becomes JSON: `node bench/serialize/main.ts [--rounds n] [--dry]`. Beside
 * `bulkhead/serialize` stand the two usual ways: `JSON.stringify` on the loop, and piscina with the value posted to a thread.
 * All in one run, round by round; the table goes into docs/benchmarks.md.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { Piscina } from 'piscina';
import { serializeAsync, serializeChunks } from '../../server/serialize/index.ts';
import { writeSection } from '../document.ts';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '7' }, dry: { type: 'boolean' } } });
const rounds = Number(values.rounds);

/** UTF-8 bytes of JSON, about. */
const SIZES = [10_000, 100_000, 1_000_000, 4_000_000, 16_000_000, 100_000_000];
const TICK_MS = 1;

const target = path.join(mkdtempSync(path.join(os.tmpdir(), 'bench-')), 'value.json');
const pool = new Piscina({ filename: path.join(import.meta.dirname, 'stringify.mjs'), maxThreads: 1 });
/** Each returns how many characters it has written. */
const ways: Readonly<Record<string, (value: unknown) => Promise<number>>> = {
  'JSON.stringify on the loop': (value) => Promise.resolve(JSON.stringify(value).length),
  'piscina, value posted': async (value) => ((await pool.run(value)) as string).length,
  'bulkhead/serialize, text': async (value) => (await serializeAsync(value)).text.length,
  'bulkhead/serialize, chunks to a file': async (value) => {
    await using file = await open(target, 'w');
    let length = 0;
    for await (const chunk of serializeChunks(value)) {
      await file.appendFile(chunk);
      length += chunk.length;
    }
    return length;
  },
};

interface Figure {
  /** The longest time that a timer of 1 ms was late, and the 99th percentile of all times. Milliseconds. */
  readonly worst: number;
  readonly p99: number;
  readonly total: number;
}

const lines = [
  `${os.cpus()[0]?.model ?? 'unknown'}, ${String(os.availableParallelism())} cores, Node ${process.versions.node}, medians of ${String(rounds)} rounds, load at the end LOAD.`,
  '',
  '| JSON | way | total, ms | event loop late, p99, ms | worst, ms |',
  '| --- | --- | ---: | ---: | ---: |',
];
for (const size of SIZES) {
  const value = issues(size);
  const figures = new Map<string, Figure[]>(Object.keys(ways).map((name) => [name, []]));
  for (const warm of [true, ...Array.from({ length: rounds }, () => false)]) {
    for (const [name, way] of Object.entries(ways)) {
      const figure = await measure(() => way(value));
      if (!warm) figures.get(name)?.push(figure);
    }
  }
  for (const [name, all] of figures) {
    const cells = (['total', 'p99', 'worst'] as const).map((key) => median(all.map((one) => one[key])).toFixed(1));
    lines.push(`| ${megabytes(size)} | ${name} | ${cells.join(' | ')} |`);
  }
}
await pool.destroy();
rmSync(path.dirname(target), { recursive: true });
const text = lines.join('\n').replace('LOAD', (os.loadavg()[0] ?? 0).toFixed(1));
process.stdout.write(`${text}\n`);
if (values.dry !== true) writeSection('bench/serialize', text);

async function measure(run: () => Promise<number>): Promise<Figure> {
  const late: number[] = [];
  let before = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    late.push(Math.max(0, now - before - TICK_MS));
    before = now;
  }, TICK_MS);
  // The timer has to run before, and to tell of the end.
  await new Promise((resolve) => setTimeout(resolve, 5));
  const startedAt = performance.now();
  const length = await run();
  const total = performance.now() - startedAt;
  await new Promise((resolve) => setTimeout(resolve, 5));
  clearInterval(timer);
  if (length === 0) throw new Error('Nothing was written.');
  const sorted = late.toSorted((a, b) => a - b);
  return { total, worst: sorted.at(-1) ?? 0, p99: sorted[Math.ceil(sorted.length * 0.99) - 1] ?? 0 };
}

/** Issues as detectors report them, about 330 bytes each. */
function issues(bytes: number): readonly object[] {
  return Array.from({ length: Math.ceil(bytes / 330) }, (_, n) => ({
    detector: 'eslint',
    rule: '@typescript-eslint/no-unused-vars',
    severity: 'warning',
    file: `packages/app/src/feature-${String(n % 300)}/component.tsx`,
    message: `'value${String(n)}' is assigned a value but never used. Remove it, or use it.`,
    range: { start: { line: n % 900, character: 8 }, end: { line: n % 900, character: 21 } },
    fixable: false,
    fingerprint: (n * 2654435761).toString(16).padStart(16, '0'),
  }));
}

function median(figures: readonly number[]): number {
  return figures.toSorted((a, b) => a - b)[figures.length >> 1] ?? Number.NaN;
}

function megabytes(bytes: number): string {
  return bytes < 1_000_000 ? `${String(bytes / 1000)} KB` : `${String(bytes / 1_000_000)} MB`;
}
