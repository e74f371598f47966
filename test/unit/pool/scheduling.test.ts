/** Which job runs next and where. On simulated time and simulated processes. */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Unit } from '../../../workers/protocol/detector-protocol.ts';
import { settle } from '../../support/simulated-clock.ts';
import { workerNumbers } from '../../../server/pool/detectors.ts';
import { filesOf, Stage } from './support/stage.ts';

describe('scheduling', () => {
  it('starts one process for each waiting batch, up to the limit, and reuses them', async () => {
    const stage = new Stage({ maxWorkers: 2 });
    const checks = ['a', 'b', 'c'].map((file) => stage.check([file]));
    await stage.ready();
    assert.equal(stage.puppets.length, 2);
    assert.deepEqual(stage.puppets.map(filesOf), [['a'], ['b']]);
    await stage.at(0).finish();
    assert.deepEqual(filesOf(stage.at(0)), ['c']);
    await stage.at(0).finish();
    await stage.at(1).finish();
    assert.deepEqual(
      checks.map(({ outcome }) => outcome?.kind),
      ['done', 'done', 'done'],
    );
    assert.equal(stage.puppets.length, 2);
  });

  it('runs open files first, then recent ones, then the rest', async () => {
    const stage = new Stage({ maxWorkers: 1 });
    for (const [file, priority] of [
      ['a', 'background'],
      ['b', 'background'],
      ['c', 'recent'],
      ['d', 'open'],
    ] as const) {
      stage.check([file], { priority });
    }
    await stage.ready();
    const order: string[] = [];
    while (stage.at(0).request !== undefined) {
      order.push(...filesOf(stage.at(0)));
      await stage.at(0).finish();
    }
    assert.deepEqual(order, ['d', 'c', 'a', 'b']);
  });

  it('gives heavy units a process of their own', async () => {
    const stage = new Stage();
    for (const file of ['a', 'b', 'c']) stage.check([file], { lane: 'heavy' });
    stage.check(['light']);
    await stage.ready();
    assert.deepEqual(stage.puppets.map(filesOf), [['a'], ['light']]);
  });

  it('shares a worker between detectors of a group, not between roots', async () => {
    const stage = new Stage();
    stage.check(['a'], { detector: 'loops' });
    stage.check(['b'], { detector: 'imports' });
    stage.check(['c'], { detector: 'loops', root: '/other' });
    await stage.ready();
    assert.deepEqual(
      stage.puppets.map(({ name }) => name),
      ['graph#1', 'graph#2'],
    );
    await stage.at(0).finish();
    assert.deepEqual(filesOf(stage.at(0)), ['b']);
  });

  it('makes a detector with a long queue leave room for one without a process', async () => {
    const stage = new Stage({ maxWorkers: 2 });
    for (let index = 0; index < 20; index += 1) stage.check([`lint${index}`]);
    await stage.ready();
    stage.check(['types'], { detector: 'types' });
    await stage.at(0).finish();
    assert.equal(stage.at(0).closed, true, 'one of the two makes way');
    await stage.at(0).die({ expected: true, exitCode: 0 });
    await stage.ready();
    assert.deepEqual(filesOf(stage.at(2)), ['types']);
  });

  it('ends workers without expensive state first', async () => {
    const stage = new Stage({ maxWorkers: 2 });
    stage.check(['types'], { detector: 'types' });
    await stage.ready();
    await stage.at(0).finish();
    await stage.clock.advance(10);
    stage.check(['lint']);
    await stage.ready();
    await stage.at(1).finish();
    stage.check(['loops'], { detector: 'loops' });
    await settle();
    assert.deepEqual(
      stage.puppets.map(({ closed }) => closed),
      [false, true],
      'although the warm one was idle for longer',
    );
  });

  it('never has more processes than allowed, including those that are ending', async () => {
    const stage = new Stage({ maxWorkers: 1 });
    stage.check(['a']);
    await stage.ready();
    await stage.at(0).finish();
    stage.check(['b'], { detector: 'types' });
    await settle();
    assert.equal(stage.at(0).closed, true);
    assert.equal(stage.puppets.length, 1);
    await stage.at(0).die({ expected: true, exitCode: 0 });
    assert.equal(stage.puppets.length, 2);
  });

  it('lets workers wait for their next job, unless the user says how many there may be; only so many work', async () => {
    const { working } = workerNumbers(0);
    const names = Array.from({ length: working + 1 }, (_, index) => `detector${index}`);
    const table = Object.fromEntries(names.map((name) => [name, { title: name, group: name, single: true }]));
    const stage = new Stage({ maxWorkers: 0 }, table);
    const checkAll = (): unknown => names.map((detector) => stage.check(['a'], { detector }));
    const busy = (): number => stage.puppets.filter(({ request }) => request !== undefined).length;
    checkAll();
    await stage.ready();
    assert.deepEqual([stage.puppets.length, busy()], [working, working]);
    await stage.at(0).finish();
    await stage.ready();
    assert.deepEqual([stage.puppets.length, busy()], [working + 1, working]);
    for (const puppet of stage.puppets.slice(1)) await puppet.finish();
    checkAll();
    await settle();
    assert.deepEqual([stage.living.length, busy()], [working + 1, working], 'none was ended for another');
    stage.pool.configure({ maxWorkers: working });
    for (const puppet of stage.puppets) if (puppet.request !== undefined) await puppet.finish();
    assert.equal(stage.puppets.filter(({ closed }) => closed).length, 1, 'a number of the user holds for all');
  });

  it('starts no other process while memory is short, but always has one', async () => {
    const stage = new Stage();
    Object.assign(stage, { memory: { totalBytes: 2 ** 30, freeBytes: 50_000_000, source: 'cgroup' } });
    await stage.pool.machine();
    stage.check(['warm-up']);
    await stage.ready();
    await stage.clock.advance(5_000);
    stage.check(['b']);
    await settle();
    assert.equal(stage.puppets.length, 1);
    await stage.at(0).finish();
    assert.deepEqual(filesOf(stage.at(0)), ['b']);
  });

  it('ends processes after five idle minutes, unless they are worth keeping warm', async () => {
    const stage = new Stage();
    stage.check(['a']);
    stage.check(['b'], { detector: 'types' });
    await stage.ready();
    for (const puppet of stage.puppets) await puppet.finish();
    await stage.clock.advance(299_000);
    assert.deepEqual(
      stage.puppets.map(({ closed }) => closed),
      [false, false],
    );
    await stage.clock.advance(2_000);
    assert.deepEqual(
      stage.puppets.map(({ closed }) => closed),
      [true, false],
    );
  });

  it('tells each process what changed since its last check', async () => {
    const stage = new Stage({ maxWorkers: 2 });
    const told = (): readonly (readonly string[] | undefined)[] => stage.puppets.map(({ request }) => request?.changed);
    stage.checkAfter(['w'], ['a']);
    stage.checkAfter([], ['b']);
    await stage.ready();
    assert.deepEqual(told(), [undefined, undefined], 'new processes know nothing');
    for (const puppet of stage.puppets) await puppet.finish();
    stage.checkAfter(['x'], ['a']);
    await settle();
    assert.deepEqual(told(), [['x'], undefined]);
    await stage.at(0).finish();
    const last = stage.checkAfter(['y'], ['a']);
    stage.checkAfter([], ['b']);
    await settle();
    assert.deepEqual(told(), [['y'], ['x', 'y']], 'the second missed one');
    for (const puppet of stage.puppets) await puppet.finish();
    stage.checkAfter([], ['a'], { revision: last.revision });
    await settle();
    assert.deepEqual(told()[0], [], 'a later batch of a question it knows');
    await stage.at(0).finish();
    stage.checkAfter([], ['a']);
    await settle();
    assert.deepEqual(told()[0], [], 'what it knows it goes on to know');
    await stage.at(0).finish();
    stage.check(['a'], { revision: stage.journal.mark(), changedSince: () => undefined });
    await settle();
    assert.equal(told()[0], undefined, 'anything may have changed');
  });

  it('tells each detector of a shared process', async () => {
    const stage = new Stage({ maxWorkers: 1 });
    const changed = (): readonly string[] | undefined => stage.at(0).request?.changed;
    stage.checkAfter(['w'], ['a'], { detector: 'loops' });
    await stage.ready();
    assert.equal(changed(), undefined);
    await stage.at(0).finish();
    stage.checkAfter(['x'], ['a'], { detector: 'imports' });
    await settle();
    assert.deepEqual(changed(), ['x'], 'the process has read nothing before its first check');
    await stage.at(0).finish();
    stage.checkAfter(['y'], ['a'], { detector: 'imports' });
    await settle();
    assert.deepEqual(changed(), ['y']);
    await stage.at(0).finish();
    stage.checkAfter([], ['a'], { detector: 'loops' });
    await settle();
    assert.deepEqual(changed(), ['x', 'y']);
  });

  it('tells a new process nothing that happened before its first check', async () => {
    const stage = new Stage({ maxWorkers: 1 });
    stage.checkAfter(['w'], ['a']);
    await stage.ready();
    await stage.at(0).finish();
    await stage.at(0).die();
    stage.checkAfter(['x'], ['a']);
    await stage.clock.advance(60_000);
    await stage.ready();
    assert.equal(stage.at(-1).request?.changed, undefined);
    await stage.at(-1).finish();
    stage.checkAfter(['y'], ['a']);
    await settle();
    assert.deepEqual(stage.at(-1).request?.changed, ['y']);
  });

  it('passes changes again if their check was cancelled', async () => {
    const stage = new Stage({ maxWorkers: 1 });
    stage.checkAfter([], ['a']);
    await stage.ready();
    await stage.at(0).finish();
    const second = stage.checkAfter(['x'], ['a']);
    await settle();
    second.controller.abort();
    await stage.at(0).finish();
    const third = stage.checkAfter(['y'], ['a']);
    await settle();
    assert.deepEqual(stage.at(0).request?.changed, ['x', 'y']);
    third.controller.abort();
    await stage.at(0).finish(true);
    stage.checkAfter(['z'], ['a']);
    await settle();
    assert.deepEqual(stage.at(0).request?.changed, ['x', 'y', 'z'], 'nobody has its answer');
  });

  it('does not repeat changes that a detector of projects took in before it was cancelled', async () => {
    const stage = new Stage({ maxWorkers: 1 });
    const units: readonly Unit[] = [{ id: 'p', kind: 'project', group: 'g', file: 'p' }];
    const order = { detector: 'types', units };
    const first = stage.checkAfter([], [], order);
    await stage.ready();
    assert.equal(stage.at(0).request?.changed, undefined);
    stage.at(0).begin('p');
    first.controller.abort();
    await stage.at(0).finish();
    const second = stage.checkAfter(['x'], [], order);
    await settle();
    assert.deepEqual(stage.at(0).request?.changed, ['x'], 'it began knowing that anything may have changed');
    second.controller.abort();
    await stage.at(0).finish();
    stage.checkAfter(['y'], [], order);
    await settle();
    assert.deepEqual(stage.at(0).request?.changed, ['x', 'y'], 'the second was over before it began');
  });

  it('one more worker starts only once the pace shows that it pays to load everything again', async () => {
    const lint = { title: 'Lint', group: 'lint', gradual: true };
    const stage = new Stage({}, { lint });
    for (let file = 0; file < 25; file += 1) stage.check([String(file)]);
    await stage.ready();
    assert.equal(stage.puppets.length, 1, 'nothing is known');
    await stage.clock.advance(1_000);
    await stage.at(0).finish();
    await stage.clock.advance(400);
    await stage.at(0).finish();
    assert.equal(stage.puppets.length, 1, '22 × 0.4 s is less than ten times a second');
    await stage.clock.advance(800);
    await stage.at(0).finish();
    assert.equal(stage.puppets.length, 2, '21 × 0.6 s is more');
    await stage.at(1).becomeReady();
    await stage.at(0).finish();
    assert.equal(stage.puppets.length, 2, 'two have done it sooner');
  });

  it('what the plan had to load counts: one more worker loads it too', async () => {
    const lint = { title: 'Lint', group: 'lint', gradual: true };
    const stage = new Stage({}, { lint });
    void stage.pool.plan({ detector: 'lint', root: '/r', options: {} }, new AbortController().signal);
    await stage.ready();
    await stage.clock.advance(2_000);
    await stage.at(0).finishPlan();
    for (let file = 0; file < 25; file += 1) stage.check([String(file)]);
    await stage.ready();
    await stage.clock.advance(1_000);
    await stage.at(0).finish();
    await stage.clock.advance(800);
    await stage.at(0).finish();
    assert.equal(stage.puppets.length, 1, '22 × 0.8 s is less than ten times 3 s');
    await stage.clock.advance(2_400);
    await stage.at(0).finish();
    assert.equal(stage.puppets.length, 2, '21 × 1.6 s is more');
  });

  it('one more worker does not start while others keep all cores busy', async () => {
    const lint = { title: 'Lint', group: 'lint', gradual: true, maxWorkers: 2 };
    const types = { title: 'Types', group: 'types', single: true };
    const stage = new Stage({}, { lint, types });
    for (let file = 0; file < 40; file += 1) stage.check([String(file)]);
    stage.check(['types'], { detector: 'types' });
    await stage.ready();
    await stage.clock.advance(100);
    await stage.at(0).finish();
    await stage.clock.advance(100);
    await stage.at(0).finish();
    assert.deepEqual(stage.puppets.map(({ name }) => name), ['lint#1', 'types#1']); // prettier-ignore
    await stage.at(1).finish();
    assert.deepEqual(stage.puppets.map(({ name }) => name), ['lint#1', 'types#1', 'lint#2']); // prettier-ignore
  });

  it('a process with programs is not ended for the turn of another', async () => {
    const stage = new Stage({ maxWorkers: 1 });
    for (const file of ['a', 'b', 'c']) stage.check([file], { lane: 'heavy' });
    stage.check(['d'], { detector: 'loops' });
    await stage.ready();
    const [first] = stage.puppets;
    assert.ok(first);
    for (let file = 0; file < 3; file += 1) {
      await stage.clock.advance(6_000);
      assert.equal(first.closed, false);
      await first.finish();
    }
    assert.equal(first.closed, true, 'it has nothing left to do');
  });
});
