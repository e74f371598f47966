/** Everything a detector can do to its process, done to real processes. Nothing of the other files may be lost. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, it } from 'mocha';
import type { Limits } from '../../server/pool/worker-entry.ts';
import type { ExitKind, Pool } from '../../server/pool/types.ts';
import { grandchildMark } from '../fixtures/workers/misbehaviours.ts';
import { processesWith } from '../support/processes.ts';
import { Scene } from './support/scene.ts';

interface Fault {
  readonly behaviour: string;
  readonly kinds: readonly ExitKind[];
  readonly limits?: Partial<Limits>;
  readonly linuxOnly?: boolean;
}

/** Also a file that is well needs its time on a busy machine. */
const quick: Partial<Limits> = { progressMs: 3_000 };
const small: Partial<Limits> = { memoryMb: 300, progressMs: 20_000 };

/** Faults of an input: each ends its process every time. */
const faults: readonly Fault[] = [
  { behaviour: 'exit-0', kinds: ['exit'] },
  { behaviour: 'exit-1', kinds: ['exit'] },
  { behaviour: 'uncaught exception', kinds: ['exit'] },
  { behaviour: 'kill -9', kinds: ['signal', 'exit'] },
  { behaviour: 'segfault', kinds: ['signal', 'exit'] },
  { behaviour: 'stop', kinds: ['hang'], limits: { progressMs: 10_000, heartbeatMs: 2_000 }, linuxOnly: true },
  { behaviour: 'endless loop', kinds: ['hang'], limits: quick },
  { behaviour: 'endless wait', kinds: ['hang'], limits: quick },
  { behaviour: 'blocked read', kinds: ['hang'], limits: quick, linuxOnly: true },
  { behaviour: 'heap by small objects', kinds: ['oom-heap', 'rss-limit'], limits: small },
  { behaviour: 'heap by one array', kinds: ['oom-heap', 'rss-limit'], limits: small },
  { behaviour: 'buffers', kinds: ['rss-limit'], limits: small },
  { behaviour: 'thread out of memory', kinds: ['oom-heap', 'rss-limit', 'signal'], limits: small },
  { behaviour: 'fork bomb', kinds: ['rss-limit'], limits: small },
];

describe('real faults of an input', function () {
  this.timeout(240_000);
  let scene: Scene | undefined;

  afterEach(async () => {
    await scene?.close();
    scene = undefined;
  });

  for (const { behaviour, kinds, limits = {}, linuxOnly = false } of faults) {
    if (linuxOnly && process.platform === 'win32') continue;
    it(`${behaviour}: the file is quarantined, all others are complete, the next run skips it`, async () => {
      scene = await Scene.open({ a: 'well', b: 'well', bad: behaviour, c: 'well', d: 'well' }, limits);
      const { outcome, issues } = await scene.check();
      assert.ok(outcome.kind === 'done', JSON.stringify(outcome));
      assert.deepEqual([...issues.keys()].sort(), ['a.job', 'b.job', 'c.job', 'd.job']);
      for (const [file, found] of issues) assert.equal(found.length, 1, `one issue in ${file}`);
      assert.deepEqual(
        outcome.quarantined.map(({ file }) => file),
        ['bad.job'],
      );
      const [{ reason } = assert.fail('quarantined')] = outcome.quarantined;
      assert.ok(kinds.includes(reason.kind), `${reason.kind}: ${reason.message}`);
      assert.ok(!reason.message.includes('by another process'), reason.message);
      assert.equal(reason.input, 'bad.job');
      assert.deepEqual(scene.notices, [], 'a bad input is not charged to its detector');
      const worst = scene.pool.errors()[0];
      assert.equal(worst?.input, 'bad.job');
      assert.ok(worst.count >= 1);

      const restartsBefore = scene.restarts;
      const again = await scene.check({ revision: 2 });
      assert.ok(again.outcome.kind === 'done');
      assert.equal(again.outcome.quarantined.length, 1, 'still quarantined');
      assert.equal(again.issues.size, 4);
      assert.ok(scene.restarts - restartsBefore <= 1, 'no death in the second run');

      await scene.write('bad', 'well');
      const healed = await scene.check({ revision: 3 });
      assert.equal(healed.outcome.kind === 'done' && healed.outcome.quarantined.length, 0, 'free once changed');
      assert.equal(healed.issues.size, 5);
    });
  }
});

describe('real faults of a process', function () {
  this.timeout(240_000);
  let scene: Scene | undefined;

  afterEach(async () => {
    await scene?.close();
    scene = undefined;
  });

  it('killed every time as if from outside: the input is postponed with a message, never quarantined; all others are complete', async () => {
    if (process.platform === 'win32') return;
    scene = await Scene.open({ a: 'well', bad: 'killed by its child', c: 'well', d: 'well' });
    const { outcome, issues } = await scene.check();
    assert.ok(outcome.kind === 'failed');
    assert.deepEqual(
      outcome.unfinished.map(({ file }) => file),
      ['bad.job'],
    );
    assert.match(outcome.message, /killed by another process while checking bad\.job \(SIGKILL\).*tries again later/);
    assert.deepEqual(outcome.quarantined, []);
    assert.deepEqual([...issues.keys()].sort(), ['a.job', 'c.job', 'd.job']);
    assert.deepEqual(scene.notices, []);
  });

  it('a detector that reads standard input finds it empty and does not block', async () => {
    scene = await Scene.open({ a: 'blocked stdin' });
    const { outcome, issues } = await scene.check();
    assert.equal(outcome.kind, 'done');
    assert.equal(issues.size, 1);
  });

  it('garbage on stdout becomes a log line, not a message', async () => {
    scene = await Scene.open({ a: 'well', b: 'garbage on stdout' });
    const { outcome, issues } = await scene.check();
    assert.equal(outcome.kind, 'done');
    assert.equal(issues.size, 2);
    // What a process said is delivered when it is gone.
    await scene.pool.dispose();
    assert.ok(scene.log.some((line) => line.includes('not a frame')));
  });

  it("1,000,000 issues arrive complete and in order, at the reader's pace", async () => {
    scene = await Scene.open({ a: 'flood' });
    let seen = 0;
    let atOnce = 0;
    let lag = 0;
    let last = performance.now();
    const timer = setInterval(() => {
      lag = Math.max(lag, performance.now() - last - 10);
      last = performance.now();
    }, 10);
    const { outcome } = await scene.check({
      onEvent: async (event) => {
        if (event.kind !== 'issues') return;
        atOnce += 1;
        assert.equal(atOnce, 1, 'one event at a time');
        for (const issue of event.issues) {
          if (issue.rule === 'said') continue;
          assert.equal(issue.message, `finding number ${seen % 1_000}`);
          seen += 1;
        }
        await Promise.resolve();
        atOnce -= 1;
      },
    });
    clearInterval(timer);
    assert.equal(outcome.kind, 'done');
    assert.equal(seen, 1_000_000);
    assert.ok(lag < 5_000, `the server was blocked for ${Math.round(lag)} ms`);
  });

  it('an invalid finding is ignored and reported', async () => {
    scene = await Scene.open({ a: 'invalid finding' });
    const { outcome, issues, problems } = await scene.check();
    assert.equal(outcome.kind, 'done');
    assert.equal(issues.get('a.job')?.length, 1);
    assert.deepEqual(problems, ['INVALID_RESULT']);
    assert.equal(scene.pool.errors('scripted')[0]?.code, 'INVALID_RESULT');
  });

  it('a detector that throws on one file loses only that file', async () => {
    scene = await Scene.open({ a: 'well', bad: 'throw', c: 'well' });
    const { outcome, issues } = await scene.check();
    assert.ok(outcome.kind === 'failed');
    assert.deepEqual(
      outcome.unfinished.map(({ file }) => file),
      ['bad.job'],
    );
    assert.match(outcome.message, /does not feel like it/);
    assert.deepEqual([...issues.keys()].sort(), ['a.job', 'c.job']);
  });

  it('a worker that runs out of file descriptors is replaced for the other files', async () => {
    scene = await Scene.open({ a: 'well', bad: 'descriptors exhausted', c: 'well', d: 'well' });
    const { outcome, issues } = await scene.check();
    assert.ok(outcome.kind === 'failed');
    assert.deepEqual(
      outcome.unfinished.map(({ file }) => file),
      ['bad.job'],
    );
    assert.match(outcome.message, /EMFILE/);
    assert.equal(issues.size, 3);
  });

  it('a worker that ignores a cancel is killed, and the next check works', async () => {
    scene = await Scene.open({ a: 'ignored cancel' }, { cancelMs: 200 });
    const { pool } = scene;
    const controller = new AbortController();
    const begun = Promise.withResolvers<void>();
    const running = scene.check({ signal: controller.signal, onEvent: () => begun.resolve() });
    await begun.promise;
    const pid = pool.health()[0]?.pid;
    controller.abort();
    assert.equal((await running).outcome.kind, 'cancelled');
    await until(pool, () => pool.health().every((worker) => worker.pid !== pid));
    await scene.write('a', 'well');
    const { outcome } = await scene.check({ revision: 2 });
    assert.equal(outcome.kind, 'done');
    assert.deepEqual(pool.errors(), [], 'a cancel is no failure');
  });

  it('a detector that always crashes before ready is off after two starts, with its last error', async () => {
    scene = await Scene.open(
      { a: 'well' },
      {},
      {
        detectors: {
          scripted: {
            title: 'Scripted',
            group: 'scripted',
            script: path.join(import.meta.dirname, '../fixtures/workers/crash-at-start.mjs'),
          },
        },
      },
    );
    const { outcome } = await scene.check();
    assert.ok(outcome.kind === 'failed');
    assert.match(outcome.message, /before it was ready.*cannot find my own feet/);
    assert.deepEqual(
      scene.notices.map(({ kind }) => kind),
      ['disabled'],
    );
    assert.equal(scene.pool.health()[0]?.state, 'disabled');
    assert.equal(scene.restarts, 1);
  });

  it('a process that never becomes ready is ended after a while', async () => {
    scene = await Scene.open(
      { a: 'well' },
      { startMs: 700 },
      {
        detectors: {
          scripted: {
            title: 'Scripted',
            group: 'scripted',
            script: path.join(import.meta.dirname, '../fixtures/workers/never-ready.mjs'),
            limits: { startMs: 700 },
          },
        },
      },
    );
    const { outcome } = await scene.check();
    assert.ok(outcome.kind === 'failed');
    assert.equal(outcome.reason?.kind, 'start-timeout');
  });

  it('a crash in every plan gives a PlanFailure with the reason', async () => {
    scene = await Scene.open({ a: 'well' });
    const request = { detector: 'scripted', root: scene.root, options: { plan: 'exit-1' } };
    await assert.rejects(scene.pool.plan(request, new AbortController().signal), (error: unknown) => {
      assert.ok(error instanceof Error && error.name === 'PlanFailure');
      assert.match(error.message, /exit code 1/);
      return true;
    });
    assert.equal(scene.restarts, 1, 'tried twice');
  });

  it('a killed worker takes its child processes with it', async function () {
    if (process.platform === 'win32') return;
    scene = await Scene.open({ a: 'grandchild that stays' }, quick);
    const { outcome } = await scene.check();
    assert.equal(outcome.kind === 'done' && outcome.quarantined.length, 1);
    assert.ok(existsSync(path.join(scene.root, 'grandchild')), 'there was one');
    assert.deepEqual(processesWith(grandchildMark(scene.root)), []);
  });

  it('external kills lose nothing and count against nobody', async () => {
    const files = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`f${index}`, 'slow']));
    scene = await Scene.open(files);
    const { pool } = scene;
    let kills = 0;
    const { outcome, issues } = await scene.check({
      onEvent: (event) => {
        if (event.kind !== 'done' || kills >= 8 || Math.random() > 0.3) return;
        for (const { pid } of pool.health()) {
          if (pid === undefined) continue;
          process.kill(pid, 'SIGKILL');
          kills += 1;
        }
      },
    });
    assert.ok(outcome.kind === 'done', JSON.stringify(outcome));
    assert.deepEqual(outcome.quarantined, []);
    assert.equal(issues.size, 40);
    assert.ok(kills > 0);
    assert.deepEqual(scene.notices, []);
  });

  it('a heap snapshot and a CPU profile of a worker can be captured', async () => {
    scene = await Scene.open({ a: 'well' });
    await scene.check();
    const [{ name } = assert.fail('a worker')] = scene.pool.health();
    const [heap, cpu] = [path.join(scene.root, 'x.heapsnapshot'), path.join(scene.root, 'x.cpuprofile')];
    await scene.pool.capture(name, 'heap-snapshot', heap);
    await scene.pool.capture(name, 'cpu-profile', cpu, 100);
    assert.ok('snapshot' in (JSON.parse(readFileSync(heap, 'utf8')) as object));
    assert.ok('nodes' in (JSON.parse(readFileSync(cpu, 'utf8')) as object));
    await assert.rejects(scene.pool.capture('nobody#1', 'cpu-profile', cpu), /No worker named/);
  });
});

function until(pool: Pool, isSo: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const stop = pool.onHealth(() => {
      if (!isSo()) return;
      stop();
      resolve();
    });
  });
}
