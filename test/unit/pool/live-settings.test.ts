/** Settings that change while the pool runs. On simulated time and simulated processes. */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { SampleTrees } from '../../../server/pool/process-tree.ts';
import type { CheckOutcome } from '../../../server/pool/types.ts';
import { settle } from '../../support/simulated-clock.ts';
import { filesOf, Stage } from './support/stage.ts';

const MEGABYTE = 1024 * 1024;

function quarantinedIn(outcome: CheckOutcome | undefined): number {
  assert.equal(outcome?.kind, 'done');
  return outcome.quarantined.length;
}

describe('the number of workers', () => {
  it('grows at once: queued jobs start', async () => {
    const stage = new Stage({ maxWorkers: 1 });
    for (const file of ['a', 'b', 'c']) stage.check([file]);
    await stage.ready();
    assert.equal(stage.puppets.length, 1);
    stage.pool.configure({ maxWorkers: 3 });
    await stage.ready();
    assert.deepEqual(stage.puppets.map(filesOf), [['a'], ['b'], ['c']]);
  });

  it('shrinks at once by idle workers, and by no more than necessary', async () => {
    const stage = new Stage({ maxWorkers: 4 });
    for (const file of ['a', 'b', 'c', 'd']) stage.check([file]);
    await stage.ready();
    for (const puppet of stage.puppets) {
      await puppet.finish();
      await stage.clock.advance(10);
    }
    stage.pool.configure({ maxWorkers: 3 });
    assert.deepEqual(
      stage.puppets.map(({ closed }) => closed),
      [true, false, false, false],
    );
  });

  it('keeps workers whose state is expensive to rebuild', async () => {
    const stage = new Stage({ maxWorkers: 2 });
    stage.check(['types'], { detector: 'types' });
    await stage.ready();
    await stage.at(0).finish();
    await stage.clock.advance(10);
    stage.check(['lint']);
    await stage.ready();
    await stage.at(1).finish();
    stage.pool.configure({ maxWorkers: 1 });
    assert.deepEqual(
      stage.puppets.map(({ closed }) => closed),
      [false, true],
    );
  });

  it('shrinks by busy workers after their job', async () => {
    const stage = new Stage({ maxWorkers: 2 });
    const checks = ['a', 'b', 'c'].map((file) => stage.check([file]));
    await stage.ready();
    stage.pool.configure({ maxWorkers: 1 });
    assert.deepEqual(
      stage.puppets.map(({ closed, killed }) => closed || killed),
      [false, false],
    );
    await stage.at(0).finish();
    assert.equal(checks[0]?.outcome?.kind, 'done');
    assert.equal(stage.at(0).closed, true);
    await stage.at(0).die({ expected: true, exitCode: 0 });
    await stage.at(1).finish();
    assert.deepEqual(filesOf(stage.at(1)), ['c'], 'the other one goes on');
    assert.equal(stage.puppets.length, 2);
  });

  it('shrinks by a worker that is still starting', async () => {
    const stage = new Stage({ maxWorkers: 2 });
    stage.check(['a']);
    stage.check(['b']);
    await settle();
    stage.pool.configure({ maxWorkers: 1 });
    await stage.ready();
    assert.equal(stage.living.filter(({ closed }) => !closed).length, 1);
  });

  it('starts workers with another Node.js, and with its own again for an empty path', async () => {
    const programs: (string | undefined)[] = [];
    const stage = new Stage({}, undefined, ({ entry }) => programs.push(entry.node));
    stage.check(['a']);
    await stage.ready();
    stage.pool.configure({ node: '/opt/node' });
    assert.equal(stage.at(0).killed, false);
    const restarted = stage.pool.restart();
    await stage.at(0).die({ signal: 'SIGKILL' });
    await restarted;
    stage.pool.configure({ node: '' });
    stage.check(['b'], { detector: 'types' });
    await stage.ready();
    assert.deepEqual(programs, [undefined, '/opt/node', undefined]);
    const other = new Stage({ node: '/opt/other' }, undefined, ({ entry }) => programs.push(entry.node));
    other.check(['a']);
    await other.ready();
    assert.equal(programs.at(-1), '/opt/other');
  });

  it('returns to the default with 0', async () => {
    const stage = new Stage({ maxWorkers: 1 });
    for (const file of ['a', 'b', 'c']) stage.check([file]);
    await stage.ready();
    stage.pool.configure({ maxWorkers: 0 });
    await stage.ready();
    assert.equal(stage.puppets.length, 3);
  });
});

describe('the memory limit', () => {
  const limitsOf = (stage: Stage): readonly number[] =>
    stage.pool.health().map(({ limitBytes }) => limitBytes / MEGABYTE);

  it('applies to warm workers without ending them', async () => {
    const stage = new Stage();
    stage.check(['a']);
    await stage.ready();
    await stage.at(0).finish();
    stage.pool.configure({ memoryMb: 512 });
    assert.deepEqual(limitsOf(stage), [512]);
    stage.check(['b']);
    await settle();
    assert.deepEqual(filesOf(stage.at(0)), ['b']);
    stage.at(0).beat(stage.clock.now(), 600 * MEGABYTE);
    assert.equal(stage.at(0).killed, true);
  });

  it('ends an idle worker that uses more than the new limit', async () => {
    const stage = new Stage();
    stage.check(['a']);
    await stage.ready();
    stage.at(0).beat(stage.clock.now(), 600 * MEGABYTE);
    await stage.at(0).finish();
    assert.equal(stage.at(0).closed, false);
    stage.pool.configure({ memoryMb: 512 });
    assert.equal(stage.at(0).closed, true);
  });

  it('ends a busy worker that uses more than the new limit, repeats its job and blames no input', async () => {
    const stage = new Stage();
    const check = stage.check(['a']);
    await stage.ready();
    stage.at(0).begin('a');
    stage.at(0).beat(stage.clock.now(), 600 * MEGABYTE);
    stage.pool.configure({ memoryMb: 512 });
    assert.equal(stage.at(0).killed, true);
    await stage.at(0).die({ signal: 'SIGKILL', expected: true });
    assert.equal(stage.pool.health()[0]?.lastExit?.message, 'Lint used more memory than the new limit (512 MB).');
    await stage.ready();
    stage.at(1).begin('a');
    await stage.at(1).die({ exitCode: 1 });
    await stage.clock.advance(1_000);
    await stage.ready();
    await stage.at(2).finish();
    assert.equal(quarantinedIn(check.outcome), 0, 'one crash of its own is not two');
  });

  it('applies at once when raised, except to the heap limit of running workers', async () => {
    const stage = new Stage();
    stage.check(['a']);
    await stage.ready();
    assert.equal(stage.at(0).heapMb, 768);
    stage.pool.configure({ memoryMb: 4_096 });
    stage.at(0).beat(stage.clock.now(), 2_000 * MEGABYTE);
    assert.equal(stage.at(0).killed, false);
    await stage.at(0).die({ signal: 'SIGABRT', outOfMemory: 'heap' });
    assert.match(
      stage.pool.health()[0]?.lastExit?.message ?? '',
      /\(limit 1024 MB\)/,
      'the limit that the process had',
    );
    await stage.ready();
    assert.equal(stage.at(1).heapMb, 3_072);
  });

  it('returns to the default with 0', async () => {
    const stage = new Stage({ memoryMb: 512 });
    stage.check(['a']);
    await stage.ready();
    assert.deepEqual(limitsOf(stage), [512]);
    stage.pool.configure({ memoryMb: 0 });
    assert.deepEqual(limitsOf(stage), [1_024]);
  });
});

describe('the interval between health samples', () => {
  it('changes at once, even long before the next sample', async () => {
    let samples = 0;
    const sample: SampleTrees = () => {
      samples += 1;
      return Promise.resolve(new Map());
    };
    const stage = new Stage({ sample, healthIntervalMs: 60_000 });
    stage.check(['a']);
    await stage.ready();
    stage.pool.configure({ healthIntervalMs: 1_000 });
    await stage.clock.advance(3_500);
    assert.equal(samples, 3);
  });
});
