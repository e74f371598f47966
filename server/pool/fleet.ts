/**
 * All workers of a pool: which exist, and which job runs next and where. Knows jobs, not tasks. Lives as long as its pool.
 *
 * Invariant: no process starts while there are as many as {@link WorkerNumbers} allow, counted from their launch until they
 * are gone, and no job while so many work.
 * Invariant: every job is performed, dies, is refused or is withdrawn; none is forgotten.
 */
import { WorkerGroups, type WorkerSet, type WorkerGroup } from './worker-groups.ts';
import type { Clock, Random } from '../clock.ts';
import type { SupervisedWorker, WorkerOwner, Phase } from './supervised-worker.ts';
import type { Partition } from './partitions.ts';
import type { Death } from './exit-reason.ts';
import { TaskMetrics, type TaskFigures } from '../../workers/ipc/pool/task-metrics.ts';
import { CircuitBreakers } from './circuit-breakers.ts';
import type { Launch } from './link.ts';
import { freeByNeed, mostUrgent, workerToEvict } from './scheduling.ts';
import type { WorkerHealth, PoolNotice, WorkerNumbers } from './types.ts';
import type { Dispatcher, Job } from './job.ts';

const MAX_RESTART_TIMES = 1_000;

export interface FleetOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly launch: Launch;
  readonly log: WorkerOwner['log'];
  readonly onChange: () => void;
  readonly onNotice: (notice: PoolNotice) => void;
  /** Work of this worker group that was refused or postponed may be asked for again. */
  readonly onAvailable: (groupName: string) => void;
  /** A process ended unexpectedly. */
  readonly onFault: (worker: SupervisedWorker, death: Death, phase: Phase, job: Job | undefined) => void;
  /** A worker has something to do. */
  readonly onBusy: () => void;
  readonly onStarted: (pid: number) => void;
  readonly onEnded: (pid: number) => void;
  /** Whether the machine has memory for one more process. */
  readonly roomForMore: (live: readonly SupervisedWorker[]) => boolean;
  /** The machine has next to no memory left. */
  readonly isMemoryShort: WorkerOwner['isMemoryShort'];
  readonly spareMb: WorkerOwner['spareMb'];
  readonly grow: WorkerOwner['grow'];
}

export class Fleet implements Dispatcher {
  #most: WorkerNumbers;
  readonly #options: FleetOptions;
  readonly #groups: WorkerGroups;
  readonly #breakers: CircuitBreakers;
  #disposed = false;
  #turn = 0;
  #pumping = false;
  #pumpAgain = false;
  #cancelWake: () => void = () => {};
  #wakeAt = Number.POSITIVE_INFINITY;
  #whenEmpty: (() => void)[] = [];
  readonly #goneListeners = new Map<SupervisedWorker, (() => void)[]>();
  readonly #restartTimes: number[] = [];
  readonly #pids = new Map<SupervisedWorker, number>();
  readonly #metrics = new TaskMetrics();
  /** When a job was queued; once it runs, when it began. */
  readonly #since = new WeakMap<Job, number>();

  constructor(most: WorkerNumbers, options: FleetOptions) {
    const { clock, random, launch, log, isMemoryShort, spareMb, grow, onChange, onNotice, onAvailable } = options;
    this.#most = most;
    this.#options = options;
    this.#groups = new WorkerGroups({
      clock,
      random,
      launch,
      log,
      isMemoryShort,
      spareMb,
      grow,
      onChange,
      onReady: (worker) => this.#ready(worker),
      onFree: () => this.#pump(),
      onAnswered: (worker, job) => this.#answered(worker, job),
      onDeath: (worker, death, phase, job) => this.#died(worker, death, phase, job),
    });
    this.#breakers = new CircuitBreakers({ clock, groups: this.#groups, onNotice, onAvailable });
  }

  get live(): readonly SupervisedWorker[] {
    return this.#groups.live;
  }

  /** Recent times from the loss of a process until another was ready for its work, milliseconds. */
  get restartTimes(): readonly number[] {
    return this.#restartTimes;
  }

  /** What became of the jobs so far, and how long they took. */
  figures(): TaskFigures {
    return this.#metrics.figures();
  }

  enqueue(job: Job): void {
    if (this.#disposed) {
      job.refuse('The pool is closed.', undefined);
      return;
    }
    this.#since.set(job, this.#now);
    this.#groups.of(job.partition).queue.add(job);
    this.#pump();
  }

  withdraw(job: Job): void {
    this.#groups.of(job.partition).queue.remove(job);
  }

  /** There was progress: the next crash starts a new series. */
  progressed(partition: Partition): void {
    this.#breakers.progressed(this.#groups.of(partition));
  }

  /** Some work of the partition was postponed: it is offered again after the pause. */
  postpone(partition: Partition, pauseMs: number): void {
    const set = this.#groups.of(partition);
    if (set.queue.length === 0) for (const worker of set.workers) worker.showState('degraded');
    this.#breakers.offerLater(set.group, pauseMs);
  }

  health(): readonly WorkerHealth[] {
    return this.#groups.sets.flatMap(({ workers, queue }) => workers.map((worker) => worker.health(queue.length)));
  }

  /** Applies new numbers of workers and new memory limits at once, and starts what waited for them. */
  reconfigure(most: WorkerNumbers): void {
    this.#most = most;
    for (const worker of this.live) worker.limitsChanged();
    this.#closeSurplus();
    this.reconsider();
  }

  /** Closes free workers that use too much memory, and starts what may start now. Call it after memory was measured. */
  reconsider(): void {
    for (const worker of this.live) if (worker.free && worker.aboveSoftLimit) worker.close();
    this.#pump();
  }

  /**
   * All workers together use too much memory: ends the idle ones, or else the largest. Its work is repeated when there is
   * room. A single worker is left to its own limit.
   */
  freeMemory(): void {
    const held = this.live.filter(({ closing }) => !closing);
    const idle = held.filter(({ free }) => free);
    for (const worker of idle) worker.close();
    if (idle.length > 0 || held.length < 2) return;
    held.reduce((largest, other) => (other.memoryBytes > largest.memoryBytes ? other : largest)).killForMemory();
  }

  /** Closes the circuit breakers of a group (absent: of all) and ends its processes. Their work is repeated. */
  async restart(groupName?: string): Promise<void> {
    const groups = this.#groups.groups.filter(({ name }) => groupName === undefined || name === groupName);
    this.#breakers.close(groups);
    const sets = groups.flatMap((group) => this.#groups.ofGroup(group));
    for (const set of sets) {
      set.retryAt = 0;
      set.backoff.reset();
      for (const worker of set.workers) worker.showState('stopped');
    }
    const ended = sets.flatMap(({ workers }) => workers.filter(({ live }) => live));
    const gone = ended.map((worker) => this.#goneOnce(worker));
    for (const worker of ended) worker.kill({ kind: 'cancelled', message: 'Restarted on request.' });
    await Promise.all(gone);
    this.#pump();
  }

  /** @throws Error when there is no worker of that name */
  async restartWorker(name: string): Promise<void> {
    const worker = this.#groups.workers.find((candidate) => candidate.name === name);
    if (worker === undefined) throw new Error(`There is no worker named ${name}.`);
    if (!worker.live) return this.restart(worker.partition.group);
    const gone = this.#goneOnce(worker);
    worker.kill({ kind: 'cancelled', message: 'Restarted on request.' });
    await gone;
  }

  /** Refuses queued jobs and ends every process. Resolves when none is left. */
  async dispose(): Promise<void> {
    this.#disposed = true;
    this.#cancelWake();
    this.#breakers.dispose();
    for (const { queue } of this.#groups.sets) {
      for (const job of queue.drain()) job.refuse('The pool is closed.', undefined);
    }
    for (const worker of this.live) {
      if (worker.busy) worker.kill({ kind: 'cancelled', message: 'The pool is closed.' });
      else worker.close();
    }
    if (this.live.length > 0) await new Promise<void>((resolve) => this.#whenEmpty.push(resolve));
  }

  #ready(worker: SupervisedWorker): void {
    const set = this.#groups.of(worker.partition);
    this.#breakers.started(set.group);
    if (set.lostAt !== undefined && set.queue.length > 0) {
      this.#restartTimes.push(this.#now - set.lostAt);
      if (this.#restartTimes.length > MAX_RESTART_TIMES) this.#restartTimes.shift();
    }
    set.lostAt = undefined;
    const { pid } = worker;
    if (pid !== undefined) {
      this.#pids.set(worker, pid);
      this.#options.onStarted(pid);
    }
    this.#closeSurplus();
  }

  /** If there are more workers than allowed, free ones end now and busy ones after their job. */
  #closeSurplus(): void {
    const staying = this.live.filter(({ closing }) => !closing);
    const surplus = staying.length - this.#most.processes;
    if (surplus <= 0) return;
    const leastNeeded = freeByNeed(staying, (worker) => this.#groups.of(worker.partition));
    for (const worker of leastNeeded.slice(0, surplus)) worker.close();
  }

  #answered(worker: SupervisedWorker, job: Job): void {
    const set = this.#groups.of(worker.partition);
    this.#metrics.ended(this.#elapsed(job), true);
    if (job.activity === 'checking') {
      if (worker.checks > 1) set.pace.did(this.#elapsed(job));
      else set.pace.warmedUp(worker.startedInMs + worker.loadingMs + this.#elapsed(job));
    }
    this.#breakers.answered(set.group);
    this.#closeSurplus();
    if (worker.aboveSoftLimit) this.#recycle(worker);
    this.#pump();
  }

  /** Replaces the process. If there is room, the new one starts before the old one is gone. */
  #recycle(worker: SupervisedWorker): void {
    const set = this.#groups.of(worker.partition);
    worker.close();
    if (set.queue.length === 0 || this.#areEnoughWorking || this.live.length >= this.#most.processes) return;
    const here = set.workers.filter(({ live, closing }) => live && !closing);
    if (here.length < set.partition.maxWorkers) this.#startOne(set);
  }

  #died(worker: SupervisedWorker, death: Death, phase: Phase, job: Job | undefined): void {
    const set = this.#groups.of(worker.partition);
    const expected = death.reason.kind === 'cancelled';
    const pid = this.#pids.get(worker);
    this.#pids.delete(worker);
    if (pid !== undefined) this.#options.onEnded(pid);
    if (!expected) {
      this.#options.onFault(worker, death, phase, job);
      this.#breakers.died(set, worker, death, phase, job);
    }
    if (job !== undefined) {
      this.#metrics.ended(this.#elapsed(job), false);
      job.died(death);
    }
    if (!expected && set.queue.length > 0) set.lostAt ??= this.#now;
    for (const listener of this.#goneListeners.get(worker) ?? []) listener();
    this.#goneListeners.delete(worker);
    if (this.#disposed && this.live.length === 0) for (const resolve of this.#whenEmpty.splice(0)) resolve();
    this.#pump();
  }

  /** Starts every job that can run now. A re-entrant call causes one more round. */
  #pump(): void {
    this.#pumpAgain = true;
    if (this.#pumping || this.#disposed) return;
    this.#pumping = true;
    try {
      while (this.#pumpAgain) {
        this.#pumpAgain = false;
        this.#round();
      }
    } finally {
      this.#pumping = false;
    }
  }

  #round(): void {
    const waiting = new Set(this.#groups.sets.filter(({ queue }) => queue.length > 0));
    while (waiting.size > 0) {
      const set = mostUrgent(waiting, this.live);
      if (!this.#advance(set) || set.queue.length === 0) waiting.delete(set);
    }
  }

  /** Does one step for the first job of a worker set. @returns false when nothing can be done for it now */
  #advance(set: WorkerSet): boolean {
    const { group, queue } = set;
    const job = queue.head;
    if (job === undefined) return false;
    const refusal = this.#breakers.refusalOf(group);
    if (refusal !== undefined) {
      queue.remove(job);
      this.#breakers.refused(group);
      job.refuse(refusal.message, refusal);
      return true;
    }
    // A probe runs alone.
    if (this.#isProbing(group) && this.#liveOf(group).some(({ busy }) => busy)) return false;
    const free = set.workers.find((worker) => worker.free && (!job.alone || worker.fresh));
    if (free === undefined) return this.#makeRoom(set, job);
    if (this.#areEnoughWorking) return false;
    queue.remove(job);
    this.#turn += 1;
    group.lastServed = this.#turn;
    this.#options.onBusy();
    this.#metrics.began(this.#elapsed(job));
    this.#since.set(job, this.#now);
    free.run(job);
    return true;
  }

  /** Starts a process for a worker set, or ends one that occupies its place. @returns true when it started one */
  #makeRoom(set: WorkerSet, job: Job): boolean {
    const starting = set.workers.filter((worker) => worker.starting).length;
    if (starting >= (this.#isProbing(set.group) ? 1 : set.queue.length)) return false;
    if (set.retryAt > this.#now) {
      this.#wake(set.retryAt);
      return false;
    }
    const { live } = this;
    const here = set.workers.filter((worker) => worker.live);
    if (here.length >= set.partition.maxWorkers) {
      // Only a job that must run alone finds free workers that it cannot use.
      if (!here.some(({ closing }) => closing)) here.find((worker) => worker.free)?.close();
      return false;
    }
    const working = here.filter(({ closing }) => !closing).length;
    const isGradual = set.partition.entry.gradual === true && !job.alone && working > 0;
    if (isGradual && !this.#paysOff(set, working)) return false;
    if (this.#areEnoughWorking) return false;
    const full = live.length >= this.#most.processes || (live.length > 0 && !this.#options.roomForMore(live));
    if (full) {
      const setOf = ({ partition }: SupervisedWorker): WorkerSet => this.#groups.of(partition);
      if (!live.some(({ closing }) => closing)) workerToEvict(set, job, live, setOf)?.close();
      return false;
    }
    this.#startOne(set);
    return true;
  }

  /** Whether one more worker for the same work makes it end sooner by more than it costs. */
  #paysOff(set: WorkerSet, working: number): boolean {
    // While the others keep all cores busy, it would only load everything once more.
    const busy = this.live.filter((worker) => worker.busy || worker.starting).length;
    return busy < set.partition.maxWorkers && set.pace.isWorthAnother(set.queue.length, working);
  }

  get #areEnoughWorking(): boolean {
    return this.live.filter(({ free }) => !free).length >= this.#most.working;
  }

  #startOne(set: WorkerSet): void {
    this.#groups.idleWorkerOf(set).start();
  }

  #isProbing(group: WorkerGroup): boolean {
    return group.circuit.state(this.#now) === 'half-open';
  }

  #liveOf(group: WorkerGroup): readonly SupervisedWorker[] {
    return this.live.filter((worker) => worker.partition.group === group.name);
  }

  /** One timer for the earliest time at which a queued job may run. */
  #wake(at: number): void {
    if (at >= this.#wakeAt) return;
    this.#cancelWake();
    this.#wakeAt = at;
    this.#cancelWake = this.#options.clock.after(Math.max(0, at - this.#now), () => {
      this.#wakeAt = Number.POSITIVE_INFINITY;
      this.#pump();
    });
  }

  #goneOnce(worker: SupervisedWorker): Promise<void> {
    return new Promise((resolve) => {
      this.#goneListeners.set(worker, [...(this.#goneListeners.get(worker) ?? []), resolve]);
    });
  }

  #elapsed(job: Job): number {
    return this.#now - (this.#since.get(job) ?? this.#now);
  }

  get #now(): number {
    return this.#options.clock.now();
  }
}
