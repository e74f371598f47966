/** A server in trouble whose own words are one letter long: what is left is what the client says. */
import type { HealthSnapshot } from '../../../client/health/model.ts';
import type { StatusParams } from '../../../workers/protocol/editor-protocol.ts';

const worker = { name: 'w', detector: 'd', root: '/r', driver: 'x', memoryBytes: 1, peakMemoryBytes: 2, restarts: 1, pid: 7 } as const; // prettier-ignore
const exit = { kind: 'signal', message: 'm', at: 0, input: 'i' } as const;

export const status: StatusParams = {
  state: 'idle',
  analyses: 1,
  percent: 7,
  message: 'm',
  problems: [1, 2, 3].map((count) => ({ message: 'p', count })),
  detectors: [
    { name: 'd', title: 'D', status: 'restricted', issues: 1, stale: 1 },
    { name: 'e', title: 'E', status: 'failed', issues: 1, stale: 3, error: 'e' },
  ],
  workers: [{ ...worker, state: 'backing-off', lastExit: 'm' }],
  issues: { error: 1, warning: 2, info: 3, hint: 4 },
  memoryBytes: 1,
};

export const health: HealthSnapshot = {
  health: {
    workers: (['busy', 'ready', 'stopped', 'disabled', 'starting', 'backing-off'] as const).map((state) => ({
      ...worker,
      state,
      limitBytes: 3,
      cpuPercent: 4,
      tasksDone: 1,
      tasksFailed: 1,
      queued: 1,
      consecutiveCrashes: 0,
      lastExit: { ...exit, stderr: [] },
      exits: [exit],
      current: { title: 't', input: 'i', elapsedMs: 7_000_000 },
      uptimeMs: 70_000,
      heartbeatAgeMs: 1,
    })),
    machine: {
      totalBytes: 2 ** 40,
      freeBytes: 1,
      source: 'machine',
      workerBytes: 1,
      processes: 1,
      diskFreeBytes: 1,
      sandbox: { mode: 'auto', state: 'unknown' },
    },
    quarantined: [
      { detector: 'd', root: '/r', file: 'f', unit: { id: 'u', kind: 'file', group: 'g', file: 'f' }, reason: { ...exit, stderr: [] }, since: 0 }, // prettier-ignore
    ],
    tasks: {} as HealthSnapshot['health']['tasks'],
    server: { pid: 1, memoryBytes: 1, cpuPercent: 1, uptimeMs: 100, node: '1' },
  },
  errors: [
    { detector: 'd', severity: 'high', code: 'HANG', message: 'm', cause: 'c', root: '/r', input: 'f', first: 0, last: 1, count: 2 }, // prettier-ignore
  ],
  folders: (['leader', 'follower', 'alone', 'off'] as const).map((sharing, index) => ({
    uri: 'file:///r',
    sharing,
    store: { dir: '/s', mode: (['disk', 'memory', 'off', 'disk'] as const)[index] ?? 'disk', results: index, bytes: 1 },
  })),
};
