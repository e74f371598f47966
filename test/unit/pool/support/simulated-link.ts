/**
 * A driver without processes: starts, answers, crashes, hangs, floods and lies on simulated time, as a seed decides.
 * The world lives as long as one simulation, a link as long as one simulated process.
 */
import type {
  Launch,
  LaunchOptions,
  WorkerLink,
  LinkExit,
  PlanAnswer,
  CheckAnswer,
  Vitals,
} from '../../../../server/pool/link.ts';
import { LinkLost, RequestCancelled } from '../../../../server/pool/link.ts';
import type {
  CheckEvent,
  CheckRequest,
  Issue,
  PlanRequest,
  Unit,
} from '../../../../workers/protocol/detector-protocol.ts';
import type { Random } from '../../../../server/clock.ts';
import type { SimulatedClock } from '../../../support/simulated-clock.ts';

/** Probabilities, each per occasion. */
export interface Faults {
  /** Dies of its own fault, per step of work. */
  crash: number;
  /** Is killed from outside, per step. */
  kill: number;
  /** Makes no progress any more, per step; its guard still gives signs of life. */
  hang: number;
  /** Is stopped as a whole, per step. */
  stop: number;
  /** Does not survive its start. */
  startCrash: number;
  /** Never becomes ready. */
  startHang: number;
  /** Says a file's events twice. */
  duplicate: number;
  /** Its exit is seen before its last words. */
  earlyExit: number;
  /** Says a thousand things at once. */
  flood: number;
  /** Does not react to a cancel. */
  ignoreCancel: number;
  /** Dies while nothing is in work, per second. */
  idleCrash: number;
  /** Loses the line without dying. */
  lostLine: number;
}

export const noFaults: Faults = {
  crash: 0,
  kill: 0,
  hang: 0,
  stop: 0,
  startCrash: 0,
  startHang: 0,
  duplicate: 0,
  earlyExit: 0,
  flood: 0,
  ignoreCancel: 0,
  idleCrash: 0,
  lostLine: 0,
};

export type Poison = 'crash' | 'hang' | 'oom' | 'self-kill' | 'secret-kill';

export class World {
  readonly clock: SimulatedClock;
  readonly random: Random;
  faults: Faults = noFaults;
  /** By unit id. */
  readonly poison = new Map<string, Poison>();
  /** Whether `begin` marks are sent. */
  marks = true;
  live = 0;
  maxLive = 0;
  launches = 0;
  launchTimes: number[] = [];
  deaths = 0;
  /** How often a unit was in work at a death that spoke against it, by id: kills from outside do not. */
  readonly victims = new Map<string, number>();

  constructor(clock: SimulatedClock, random: Random) {
    this.clock = clock;
    this.random = random;
  }

  readonly launch: Launch = (options) => new SimulatedLink(this, options);

  chance(probability: number): boolean {
    return probability > 0 && this.random() < probability;
  }

  between(low: number, high: number): number {
    return low + this.random() * (high - low);
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => void this.clock.after(ms, resolve));
  }
}

/** What a healthy detector says of a unit. */
export function expectedIssues(unit: Unit): readonly Issue[] {
  const count = unit.id.length % 4;
  return Array.from({ length: count }, (_, index) => ({
    detector: 'simulated',
    rule: `rule-${index}`,
    severity: 'warning',
    message: `${unit.id} has problem ${index}`,
    range: { start: { line: index, character: 0 }, end: { line: index, character: 1 } },
    file: unit.file,
    fixable: false,
    fingerprint: `${unit.id}:${index}`,
  }));
}

const CRASHES: readonly Partial<LinkExit>[] = [
  { exitCode: 0 },
  { exitCode: 1 },
  { signal: 'SIGSEGV' },
  { signal: 'SIGABRT', outOfMemory: 'heap' },
  { signal: 'SIGKILL', outOfMemory: 'kernel' },
];

class SimulatedLink implements WorkerLink {
  readonly pid: number;
  readonly ready: Promise<boolean>;
  readonly exited: Promise<LinkExit>;
  vitals: Vitals | undefined;
  readonly #world: World;
  readonly #resolveReady: (ready: boolean) => void;
  readonly #resolveExited: (exit: LinkExit) => void;
  #rejectRequests: (() => void)[] = [];
  #dead = false;
  #gone = false;
  #hung = false;
  #busy = false;
  #onVitals: (vitals: Vitals) => void = () => {};

  constructor(world: World, options: LaunchOptions) {
    this.#world = world;
    this.pid = 1_000 + world.launches;
    world.launches += 1;
    world.launchTimes.push(world.clock.now());
    world.live += 1;
    world.maxLive = Math.max(world.maxLive, world.live);
    const ready = Promise.withResolvers<boolean>();
    const exited = Promise.withResolvers<LinkExit>();
    this.ready = ready.promise;
    this.#resolveReady = ready.resolve;
    this.exited = exited.promise;
    this.#resolveExited = exited.resolve;
    if (world.chance(world.faults.startHang)) {
      world.clock.after(options.startMs, () => this.#die({ startTimeout: true, signal: 'SIGKILL' }));
    } else if (world.chance(world.faults.startCrash)) {
      world.clock.after(world.between(1, 300), () => this.#die({ exitCode: 1 }));
    } else {
      world.clock.after(world.between(30, 300), () => {
        if (this.#dead) return;
        this.#resolveReady(true);
        void this.#idle();
      });
    }
  }

  onVitals(listener: (vitals: Vitals) => void): void {
    this.#onVitals = listener;
  }

  async plan(request: PlanRequest): Promise<PlanAnswer> {
    return this.#request(async () => {
      await this.#step();
      const units = [{ id: 'a', kind: 'file', group: 'g', file: 'a' }] as const;
      return { plan: { status: 'ready', units, problems: [], configFiles: [], note: request.root }, version: '1' };
    });
  }

  async check(
    request: CheckRequest,
    onEvent: (event: CheckEvent) => void | Promise<void>,
    signal: AbortSignal,
  ): Promise<CheckAnswer> {
    const ignoreCancel = this.#world.chance(this.#world.faults.ignoreCancel);
    const startedAt = this.#world.clock.now();
    return this.#request(async () => {
      let issues = 0;
      for (const unit of request.units) {
        if (signal.aborted && !ignoreCancel) throw new RequestCancelled('cancelled');
        issues += await this.#checkUnit(unit, onEvent);
      }
      if (signal.aborted) throw new RequestCancelled('cancelled');
      return this.#answer(startedAt, issues);
    });
  }

  capture(): Promise<void> {
    return Promise.resolve();
  }

  close(): void {
    const stubborn = this.#hung || this.#world.chance(this.#world.faults.ignoreCancel);
    this.#world.clock.after(stubborn ? 3_000 : this.#world.between(1, 50), () =>
      this.#die({ exitCode: 0, expected: true }),
    );
  }

  kill(): void {
    this.#world.clock.after(this.#world.between(0, 20), () => this.#die({ signal: 'SIGKILL', expected: true }));
  }

  #answer(startedAt: number, issues: number): CheckAnswer {
    const durationMs = this.#world.clock.now() - startedAt;
    return { result: { durationMs, files: 0, issues }, version: '1' };
  }

  async #checkUnit(unit: Unit, onEvent: (event: CheckEvent) => void | Promise<void>): Promise<number> {
    const say = async (event: CheckEvent): Promise<void> => {
      // What a dead process said may still arrive when its exit is known; what is lost is lost to the end.
      if (this.#gone && this.#world.chance(0.3)) return this.#silence();
      await onEvent(event);
    };
    const { id, file } = unit;
    if (unit.kind === 'project') {
      // A project is not done when one of its files is.
      const own = `${file}/own`;
      if (this.#world.marks) await say({ kind: 'begin', unit: id, file: own });
      await say({ kind: 'done', unit: id, file: own });
    }
    if (this.#world.marks) await say({ kind: 'begin', unit: id, file });
    await this.#step(unit);
    const issues = expectedIssues(unit);
    const times = this.#world.chance(this.#world.faults.duplicate) ? 2 : 1;
    for (let time = 0; time < times; time += 1) {
      if (issues.length > 0) await say({ kind: 'issues', unit: id, file, issues: issues.slice(0, 1) });
      await this.#step(unit);
      if (issues.length > 1) await say({ kind: 'issues', unit: id, file, issues: issues.slice(1) });
      if (this.#world.chance(this.#world.faults.flood)) {
        for (let index = 0; index < 1_000; index += 1) void say({ kind: 'progress', done: index, total: 1_000 });
      }
      await say({ kind: 'done', unit: id, file });
    }
    return issues.length;
  }

  /** A little work, during which anything may happen. */
  async #step(unit?: Unit): Promise<void> {
    const { faults } = this.#world;
    await this.#world.sleep(this.#world.between(1, 40));
    if (this.#hung) return this.#hang();
    const poison = unit === undefined ? undefined : this.#world.poison.get(unit.id);
    if (poison === 'hang') return this.#hang(unit);
    if (poison === 'crash') return this.#perish({ exitCode: 3 }, unit);
    if (poison === 'oom') return this.#perish({ signal: 'SIGABRT', outOfMemory: 'heap' }, unit);
    if (poison === 'self-kill') return this.#perish({ signal: 'SIGKILL', selfInflicted: true }, unit);
    // Nobody can tell it from a kill from outside.
    if (poison === 'secret-kill') return this.#perish({ signal: 'SIGKILL' }, undefined);
    if (this.#world.chance(faults.crash)) return this.#perish(this.#oneOf(CRASHES), unit);
    if (this.#world.chance(faults.kill)) return this.#perish({ signal: 'SIGKILL' }, undefined);
    if (this.#world.chance(faults.lostLine)) return this.#loseLine();
    if (this.#world.chance(faults.hang)) return this.#hang(unit);
    if (this.#world.chance(faults.stop)) return this.#silence();
    this.#beat();
  }

  #beat(): void {
    this.vitals = { heartbeatAt: this.#world.clock.now(), rssBytes: 50_000_000 };
    this.#onVitals(this.vitals);
  }

  #oneOf<T>(list: readonly T[]): T {
    const chosen = list[Math.floor(this.#world.random() * list.length)];
    if (chosen === undefined) throw new Error('nothing to choose from');
    return chosen;
  }

  async #hang(unit?: Unit): Promise<never> {
    this.#blame(unit);
    this.#hung = true;
    for (;;) {
      await this.#world.sleep(1_000);
      if (this.#dead) return this.#silence();
      this.#beat();
    }
  }

  #silence(): Promise<never> {
    this.#hung = true;
    return new Promise(() => {});
  }

  #loseLine(): Promise<never> {
    this.#failRequests();
    return this.#silence();
  }

  #perish(exit: Partial<LinkExit>, unit: Unit | undefined): Promise<never> {
    this.#blame(unit);
    this.#die(exit);
    return new Promise(() => {});
  }

  #blame(unit: Unit | undefined): void {
    if (unit !== undefined) this.#world.victims.set(unit.id, (this.#world.victims.get(unit.id) ?? 0) + 1);
  }

  async #idle(): Promise<void> {
    if (this.#world.faults.idleCrash === 0) return;
    while (!this.#dead) {
      await this.#world.sleep(1_000);
      if (!this.#busy && !this.#hung && this.#world.chance(this.#world.faults.idleCrash))
        this.#die({ signal: 'SIGSEGV' });
    }
  }

  async #request<Answer>(answer: () => Promise<Answer>): Promise<Answer> {
    if (this.#dead) throw new LinkLost('dead');
    this.#busy = true;
    const lost = new Promise<never>((_, reject) => this.#rejectRequests.push(() => reject(new LinkLost('lost'))));
    try {
      return await Promise.race([answer(), lost]);
    } finally {
      this.#busy = false;
    }
  }

  #failRequests(): void {
    for (const reject of this.#rejectRequests.splice(0)) reject();
  }

  #die(exit: Partial<LinkExit>): void {
    if (this.#dead) return;
    this.#dead = true;
    this.#world.deaths += 1;
    this.#resolveReady(false);
    const bury = (): void => {
      this.#gone = true;
      this.#world.live -= 1;
      this.#resolveExited({ expected: false, outOfMemory: false, stderr: ['simulated'], ...exit });
    };
    // The order in which the line and the process are seen to end is nobody's promise.
    if (this.#world.chance(this.#world.faults.earlyExit)) {
      bury();
      this.#world.clock.after(this.#world.between(0, 200), () => this.#failRequests());
    } else {
      this.#failRequests();
      this.#world.clock.after(this.#world.between(0, 200), bury);
    }
  }
}
