/**
 * Compares the library with the alternatives in one run, round by round so that all face the same conditions, and writes the
 * table into docs/benchmarks.md: `node bench/ipc/main.ts [--rounds 5] [--quick] [--dry]`.
 */
import { readFileSync } from 'node:fs';
import os from 'node:os';
import { parseArgs } from 'node:util';
import { bundleWorkers } from './bundle.ts';
import { contenders } from './contenders.ts';
import type { Contender, Running } from './contenders.ts';
import { sampleIssue } from './issue.ts';
import { writeSection } from '../document.ts';
import { tables } from './report.ts';
import type { Results } from './report.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    quick: { type: 'boolean', default: false },
    dry: { type: 'boolean', default: false },
    only: { type: 'string' },
  },
});
const rounds = Number(values.rounds);
const scale = values.quick ? 0.1 : 1;
/** Of each contender, per round. */
const STARTS = 5;

const all = contenders(await bundleWorkers());
const results: Results = new Map();

for (let round = 0; round < rounds; round += 1) {
  process.stderr.write(`round ${round + 1} of ${rounds}\n`);
  for (const [key, contender] of Object.entries(all)) {
    if (values.only !== undefined && !values.only.split(',').includes(key)) continue;
    await measure(key, contender);
  }
}

const text = tables(results, all, {
  rounds,
  machine: `${os.cpus()[0]?.model ?? 'unknown'}, ${os.availableParallelism()} cores, ${os.type()} ${os.release()}, Node ${process.versions.node}`,
  load: os.loadavg()[0] ?? 0,
});
process.stdout.write(`${text}\n`);
if (!values.dry) writeSection('bench/ipc', text);

async function measure(key: string, contender: Contender): Promise<void> {
  const note = (metric: string, value: number): void => {
    const row = results.get(key) ?? new Map<string, number[]>();
    results.set(key, row);
    row.set(metric, [...(row.get(metric) ?? []), value]);
  };
  const started = async (): Promise<Running> => {
    const startedAt = performance.now();
    const one = await contender.start();
    await one.echo(0);
    note('spawn', performance.now() - startedAt);
    return one;
  };
  // One start tells little: it takes half as long again whenever the system does something else.
  for (let n = 1; n < STARTS; n += 1) await (await started()).stop();
  const running = await started();

  const memory = running.pid === undefined ? undefined : residentMegabytes(running.pid);
  if (memory !== undefined) note('memory', memory);

  const message = sampleIssue(1);
  await roundTrips(running.echo, message, Math.round(2_000 * scale));
  const times = await roundTrips(running.echo, message, Math.round(10_000 * scale));
  note('p50', quantile(times, 0.5) * 1000);
  note('p99', quantile(times, 0.99) * 1000);

  const text100K = 'x'.repeat(100_000);
  const text10M = 'x'.repeat(10_000_000);
  note('echo100K', quantile(await roundTrips(running.echo, text100K, Math.round(100 * scale)), 0.5));
  note('echo10M', quantile(await roundTrips(running.echo, text10M, 5), 0.5));

  const count = Math.round(200_000 * scale);
  for (const kind of ['singles', 'batches'] as const) {
    const run = running[kind];
    if (run === undefined) continue;
    await run(Math.round(count / 10));
    const from = performance.now();
    await run(count);
    note(kind, (count / (performance.now() - from)) * 1000);
  }
  await running.stop();
}

async function roundTrips(
  echo: (value: unknown) => Promise<unknown>,
  value: unknown,
  count: number,
): Promise<number[]> {
  const times: number[] = [];
  for (let n = 0; n < count; n += 1) {
    const from = performance.now();
    await echo(value);
    times.push(performance.now() - from);
  }
  return times;
}

function quantile(times: readonly number[], q: number): number {
  const sorted = times.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN;
}

/** Linux only; elsewhere the column stays empty. */
function residentMegabytes(pid: number): number | undefined {
  try {
    const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kilobytes === undefined ? undefined : Number(kilobytes) / 1024;
  } catch {
    return undefined;
  }
}
