/** Which input is to blame for a crash. On simulated time and simulated processes. */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Unit } from '../../../workers/protocol/detector-protocol.ts';
import { settle } from '../../support/simulated-clock.ts';
import { filesOf, Stage } from './support/stage.ts';

describe('suspects', () => {
  it('a suspect runs alone in a new process, the rest in another batch, and a second crash quarantines it', async () => {
    const stage = new Stage({ maxWorkers: 1 });
    const check = stage.check(['a', 'b', 'c']);
    await stage.ready();
    stage.at(0).begin('a');
    stage.at(0).done('a');
    stage.at(0).begin('b');
    await stage.at(0).die({ signal: 'SIGABRT', outOfMemory: 'heap' });
    await stage.ready();
    assert.deepEqual(filesOf(stage.at(1)), ['c'], 'the others do not wait for the suspect');
    await stage.at(1).finish();
    assert.equal(stage.at(1).closed, true, 'the suspect wants a fresh process');
    await stage.at(1).die({ expected: true, exitCode: 0 });
    await stage.ready();
    assert.deepEqual(filesOf(stage.at(2)), ['b']);
    stage.at(2).begin('b');
    await stage.at(2).die({ signal: 'SIGABRT', outOfMemory: 'heap' });
    assert.ok(check.outcome?.kind === 'done');
    assert.equal(check.outcome.result.files, 2);
    const [input] = check.outcome.quarantined;
    assert.equal(input?.file, 'b');
    assert.equal(
      input.reason.message,
      'Lint ran out of memory while checking b (limit 1024 MB). Other files are not affected.',
    );
    assert.equal(input.limitMb, 1_024);
    assert.deepEqual(stage.notices, []);
  });

  it('a success clears the count', async () => {
    const stage = new Stage({ maxWorkers: 1 });
    const check = stage.check(['a']);
    await stage.ready();
    await stage.at(0).die();
    await stage.ready();
    await stage.at(1).finish();
    assert.equal(check.outcome?.kind, 'done');
    stage.check(['a'], { revision: 2 });
    await settle();
    assert.deepEqual(filesOf(stage.at(1)), ['a'], 'needs no fresh process');
  });

  it('an input with an earlier crash runs alone from the start', async () => {
    const stage = new Stage({ maxWorkers: 1 });
    const first = stage.check(['a', 'b']);
    await stage.ready();
    stage.at(0).begin('b');
    await stage.at(0).die();
    first.controller.abort();
    stage.check(['a', 'b', 'c'], { revision: 2 });
    await stage.ready();
    assert.deepEqual(filesOf(stage.at(1)), ['a', 'c']);
  });

  it('a crash after a cancel does not count against the input', async () => {
    const stage = new Stage({ maxWorkers: 1 });
    const first = stage.check(['a', 'b']);
    await stage.ready();
    stage.at(0).begin('a');
    first.controller.abort();
    await stage.at(0).die({ signal: 'SIGSEGV' });
    assert.equal(first.outcome?.kind, 'cancelled');
    const second = stage.check(['a', 'b'], { revision: 2 });
    await stage.ready();
    assert.deepEqual(filesOf(stage.at(1)), ['a', 'b'], 'it need not run alone');
    stage.at(1).begin('a');
    await stage.at(1).die({ signal: 'SIGSEGV' });
    assert.equal(second.outcome, undefined);
    assert.deepEqual(stage.pool.quarantined(), [], 'it crashed once, not twice');
  });

  it('halving a batch finds the input that a detector does not announce', async () => {
    const stage = new Stage({ maxWorkers: 1 });
    const files = Array.from({ length: 16 }, (_, index) => `f${index}`);
    const check = stage.check(files);
    let deaths = 0;
    for (let round = 0; check.outcome === undefined && round < 60; round += 1) {
      await stage.ready();
      const puppet = stage.living.find(({ request }) => request !== undefined);
      if (puppet === undefined) {
        for (const closing of stage.living.filter(({ closed }) => closed))
          await closing.die({ expected: true, exitCode: 0 });
        await stage.clock.advance(40_000);
      } else if (filesOf(puppet).includes('f11')) {
        deaths += 1;
        await puppet.die();
      } else {
        await puppet.finish();
      }
    }
    assert.ok(check.outcome?.kind === 'done');
    assert.deepEqual(
      check.outcome.quarantined.map(({ file }) => file),
      ['f11'],
    );
    assert.ok(deaths <= 7, `${deaths} deaths`);
    assert.deepEqual(stage.notices, []);
  });

  it('a project is blamed for whichever file it was at', async () => {
    const stage = new Stage({ maxWorkers: 1 });
    const unit = (id: string): Unit => ({ id, kind: 'project', group: 'g', file: `${id}/tsconfig.json` });
    const check = stage.check([], { detector: 'types', units: [unit('one'), unit('two')] });
    await stage.ready();
    for (let time = 0; time < 2; time += 1) {
      const puppet = stage.at(-1);
      const ids = puppet.request?.units.map(({ id }) => id) ?? [];
      if (ids.includes('one') && ids.length === 1) await puppet.finish();
      const culprit = stage.living.at(-1);
      void culprit?.say({ kind: 'begin', unit: 'two', file: 'two/x.ts' });
      await culprit?.die({ signal: 'SIGSEGV' });
      await stage.ready();
    }
    for (let round = 0; check.outcome === undefined && round < 10; round += 1) {
      const puppet = stage.living.find(({ request }) => request !== undefined);
      if (puppet?.request?.units[0]?.id === 'two') {
        void puppet.say({ kind: 'begin', unit: 'two', file: 'two/x.ts' });
        await puppet.die({ signal: 'SIGSEGV' });
      } else if (puppet) await puppet.finish();
      for (const closing of stage.living.filter(({ closed }) => closed))
        await closing.die({ expected: true, exitCode: 0 });
      await stage.clock.advance(1_000);
      await stage.ready();
    }
    assert.ok(check.outcome?.kind === 'done');
    assert.deepEqual(
      check.outcome.quarantined.map(({ unit: { id }, file }) => [id, file]),
      [['two', 'two/x.ts']],
    );
  });

  it('a quarantined input is skipped until it changes or the limit is raised', async () => {
    const stage = new Stage({ maxWorkers: 1 });
    stage.files.set('/r/b', 'poison');
    const poison = async (revision: number): Promise<void> => {
      const check = stage.check(['b'], { revision });
      for (let time = 0; time < 2; time += 1) {
        await stage.clock.advance(1_000);
        await stage.ready();
        await stage.living.at(-1)?.die({ signal: 'SIGABRT', outOfMemory: 'heap' });
      }
      await settle();
      assert.equal(check.outcome?.kind === 'done' && check.outcome.quarantined.length, 1);
    };
    const isSkipped = async (revision: number): Promise<boolean> => {
      const check = stage.check(['b'], { revision });
      await settle();
      if (check.outcome?.kind === 'done') return check.outcome.quarantined.length === 1;
      check.controller.abort();
      await stage.clock.advance(1_000);
      await stage.ready();
      return false;
    };
    await poison(1);
    const started = stage.puppets.length;
    assert.equal(await isSkipped(2), true);
    assert.equal(stage.puppets.length, started, 'it costs nothing');
    stage.files.set('/r/b', 'cured');
    assert.equal(await isSkipped(3), false);
    await poison(4);
    assert.equal(await isSkipped(5), true);
    stage.pool.configure({ memoryMb: 2_048 });
    assert.equal(await isSkipped(6), false);
    await poison(7);
    assert.equal(
      stage.pool.releaseQuarantine(({ file }) => file === 'b'),
      1,
    );
    assert.equal(await isSkipped(8), false);
    assert.deepEqual(stage.notices, []);
  });
});
