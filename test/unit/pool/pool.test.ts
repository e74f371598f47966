/** The pool's rules one by one, on simulated time and simulated processes. */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { DetectorTable } from '../../../server/pool/detectors.ts';
import type { CheckAnswer, WorkerLink, Launch, LinkExit, Vitals } from '../../../server/pool/link.ts';
import type { MachineMemory } from '../../../server/pool/machine.ts';
import { createPool, PlanFailure, type PoolOptions } from '../../../server/pool/pool.ts';
import type { SampleTrees } from '../../../server/pool/process-tree.ts';
import type { CheckOutcome, CheckTask, PoolNotice, SupervisedPool } from '../../../server/pool/types.ts';
import type { CheckEvent, CheckRequest, PlanRequest, Unit } from '../../../workers/protocol/detector-protocol.ts';
import { settle, SimulatedClock } from './support/simulated-clock.ts';

/** A process that does only what the test says. */
class Puppet implements WorkerLink {
  readonly pid: number;
  readonly name: string;
  readonly heapMb: number;
  readonly vitals = undefined;
  readonly #ready = Promise.withResolvers<boolean>();
  readonly #exited = Promise.withResolvers<LinkExit>();
  readonly ready = this.#ready.promise;
  readonly exited = this.#exited.promise;
  request: CheckRequest | undefined;
  planRequest: PlanRequest | undefined;
  loading: (file: string) => void = () => {};
  cancelled = false;
  closed = false;
  killed = false;
  dead = false;
  #onEvent: (event: CheckEvent) => void | Promise<void> = () => {};
  #onVitals: WorkerLink['onVitals'] extends (listener: infer L) => void ? L : never = () => {};
  #answer = Promise.withResolvers<CheckAnswer>();
  #plan = Promise.withResolvers<never>();

  constructor(pid: number, name: string, heapMb: number) {
    this.pid = pid;
    this.name = name;
    this.heapMb = heapMb;
  }

  async becomeReady(): Promise<void> {
    this.#ready.resolve(true);
    await settle();
  }

  onVitals(listener: (vitals: Vitals) => void): void {
    this.#onVitals = listener;
  }

  beat(heartbeatAt: number, rssBytes = 50_000_000, more: Partial<Vitals> = {}): void {
    this.#onVitals({ heartbeatAt, rssBytes, ...more });
  }

  plan(request: PlanRequest, onLoading: (file: string) => void): Promise<never> {
    this.planRequest = request;
    this.loading = onLoading;
    this.#plan = Promise.withResolvers();
    return this.#plan.promise;
  }

  check(
    request: CheckRequest,
    onEvent: (event: CheckEvent) => void | Promise<void>,
    cancel: AbortSignal,
  ): Promise<CheckAnswer> {
    this.request = request;
    this.#onEvent = onEvent;
    this.#answer = Promise.withResolvers();
    cancel.addEventListener('abort', () => {
      this.cancelled = true;
    });
    return this.#answer.promise;
  }

  capture(): Promise<void> {
    return Promise.resolve();
  }

  say(event: CheckEvent): void | Promise<void> {
    return this.#onEvent(event);
  }

  begin(file: string): void {
    void this.say({ kind: 'begin', unit: file, file });
  }

  done(file: string): void {
    void this.say({ kind: 'done', unit: file, file });
  }

  /** Answers the check in hand, all its files done. */
  async finish(cancelled = false): Promise<void> {
    const units = this.request?.units ?? [];
    this.request = undefined;
    if (!cancelled) for (const { file } of units) this.done(file);
    this.#answer.resolve({ result: { durationMs: 1, files: units.length, issues: 0 }, version: '1', cancelled });
    await settle();
  }

  close(): void {
    this.closed = true;
  }

  kill(): void {
    this.killed = true;
  }

  async die(exit: Partial<LinkExit> = { exitCode: 1 }): Promise<void> {
    const { LinkLost } = await import('../../../server/pool/link.ts');
    this.dead = true;
    this.#ready.resolve(false);
    this.#answer.promise.catch(() => {});
    this.#plan.promise.catch(() => {});
    this.#answer.reject(new LinkLost('died'));
    this.#plan.reject(new LinkLost('died'));
    this.#exited.resolve({ expected: false, outOfMemory: false, stderr: [], ...exit });
    await settle();
  }
}

class Stage {
  readonly clock = new SimulatedClock();
  readonly puppets: Puppet[] = [];
  readonly notices: PoolNotice[] = [];
  readonly files = new Map<string, string>();
  readonly pool: SupervisedPool;
  memory = { totalBytes: 2 ** 34, freeBytes: 2 ** 33, source: 'machine' } as const;

  constructor(options: Partial<PoolOptions> = {}, table?: DetectorTable) {
    const launch: Launch = ({ name, heapMb }) => {
      const puppet = new Puppet(100 + this.puppets.length, name, heapMb);
      this.puppets.push(puppet);
      return puppet;
    };
    this.pool = createPool({
      clock: this.clock,
      random: () => 0.5,
      launch,
      maxWorkers: 4,
      detectors: table ?? {
        lint: { title: 'Lint', group: 'lint' },
        types: { title: 'Types', group: 'types', single: true, limits: { idleMs: Infinity } },
        loops: { title: 'Loops', group: 'graph', single: true },
        imports: { title: 'Imports', group: 'graph', single: true },
      },
      onNotice: (notice) => this.notices.push(notice),
      sample: () => Promise.resolve(new Map()),
      machine: () => Promise.resolve(this.memory),
      readInput: (file) => Promise.resolve(new TextEncoder().encode(this.files.get(file) ?? '')),
      ...options,
    });
  }

  get living(): readonly Puppet[] {
    return this.puppets.filter(({ dead }) => !dead);
  }

  at(index: number): Puppet {
    const puppet = this.puppets.at(index);
    assert.ok(puppet, `process ${index} was started`);
    return puppet;
  }

  check(files: readonly string[], extras: Partial<CheckRequest> & Partial<CheckTask> & { lane?: 'heavy' } = {}): Check {
    const { priority = 'background', signal, onEvent, lane, ...request } = extras;
    return new Check(this.pool, {
      request: {
        detector: 'lint',
        root: '/r',
        options: {},
        generation: 1,
        units: files.map((file): Unit => ({
          id: file,
          kind: 'file',
          group: 'g',
          file,
          ...(lane === undefined ? {} : { lane }),
        })),
        overlays: [],
        first: [],
        ...request,
      },
      priority,
      ...(signal === undefined ? {} : { signal }),
      ...(onEvent === undefined ? {} : { onEvent }),
    });
  }

  /** Starts what is starting. */
  async ready(): Promise<void> {
    await settle();
    for (const puppet of this.living) await puppet.becomeReady();
  }
}

class Check {
  readonly controller = new AbortController();
  readonly events: CheckEvent[] = [];
  readonly settled: Promise<CheckOutcome>;
  outcome: CheckOutcome | undefined;

  constructor(pool: SupervisedPool, task: Omit<CheckTask, 'signal' | 'onEvent'> & Partial<CheckTask>) {
    this.settled = pool.check({
      signal: this.controller.signal,
      onEvent: (event) => void this.events.push(event),
      ...task,
    });
    void this.settled.then((outcome) => {
      this.outcome = outcome;
    });
  }
}

const filesOf = (puppet: Puppet): readonly string[] => puppet.request?.units.map(({ file }) => file) ?? [];

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

  it('open files first, then recent ones, then the rest', async () => {
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

  it('heavy units share one process of their own', async () => {
    const stage = new Stage();
    for (const file of ['a', 'b', 'c']) stage.check([file], { lane: 'heavy' });
    stage.check(['light']);
    await stage.ready();
    assert.deepEqual(stage.puppets.map(filesOf), [['a'], ['light']]);
  });

  it('detectors of one worker share it, roots do not', async () => {
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

  it('a detector with a long queue leaves room for one that has nothing yet', async () => {
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

  it('never has more processes than allowed, counting those that are ending', async () => {
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

  it('does not start another process when memory is short, but always has one', async () => {
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

  it('ends processes that idle for five minutes, but keeps what is worth keeping warm', async () => {
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

  it('tells each process what changed since it last looked', async () => {
    const stage = new Stage({ maxWorkers: 2 });
    const told = (): readonly (readonly string[] | undefined)[] => stage.puppets.map(({ request }) => request?.changed);
    stage.check(['a']);
    stage.check(['b']);
    await stage.ready();
    assert.deepEqual(told(), [undefined, undefined], 'new processes know nothing');
    for (const puppet of stage.puppets) await puppet.finish();
    stage.check(['a'], { generation: 2, changed: ['x'] });
    await settle();
    assert.deepEqual(told(), [['x'], undefined]);
    await stage.at(0).finish();
    stage.check(['a'], { generation: 3, changed: ['y'] });
    stage.check(['b'], { generation: 3, changed: ['y'] });
    await settle();
    assert.deepEqual(told(), [['y'], ['x', 'y']], 'the second missed a generation');
    for (const puppet of stage.puppets) await puppet.finish();
    stage.check(['a'], { generation: 4 });
    await settle();
    assert.deepEqual(told(), [undefined, undefined]);
    await stage.at(0).finish();
    stage.check(['a2'], { generation: 4 });
    await settle();
    assert.deepEqual(told()[0], [], 'a later batch of a generation it knows');
  });

  it('tells changes again when the check that carried them was cancelled', async () => {
    const stage = new Stage({ maxWorkers: 1 });
    stage.check(['a']);
    await stage.ready();
    await stage.at(0).finish();
    const second = stage.check(['a'], { generation: 2, changed: ['x'] });
    await settle();
    second.controller.abort();
    await stage.at(0).finish(true);
    stage.check(['a'], { generation: 3, changed: ['y'] });
    await settle();
    assert.deepEqual(stage.at(0).request?.changed, ['x', 'y']);
  });

  it('does not tell changes again that a detector of projects has taken note of before it was cancelled', async () => {
    const stage = new Stage({ maxWorkers: 1 });
    const units: readonly Unit[] = [{ id: 'p', kind: 'project', group: 'g', file: 'p' }];
    const order = { detector: 'types', units };
    const first = stage.check([], order);
    await stage.ready();
    assert.equal(stage.at(0).request?.changed, undefined);
    stage.at(0).begin('p');
    first.controller.abort();
    await stage.at(0).finish(true);
    const second = stage.check([], { ...order, generation: 2, changed: ['x'] });
    await settle();
    assert.deepEqual(stage.at(0).request?.changed, ['x'], 'it began knowing that anything may have changed');
    second.controller.abort();
    await stage.at(0).finish(true);
    stage.check([], { ...order, generation: 3, changed: ['y'] });
    await settle();
    assert.deepEqual(stage.at(0).request?.changed, ['x', 'y'], 'the second was over before it began');
  });
});

describe('settling', () => {
  it('a cancel settles at once, no event follows, and the worker stays in use', async () => {
    const stage = new Stage({ maxWorkers: 1 });
    const first = stage.check(['a']);
    await stage.ready();
    const puppet = stage.at(0);
    first.controller.abort();
    await settle();
    assert.deepEqual(first.outcome, { kind: 'cancelled' });
    assert.equal(puppet.cancelled, true);
    puppet.begin('a');
    assert.deepEqual(first.events, []);
    const second = stage.check(['b']);
    await puppet.finish(true);
    assert.deepEqual(filesOf(puppet), ['b']);
    await puppet.finish();
    assert.equal(second.outcome?.kind, 'done');
    assert.equal(stage.puppets.length, 1);
  });

  it('a cancel that is not heeded ends the process after its time, and is no crash', async () => {
    const stage = new Stage();
    const check = stage.check(['a']);
    await stage.ready();
    check.controller.abort();
    await stage.clock.advance(4_999);
    assert.equal(stage.at(0).killed, false);
    await stage.clock.advance(1);
    assert.equal(stage.at(0).killed, true);
    await stage.at(0).die({ signal: 'SIGKILL', expected: true });
    assert.deepEqual(stage.pool.errors(), []);
    assert.equal(stage.pool.health()[0]?.consecutiveCrashes, 0);
  });

  it('a queued task that is cancelled never runs', async () => {
    const stage = new Stage({ maxWorkers: 1 });
    stage.check(['a']);
    const second = stage.check(['b']);
    await stage.ready();
    second.controller.abort();
    await stage.at(0).finish();
    assert.equal(stage.at(0).request, undefined);
    assert.equal(second.outcome?.kind, 'cancelled');
  });

  it('disposing cancels tasks, fails plans and waits for every process', async () => {
    const stage = new Stage();
    const check = stage.check(['a']);
    await stage.ready();
    const plan = stage.pool.plan({ detector: 'types', root: '/r', options: {} }, new AbortController().signal);
    const failed = assert.rejects(plan, PlanFailure);
    await settle();
    let disposed = false;
    void stage.pool.dispose().then(() => {
      disposed = true;
    });
    await settle();
    assert.equal(check.outcome?.kind, 'cancelled');
    await failed;
    assert.equal(disposed, false);
    for (const puppet of stage.living) await puppet.die({ signal: 'SIGKILL', expected: true });
    await settle();
    assert.equal(disposed, true);
    assert.equal(stage.clock.timers, 0);
    assert.equal((await stage.check(['late']).settled).kind, 'cancelled');
  });

  it('a slow reader stops the clock of progress', async () => {
    const stage = new Stage();
    const gate = Promise.withResolvers<void>();
    stage.check(['a'], { onEvent: () => gate.promise });
    await stage.ready();
    stage.at(0).begin('a');
    for (let second = 0; second < 120; second += 1) {
      await stage.clock.advance(1_000);
      stage.at(0).beat(stage.clock.now());
    }
    assert.equal(stage.at(0).killed, false);
    gate.resolve();
    await settle();
    for (let second = 0; second < 61; second += 1) {
      await stage.clock.advance(1_000);
      stage.at(0).beat(stage.clock.now());
    }
    assert.equal(stage.at(0).killed, true);
  });

  it('a front end that cannot show more slows all workers down, and no deadline runs against them', async () => {
    let ready: PromiseWithResolvers<void> | undefined = Promise.withResolvers<void>();
    const stage = new Stage({ readerReady: () => ready?.promise });
    const check = stage.check(['a']);
    await stage.ready();
    stage.at(0).begin('a');
    let slowed = true;
    void Promise.resolve(stage.at(0).say({ kind: 'issues', unit: 'a', file: 'a', issues: [] })).then(() => {
      slowed = false;
    });
    for (let second = 0; second < 120; second += 1) {
      await stage.clock.advance(1_000);
      stage.at(0).beat(stage.clock.now());
    }
    assert.deepEqual([slowed, stage.at(0).killed], [true, false]);
    assert.equal(check.events.length, 2, 'what is there is taken');
    const { resolve } = ready;
    ready = undefined;
    resolve();
    await settle();
    assert.equal(slowed, false);
    await stage.at(0).finish();
    assert.equal(check.outcome?.kind, 'done');
  });

  it('an unknown detector is an error of its own', async () => {
    const stage = new Stage();
    assert.equal((await stage.check(['a'], { detector: 'constructor' }).settled).kind, 'failed');
    assert.equal(stage.pool.errors()[0]?.code, 'DETECTOR_NOT_FOUND');
  });
});

describe('suspects', () => {
  it('runs the suspect alone in a fresh process, the rest in another batch, and quarantines at the second strike', async () => {
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
      'Lint ran out of memory on this file (limit 1024 MB). Other files are not affected.',
    );
    assert.equal(input.limitMb, 1_024);
    assert.deepEqual(stage.notices, []);
  });

  it('a success alone wipes the strike', async () => {
    const stage = new Stage({ maxWorkers: 1 });
    const check = stage.check(['a']);
    await stage.ready();
    await stage.at(0).die();
    await stage.ready();
    await stage.at(1).finish();
    assert.equal(check.outcome?.kind, 'done');
    stage.check(['a'], { generation: 2 });
    await settle();
    assert.deepEqual(filesOf(stage.at(1)), ['a'], 'needs no fresh process');
  });

  it('an input with a strike runs alone from the start', async () => {
    const stage = new Stage({ maxWorkers: 1 });
    const first = stage.check(['a', 'b']);
    await stage.ready();
    stage.at(0).begin('b');
    await stage.at(0).die();
    first.controller.abort();
    stage.check(['a', 'b', 'c'], { generation: 2 });
    await stage.ready();
    assert.deepEqual(filesOf(stage.at(1)), ['a', 'c']);
  });

  it('without marks, halves find it', async () => {
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

  it('a project answers for whatever file it was at', async () => {
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
    const poison = async (generation: number): Promise<void> => {
      const check = stage.check(['b'], { generation });
      for (let time = 0; time < 2; time += 1) {
        await stage.clock.advance(1_000);
        await stage.ready();
        await stage.living.at(-1)?.die({ signal: 'SIGABRT', outOfMemory: 'heap' });
      }
      await settle();
      assert.equal(check.outcome?.kind === 'done' && check.outcome.quarantined.length, 1);
    };
    const isSkipped = async (generation: number): Promise<boolean> => {
      const check = stage.check(['b'], { generation });
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

describe('restarts', () => {
  it('two crashes before ready disable the detector; a restart brings it back', async () => {
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

  it("three crashes that are nobody's input degrade the detector; work is refused and offered again, to one probe", async () => {
    const stage = new Stage();
    for (let crash = 0; crash < 3; crash += 1) {
      stage.check([`f${crash}`], { generation: crash });
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
    assert.match(refused.outcome.message, /crashed.*tried again later/);
    assert.equal(stage.pool.health()[0]?.state, 'degraded');
    const other = stage.check(['z'], { detector: 'types' });
    await stage.clock.advance(20_000);
    assert.equal(stage.living.length, 1, 'only the other detector jobs');
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

  it('when others kill whatever jobs, detectors are degraded one by one, and nothing waits for a person', async () => {
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

  it('when several detectors crash all are stopped, each is told so, and a restart brings them back', async () => {
    const stage = new Stage();
    for (let crash = 0; crash < 5; crash += 1) {
      const check = stage.check(['a'], { detector: crash < 3 ? 'lint' : 'types', generation: crash });
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
      'Workers crashed too often and are off until they are restarted. The last: Types crashed (SIGSEGV).',
    );
    await stage.pool.restart();
    const again = stage.check(['a'], { detector: 'loops', generation: 9 });
    await stage.ready();
    await stage.living[0]?.finish();
    assert.equal(again.outcome?.kind, 'done');
  });

  it('a detector that dies on every input is degraded, and the inputs are acquitted', async () => {
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

  it('an input that only others kill is put off, never unconfirmed; the rest goes on and it is offered again', async () => {
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
      /^Types was ended from outside on this file \(SIGKILL\).*8th time.*tried again later/,
    );
    assert.deepEqual(stage.pool.quarantined(), []);
    assert.deepEqual(stage.notices, []);
    await stage.clock.advance(29_000);
    assert.deepEqual(offered, []);
    await stage.clock.advance(1_001);
    assert.deepEqual(offered, ['types']);
    const again = stage.check(['a'], { detector: 'types', generation: 2 });
    await stage.ready();
    await stage.living.find(({ request }) => request !== undefined)?.finish();
    assert.equal(again.outcome?.kind, 'done');
  });

  it('a signal that the process sent itself, or that comes while memory is short, speaks against the input', async () => {
    for (const [exit, freeBytes, message] of [
      [{ signal: 'SIGKILL', selfInflicted: true }, 2 ** 33, /^Lint ended itself on this file \(SIGKILL\)/],
      [{ signal: 'SIGTERM' }, 2 ** 20, /^The system ran out of memory and ended Lint/],
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

  it('so does silence, if the process stopped itself', async () => {
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

  it('kills before ready do not disable a detector', async () => {
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

  it('once a probe came back no worker of the kind is shown as degraded', async () => {
    const stage = new Stage();
    for (const file of ['a', 'b']) stage.check([file]);
    await stage.ready();
    for (const puppet of stage.living) await puppet.finish();
    for (const puppet of stage.living) await puppet.die({ signal: 'SIGSEGV' });
    stage.check(['c'], { generation: 2 });
    await stage.clock.advance(1_000);
    await stage.ready();
    await stage.living[0]?.finish();
    await stage.living[0]?.die({ signal: 'SIGSEGV' });
    const states = (): readonly string[] => stage.pool.health().map(({ state }) => state);
    assert.deepEqual(states(), ['degraded', 'degraded']);
    await stage.clock.advance(30_000);
    stage.check(['c'], { generation: 3 });
    await stage.ready();
    await stage.living[0]?.finish();
    assert.deepEqual(states(), ['ready', 'stopped']);
  });

  it('a plan that others do not let come to its end fails, and is offered again', async () => {
    const stage = new Stage();
    const offered: string[] = [];
    stage.pool.onAvailable((detector) => offered.push(detector));
    const plan = stage.pool.plan({ detector: 'loops', root: '/r', options: {} }, new AbortController().signal);
    const failed = assert.rejects(plan, /ended from outside \(SIGKILL\)\. It is tried again later/);
    for (let kill = 0; kill < 8; kill += 1) {
      await stage.ready();
      await stage.living[0]?.die({ signal: 'SIGKILL' });
    }
    await failed;
    await stage.clock.advance(30_001);
    assert.deepEqual(offered, ['loops', 'imports']);
  });

  it('what is released from quarantine is offered again', async () => {
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

  it('a restart offers again what was refused', async () => {
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

  it('a restart on request repeats what was in work and is no crash', async () => {
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

  it('a plan is tried twice, and fails with the file whose code ran', async () => {
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
});

describe('memory', () => {
  it('over the hard limit the process is ended, with the limit in the reason', async () => {
    const stage = new Stage();
    stage.check(['a']);
    await stage.ready();
    stage.at(0).begin('a');
    stage.at(0).beat(0, 1_025 * 1024 * 1024);
    assert.equal(stage.at(0).killed, true);
    await stage.at(0).die({ signal: 'SIGKILL', expected: true });
    assert.equal(stage.pool.health()[0]?.lastExit?.message, 'Lint used too much memory on this file (limit 1024 MB).');
    assert.equal(stage.pool.errors()[0]?.code, 'OOM');
  });

  it('over the soft limit it is replaced when idle, the replacement first where there is room', async () => {
    const stage = new Stage({ maxWorkers: 3 });
    for (const file of ['a', 'b', 'c', 'd', 'e']) stage.check([file], { detector: 'types' });
    stage.pool.configure({ maxWorkers: 3 });
    await stage.ready();
    stage.at(0).beat(0, 900 * 1024 * 1024);
    await stage.at(0).finish();
    assert.equal(stage.at(0).closed, true);
    assert.equal(stage.puppets.length, 2, 'the next is starting already');
  });

  it('all together over three quarters of the machine: idle ones go, else the largest, which is not to blame', async () => {
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

  it('V8 fails before the hard limit does', () => {
    const stage = new Stage();
    stage.check(['a']);
    return settle().then(() => assert.equal(stage.at(0).heapMb, 768));
  });

  it('alerts once over 85 %, and again only after it was under 80 %', async () => {
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

describe('health', () => {
  it('is not sampled while nothing jobs', async () => {
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

  it('shows every state a worker can be in', async () => {
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
    stage.check(['a'], { generation: 2 });
    await stage.clock.advance(1_000);
    await stage.ready();
    await stage.living[0]?.finish();
    await stage.living[0]?.die({ signal: 'SIGSEGV' });
    assert.equal(state(), 'degraded');
    await stage.pool.restart();
    for (let start = 0; start < 2; start += 1) {
      stage.check(['x'], { generation: 9 });
      await stage.clock.advance(1_000);
      await stage.living[0]?.die({ exitCode: 1 });
    }
    assert.equal(state(), 'disabled');
  });

  it('tells heap, event-loop utilization and the age of the last sign of life', async () => {
    const stage = new Stage();
    stage.check(['a']);
    await stage.ready();
    stage.at(0).beat(stage.clock.now(), 50_000_000, { heapUsedBytes: 7_000_000, utilization: 0.5 });
    await stage.clock.advance(700);
    const [health] = stage.pool.health();
    assert.deepEqual([health?.heapUsedBytes, health?.eventLoopUtilization, health?.heartbeatAgeMs], [7e6, 0.5, 700]);
  });

  it('is sampled as often as is asked for, at once from the next on', async () => {
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

  it('tells state, counts and the last exit', async () => {
    const stage = new Stage();
    let changes = 0;
    const stop = stage.pool.onHealth(() => {
      changes += 1;
    });
    stage.check(['a']);
    await stage.ready();
    assert.equal(stage.pool.health()[0]?.state, 'busy');
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
    stop();
  });
});
