/**
 * One seed, one story: a pool on simulated time and simulated processes, tasks that come, are cancelled and repeated,
 * faults that stop at some time. Checks the pool's invariants all along and throws at the first that breaks.
 */
import assert from 'node:assert/strict';
import { createPool, PlanFailure } from '../../../../server/pool/pool.ts';
import type { DetectorTable } from '../../../../server/pool/worker-entry.ts';
import type { CheckOutcome, Pool, PoolNotice, Priority } from '../../../../server/pool/types.ts';
import type { CheckEvent, Issue, Unit } from '../../../../workers/protocol/detector-protocol.ts';
import { seeded, settle, SimulatedClock } from '../../../support/simulated-clock.ts';
import { expectedIssues, noFaults, World, type Faults, type Poison } from './simulated-link.ts';

export interface Story {
  readonly seed: number;
  readonly tasks: number;
  readonly settledAfterMs: number;
  readonly launches: number;
  readonly deaths: number;
  readonly quarantined: number;
  readonly failed: number;
  readonly cancelled: number;
}

const MINUTE = 60_000;
const PRIORITIES: readonly Priority[] = ['open', 'recent', 'background'];
const POISONS: readonly Poison[] = ['crash', 'hang', 'oom', 'self-kill', 'secret-kill'];

const table: DetectorTable = {
  many: { title: 'Many', group: 'many' },
  single: { title: 'Single', group: 'single', single: true },
  left: { title: 'Left', group: 'shared', single: true },
  right: { title: 'Right', group: 'shared', single: true },
};

/** @throws AssertionError when an invariant breaks */
export async function simulate(seed: number): Promise<Story> {
  const random = seeded(seed);
  const clock = new SimulatedClock();
  const world = new World(clock, random);
  const notices: PoolNotice[] = [];
  const maxWorkers = 1 + Math.floor(random() * 4);
  const mood = Math.floor(random() * 6);
  world.faults = faultsOf(mood, random);
  world.marks = random() < 0.8;
  const limits = {
    idleMs: 20_000,
    progressMs: 5_000,
    heartbeatMs: 3_000,
    startMs: 10_000,
    planMs: 8_000,
    cancelMs: 500,
  };
  const pool = createPool({
    clock,
    random,
    launch: world.launch,
    readInput: () => Promise.resolve(undefined),
    sample: () => Promise.resolve(new Map()),
    machine: () => Promise.resolve({ totalBytes: 2 ** 34, freeBytes: 2 ** 33, source: 'machine' }),
    maxWorkers,
    limits,
    detectors: table,
    onNotice: (notice) => notices.push(notice),
  });
  const trials: Trial[] = [];
  const offers = new Map<string, number>();
  pool.onAvailable((detector) => offers.set(detector, clock.now()));
  const plans: Promise<unknown>[] = [];
  const taskCount = 2 + Math.floor(random() * 6);
  const poisonShare = mood === 0 || random() < 0.5 ? 0 : 0.15;
  for (let index = 0; index < taskCount; index += 1) {
    clock.after(random() * 3_000, () => {
      const trial = new Trial(pool, world, index, poisonShare);
      trials.push(trial);
      if (random() < 0.25) clock.after(random() * 4_000, () => trial.cancel());
    });
    if (random() < 0.3) {
      clock.after(random() * 2_000, () => {
        const request = { detector: 'many', root: '/root0', options: {} };
        plans.push(
          pool.plan(request, new AbortController().signal).catch((error: unknown) => {
            assert.ok(error instanceof PlanFailure, `a plan failed with ${String(error)}`);
          }),
        );
      });
    }
  }
  if (random() < 0.2) clock.after(random() * 10_000, () => void pool.restart(random() < 0.5 ? 'many' : undefined));
  // Faults have their time, then the world is well again.
  const faultsStopAt = 3_000 + random() * 60_000;
  clock.after(faultsStopAt, () => {
    world.faults = noFaults;
  });

  const deadline = faultsStopAt + 30 * MINUTE;
  const step = async (): Promise<void> => {
    clock.step();
    await settle();
    assert.ok(world.live <= maxWorkers, `${world.live} processes with ${maxWorkers} workers allowed`);
  };
  await settle();
  while (
    clock.nextAt !== undefined &&
    (trials.length < taskCount || trials.some((trial) => trial.outcome === undefined))
  ) {
    assert.ok(clock.now() < deadline, `tasks are still open at ${clock.now()}: the queue does not drain`);
    await step();
  }
  for (const trial of trials) trial.verify(mood);
  verifyRestartRate(world);
  if (mood === 2 && world.poison.size === 0) {
    const forGood = notices.filter(({ kind }) => kind !== 'degraded');
    assert.deepEqual(forGood, [], 'kills from outside alone turn nothing off for good');
  }
  // What was refused or put off for now is offered again, without anybody asking.
  const isOffered = ({ detector, startedAt }: Trial): boolean => (offers.get(detector) ?? -1) >= startedAt;
  const waiting = trials.filter((trial) => trial.isToBeContinued);
  while (!waiting.every(isOffered) && clock.nextAt !== undefined && clock.now() < deadline) await step();
  assert.ok(waiting.every(isOffered), 'what was refused for now is never offered again');

  // After a restart everything works again, whatever happened before.
  world.poison.clear();
  world.faults = noFaults;
  void pool.restart();
  const last = new Trial(pool, world, taskCount, 0);
  await settle();
  while (last.outcome === undefined && clock.nextAt !== undefined) {
    assert.ok(clock.now() < deadline + MINUTE * 10, 'the pool does not work after a restart');
    await step();
  }
  assert.equal(last.outcome?.kind, 'done', 'a task after a restart is done');
  last.verify(0);

  const end = { reached: false };
  void pool.dispose().then(() => {
    end.reached = true;
  });
  await settle();
  while (!end.reached && clock.nextAt !== undefined) await step();
  assert.ok(end.reached, 'dispose resolves');
  assert.equal(world.live, 0, 'no process is left');
  let planned = false;
  void Promise.all(plans).then(() => {
    planned = true;
  });
  await settle();
  assert.ok(planned, 'every plan settled');
  const kinds = trials.map((trial) => trial.outcome?.kind);
  return {
    seed,
    tasks: taskCount,
    settledAfterMs: clock.now(),
    launches: world.launches,
    deaths: world.deaths,
    quarantined: trials.reduce(
      (sum, { outcome }) => sum + (outcome?.kind === 'done' ? outcome.quarantined.length : 0),
      0,
    ),
    failed: kinds.filter((kind) => kind === 'failed').length,
    cancelled: kinds.filter((kind) => kind === 'cancelled').length,
  };
}

/** A task with an engine's eyes: keeps what counts as true and notices what must not happen. */
class Trial {
  outcome: CheckOutcome | undefined;
  readonly detector: string;
  readonly startedAt: number;
  readonly #world: World;
  readonly #controller = new AbortController();
  readonly #units: readonly Unit[];
  readonly #poisoned: ReadonlySet<string>;
  readonly #open = new Map<string, Issue[]>();
  readonly #done = new Map<string, readonly Issue[]>();
  readonly #label: string;
  readonly #violations: string[] = [];
  #settled = 0;

  constructor(pool: Pool, world: World, index: number, poisonShare: number) {
    const { random } = world;
    this.#world = world;
    const names = Object.keys(table);
    const detector = names[Math.floor(random() * names.length)] ?? 'many';
    this.detector = detector;
    this.startedAt = world.clock.now();
    const kind = detector === 'single' ? 'project' : 'file';
    const lane = random() < 0.2 ? 'heavy' : 'light';
    this.#label = `task ${index} of ${detector}`;
    this.#units = Array.from({ length: 1 + Math.floor(random() * 12) }, (_, number) => {
      const id = `${detector}-${index}-${'x'.repeat(number % 5)}${number}`;
      return { id, kind, group: 'g', file: `${id}.ts`, lane } as const;
    });
    const poisoned = this.#units.filter(() => random() < poisonShare);
    this.#poisoned = new Set(poisoned.map((unit) => unit.id));
    for (const unit of poisoned) world.poison.set(unit.id, POISONS[Math.floor(random() * POISONS.length)] ?? 'crash');
    const slow = random() < 0.2;
    const request = {
      detector,
      root: `/root${Math.floor(random() * 2)}`,
      options: {},
      revision: index,
      units: this.#units,
      overlays: [],
      first: [],
    };
    const task = {
      request,
      priority: PRIORITIES[Math.floor(random() * 3)] ?? 'open',
      signal: this.#controller.signal,
      onEvent: (event: CheckEvent): void | Promise<void> => {
        this.#event(event);
        return slow && event.kind === 'issues' ? world.sleep(random() * 30) : undefined;
      },
    };
    void pool.check(task).then((outcome) => {
      this.#settled += 1;
      if (this.#settled > 1) this.#violations.push('settled twice');
      this.outcome = outcome;
    });
  }

  /** It failed for a reason that will pass. */
  get isToBeContinued(): boolean {
    return this.outcome?.kind === 'failed' && this.outcome.message.endsWith('tries again later.');
  }

  cancel(): void {
    this.#controller.abort();
  }

  /** @param mood 0: nothing went wrong */
  verify(mood: number): void {
    const { outcome } = this;
    assert.deepEqual(this.#violations, [], this.#label);
    assert.ok(outcome !== undefined, `${this.#label} never settled`);
    if (outcome.kind === 'cancelled') {
      assert.ok(this.#controller.signal.aborted, `${this.#label} is cancelled though nobody asked`);
      return;
    }
    const quarantined = new Set(outcome.quarantined.map(({ unit }) => unit.id));
    assert.equal(quarantined.size, outcome.quarantined.length, `${this.#label} quarantined an input twice`);
    const unfinished = new Set(outcome.kind === 'failed' ? outcome.unfinished.map((unit) => unit.id) : []);
    for (const unit of this.#units) {
      if (unfinished.has(unit.id)) {
        assert.ok(!quarantined.has(unit.id), `${unit.id} is both unfinished and quarantined`);
        continue;
      }
      if (quarantined.has(unit.id)) {
        const deaths = this.#world.victims.get(unit.id) ?? 0;
        // Without marks a death is laid at the door of the only unit left, also if it fell before that began.
        const needed = this.#world.marks ? 2 : 1;
        const poison = this.#world.poison.get(unit.id);
        const guilty = (poison !== undefined && poison !== 'secret-kill') || (mood > 1 && deaths >= needed);
        assert.ok(guilty, `${unit.id} is quarantined after ${deaths} deaths`);
        continue;
      }
      assert.ok(!this.#poisoned.has(unit.id), `${unit.id} is poison and passed`);
      assert.deepEqual(this.#done.get(unit.id), expectedIssues(unit), `issues of ${unit.id}`);
    }
    if (mood === 0) assert.equal(outcome.kind, 'done', `${this.#label} failed without any fault`);
  }

  #event(event: CheckEvent): void {
    // Not thrown: the pool would take it for a fault of the listener and go on.
    if (this.outcome !== undefined) this.#violations.push('an event after it settled');
    if (this.#controller.signal.aborted) this.#violations.push('an event after its cancel');
    if ((event.kind === 'begin' || event.kind === 'done') && event.file.endsWith('/own')) return;
    if (event.kind === 'begin') this.#open.set(event.unit, []);
    else if (event.kind === 'issues') {
      // Without marks a reader drops what an earlier attempt left when the same issue comes again.
      const known = this.#open.get(event.unit) ?? [];
      const news = event.issues.filter((issue) => !known.some((other) => other.fingerprint === issue.fingerprint));
      this.#open.set(event.unit, [...known, ...news]);
    } else if (event.kind === 'done') {
      this.#done.set(event.unit, this.#open.get(event.unit) ?? []);
    }
  }
}

function faultsOf(mood: number, random: () => number): Faults {
  const some = (most: number): number => (random() < 0.5 ? random() * most : 0);
  // 0: all is well. 1: poison only. 2: killed from outside. 3: a bit of everything. 4: much of everything. 5: nothing starts.
  if (mood <= 1) return { ...noFaults, flood: some(0.1), earlyExit: some(0.5) };
  if (mood === 2) return { ...noFaults, kill: random() * 0.3, earlyExit: some(0.5) };
  const share = mood === 3 ? 0.2 : 1;
  return {
    crash: some(0.3) * share,
    kill: some(0.3) * share,
    hang: some(0.1) * share,
    stop: some(0.1) * share,
    startCrash: mood === 5 ? 0.9 : some(0.5) * share,
    startHang: some(0.2) * share,
    duplicate: some(0.2),
    earlyExit: some(0.5),
    flood: some(0.1),
    ignoreCancel: some(0.8),
    idleCrash: some(0.1) * share,
    lostLine: some(0.05) * share,
  };
}

/** However bad the world: no storm of restarts. */
function verifyRestartRate(world: World): void {
  const times = world.launchTimes;
  const progress = Math.max(1, times.length);
  for (let index = 60; index < times.length; index += 1) {
    const span = (times[index] ?? 0) - (times[index - 60] ?? 0);
    assert.ok(span > 500, `60 of ${progress} starts within ${Math.round(span)} ms`);
  }
}
