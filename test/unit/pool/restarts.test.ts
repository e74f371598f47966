/** What happens after crashes. On simulated time and simulated processes. */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { MachineMemory } from '../../../server/pool/machine.ts';
import { PlanFailure } from '../../../server/pool/pool.ts';
import { settle } from '../../support/simulated-clock.ts';
import { filesOf, Stage } from './support/stage.ts';

describe('restarts', () => {
  it('of one worker repeat its work and leave the others alone', async () => {
    const stage = new Stage();
    const check = stage.check(['a']);
    const other = stage.check(['b'], { detector: 'types' });
    await stage.ready();
    const name = stage.pool.health().find(({ detector }) => detector === 'lint')?.name ?? '';
    const restarted = stage.pool.restartWorker(name);
    const [killed] = stage.puppets.filter((puppet) => puppet.killed);
    assert.equal(stage.puppets.filter((puppet) => puppet.killed).length, 1);
    await killed?.die({ signal: 'SIGKILL' });
    await restarted;
    await stage.ready();
    for (const puppet of stage.living) await puppet.finish();
    assert.deepEqual([check.outcome?.kind, other.outcome?.kind], ['done', 'done']);
    const health = stage.pool.health().find(({ detector }) => detector === 'lint');
    assert.equal(health?.restarts, 0, 'it did not crash');
    assert.deepEqual(
      health.exits.map(({ kind, message }) => [kind, message]),
      [['cancelled', 'Restarted on request.']],
    );
  });

  it('of a worker that does not exist are refused', async () => {
    await assert.rejects(new Stage().pool.restartWorker('lint#9'), /no worker named lint#9/);
  });

  it('two crashes before ready disable the detector; a restart enables it again', async () => {
    const stage = new Stage();
    const check = stage.check(['a']);
    await settle();
    await stage.at(0).die({ exitCode: 1, stderr: ['TypeError: no feet'] });
    await stage.clock.advance(1_000);
    await stage.at(1).die({ exitCode: 1, stderr: ['TypeError: no feet'] });
    assert.ok(check.outcome?.kind === 'failed');
    assert.match(check.outcome.message, /before it was ready \(exit code 1\): TypeError: no feet/);
    assert.deepEqual(
      stage.notices.map(({ kind }) => kind),
      ['disabled'],
    );
    assert.equal((await stage.check(['b']).settled).kind, 'failed', 'at once from now on');
    assert.equal(stage.puppets.length, 2);
    await stage.pool.restart('lint');
    const again = stage.check(['a']);
    await stage.ready();
    await stage.at(2).finish();
    assert.equal(again.outcome?.kind, 'done');
  });

  it('three crashes that no input caused degrade the detector; its work is refused, offered again, and tried by one probe', async () => {
    const stage = new Stage();
    for (let crash = 0; crash < 3; crash += 1) {
      stage.check([`f${crash}`], { revision: crash });
      await stage.clock.advance(1_000);
      await stage.ready();
      await stage.living.at(-1)?.finish();
      await stage.living.at(-1)?.die({ signal: 'SIGSEGV' });
    }
    assert.deepEqual(
      stage.notices.map(({ kind }) => kind),
      ['degraded'],
    );
    const offered: string[] = [];
    stage.pool.onAvailable((detector) => offered.push(detector));
    const refused = stage.check(['x']);
    await settle();
    assert.ok(refused.outcome?.kind === 'failed');
    assert.match(refused.outcome.message, /crashed.*tries again later/);
    assert.equal(stage.pool.health()[0]?.state, 'degraded');
    const other = stage.check(['z'], { detector: 'types' });
    await stage.clock.advance(20_000);
    assert.equal(stage.living.length, 1, 'only the other detector works');
    await stage.ready();
    await stage.living[0]?.finish();
    assert.equal(other.outcome?.kind, 'done');
    assert.deepEqual(offered, []);
    await stage.clock.advance(10_000);
    assert.deepEqual(offered, ['lint']);
    const [first, second] = [stage.check(['x']), stage.check(['y'])];
    await stage.ready();
    const probe = stage.living.at(-1) ?? assert.fail('a probe');
    assert.deepEqual(filesOf(probe), ['x']);
    assert.equal(stage.living.length, 2, 'one probe');
    await probe.finish();
    await stage.ready();
    for (const puppet of stage.living) if (puppet.request !== undefined) await puppet.finish();
    assert.deepEqual([first.outcome?.kind, second.outcome?.kind], ['done', 'done']);
    assert.ok(!stage.pool.health().some(({ state }) => state === 'degraded'));
  });

  it('if all workers are killed from outside, detectors are degraded one by one, and recover without the user', async () => {
    const stage = new Stage();
    const offered = new Set<string>();
    stage.pool.onAvailable((detector) => offered.add(detector));
    const files = Array.from({ length: 60 }, (_, index) => `f${index}`);
    const checks = ['lint', 'types', 'loops'].map((detector) => stage.check(files, { detector }));
    while (checks.some(({ outcome }) => outcome === undefined)) {
      await stage.clock.advance(500);
      await stage.ready();
      for (const puppet of stage.living) {
        puppet.begin(filesOf(puppet)[0] ?? '');
        await puppet.die({ signal: 'SIGKILL' });
      }
    }
    assert.deepEqual(
      stage.notices.map(({ kind }) => kind),
      ['degraded', 'degraded', 'degraded'],
    );
    assert.deepEqual(stage.pool.quarantined(), []);
    await stage.clock.advance(31_000);
    assert.deepEqual([...offered].sort(), ['imports', 'lint', 'loops', 'types']);
  });

  it('if several detectors crash, all are stopped with a notice, and a restart enables them again', async () => {
    const stage = new Stage();
    for (let crash = 0; crash < 5; crash += 1) {
      const check = stage.check(['a'], { detector: crash < 3 ? 'lint' : 'types', revision: crash });
      await stage.clock.advance(1_000);
      await stage.ready();
      await stage.living[0]?.finish();
      assert.equal(check.outcome?.kind, 'done');
      await stage.living[0]?.die({ signal: 'SIGSEGV' });
    }
    assert.deepEqual(
      stage.notices.map(({ kind, title }) => `${kind} ${title}`),
      ['degraded Lint', 'stopped Types'],
    );
    const refused = await stage.check(['a'], { detector: 'loops' }).settled;
    assert.ok(refused.kind === 'failed');
    assert.equal(
      refused.message,
      'Workers crashed too often and are off until you restart them. The last crash: Types crashed (SIGSEGV).',
    );
    await stage.pool.restart();
    const again = stage.check(['a'], { detector: 'loops', revision: 9 });
    await stage.ready();
    await stage.living[0]?.finish();
    assert.equal(again.outcome?.kind, 'done');
  });

  it('a detector that crashes on every input is degraded, and its inputs leave quarantine', async () => {
    const stage = new Stage({ maxWorkers: 1 });
    const check = stage.check(Array.from({ length: 12 }, (_, index) => `f${index}`));
    for (let round = 0; check.outcome === undefined && round < 200; round += 1) {
      await stage.ready();
      const puppet = stage.living.find(({ request }) => request !== undefined);
      const [file] = puppet === undefined ? [] : filesOf(puppet);
      if (puppet !== undefined && file !== undefined) {
        puppet.begin(file);
        await puppet.die({ signal: 'SIGSEGV' });
      } else await stage.clock.advance(1_000);
    }
    assert.equal(check.outcome?.kind, 'failed');
    assert.deepEqual(
      stage.notices.map(({ kind }) => kind),
      ['degraded'],
    );
    assert.deepEqual(stage.pool.quarantined(), []);
    assert.ok(stage.puppets.length <= 12, `${stage.puppets.length} processes were tried`);
  });

  it('an input that is only killed from outside is postponed, never quarantined; the rest continues', async () => {
    const stage = new Stage();
    const offered: string[] = [];
    stage.pool.onAvailable((detector) => offered.push(detector));
    const check = stage.check(['a', 'b'], { detector: 'types' });
    let kills = 0;
    while (check.outcome === undefined) {
      await stage.clock.advance(100);
      await stage.ready();
      const puppet = stage.living.find(({ request }) => request !== undefined);
      if (puppet === undefined) continue;
      puppet.begin('a');
      if (filesOf(puppet).includes('a')) {
        await puppet.die({ signal: 'SIGKILL' });
        kills += 1;
      } else await puppet.finish();
    }
    assert.equal(kills, 8);
    assert.ok(check.outcome.kind === 'failed');
    assert.deepEqual(
      check.outcome.unfinished.map(({ file }) => file),
      ['a'],
    );
    assert.match(
      check.outcome.message,
      /^Types was killed by another process while checking a \(SIGKILL\).*8 times.*tries again later/,
    );
    assert.deepEqual(stage.pool.quarantined(), []);
    assert.deepEqual(stage.notices, []);
    await stage.clock.advance(29_000);
    assert.deepEqual(offered, []);
    await stage.clock.advance(1_001);
    assert.deepEqual(offered, ['types']);
    const again = stage.check(['a'], { detector: 'types', revision: 2 });
    await stage.ready();
    await stage.living.find(({ request }) => request !== undefined)?.finish();
    assert.equal(again.outcome?.kind, 'done');
  });

  it('a signal counts against the input if the process sent it itself, or if memory is short', async () => {
    for (const [exit, freeBytes, message] of [
      [{ signal: 'SIGKILL', selfInflicted: true }, 2 ** 33, /^Lint killed itself while checking a \(SIGKILL\)/],
      [{ signal: 'SIGTERM' }, 2 ** 20, /^The system ran out of memory and killed Lint/],
    ] as const) {
      const memory: MachineMemory = { totalBytes: 2 ** 34, freeBytes, source: 'machine' };
      const stage = new Stage({ machine: () => Promise.resolve(memory) });
      const check = stage.check(['a']);
      await stage.clock.advance(5_000);
      for (let death = 0; death < 2; death += 1) {
        await stage.ready();
        const puppet = stage.living[0] ?? assert.fail('a process');
        puppet.begin('a');
        puppet.beat(stage.clock.now(), 500_000_000);
        await puppet.die(exit);
        await stage.clock.advance(1_000);
      }
      assert.ok(check.outcome?.kind === 'done');
      assert.match(check.outcome.quarantined[0]?.reason.message ?? '', message);
    }
  });

  it('so does a missing heartbeat, if the process stopped itself', async () => {
    for (const selfInflicted of [true, false]) {
      const stage = new Stage();
      const check = stage.check(['a']);
      for (let death = 0; death < 2; death += 1) {
        await stage.ready();
        const puppet = stage.living[0] ?? assert.fail('a process');
        puppet.begin('a');
        await stage.clock.advance(21_000);
        assert.equal(puppet.killed, true);
        await puppet.die({ signal: 'SIGKILL', expected: true, selfInflicted });
      }
      assert.equal(check.outcome?.kind, selfInflicted ? 'done' : undefined);
      assert.equal(stage.pool.quarantined().length, selfInflicted ? 1 : 0);
    }
  });

  it('external kills before ready do not disable a detector', async () => {
    const stage = new Stage();
    const check = stage.check(['a']);
    for (let kill = 0; kill < 9; kill += 1) {
      await stage.clock.advance(1_000);
      await stage.living[0]?.die({ signal: 'SIGKILL' });
    }
    await stage.clock.advance(1_000);
    await stage.ready();
    await stage.living[0]?.finish();
    assert.equal(check.outcome?.kind, 'done');
    assert.deepEqual(stage.notices, []);
  });

  it('after a successful probe no worker of the group is shown as degraded', async () => {
    const stage = new Stage();
    for (const file of ['a', 'b']) stage.check([file]);
    await stage.ready();
    for (const puppet of stage.living) await puppet.finish();
    for (const puppet of stage.living) await puppet.die({ signal: 'SIGSEGV' });
    stage.check(['c'], { revision: 2 });
    await stage.clock.advance(1_000);
    await stage.ready();
    await stage.living[0]?.finish();
    await stage.living[0]?.die({ signal: 'SIGSEGV' });
    const states = (): readonly string[] => stage.pool.health().map(({ state }) => state);
    assert.deepEqual(states(), ['degraded', 'degraded']);
    await stage.clock.advance(30_000);
    stage.check(['c'], { revision: 3 });
    await stage.ready();
    await stage.living[0]?.finish();
    assert.deepEqual(states(), ['ready', 'stopped']);
  });

  it('a plan whose worker is killed from outside every time fails, and is offered again', async () => {
    const stage = new Stage();
    const offered: string[] = [];
    stage.pool.onAvailable((detector) => offered.push(detector));
    const plan = stage.pool.plan({ detector: 'loops', root: '/r', options: {} }, new AbortController().signal);
    const failed = assert.rejects(plan, /killed by another process \(SIGKILL\)\. Bulkhead tries again later/);
    for (let kill = 0; kill < 8; kill += 1) {
      await stage.ready();
      await stage.living[0]?.die({ signal: 'SIGKILL' });
    }
    await failed;
    await stage.clock.advance(30_001);
    assert.deepEqual(offered, ['loops', 'imports']);
  });

  it('an input released from quarantine is offered again', async () => {
    const stage = new Stage();
    const offered: string[] = [];
    stage.pool.onAvailable((detector) => offered.push(detector));
    const check = stage.check(['a']);
    for (let death = 0; death < 2; death += 1) {
      await stage.clock.advance(1_000);
      await stage.ready();
      stage.living[0]?.begin('a');
      await stage.living[0]?.die();
    }
    assert.equal(check.outcome?.kind === 'done' && check.outcome.quarantined.length, 1);
    assert.equal(
      stage.pool.releaseQuarantine(({ file }) => file === 'b'),
      0,
    );
    assert.equal(stage.pool.releaseQuarantine(), 1);
    assert.deepEqual(offered, [], 'not before the caller has gone on');
    await stage.clock.advance(1);
    assert.deepEqual(offered, ['lint']);
  });

  it('a restart offers refused work again', async () => {
    const stage = new Stage();
    const offered: string[] = [];
    stage.pool.onAvailable((detector) => offered.push(detector));
    const check = stage.check(['a']);
    for (let start = 0; start < 2; start += 1) {
      await stage.clock.advance(1_000);
      await stage.living[0]?.die({ exitCode: 1 });
    }
    assert.equal(check.outcome?.kind, 'failed');
    assert.equal(stage.pool.health()[0]?.state, 'disabled');
    await stage.clock.advance(600_000);
    assert.deepEqual(offered, []);
    await stage.pool.restart('lint');
    await stage.clock.advance(1);
    assert.deepEqual(offered, ['lint']);
  });

  it('a restart on request repeats the work in progress, and is no crash', async () => {
    const stage = new Stage();
    const check = stage.check(['a', 'b']);
    await stage.ready();
    stage.at(0).begin('a');
    const restarted = stage.pool.restart('lint');
    assert.equal(stage.at(0).killed, true);
    await stage.at(0).die({ signal: 'SIGKILL', expected: true });
    await restarted;
    await stage.ready();
    assert.deepEqual(filesOf(stage.at(1)), ['a', 'b']);
    await stage.at(1).finish();
    assert.ok(check.outcome?.kind === 'done');
    assert.deepEqual(stage.pool.errors(), []);
  });

  it('a plan is tried twice, and the failure names the file whose code ran', async () => {
    const stage = new Stage();
    const plan = stage.pool.plan({ detector: 'lint', root: '/r', options: {} }, new AbortController().signal);
    const failed = assert.rejects(
      plan,
      (error: unknown) =>
        error instanceof PlanFailure && error.reason?.kind === 'exit' && error.reason.input === 'conf',
    );
    await stage.ready();
    await stage.at(0).die();
    await stage.ready();
    stage.at(1).loading('conf');
    await stage.at(1).die();
    await failed;
    assert.equal(stage.puppets.length, 2);
  });

  it('a process that was stopped below a worker ends it, and the input is not to blame', async () => {
    let stopped = true;
    const usage = { memoryBytes: 1, cpuMs: 0, processes: 2 };
    const stage = new Stage({
      sample: (pids) => Promise.resolve(new Map(pids.map((pid) => [pid, stopped ? { ...usage, stopped } : usage]))),
    });
    const check = stage.check(['a']);
    await stage.ready();
    stage.at(0).begin('a');
    const live = async (ms: number): Promise<void> => {
      for (let passed = 0; passed < ms; passed += 1_000) {
        stage.at(0).beat(stage.clock.now());
        void stage.at(0).say({ kind: 'progress', done: 0, total: 1 });
        await stage.clock.advance(1_000);
      }
    };
    await live(10_000);
    assert.equal(stage.at(0).killed, false, 'it may go on');
    stopped = false;
    await live(15_000);
    stopped = true;
    await live(15_000);
    assert.equal(stage.at(0).killed, true, 'within 20 s');
    await stage.at(0).die({ signal: 'SIGKILL', expected: true });
    const { lastExit } = stage.pool.health()[0] ?? {};
    assert.equal(lastExit?.message, 'Lint waited for a process that another one had stopped.');
    await stage.ready();
    await stage.at(1).finish();
    assert.ok(check.outcome?.kind === 'done');
    assert.deepEqual(check.outcome.quarantined, []);
  });

  it('code that never loads is told after 10 s, once for each file', async () => {
    const told: string[] = [];
    const stage = new Stage({ onSlow: (message) => told.push(message) });
    stage.pool.plan({ detector: 'lint', root: '/r', options: {} }, new AbortController().signal).catch(() => {});
    await stage.ready();
    stage.at(0).loading('quick.config.js');
    await stage.clock.advance(9_000);
    stage.at(0).loading('eslint.config.js');
    await stage.clock.advance(9_000);
    assert.deepEqual(told, []);
    await stage.clock.advance(60_000);
    assert.deepEqual(told, [
      'Lint has been loading eslint.config.js for 10 s. If that does not end, it is stopped after 180 s without progress.',
    ]);
  });
});
