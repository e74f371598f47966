/** What the pool measures and reports. On simulated time and simulated processes. */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { SampleTrees } from '../../../server/pool/process-tree.ts';
import { settle } from '../../support/simulated-clock.ts';
import { Stage } from './support/stage.ts';

describe('health', () => {
  it('is not sampled while no worker is busy', async () => {
    let samples = 0;
    const stage = new Stage({
      sample: () => {
        samples += 1;
        return Promise.resolve(new Map());
      },
    });
    await stage.clock.advance(60_000);
    assert.equal(samples, 0);
    stage.check(['a']);
    await stage.ready();
    await stage.at(0).finish();
    await stage.clock.advance(60_000);
    assert.equal(samples, 2, 'one while it may still work, one for what is left');
  });

  it('shows every state of a worker', async () => {
    const stage = new Stage();
    const state = (): string | undefined => stage.pool.health()[0]?.state;
    const check = stage.check(['a']);
    await settle();
    assert.equal(state(), 'starting');
    await stage.ready();
    assert.equal(state(), 'busy');
    await stage.at(0).finish();
    assert.equal(state(), 'ready');
    assert.equal(check.outcome?.kind, 'done');
    await stage.clock.advance(300_000);
    await stage.at(0).die({ exitCode: 0, expected: true });
    assert.equal(state(), 'stopped', 'nobody needed it');
    const plan = stage.pool.plan({ detector: 'lint', root: '/r', options: {} }, new AbortController().signal);
    const failed = assert.rejects(plan);
    for (let crash = 0; crash < 2; crash += 1) {
      await stage.ready();
      await stage.living[0]?.die();
    }
    await failed;
    assert.equal(state(), 'backing-off');
    stage.check(['a'], { revision: 2 });
    await stage.clock.advance(1_000);
    await stage.ready();
    await stage.living[0]?.finish();
    await stage.living[0]?.die({ signal: 'SIGSEGV' });
    assert.equal(state(), 'degraded');
    await stage.pool.restart();
    for (let start = 0; start < 2; start += 1) {
      stage.check(['x'], { revision: 9 });
      await stage.clock.advance(1_000);
      await stage.living[0]?.die({ exitCode: 1 });
    }
    assert.equal(state(), 'disabled');
  });

  it('reports heap, event-loop utilization and the age of the last heartbeat', async () => {
    const stage = new Stage();
    stage.check(['a']);
    await stage.ready();
    stage.at(0).beat(stage.clock.now(), 50_000_000, { heapUsedBytes: 7_000_000, utilization: 0.5 });
    await stage.clock.advance(700);
    const [health] = stage.pool.health();
    assert.deepEqual([health?.heapUsedBytes, health?.eventLoopUtilization, health?.heartbeatAgeMs], [7e6, 0.5, 700]);
  });

  it('follows a change of the interval at once', async () => {
    let samples = 0;
    const sample: SampleTrees = () => {
      samples += 1;
      return Promise.resolve(new Map());
    };
    const stage = new Stage({ sample, healthIntervalMs: 1_000 });
    stage.check(['a']);
    await stage.ready();
    const beat = async (seconds: number): Promise<number> => {
      samples = 0;
      for (let second = 0; second < seconds; second += 1) {
        stage.at(0).begin('a');
        stage.at(0).beat(stage.clock.now());
        await stage.clock.advance(1_000);
      }
      return samples;
    };
    assert.equal(await beat(10), 10);
    stage.pool.configure({ healthIntervalMs: 5_000 });
    await beat(1);
    assert.equal(await beat(10), 2);
  });

  it('reports the state, counts and the last exit', async () => {
    const stage = new Stage();
    let changes = 0;
    const stop = stage.pool.onHealth(() => {
      changes += 1;
    });
    stage.check(['a']);
    await stage.ready();
    await stage.clock.advance(2_000);
    const [busy] = stage.pool.health();
    assert.equal(busy?.state, 'busy');
    assert.equal(busy.current?.elapsedMs, 2_000);
    assert.ok(changes > 0);
    await stage.at(0).die({ signal: 'SIGSEGV', stderr: ['ouch'] });
    await stage.ready();
    await stage.at(1).finish();
    const [health] = stage.pool.health();
    assert.equal(health?.state, 'ready');
    assert.equal(health.restarts, 1);
    assert.equal(health.tasksDone, 1);
    assert.equal(health.tasksFailed, 1);
    assert.equal(health.consecutiveCrashes, 0);
    assert.equal(health.lastExit?.kind, 'signal');
    assert.deepEqual(health.lastExit.stderr, ['ouch']);
    assert.equal(health.current, undefined);
    assert.deepEqual(
      health.exits.map(({ kind, at }) => [kind, at]),
      [['signal', stage.clock.date()]],
    );
    stop();
  });
});
