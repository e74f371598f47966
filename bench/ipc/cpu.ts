/**
 * Measures the CPU time of each round trip and each streamed issue, in the host and in its child. Unlike wall time, it is
 * meaningful on a busy machine. Linux only: `node bench/ipc/cpu.ts`. A thread's time is part of its host's.
 */
import { readFileSync } from 'node:fs';
import { bundleWorkers } from './bundle.ts';
import { contenders } from './contenders.ts';
import type { Running } from './contenders.ts';
import { sampleIssue } from './issue.ts';

const ROUNDS = 3;
const all = contenders(await bundleWorkers());

process.stdout.write(
  '| | round trip: host, µs | child, µs | streamed issue: host, µs | child, µs |\n| --- | --- | --- | --- | --- |\n',
);
for (const key of ['port', 'oursThread', 'piscina', 'socket', 'oursProcess', 'forkAdvanced']) {
  const contender = all[key];
  if (contender === undefined) continue;
  const trips: Cost[] = [];
  const issues: Cost[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const running = await contender.start();
    const issue = sampleIssue(1);
    const echo = async (count: number): Promise<void> => {
      for (let n = 0; n < count; n += 1) await running.echo(issue);
    };
    const stream = running.batches ?? running.singles;
    await echo(3_000);
    trips.push(await cost(running, 20_000, echo));
    if (stream !== undefined) {
      await stream(20_000);
      issues.push(await cost(running, 200_000, stream));
    }
    await running.stop();
  }
  const cells = [trips, issues].flatMap((costs) => [least(costs, 'host'), least(costs, 'child')]);
  process.stdout.write(`| ${contender.name} | ${cells.join(' | ')} |\n`);
}

/** Microseconds for each. */
interface Cost {
  readonly host: number;
  readonly child: number;
}

async function cost(running: Running, count: number, work: (count: number) => Promise<void>): Promise<Cost> {
  const childBefore = childMicroseconds(running.pid);
  const hostBefore = process.cpuUsage();
  await work(count);
  const { user, system } = process.cpuUsage(hostBefore);
  return { host: (user + system) / count, child: (childMicroseconds(running.pid) - childBefore) / count };
}

/** From /proc, in units of a hundredth of a second. */
function childMicroseconds(pid: number | undefined): number {
  if (pid === undefined) return 0;
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
}

/** The minimum of the rounds, because disturbances only add time. */
function least(costs: readonly Cost[], side: keyof Cost): string {
  const value = Math.min(...costs.map((each) => each[side]));
  return value > 0 && Number.isFinite(value) ? value.toFixed(2) : '';
}
