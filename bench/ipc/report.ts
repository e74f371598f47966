/** Turns numbers into tables. */
import type { Contender } from './contenders.ts';

/** Contender, metric, one value per round. */
export type Results = Map<string, Map<string, number[]>>;

export interface Conditions {
  readonly rounds: number;
  readonly machine: string;
  /** Load average of the machine at the end. */
  readonly load: number;
}

interface Target {
  readonly text: string;
  readonly metric: string;
  readonly ours: string;
  readonly than: string;
  readonly thanMetric?: string;
  /** Ours over theirs: at most (time) or at least (rate). */
  readonly atMost?: number;
  readonly atLeast?: number;
}

const targets: readonly Target[] = [
  {
    text: 'worker-threads round trip against raw MessagePort',
    metric: 'p50',
    ours: 'oursThread',
    than: 'port',
    atMost: 1.15,
  },
  { text: 'worker-threads round trip against piscina', metric: 'p50', ours: 'oursThread', than: 'piscina', atMost: 1 },
  {
    text: 'worker-threads round trip against tinypool',
    metric: 'p50',
    ours: 'oursThread',
    than: 'tinypool',
    atMost: 1,
  },
  {
    text: 'child-process round trip against raw socket',
    metric: 'p50',
    ours: 'oursProcess',
    than: 'socket',
    atMost: 1.2,
  },
  {
    text: 'child-process: events one at a time against raw socket, batches of 100',
    metric: 'singles',
    ours: 'oursProcess',
    than: 'socket',
    thanMetric: 'batches',
    atLeast: 0.9,
  },
  {
    text: 'worker-threads: events one at a time against raw MessagePort, batches of 100',
    metric: 'singles',
    ours: 'oursThread',
    than: 'port',
    thanMetric: 'batches',
    atLeast: 0.9,
  },
  {
    text: 'child-process: events one at a time against fork advanced, singles',
    metric: 'singles',
    ours: 'oursProcess',
    than: 'forkAdvanced',
    atLeast: 3,
  },
  {
    text: 'worker-threads: events one at a time against piscina, singles over a port',
    metric: 'singles',
    ours: 'oursThread',
    than: 'piscina',
    atLeast: 3,
  },
  {
    text: 'child-process spawn to first answer against bare fork',
    metric: 'spawn',
    ours: 'oursProcess',
    than: 'forkJson',
    atMost: 1.2,
  },
  {
    text: 'worker-threads spawn to first answer against bare Worker',
    metric: 'spawn',
    ours: 'oursThread',
    than: 'port',
    atMost: 1.2,
  },
  {
    text: 'child-process 10 MB echo against raw socket',
    metric: 'echo10M',
    ours: 'oursProcess',
    than: 'socket',
    atMost: 2,
  },
];

export function tables(
  results: Results,
  contenders: Readonly<Record<string, Contender>>,
  conditions: Conditions,
): string {
  const median = (key: string, metric: string): number | undefined => {
    const values = results
      .get(key)
      ?.get(metric)
      ?.toSorted((a, b) => a - b);
    return values?.[Math.floor(values.length / 2)];
  };
  const number = (value: number | undefined, digits = 0): string => (value === undefined ? '' : value.toFixed(digits));
  const rate = (value: number | undefined): string => (value === undefined ? '' : `${Math.round(value / 1000)} k`);
  const rows = [...results.keys()].map((key) =>
    [
      contenders[key]?.name ?? key,
      number(median(key, 'p50')),
      number(median(key, 'p99')),
      rate(median(key, 'singles')),
      rate(median(key, 'batches')),
      number(median(key, 'echo100K'), 2),
      number(median(key, 'echo10M'), 1),
      number(median(key, 'spawn')),
      number(median(key, 'memory')),
    ].join(' | '),
  );
  const checks = targets.flatMap((target) => {
    const ours = median(target.ours, target.metric);
    const theirs = median(target.than, target.thanMetric ?? target.metric);
    if (ours === undefined || theirs === undefined) return [];
    const ratio = ours / theirs;
    const met = target.atMost === undefined ? ratio >= (target.atLeast ?? 0) : ratio <= target.atMost;
    const wanted = target.atMost === undefined ? `at least ${target.atLeast ?? 0}` : `at most ${target.atMost}`;
    return [`| ${target.text} | ${ratio.toFixed(2)} | ${wanted} | ${met ? 'met' : '**not met**'} |`];
  });
  return `Medians of ${conditions.rounds} rounds, each contender once a round. ${conditions.machine}; load average ${conditions.load.toFixed(1)} at the end.

| | round trip p50, µs | p99, µs | issues/s, one at a time | issues/s, batches of 100 | echo 100 KB, ms | echo 10 MB, ms | spawn to first answer, ms | idle memory, MB |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |
${rows.map((row) => `| ${row} |`).join('\n')}

| target | ratio | wanted | |
| --- | --- | --- | --- |
${checks.join('\n')}`;
}
