/** Memory limits. On simulated time and simulated processes. */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { settle } from '../../support/simulated-clock.ts';
import type { PoolOptions } from '../../../server/pool/pool.ts';
import { filesOf, type Puppet, Stage } from './support/stage.ts';

describe('memory', () => {
  it('a process above the hard limit is ended, and the reason names the limit', async () => {
    const stage = new Stage();
    stage.check(['a']);
    await stage.ready();
    stage.at(0).begin('a');
    stage.at(0).beat(0, 1_025 * 1024 * 1024);
    assert.equal(stage.at(0).killed, true);
    await stage.at(0).die({ signal: 'SIGKILL', expected: true });
    assert.equal(
      stage.pool.health()[0]?.lastExit?.message,
      'Lint used too much memory while checking a (limit 1024 MB).',
    );
    assert.equal(stage.pool.errors()[0]?.code, 'OOM');
  });

  it('a process above the soft limit is replaced when idle; if there is room, the new one starts first', async () => {
    const stage = new Stage({ maxWorkers: 3 });
    for (const file of ['a', 'b', 'c', 'd', 'e']) stage.check([file], { detector: 'types' });
    stage.pool.configure({ maxWorkers: 3 });
    await stage.ready();
    stage.at(0).beat(0, 900 * 1024 * 1024);
    await stage.at(0).finish();
    assert.equal(stage.at(0).closed, true);
    assert.equal(stage.puppets.length, 2, 'the next is starting already');
  });

  it('above three quarters of the machine in total, idle workers end, or else the largest, whose input is not to blame', async () => {
    const gigabyte = 2 ** 30;
    const machine = { totalBytes: 2 * gigabyte, freeBytes: gigabyte, source: 'machine' } as const;
    const held = new Map<number, number>();
    const stage = new Stage({
      machine: () => Promise.resolve(machine),
      sample: () =>
        Promise.resolve(new Map([...held].map(([pid, memoryBytes]) => [pid, { memoryBytes, cpuMs: 0, processes: 1 }]))),
    });
    const checks = ['lint', 'types', 'loops'].map((detector) => stage.check([detector], { detector }));
    await stage.ready();
    const [lint, types, loops] = [stage.at(0), stage.at(1), stage.at(2)];
    for (const puppet of [lint, types]) puppet.begin(filesOf(puppet)[0] ?? '');
    await loops.finish();
    for (const [puppet, share] of [
      [lint, 0.6],
      [types, 0.7],
      [loops, 0.5],
    ] as const)
      held.set(puppet.pid, share * gigabyte);
    await stage.clock.advance(5_000);
    assert.deepEqual([loops.closed, types.killed, lint.killed], [true, false, false]);
    await loops.die({ exitCode: 0, expected: true });
    held.set(types.pid, gigabyte);
    await stage.clock.advance(5_000);
    assert.deepEqual([types.killed, lint.killed], [true, false]);
    await types.die({ signal: 'SIGKILL', expected: true });
    const { lastExit } = stage.pool.health().find(({ detector }) => detector === 'types') ?? {};
    assert.deepEqual([lastExit?.kind, lastExit?.input], ['rss-limit', 'types']);
    held.delete(types.pid);
    await lint.finish();
    await stage.clock.advance(5_000);
    await stage.ready();
    await stage.living.find(({ request }) => request !== undefined)?.finish();
    assert.deepEqual(
      checks.map(({ outcome }) => outcome?.kind === 'done' && outcome.quarantined.length),
      [0, 0, 0],
    );
  });

  it('an idle worker above the hard limit ends, however often, and its detector is not degraded', async () => {
    const stage = new Stage();
    for (let round = 0; round < 5; round += 1) {
      const check = stage.check(['a']);
      await stage.ready();
      const puppet = stage.living.at(-1) ?? assert.fail('a process');
      await puppet.finish();
      assert.equal(check.outcome?.kind, 'done', `round ${round}`);
      puppet.beat(stage.clock.now(), 2 ** 31);
      assert.equal(puppet.killed, true);
      await puppet.die({ signal: 'SIGKILL' });
      await stage.clock.advance(31_000);
    }
    assert.equal(stage.pool.health()[0]?.lastExit?.kind, 'rss-limit');
    assert.deepEqual(stage.notices, []);
  });

  it('V8 fails before the hard limit is reached', () => {
    const stage = new Stage();
    stage.check(['a']);
    return settle().then(() => assert.equal(stage.at(0).heapMb, 768));
  });

  describe('of work whose size is that of the project', () => {
    const gigabyte = 2 ** 30;
    const table = {
      programs: {
        ...{ title: 'Programs', group: 'programs', single: true, limits: { idleMs: Infinity } },
        ...{ memoryFactor: 2, memoryFactorIfFree: { light: 6 } },
      },
    };
    const started = async (options: Partial<PoolOptions> = {}): Promise<{ stage: Stage; worker: Puppet }> => {
      const stage = new Stage(options, table);
      await settle();
      stage.check(['a'], { detector: 'programs' });
      await stage.ready();
      stage.at(0).begin('a');
      return { stage, worker: stage.at(0) };
    };

    it('grows beyond its limit as long as the machine has memory to spare, up to its own end', async () => {
      const { stage, worker } = await started();
      assert.equal(worker.heapMb, 3_072, 'three quarters of what is free beyond the reserve');
      for (const size of [1, 3, 5]) worker.beat(0, size * gigabyte);
      assert.equal(worker.killed, false);
      assert.equal(stage.pool.health()[0]?.limitBytes, 6 * gigabyte);
      worker.beat(0, 6.1 * gigabyte);
      assert.equal(worker.killed, true);
    });

    it('does not grow where memory is short, or the user has set a limit', async () => {
      const machine = { totalBytes: 2 ** 34, freeBytes: 2 ** 31, source: 'machine' } as const;
      for (const options of [{ machine: () => Promise.resolve(machine) }, { memoryMb: 1_024 }]) {
        const { worker } = await started(options);
        assert.equal(worker.heapMb, 1_536);
        worker.beat(0, 2.1 * gigabyte);
        assert.equal(worker.killed, true);
      }
    });

    it('stays warm at rest, unless memory is short', async () => {
      const { stage, worker } = await started();
      worker.beat(0, 1.9 * gigabyte);
      await worker.finish();
      await stage.clock.advance(5_000);
      assert.equal(worker.closed, false);
      stage.memory = { ...stage.memory, freeBytes: 2 ** 31 };
      await stage.clock.advance(5_000);
      worker.beat(0, 1.9 * gigabyte);
      stage.check(['b'], { detector: 'programs' });
      await settle();
      await worker.finish();
      assert.equal(worker.closed, true);
    });
  });

  it('an alert comes once above 85 %, and again only after the worker was below 80 %', async () => {
    const alerts: string[] = [];
    let share = 0;
    const stage = new Stage({
      onAlert: ({ worker }) => alerts.push(worker),
      sample: (pids) =>
        Promise.resolve(
          new Map(pids.map((pid) => [pid, { memoryBytes: share * 1024 * 1024 * 1024, cpuMs: 0, processes: 1 }])),
        ),
    });
    stage.check(['a']);
    await stage.ready();
    for (const next of [0.5, 0.86, 0.9, 0.82, 0.9, 0.79, 0.87]) {
      share = next;
      stage.at(0).begin('a');
      stage.at(0).beat(stage.clock.now());
      await stage.clock.advance(5_000);
    }
    assert.deepEqual(alerts, ['lint#1', 'lint#1']);
  });
});
