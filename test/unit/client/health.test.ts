/** What the health view and the dashboard show, as plain data. */
import assert from 'node:assert/strict';
import { History } from '../../../client/dashboard/history.ts';
import { pageOf } from '../../../client/dashboard/html.ts';
import { groupErrors } from '../../../client/health/errors.ts';
import { duration, memory } from '../../../client/health/format.ts';
import { healthReport, healthTree, type HealthNode, type HealthSnapshot } from '../../../client/health/model.ts';
import type { View } from '../../../client/view.ts';
import type { StatusParams } from '../../../workers/protocol/editor-protocol.ts';
import type { AggregatedError, WorkerHealth } from '../../../workers/protocol/health.ts';

const megabyte = 1024 * 1024;
const crash = {
  kind: 'oom-heap',
  message: 'ESLint ran out of memory while checking src/a.ts.',
  input: 'src/a.ts',
} as const;
const worker: WorkerHealth = {
  name: 'eslint#1',
  detector: 'eslint',
  root: '/r',
  driver: 'child-process',
  state: 'busy',
  pid: 7,
  memoryBytes: 300 * megabyte,
  peakMemoryBytes: 900 * megabyte,
  limitBytes: 1024 * megabyte,
  cpuPercent: 87.4,
  tasksDone: 12,
  tasksFailed: 1,
  queued: 3,
  restarts: 1,
  consecutiveCrashes: 0,
  lastExit: { ...crash, stderr: [] },
  exits: [{ ...crash, at: 5000 }],
  current: { title: 'ESLint', input: 'src/b.ts', elapsedMs: 3000 },
  uptimeMs: 65_000,
  heartbeatAgeMs: 0,
};
const figures = { completed: 12, failed: 1 } as HealthSnapshot['health']['tasks'];
const snapshot: HealthSnapshot = {
  health: {
    workers: [worker],
    machine: {
      totalBytes: 8e9,
      freeBytes: 4e9,
      source: 'machine',
      workerBytes: 300 * megabyte,
      processes: 1,
      sandbox: {
        mode: 'require',
        state: 'full',
        untrusted: true,
        network: {
          hosts: [
            { worker: 'audit#1', host: 'registry.example.org', port: 443, outcome: 'allowed', count: 3, last: 5000 },
          ],
          unlisted: 2,
        },
      },
    },
    quarantined: [
      {
        detector: 'eslint',
        root: '/r',
        unit: { id: 'src/a.ts', kind: 'file', group: 'g', file: 'src/a.ts' },
        file: 'src/a.ts',
        reason: { ...crash, stderr: [] },
        since: 5000,
      },
    ],
    tasks: figures,
    server: { pid: 1, memoryBytes: 90 * megabyte, cpuPercent: 2, uptimeMs: 120_000, node: 'v24' },
  },
  errors: [error('src/a.ts', 5000), error('src/b.ts', 9000)],
  folders: [
    { uri: 'file:///r', sharing: 'alone', store: { dir: '/s', mode: 'disk', results: 40, bytes: 2 * megabyte } },
  ],
};
const status: StatusParams = {
  state: 'problem',
  analyses: 1,
  message: 'A rule throws',
  problems: [{ detector: 'eslint', message: 'A rule throws', count: 390, uri: 'file:///r/eslint.config.mjs' }],
  detectors: [{ name: 'eslint', title: 'ESLint', status: 'degraded', issues: 3 }],
  workers: [],
  issues: { error: 1, warning: 2, info: 0, hint: 0 },
  memoryBytes: 0,
};
const view: View = { phase: 'running', status };

function error(input: string, at: number): AggregatedError {
  const message = `ESLint crashed while checking ${input}.`;
  return {
    detector: 'eslint',
    severity: 'critical',
    code: 'WORKER_CRASH',
    message,
    root: '/r',
    input,
    first: at,
    last: at,
    count: 2,
  };
}

function find(id: string, nodes: readonly HealthNode[] = healthTree(view, snapshot)): HealthNode | undefined {
  for (const node of nodes) {
    const found = node.id === id ? node : find(id, node.children ?? []);
    if (found) return found;
  }
  return undefined;
}

describe('errors by cause', () => {
  it('are one line with a count, first and last time and all places', () => {
    const [group, ...others] = groupErrors(snapshot.errors);
    assert.deepEqual(others, []);
    assert.deepEqual(
      [group?.count, group?.first, group?.last, group?.places.map(({ file }) => file)],
      [4, 5000, 9000, ['src/b.ts', 'src/a.ts']],
    );
  });

  it('stay apart if their causes differ', () => {
    const [one] = snapshot.errors;
    assert.ok(one);
    const apart = [
      one,
      { ...one, code: 'HANG' },
      { ...one, detector: 'typescript' },
      { ...one, message: 'Else.' },
    ] as const;
    assert.equal(groupErrors(apart).length, 4);
  });

  it('of one configuration with other numbers are one', () => {
    const at = (line: number): AggregatedError => {
      return { ...error('a.json', line), message: `a.json:${line}:1: It is wrong.` };
    };
    assert.equal(groupErrors([at(1), at(2)]).length, 1);
  });
});

describe('the health view', () => {
  it('is empty without a server, so that the welcome content shows', () => {
    assert.deepEqual(healthTree({ phase: 'failed' }, undefined), []);
  });

  it('names the state, and each problem leads to its place', () => {
    const state = find('state');
    assert.equal(state?.label, 'Degraded: ESLint');
    assert.deepEqual(
      state.children?.map(({ label, opens }) => [label, opens]),
      [['A rule throws (390 places)', { uri: 'file:///r/eslint.config.mjs', line: 0 }]],
    );
  });

  it('shows of each worker what it does, uses and how it ended', () => {
    const node = find('worker eslint#1');
    assert.equal(node?.description, 'busy · 300 MB · 87 % · ESLint: src/b.ts (3 s)');
    assert.equal(node.kind, 'liveWorker');
    const rows = Object.fromEntries((node.children ?? []).map(({ label, description }) => [label, description]));
    assert.equal(rows['Memory'], '300 MB now, 900 MB at most, limit 1.0 GB');
    assert.equal(rows['Tasks'], '12 done, 1 lost, 3 waiting');
    assert.equal(rows['Restarts after a crash'], '1');
    assert.match(find('worker eslint#1 exit 5000 0')?.description ?? '', /out of memory/);
  });

  it('offers what acts on a process only for a worker that has one', () => {
    const { pid: _, current: __, ...stopped } = worker;
    const health = { ...snapshot.health, workers: [{ ...stopped, state: 'stopped' as const }] };
    assert.equal(find('worker eslint#1', healthTree(view, { ...snapshot, health }))?.kind, 'worker');
  });

  it('offers to clear errors and to release files only if there are any', () => {
    const nothing = { ...snapshot, errors: [], health: { ...snapshot.health, quarantined: [] } };
    assert.deepEqual([find('errors')?.kind, find('quarantine')?.kind], ['errors', 'quarantine']);
    const empty = healthTree(view, nothing);
    assert.deepEqual([find('errors', empty)?.kind, find('quarantine', empty)?.kind], [undefined, undefined]);
  });

  it('says where results are and with whom they are shared', () => {
    assert.equal(find('folder file:///r')?.description, '40 results, 2 MB');
    assert.match(find('folder file:///r sharing')?.label ?? '', /^Not shared/);
  });

  it('says what the sandbox lets out, and to whom', () => {
    const network = find('network');
    assert.equal(network?.description, '3 hosts reached or refused, 2 of them refused');
    assert.match(
      network.children?.map(({ label, description }) => `${label} ${description ?? ''}`).join() ?? '',
      /^registry\.example\.org:443 reached · audit#1 · 3 × · /,
    );
    assert.match(find('server')?.tooltip ?? '', /In Restricted Mode, code of the workspace runs in the sandbox/);
    const machine = { ...snapshot.health.machine, sandbox: { mode: 'off', state: 'none' } } as const;
    assert.equal(
      find('network', healthTree(view, { ...snapshot, health: { ...snapshot.health, machine } })),
      undefined,
    );
  });

  it('lists quarantined files with the reason, to be opened and released', () => {
    const node = find('quarantined eslint /r src/a.ts');
    assert.match(node?.description ?? '', /out of memory/);
    assert.deepEqual([node?.kind, node?.opens], ['quarantined', { root: '/r', file: 'src/a.ts' }]);
  });

  it('gives every node an id of its own', () => {
    const ids: string[] = [];
    const collect = (nodes: readonly HealthNode[]): void => {
      for (const { id, children = [] } of nodes) {
        ids.push(id);
        collect(children);
      }
    };
    collect(healthTree(view, snapshot));
    assert.equal(new Set(ids).size, ids.length);
  });

  it('can be copied as text', () => {
    const text = healthReport(view, snapshot, '1.2.3');
    assert.match(text, /^Bulkhead 1\.2\.3/);
    assert.match(text, /eslint#1: busy/);
    assert.match(text, /4 times/);
  });

  it('writes numbers as people do', () => {
    assert.deepEqual([0, 400, 59_000, 61_000, 7_260_000].map(duration), [
      '0 ms',
      '400 ms',
      '59 s',
      '1 min 1 s',
      '2 h 1 min',
    ]);
    assert.deepEqual([0, 1024 * megabyte, 1536 * megabyte].map(memory), ['0 MB', '1.0 GB', '1.5 GB']);
  });
});

describe('the dashboard', () => {
  it('draws a gap while a worker has no process, and marks its faults', () => {
    const history = new History();
    const { pid: _, ...stopped } = worker;
    history.add(4000, [worker], status.issues);
    history.add(6000, [stopped], { ...status.issues, error: 5 });
    const state = history.state('degraded', snapshot, status, []);
    assert.deepEqual(state.times, [4, 6]);
    assert.deepEqual(state.series, [{ name: 'eslint#1', memoryMb: [300, null], cpuPercent: [87.4, null] }]);
    assert.deepEqual(state.issues.errors, [1, 5]);
    assert.deepEqual(
      state.marks.map(({ at, kind }) => [at, kind]),
      [[5, 'fault']],
    );
  });

  it('keeps a bounded history', () => {
    const history = new History();
    for (let second = 0; second < 4000; second += 1) history.add(second * 1000, [worker], status.issues);
    assert.equal(history.state('', snapshot, status, []).times.length, 1800);
  });

  it('lists the time of detectors and rules, the slowest first', () => {
    const timings = [{ name: 'eslint', durationMs: 2000, inputs: 50, timings: { quick: 25, slow: 75 } }];
    const { detectors, rules } = new History().state('', snapshot, status, timings);
    assert.deepEqual(detectors[0], {
      detector: 'eslint',
      title: 'ESLint',
      status: 'degraded',
      issues: 3,
      inputs: 50,
      ms: 2000,
    });
    assert.deepEqual(
      rules.map(({ rule, share }) => [rule, share]),
      [
        ['slow', 0.75],
        ['quick', 0.25],
      ],
    );
  });

  it('has a page that loads nothing but its own script and style', () => {
    const page = pageOf({
      script: 'own:/page.js',
      style: 'own:/page.css',
      source: 'own:',
      nonce: 'n',
      language: 'en',
      texts: {},
    });
    assert.match(page, /default-src 'none'; style-src own:; script-src 'nonce-n'"/);
    assert.doesNotMatch(page, /https?:|unsafe|style="|onclick/);
  });
});
