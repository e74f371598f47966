import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { describe, it } from 'mocha';
import { poolOperations } from '../../../server/pool/pool-requests.ts';
import type { HealthParams } from '../../../workers/protocol/health.ts';
import type { QuarantinedInput, SupervisedPool } from '../../../server/pool/types.ts';
import { TaskMetrics } from '../../../workers/ipc/pool/task-metrics.ts';
import { settle, SimulatedClock } from '../../support/simulated-clock.ts';

class FakePool implements Partial<SupervisedPool> {
  readonly listeners = new Set<() => void>();
  readonly captured: unknown[][] = [];
  readonly restarted: (string | undefined)[] = [];
  cleared = 0;
  inputs: readonly QuarantinedInput[] = ['a.ts', 'b.ts'].map((file) => ({
    detector: 'lint',
    root: '/r',
    unit: { id: file, kind: 'file', group: 'g', file },
    file,
    reason: { kind: 'hang', message: 'm', stderr: [] },
    since: 1,
  }));
  health = (): readonly [] => [];
  machine = (): ReturnType<SupervisedPool['machine']> => {
    this.change();
    return Promise.resolve({ totalBytes: 2, freeBytes: 1, source: 'machine', workerBytes: 0, processes: 0 });
  };
  quarantined = (): readonly QuarantinedInput[] => this.inputs;
  onHealth = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };
  tasks = (): ReturnType<SupervisedPool['tasks']> => new TaskMetrics().figures();
  errors = (): readonly [] => [];
  clearErrors = (): void => {
    this.cleared += 1;
  };
  releaseQuarantine = (matches: (input: QuarantinedInput) => boolean = () => true): number => {
    const before = this.inputs.length;
    this.inputs = this.inputs.filter((input) => !matches(input));
    return before - this.inputs.length;
  };
  restartWorker = (worker: string): Promise<void> => {
    this.restarted.push(worker);
    return Promise.resolve();
  };
  restart = (detector?: string): Promise<void> => {
    this.restarted.push(detector);
    return Promise.resolve();
  };
  capture = (...args: unknown[]): Promise<void> => {
    this.captured.push(args);
    return Promise.resolve();
  };

  change(): void {
    for (const listener of this.listeners) listener();
  }
}

describe('requests of a pool', () => {
  const open = (): {
    pool: FakePool;
    clock: SimulatedClock;
    sent: HealthParams[];
    operations: ReturnType<typeof poolOperations>;
    folder: string;
  } => {
    const pool = new FakePool();
    const clock = new SimulatedClock();
    const sent: HealthParams[] = [];
    const folder = path.join(os.tmpdir(), 'bulkhead-captures');
    const operations = poolOperations({
      pool: pool as unknown as SupervisedPool,
      captureFolder: folder,
      notify: (health) => sent.push(health),
      clock,
    });
    return { pool, clock, sent, operations, folder };
  };

  it('notify of health only while it is watched, only of changes, and at most twice a second', async () => {
    const { pool, clock, sent, operations } = open();
    pool.change();
    await clock.advance(5_000);
    assert.equal(sent.length, 0);
    const { server } = await operations.requests['bulkhead/watchHealth']({ on: true });
    assert.equal(server.pid, process.pid);
    assert.ok(server.memoryBytes > 0);
    await clock.advance(5_000);
    const quiet = sent.length;
    await clock.advance(60_000);
    assert.equal(sent.length, quiet, 'nothing changes, nothing is sent');
    for (let change = 0; change < 100; change += 1) {
      pool.change();
      await clock.advance(50);
    }
    assert.ok(sent.length - quiet >= 9 && sent.length - quiet <= 11, `${sent.length - quiet} notifications in 5 s`);
    await operations.requests['bulkhead/watchHealth']({ on: false });
    const closed = sent.length;
    pool.change();
    await clock.advance(5_000);
    assert.equal(sent.length, closed);
    assert.equal(clock.timers, 0);
  });

  it('release by detector, root and file', () => {
    const { operations } = open();
    const release = operations.requests['bulkhead/releaseQuarantine'];
    assert.deepEqual(release({ detector: 'types' }), { released: 0 });
    assert.deepEqual(release({ root: '/elsewhere', file: 'a.ts' }), { released: 0 });
    assert.deepEqual(release({ root: '/r', file: 'a.ts' }), { released: 1 });
    assert.deepEqual(release({}), { released: 1 });
  });

  it('restart, and return errors before clearing them', async () => {
    const { pool, operations } = open();
    assert.equal(await operations.requests['bulkhead/restartWorker']({ detector: 'lint' }), null);
    assert.equal(await operations.requests['bulkhead/restartWorker']({ worker: 'lint#2' }), null);
    assert.deepEqual(pool.restarted, ['lint', 'lint#2']);
    assert.deepEqual(operations.requests['bulkhead/errors']({}), { errors: [] });
    assert.equal(pool.cleared, 0);
    operations.requests['bulkhead/errors']({ clear: true });
    assert.equal(pool.cleared, 1);
  });

  it('name captures after their worker, inside their folder, and limit the length of profiles', async () => {
    const { pool, operations, folder } = open();
    try {
      const { file } = await operations.requests['bulkhead/captureHeapSnapshot']({ worker: '../../x#1' });
      assert.equal(path.dirname(file), folder);
      assert.match(path.basename(file), /^-+x-1-\d+-1\.heapsnapshot$/);
      await operations.requests['bulkhead/captureCpuProfile']({ worker: 'lint#1', durationMs: 1e9 });
      assert.equal(pool.captured[1]?.[3], 60_000);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
    await settle();
  });
});
