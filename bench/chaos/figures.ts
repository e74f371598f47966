/** Measures all figures of docs/reliability.md with one command, and returns them as the table shown there. */
import os from 'node:os';
import { detectorTable } from '../../server/pool/detectors.ts';
import type { WorkerLink } from '../../server/pool/link.ts';
import { launchProcess } from '../../server/pool/process-link.ts';
import { sampleTrees } from '../../server/pool/process-tree.ts';
import { Scene } from '../../test/chaos/support/scene.ts';
import { simulate } from '../../test/unit/pool/support/simulation.ts';
import { percentile, runChaos, type ChaosOptions, type ChaosReport } from './chaos.ts';

const STARTS = 8;
const SEEDS = 10_000;
const MEGABYTE = 1024 * 1024;

type Row = readonly [what: string, figure: string];

/** @returns the report of the chaos run, which decides the exit code */
export async function printFigures(options: ChaosOptions & { readonly host: string }): Promise<ChaosReport> {
  const { say } = options;
  say(
    `${os.availableParallelism()} cores, ${os.type()} ${os.release()}, Node ${process.versions.node}, load ${load()}`,
  );
  const starts = await measureStarts(options.host);
  const flood = await measureFlood();
  const report = await runChaos(options);
  const seconds = await measureSeeds();
  const { restartP50, restartP95, lagP99, lagMax, busyBytes, idleBytes } = report;
  const faults = Object.entries(report.faults)
    .map(([name, count]) => `${count} ${name}`)
    .join(', ');
  const rows: readonly Row[] = [
    [`${options.faults} faults (${faults}), ${report.issues} issues`, report.equal ? 'byte-equal' : 'NOT EQUAL'],
    ['analyses under faults, complete ones among them', `${report.analyses}, ${report.complete}`],
    ['processes left, inputs quarantined', `${report.orphans.length}, ${report.quarantined.length}`],
    [
      'from the detection of a death to a process that is ready for the same work, including waits',
      ms(restartP50, restartP95),
    ],
    ["lag of the server's event loop meanwhile", `p99 ${Math.round(lagP99)} ms, maximum ${Math.round(lagMax)} ms`],
    ['a worker, from launch to ready', ms(percentile(starts.times, 0.5), percentile(starts.times, 0.95))],
    ['memory of a worker that has done nothing', megabytes(starts.bytes)],
    ['memory of an idle worker after its work', perKind(idleBytes)],
    ['peak of its process tree while working', perKind(busyBytes)],
    ['1,000,000 issues in one file', `${(flood / 1000).toFixed(1)} s`],
    [`${SEEDS.toLocaleString('en')} seeds of the simulation`, `${Math.round(seconds)} s`],
  ];
  say(`\n| what | figure |\n| --- | --- |\n${rows.map((row) => `| ${row.join(' | ')} |`).join('\n')}\n`);
  say(`load at the end ${load()}`);
  return report;
}

/** Starts workers one after the other. @returns milliseconds, ascending, and the bytes of the last worker's process tree */
async function measureStarts(host: string): Promise<{ times: readonly number[]; bytes: number }> {
  const entry = { ...detectorTable['eslint'], group: 'eslint', script: host };
  const times: number[] = [];
  let bytes = 0;
  for (let start = 0; start < STARTS; start += 1) {
    const startedAt = performance.now();
    const link: WorkerLink = launchProcess({
      name: 'start',
      entry,
      root: import.meta.dirname,
      heapMb: 768,
      startMs: 60_000,
      log: () => {},
    });
    if (!(await link.ready) || link.pid === undefined) throw new Error('A worker did not start.');
    times.push(performance.now() - startedAt);
    bytes = (await sampleTrees([link.pid])).get(link.pid)?.memoryBytes ?? bytes;
    link.close();
    await link.exited;
  }
  return { times: times.sort((a, b) => a - b), bytes };
}

async function measureFlood(): Promise<number> {
  const scene = await Scene.open({ a: 'flood' });
  try {
    const startedAt = performance.now();
    await scene.check();
    return performance.now() - startedAt;
  } finally {
    await scene.close();
  }
}

async function measureSeeds(): Promise<number> {
  const startedAt = performance.now();
  for (let seed = 1; seed <= SEEDS; seed += 1) await simulate(seed);
  return (performance.now() - startedAt) / 1000;
}

function perKind(bytes: Readonly<Record<string, number>>): string {
  const living = Object.entries(bytes).filter(([, size]) => size > 0);
  return living.map(([kind, size]) => `${kind} ${megabytes(size)}`).join(', ');
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / MEGABYTE)} MB`;
}

function ms(p50: number, p95: number): string {
  return `p50 ${Math.round(p50)} ms, p95 ${Math.round(p95)} ms`;
}

function load(): string {
  return os.loadavg()[0]?.toFixed(1) ?? 'unknown';
}
