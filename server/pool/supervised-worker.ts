/**
 * One worker with its supervisor: a slot that starts processes, gives them work, watches over them and tells how
 * they ended. A slot outlives its processes; its name and its counts are stable over restarts.
 */
import { Deadline, type Clock, type Random } from './clock.ts';
import type { Told } from './changes.ts';
import type { Partition } from './detectors.ts';
import { deathOf, type Death, type Diagnosis } from './exit-reason.ts';
import type { WorkerLink, Launch, LinkExit, Vitals } from './link.ts';
import type { WorkerHealth, SupervisedWorkerState, ExitReason } from './types.ts';
import type { Job } from './job.ts';

const MEGABYTE = 1024 * 1024;
/** Of the hard limit: leaves room for the rest of the process, so that V8 reports its own end. */
const HEAP_SHARE = 0.75;
/** Node without any heap, and what V8 needs beside old objects. */
const HEAP_HEADROOM_MB = 150;
const HEAP_LEAST_MB = 64;
/** Of its limit: who holds less is not the one that a keeper of the machine's memory ends. */
const MUCH_MEMORY = 0.25;
/** A broken line without an exit: the process gets this long to end by itself, so that its true reason is seen. */
const LOST_LINE_MS = 1_000;

/** Beats come every second: after this silence the process is stopped or starved rather than busy. */
const MISSED_BEATS_MS = 3_000;

export type Phase = 'starting' | 'idle' | 'working';

export interface WorkerOwner {
  readonly clock: Clock;
  readonly random: Random;
  readonly launch: Launch;
  /** The machine has next to no memory left. */
  readonly isMemoryShort: () => boolean;
  log(level: 'error' | 'warn' | 'info' | 'debug', message: string): void;
  /** It can take work. */
  onFree(worker: SupervisedWorker): void;
  /** A process is ready; it may be asked for its id from now on. */
  onReady(worker: SupervisedWorker): void;
  /** A work came to its end with its worker alive. */
  onAnswered(worker: SupervisedWorker, work: Job): void;
  /** The process is gone; the slot is `stopped`. A work under it has not been told yet. */
  onDeath(worker: SupervisedWorker, death: Death, phase: Phase, work: Job | undefined): void;
  onChange(): void;
}

export class SupervisedWorker {
  readonly name: string;
  readonly partition: Partition;
  /** What this process was told of changes; meaningless without one. */
  told: Told = 0;
  readonly #owner: WorkerOwner;
  readonly #progress: Deadline;
  readonly #heartbeat: Deadline;
  /** Within 10 % of 1: equal workers are not replaced all at the same time. */
  readonly #softJitter: number;
  #state: SupervisedWorkerState = 'stopped';
  #link: WorkerLink | undefined;
  #closing = false;
  #diagnosis: Diagnosis | undefined;
  #work: Job | undefined;
  #performing: Promise<void> = Promise.resolve();
  #stopWatchingCancel: () => void = () => {};
  #stopIdleTimer: () => void = () => {};
  #served = 0;
  #startedAt = 0;
  #workedSince = 0;
  #idleSince = 0;
  #lastUptimeMs = 0;
  #vital: Vitals | undefined;
  #memoryBytes = 0;
  #peakMemoryBytes = 0;
  #cpuPercent = 0;
  #tasksDone = 0;
  #tasksFailed = 0;
  /** Starts that replaced a process which was not meant to end. */
  #restarts = 0;
  #endedBadly = false;
  #consecutiveCrashes = 0;
  #lastExit: ExitReason | undefined;
  #startedInMs: number | undefined;

  constructor(name: string, partition: Partition, owner: WorkerOwner) {
    this.name = name;
    this.partition = partition;
    this.#owner = owner;
    this.#softJitter = 0.9 + 0.2 * owner.random();
    this.#progress = new Deadline(owner.clock, () => this.#noProgress());
    this.#heartbeat = new Deadline(owner.clock, () => this.#noHeartbeat());
  }

  /** A process exists or is being made or ended. */
  get live(): boolean {
    return this.#link !== undefined;
  }

  get starting(): boolean {
    return this.live && !this.#closing && this.#state === 'starting';
  }

  get free(): boolean {
    return this.live && !this.#closing && this.#state === 'ready';
  }

  get busy(): boolean {
    return this.#work !== undefined;
  }

  get closing(): boolean {
    return this.#closing;
  }

  /** Nothing was done in this process yet. */
  get fresh(): boolean {
    return this.#served === 0;
  }

  get work(): Job | undefined {
    return this.#work;
  }

  get idleSince(): number {
    return this.#idleSince;
  }

  get uptimeMs(): number {
    return this.live ? this.#owner.clock.now() - this.#startedAt : 0;
  }

  /** How long the last process lived. */
  get lastUptimeMs(): number {
    return this.#lastUptimeMs;
  }

  get pid(): number | undefined {
    return this.#link?.pid;
  }

  get memoryBytes(): number {
    return this.#memoryBytes;
  }

  /** It holds more than an idle worker should. */
  get bloated(): boolean {
    return this.#memoryBytes > this.limitBytes * this.partition.limits.softMemoryRatio * this.#softJitter;
  }

  get limitBytes(): number {
    return this.partition.limits.memoryMb * MEGABYTE;
  }

  start(): void {
    const { clock, launch } = this.#owner;
    if (this.#endedBadly) this.#restarts += 1;
    this.#endedBadly = false;
    this.#startedAt = clock.now();
    this.#served = 0;
    this.#closing = false;
    this.#diagnosis = undefined;
    this.#vital = undefined;
    this.#memoryBytes = 0;
    this.#state = 'starting';
    const link = launch({
      name: this.name,
      entry: this.partition.entry,
      heapMb: heapLimitMb(this.partition.limits.memoryMb),
      startMs: this.partition.limits.startMs,
      log: (level, message) => this.#owner.log(level, `${this.name}: ${message}`),
    });
    this.#link = link;
    link.onVitals((vitals) => this.#vitals(vitals));
    let ready = false;
    void link.ready.then((isReady) => {
      if (!isReady || this.#link !== link) return;
      ready = true;
      this.#ready();
    });
    void link.exited.then(async (exit) => {
      // The line may still hold the answer of the work; its own end comes first.
      await this.#performing;
      this.#gone(exit, ready);
    });
    this.#owner.onChange();
  }

  run(work: Job, told: readonly string[] | undefined, latest: Told): void {
    const link = this.#link;
    if (link === undefined || !this.free) throw new Error(`${this.name} cannot take work while ${this.#state}`);
    this.#stopIdleTimer();
    this.#work = work;
    this.#served += 1;
    this.#state = 'busy';
    this.#workedSince = this.#owner.clock.now();
    const before = this.told;
    this.told = latest;
    this.#progress.start(work.timeoutMs);
    // Threads have no guard of their own: they stop and starve with us.
    if (this.partition.entry.driver !== 'worker-threads') this.#heartbeat.start(this.partition.limits.heartbeatMs);
    const onAbort = (): void => this.#forceCancelLater(work);
    work.signal.addEventListener('abort', onAbort, { once: true });
    const pulse = { beat: () => this.#beat(), hold: () => this.#progress.hold() };
    this.#performing = work.perform(link, pulse, told).then(
      (end) => {
        if (end !== 'seen') this.told = before;
        this.#rest(work, onAbort);
        this.#work = undefined;
        this.#tasksDone += 1;
        this.#consecutiveCrashes = 0;
        if (this.#state === 'busy') this.#state = 'ready';
        this.#idleSince = this.#owner.clock.now();
        if (end === 'broken') this.close();
        this.#owner.onAnswered(this, work);
        this.#offer();
      },
      () => {
        this.#rest(work, onAbort);
        // Should the process survive the loss of its line, it is of no use any more.
        this.#stopWatchingCancel = this.#owner.clock.after(LOST_LINE_MS, () => link.kill());
      },
    );
    this.#owner.onChange();
  }

  /** Ends an unneeded process in good order. */
  close(): void {
    if (this.#link === undefined || this.#closing) return;
    this.#closing = true;
    this.#diagnosis ??= { kind: 'cancelled', message: `${this.name} was not needed any more.` };
    this.#stopIdleTimer();
    this.#link.close();
    this.#owner.onChange();
  }

  /** Ends the process at once; `diagnosis` becomes the reason. The first one stands. */
  kill(diagnosis: Diagnosis): void {
    if (this.#link === undefined) return;
    this.#diagnosis ??= diagnosis;
    this.#closing = true;
    this.#stopIdleTimer();
    this.#link.kill();
  }

  /** Ends the process at once for the sake of the others; what is in work is not to blame. */
  makeRoom(): void {
    const message = `${this.#title} was ended because all workers together used too much memory.`;
    this.kill({ kind: 'rss-limit', message, external: true });
  }

  /** The pool's view of a slot without a process: waiting for its next start, or given up. */
  rest(state: 'backing-off' | 'degraded' | 'disabled' | 'stopped'): void {
    if (!this.live) this.#state = state;
  }

  /** Measured from outside: the whole process tree. */
  sampled(memoryBytes: number, cpuPercent: number): void {
    this.#cpuPercent = cpuPercent;
    this.#measured(memoryBytes);
  }

  capture(kind: 'heap-snapshot' | 'cpu-profile', file: string, durationMs: number): Promise<void> {
    if (this.#link === undefined) return Promise.reject(new Error(`${this.name} is not running`));
    return this.#link.capture(kind, file, durationMs);
  }

  health(queued: number): WorkerHealth {
    const { partition } = this;
    const pid = this.#link?.pid;
    const vital = this.live ? this.#vital : undefined;
    return {
      name: this.name,
      detector: partition.group,
      root: partition.root,
      driver: partition.entry.driver ?? 'child-process',
      state: this.#state,
      ...(pid === undefined ? {} : { pid }),
      memoryBytes: this.live ? this.#memoryBytes : 0,
      peakMemoryBytes: this.#peakMemoryBytes,
      limitBytes: this.limitBytes,
      cpuPercent: this.live ? this.#cpuPercent : 0,
      tasksDone: this.#tasksDone,
      tasksFailed: this.#tasksFailed,
      queued,
      restarts: this.#restarts,
      consecutiveCrashes: this.#consecutiveCrashes,
      ...(this.#lastExit === undefined ? {} : { lastExit: this.#lastExit }),
      uptimeMs: this.uptimeMs,
      ...(this.#startedInMs === undefined ? {} : { startedInMs: this.#startedInMs }),
      heartbeatAgeMs: vital === undefined ? 0 : Math.max(0, this.#owner.clock.now() - vital.heartbeatAt),
      ...(vital?.heapUsedBytes === undefined ? {} : { heapUsedBytes: vital.heapUsedBytes }),
      ...(vital?.utilization === undefined ? {} : { eventLoopUtilization: vital.utilization }),
    };
  }

  #ready(): void {
    if (this.#closing) return;
    this.#state = 'ready';
    this.#startedInMs = this.#owner.clock.now() - this.#startedAt;
    this.#idleSince = this.#owner.clock.now();
    this.#owner.onReady(this);
    this.#offer();
  }

  #offer(): void {
    if (!this.free) return;
    this.#owner.onFree(this);
    this.#awaitWork();
  }

  /** Nobody had work for it: it may stay for a while. */
  #awaitWork(): void {
    if (!this.free) return;
    const { idleMs } = this.partition.limits;
    this.#stopIdleTimer();
    if (Number.isFinite(idleMs)) this.#stopIdleTimer = this.#owner.clock.after(idleMs, () => this.close(), true);
    this.#owner.onChange();
  }

  #gone(exit: LinkExit, ready: boolean): void {
    const work = this.#work;
    const { partition } = this;
    const death = deathOf(exit, {
      title: this.#title,
      limitMb: partition.limits.memoryMb,
      startMs: partition.limits.startMs,
      ready,
      input: work?.input,
      diagnosis: this.#diagnosis,
      shortOfMemory: this.#memoryBytes > this.limitBytes * MUCH_MEMORY && this.#owner.isMemoryShort(),
    });
    const wanted = death.reason.kind === 'cancelled';
    this.#stopIdleTimer();
    this.#stopWatchingCancel();
    this.#lastUptimeMs = this.uptimeMs;
    this.#link = undefined;
    this.#work = undefined;
    this.#closing = false;
    this.#state = 'stopped';
    if (!wanted) {
      this.#lastExit = death.reason;
      this.#endedBadly = true;
      this.#consecutiveCrashes += 1;
      if (work !== undefined) this.#tasksFailed += 1;
    }
    this.#owner.onDeath(this, death, work !== undefined ? 'working' : ready ? 'idle' : 'starting', work);
    this.#owner.onChange();
  }

  #rest(work: Job, onAbort: () => void): void {
    work.signal.removeEventListener('abort', onAbort);
    this.#progress.stop();
    this.#heartbeat.stop();
    this.#stopWatchingCancel();
  }

  #beat(): void {
    this.#progress.touch();
    this.#heartbeat.touch();
  }

  #vitals(vitals: Vitals): void {
    this.#vital = vitals;
    this.#heartbeat.touch();
    this.#measured(vitals.rssBytes);
  }

  #measured(memoryBytes: number): void {
    this.#memoryBytes = memoryBytes;
    this.#peakMemoryBytes = Math.max(this.#peakMemoryBytes, memoryBytes);
    if (memoryBytes <= this.limitBytes || this.#closing) return;
    const where = this.#work?.input === undefined ? '' : ' on this file';
    const message = `${this.#title} used too much memory${where} (limit ${this.partition.limits.memoryMb} MB).`;
    this.kill({ kind: 'rss-limit', message });
  }

  #noProgress(): void {
    const lastSign = this.#lastSign;
    const silentMs = this.#vital === undefined ? 0 : this.#owner.clock.now() - lastSign;
    if (silentMs > MISSED_BEATS_MS) {
      this.#noHeartbeat();
      return;
    }
    const seconds = (this.#work?.timeoutMs ?? 0) / 1000;
    const where = this.#work?.input === undefined ? '' : ' on this file';
    this.kill({ kind: 'hang', message: `${this.#title} made no progress${where} for ${seconds} s.` });
  }

  #noHeartbeat(): void {
    const lastSign = this.#lastSign;
    const seconds = Math.round((this.#owner.clock.now() - lastSign) / 1000);
    const message = `${this.#title} gave no sign of life for ${seconds} s (its process was stopped or starved).`;
    this.kill({ kind: 'hang', message, external: true });
  }

  /** Monotonic milliseconds. */
  get #lastSign(): number {
    return Math.max(this.#vital?.heartbeatAt ?? 0, this.#workedSince);
  }

  get #title(): string {
    const { workerTitle, title } = this.partition.entry;
    const atWork = this.#work?.title;
    if (workerTitle === undefined) return atWork ?? title;
    return atWork === undefined ? workerTitle : `${workerTitle} (${atWork})`;
  }

  #forceCancelLater(work: Job): void {
    this.#progress.stop();
    this.#heartbeat.stop();
    this.#stopWatchingCancel = this.#owner.clock.after(this.partition.limits.cancelMs, () => {
      if (this.#work !== work) return;
      const message = `${this.#title} did not stop within ${this.partition.limits.cancelMs / 1000} s.`;
      this.kill({ kind: 'cancelled', message });
    });
  }
}

/** V8 shall fail before the hard limit does: it says what happened, a kill does not. */
function heapLimitMb(memoryMb: number): number {
  return Math.floor(Math.max(HEAP_LEAST_MB, Math.min(memoryMb * HEAP_SHARE, memoryMb - HEAP_HEADROOM_MB)));
}
