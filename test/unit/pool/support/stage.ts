/** A pool on simulated time, with processes that do only what the test says. */
import assert from 'node:assert/strict';
import { Journal } from '../../../../server/journal.ts';
import type { DetectorTable } from '../../../../server/pool/worker-entry.ts';
import type {
  CheckAnswer,
  PlanAnswer,
  WorkerLink,
  Launch,
  LaunchOptions,
  LinkExit,
  Vitals,
} from '../../../../server/pool/link.ts';
import { LinkLost, RequestCancelled } from '../../../../server/pool/link.ts';
import type { MachineMemory } from '../../../../server/pool/machine.ts';
import { createPool, type PoolOptions } from '../../../../server/pool/pool.ts';
import type { CheckOutcome, CheckTask, PoolNotice, SupervisedPool } from '../../../../server/pool/types.ts';
import type { CheckEvent, CheckRequest, PlanRequest, Unit } from '../../../../workers/protocol/detector-protocol.ts';
import { settle, SimulatedClock } from '../../../support/simulated-clock.ts';

/** A process that does only what the test says. */
export class Puppet implements WorkerLink {
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
  #plan = Promise.withResolvers<PlanAnswer>();

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

  plan(request: PlanRequest, onLoading: (file: string) => void): Promise<PlanAnswer> {
    this.planRequest = request;
    this.loading = onLoading;
    this.#plan = Promise.withResolvers();
    return this.#plan.promise;
  }

  check(
    request: CheckRequest,
    onEvent: (event: CheckEvent) => void | Promise<void>,
    signal: AbortSignal,
  ): Promise<CheckAnswer> {
    this.request = request;
    this.cancelled = false;
    this.#onEvent = onEvent;
    this.#answer = Promise.withResolvers();
    signal.addEventListener('abort', () => {
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

  /**
   * Answers the check in hand, all its files done; or acknowledges that it was cancelled.
   * @param isLate it had answered before it heard of a cancellation
   */
  async finish(isLate = false): Promise<void> {
    const units = this.request?.units ?? [];
    this.request = undefined;
    if (this.cancelled && !isLate) this.#answer.reject(new RequestCancelled('cancelled'));
    else {
      for (const { file } of units) this.done(file);
      this.#answer.resolve({ result: { durationMs: 1, files: units.length, issues: 0 }, version: '1' });
    }
    await settle();
  }

  /** Answers the plan in hand: there is nothing to check. */
  async finishPlan(): Promise<void> {
    const plan = { status: 'ready', units: [], problems: [], configFiles: [] } as const;
    this.#plan.resolve({ plan, version: '1' });
    await settle();
  }

  close(): void {
    this.closed = true;
  }

  kill(): void {
    this.killed = true;
  }

  async die(exit: Partial<LinkExit> = { exitCode: 1 }): Promise<void> {
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

export class Stage {
  readonly clock = new SimulatedClock();
  readonly journal = new Journal();
  readonly puppets: Puppet[] = [];
  readonly notices: PoolNotice[] = [];
  readonly files = new Map<string, string>();
  readonly pool: SupervisedPool;
  memory: MachineMemory = { totalBytes: 2 ** 34, freeBytes: 2 ** 33, source: 'machine' };

  constructor(
    options: Partial<PoolOptions> = {},
    table?: DetectorTable,
    onLaunch: (options: LaunchOptions) => void = () => {},
  ) {
    const launch: Launch = (start) => {
      const { name, heapMb } = start;
      onLaunch(start);
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
    const { priority = 'background', signal, onEvent, changedSince, lane, ...request } = extras;
    return new Check(this.pool, {
      request: {
        detector: 'lint',
        root: '/r',
        options: {},
        revision: 1,
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
      ...(changedSince === undefined ? {} : { changedSince }),
    });
  }

  /** Checks files after others changed. */
  checkAfter(changed: readonly string[], files: readonly string[], extras: Partial<CheckRequest> = {}): Check {
    this.journal.append(changed.map((file) => ({ file, kind: 'changed' })));
    const changedSince = (revision: number): readonly string[] => [...(this.journal.since(revision)?.keys() ?? [])];
    return this.check(files, { revision: this.journal.mark(), changedSince, ...extras });
  }

  /** Starts what is starting. */
  async ready(): Promise<void> {
    await settle();
    for (const puppet of this.living) await puppet.becomeReady();
  }
}

export class Check {
  readonly controller = new AbortController();
  readonly events: CheckEvent[] = [];
  readonly settled: Promise<CheckOutcome>;
  readonly revision: number;
  outcome: CheckOutcome | undefined;

  constructor(pool: SupervisedPool, task: Omit<CheckTask, 'signal' | 'onEvent'> & Partial<CheckTask>) {
    this.revision = task.request.revision;
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

export const filesOf = (puppet: Puppet): readonly string[] => puppet.request?.units.map(({ file }) => file) ?? [];
