/**
 * All workers of a pool: which exist, who works next and where. Knows jobs, not tasks. Lives as long as its pool.
 *
 * Invariant: no process is started while there are `maxWorkers`, counted from launch until they are gone.
 * Invariant: every job that was enqueued is performed, dies, is refused or is withdrawn; none is forgotten.
 */
import { WorkerGroups, type WorkerSet, type WorkerGroup } from './worker-groups.ts';
import type { Clock, Random } from '../clock.ts';
import type { SupervisedWorker, WorkerOwner, Phase } from './supervised-worker.ts';
import type { Partition } from './partitions.ts';
import type { Death } from './exit-reason.ts';
import { CircuitBreakers } from './circuit-breakers.ts';
import type { Launch } from './link.ts';
import { dispensable, freeByNeed, mostUrgent } from './scheduling.ts';
import type { WorkerHealth, PoolNotice } from './types.ts';
import type { Dispatcher, Job } from './job.ts';

const MAX_RESTART_TIMES = 1_000;

export interface FleetOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly launch: Launch;
  readonly log: WorkerOwner['log'];
  readonly onChange: () => void;
  readonly onNotice: (notice: PoolNotice) => void;
  /** Work of this worker group that was refused or given up may be asked for again. */
  readonly onAvailable: (groupName: string) => void;
  /** A death that nobody asked for. */
  readonly onFault: (worker: SupervisedWorker, death: Death, phase: Phase, job: Job | undefined) => void;
  /** Work is in hand: worth watching. */
  readonly onBusy: () => void;
  readonly onStarted: (pid: number) => void;
  readonly onEnded: (pid: number) => void;
  /** Whether the machine has memory for one more process. */
  readonly roomForMore: (live: readonly SupervisedWorker[]) => boolean;
  /** The machine has next to no memory left. */
  readonly isMemoryShort: () => boolean;
}

export class Fleet implements Dispatcher {
  #maxWorkers: number;
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

  constructor(maxWorkers: number, options: FleetOptions) {
    const { clock, random, launch, log, isMemoryShort, onChange, onNotice, onAvailable } = options;
    this.#maxWorkers = maxWorkers;
    this.#options = options;
    this.#groups = new WorkerGroups({
      clock,
      random,
      launch,
      log,
      isMemoryShort,
      onChange,
      onReady: (worker) => this.#ready(worker),
      onFree: () => this.#pump(),
      onAnswered: (worker) => this.#answered(worker),
      onDeath: (worker, death, phase, job) => this.#died(worker, death, phase, job),
    });
    this.#breakers = new CircuitBreakers({ clock, groups: this.#groups, onNotice, onAvailable });
  }

  get live(): readonly SupervisedWorker[] {
    return this.#groups.live;
  }

  /** Recent waits from the loss of a process to the next that is ready for its work, milliseconds. */
  get restartTimes(): readonly number[] {
    return this.#restartTimes;
  }

  enqueue(job: Job): void {
    if (this.#disposed) {
      job.refuse('The pool is closed.', undefined);
      return;
    }
    this.#groups.of(job.partition).queue.add(job);
    this.#pump();
  }

  withdraw(job: Job): void {
    this.#groups.of(job.partition).queue.remove(job);
  }

  /** Something got done: the next death is no part of a series. */
  progressed(partition: Partition): void {
    this.#breakers.progressed(this.#groups.of(partition));
  }

  /** Some work of the partition was given up for now: it is offered again after the pause. */
  postpone(partition: Partition, pauseMs: number): void {
    const set = this.#groups.of(partition);
    if (set.queue.length === 0) for (const worker of set.workers) worker.rest('degraded');
    this.#breakers.offerLater(set.group, pauseMs);
  }

  health(): readonly WorkerHealth[] {
    return this.#groups.sets.flatMap(({ workers, queue }) => workers.map((worker) => worker.health(queue.length)));
  }

  /** Applies a new number of workers or new memory limits at once, and starts what waited for them. */
  reconfigure(maxWorkers: number): void {
    this.#maxWorkers = maxWorkers;
    for (const worker of this.live) worker.limitsChanged();
    this.#closeSurplus();
    this.reconsider();
  }

  /** Looks again at everything after memory was measured. */
  reconsider(): void {
    for (const worker of this.live) if (worker.free && worker.bloated) worker.close();
    this.#pump();
  }

  /**
   * All together hold more memory than the machine has for them: the idle ones go, else the largest of several. Its
   * work is repeated when there is room; one alone has a limit of its own.
   */
  relieve(): void {
    const held = this.live.filter(({ closing }) => !closing);
    const idle = held.filter(({ free }) => free);
    for (const worker of idle) worker.close();
    if (idle.length > 0 || held.length < 2) return;
    held.reduce((largest, other) => (other.memoryBytes > largest.memoryBytes ? other : largest)).makeRoom();
  }

  /** Lifts what holds a group back (all when absent) and ends its processes; their work is repeated. */
  async restart(groupName?: string): Promise<void> {
    const groups = this.#groups.groups.filter(({ name }) => groupName === undefined || name === groupName);
    this.#breakers.lift(groups);
    const sets = groups.flatMap((group) => this.#groups.ofGroup(group));
    for (const set of sets) {
      set.retryAt = 0;
      set.backoff.reset();
      for (const worker of set.workers) worker.rest('stopped');
    }
    const ended = sets.flatMap(({ workers }) => workers.filter(({ live }) => live));
    const gone = ended.map((worker) => this.#goneOnce(worker));
    for (const worker of ended) worker.kill({ kind: 'cancelled', message: 'Restarted on request.' });
    await Promise.all(gone);
    this.#pump();
  }

  /** Refuses what waits, ends every process, resolves when none is left. */
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

  /** With fewer workers allowed than there are, free ones end now, busy ones after their job. */
  #closeSurplus(): void {
    const staying = this.live.filter(({ closing }) => !closing);
    const surplus = staying.length - this.#maxWorkers;
    if (surplus <= 0) return;
    const leastNeeded = freeByNeed(staying, (worker) => this.#groups.of(worker.partition));
    for (const worker of leastNeeded.slice(0, surplus)) worker.close();
  }

  #answered(worker: SupervisedWorker): void {
    this.#breakers.answered(this.#groups.of(worker.partition).group);
    this.#closeSurplus();
    if (worker.bloated) this.#recycle(worker);
    this.#pump();
  }

  /** The next work of the partition gets a new process; its start does not wait for the old one to be gone, if there is room. */
  #recycle(worker: SupervisedWorker): void {
    const set = this.#groups.of(worker.partition);
    worker.close();
    if (set.queue.length === 0 || this.live.length >= this.#maxWorkers) return;
    const here = set.workers.filter(({ live, closing }) => live && !closing);
    if (here.length < set.partition.maxWorkers) this.#startOne(set);
  }

  #died(worker: SupervisedWorker, death: Death, phase: Phase, job: Job | undefined): void {
    const set = this.#groups.of(worker.partition);
    const wanted = death.reason.kind === 'cancelled';
    const pid = this.#pids.get(worker);
    this.#pids.delete(worker);
    if (pid !== undefined) this.#options.onEnded(pid);
    if (!wanted) {
      this.#options.onFault(worker, death, phase, job);
      this.#breakers.died(set, worker, death, phase, job);
    }
    job?.died(death);
    if (!wanted && set.queue.length > 0) set.lostAt ??= this.#now;
    for (const listener of this.#goneListeners.get(worker) ?? []) listener();
    this.#goneListeners.delete(worker);
    if (this.#disposed && this.live.length === 0) for (const resolve of this.#whenEmpty.splice(0)) resolve();
    this.#pump();
  }

  /** Gives out all work that can run now. Re-entrant calls are folded into one more round. */
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

  /** Does one step for the head of a worker set's queue. @returns false when nothing can be done for it now */
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
    // A probe goes alone.
    if (this.#isProbing(group) && this.#liveOf(group).some(({ busy }) => busy)) return false;
    const free = set.workers.find((worker) => worker.free && (!job.alone || worker.fresh));
    if (free === undefined) return this.#makeRoom(set, job);
    queue.remove(job);
    this.#turn += 1;
    group.lastServed = this.#turn;
    this.#options.onBusy();
    free.run(job);
    return true;
  }

  /** Starts a process for a worker set, or begins to end one that is in the way. @returns true when it started one */
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
      // Only work that must be alone finds free workers it cannot use.
      if (!here.some(({ closing }) => closing)) here.find((worker) => worker.free)?.close();
      return false;
    }
    const full = live.length >= this.#maxWorkers || (live.length > 0 && !this.#options.roomForMore(live));
    if (full) {
      const setOf = ({ partition }: SupervisedWorker): WorkerSet => this.#groups.of(partition);
      if (!live.some(({ closing }) => closing)) dispensable(set, job, live, setOf)?.close();
      return false;
    }
    this.#startOne(set);
    return true;
  }

  #startOne(set: WorkerSet): void {
    this.#groups.slotIn(set).start();
  }

  #isProbing(group: WorkerGroup): boolean {
    return group.circuit.state(this.#now) === 'half-open';
  }

  #liveOf(group: WorkerGroup): readonly SupervisedWorker[] {
    return this.live.filter((worker) => worker.partition.group === group.name);
  }

  /** One timer for the nearest moment at which waiting work may run. */
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

  get #now(): number {
    return this.#options.clock.now();
  }
}
