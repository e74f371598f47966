/**
 * One worker of the pool: starts a process, gives it jobs, enforces its limits and reports how it ended. It outlives its
 * processes: its name and its statistics stay the same across restarts.
 */
import { Recycling } from '../../workers/ipc/pool/recycling.ts';
import type { Clock, Random } from '../clock.ts';
import type { Partition } from './partitions.ts';
import { deathOf, type Death, type Diagnosis } from './exit-reason.ts';
import type { WorkerLink, Launch, LinkExit, Vitals } from './link.ts';
import { KnownRevisions } from './known-revisions.ts';
import { nodeProcess } from './runtimes.ts';
import type { WorkerRuntime } from './worker-entry.ts';
import type { CurrentWork, WorkerHealth, SupervisedWorkerState } from './types.ts';
import type { Job } from './job.ts';
import { Watchdog } from './watchdog.ts';
import { WorkerLog } from './worker-log.ts';
import { WorkerStatistics } from './worker-statistics.ts';

const MEGABYTE = 1024 * 1024;
/** Share of the memory limit that V8's heap may use. The rest of the process needs room too. */
const HEAP_SHARE = 0.75;
/** What Node.js needs beside V8's old objects. */
const HEAP_HEADROOM_MB = 150;
const MIN_HEAP_MB = 64;
/** An out-of-memory killer does not choose a worker that uses less than this share of its limit. */
const MUCH_MEMORY = 0.25;
/** A process whose connection broke has this long to end by itself, so that the true reason shows. */
const LOST_LINK_MS = 1_000;
/** A process of a worker that is stopped for so long is not going on by itself. */
const STOPPED_MS = 10_000;

export type Phase = 'starting' | 'idle' | 'working';

export interface WorkerOwner {
  readonly clock: Clock;
  readonly random: Random;
  readonly launch: Launch;
  /** The machine has next to no memory left. */
  readonly isMemoryShort: () => boolean;
  /** What the machine can spare for one worker, megabytes. */
  readonly spareMb: () => number;
  /** A worker needs more than its limit. @returns true: its limit grew, because the machine can spare it */
  readonly grow: (partition: Partition, neededMb: number) => boolean;
  log(level: 'error' | 'warn' | 'info' | 'debug', message: string): void;
  /** The worker can take a job. */
  onFree(worker: SupervisedWorker): void;
  /** The process is ready and has an id. */
  onReady(worker: SupervisedWorker): void;
  /** A job ended while its worker is alive. */
  onAnswered(worker: SupervisedWorker, job: Job): void;
  /** The process is gone; the worker is `stopped`. Its job was not told yet. */
  onDeath(worker: SupervisedWorker, death: Death, phase: Phase, job: Job | undefined): void;
  onChange(): void;
}

export class SupervisedWorker {
  readonly name: string;
  readonly partition: Partition;
  readonly #owner: WorkerOwner;
  readonly #watchdog: Watchdog;
  readonly #statistics = new WorkerStatistics();
  readonly #knownRevisions = new KnownRevisions();
  readonly #recycling: Recycling;
  readonly #log: WorkerLog;
  #state: SupervisedWorkerState = 'stopped';
  #link: WorkerLink | undefined;
  #closing = false;
  #diagnosis: Diagnosis | undefined;
  #job: Job | undefined;
  #performing: Promise<void> = Promise.resolve();
  #stopKillTimer: () => void = () => {};
  #stopIdleTimer: () => void = () => {};
  #served = 0;
  #checks = 0;
  #loadingMs = 0;
  #startedAt = 0;
  /** When its job began, or last made progress. */
  #progressAt = 0;
  #idleSince = 0;
  #lastUptimeMs = 0;
  /** The memory limit that the running process was started with, megabytes. */
  #startedWithMb = 0;
  /** Since when a process of the running worker is known to be stopped. */
  #stoppedSince: number | undefined;

  constructor(name: string, partition: Partition, owner: WorkerOwner) {
    this.name = name;
    this.partition = partition;
    this.#owner = owner;
    this.#recycling = new Recycling(owner.random);
    this.#log = new WorkerLog(owner.clock, (level, message) => owner.log(level, `${name}: ${message}`));
    this.#watchdog = new Watchdog({
      clock: owner.clock,
      onNoProgress: (ms) => this.#noProgress(ms),
      onSilence: (ms) => this.#silent(ms),
    });
  }

  /** A process exists, is starting or is ending. */
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
    return this.#job !== undefined;
  }

  get closing(): boolean {
    return this.#closing;
  }

  /** The process has not had a job yet. */
  get fresh(): boolean {
    return this.#served === 0;
  }

  /** Checks that the process has done. */
  get checks(): number {
    return this.#checks;
  }

  /** Milliseconds that the process took for plans, which load what its checks need. */
  get loadingMs(): number {
    return this.#loadingMs;
  }

  /** Milliseconds from launch to ready, of the last start. */
  get startedInMs(): number {
    return this.#statistics.startedInMs;
  }

  get job(): Job | undefined {
    return this.#job;
  }

  get idleSince(): number {
    return this.#idleSince;
  }

  get uptimeMs(): number {
    return this.live ? this.#owner.clock.now() - this.#startedAt : 0;
  }

  /** How long the last process ran. */
  get lastUptimeMs(): number {
    return this.#lastUptimeMs;
  }

  get pid(): number | undefined {
    return this.#link?.pid;
  }

  get memoryBytes(): number {
    return this.#statistics.memoryBytes;
  }

  /** It uses more memory than an idle worker should. */
  get aboveSoftLimit(): boolean {
    // What is warm stays as long as the machine can spare the memory.
    const spareLimitMb = Math.min(this.partition.mostMemoryMb, this.memoryBytes / MEGABYTE + this.#owner.spareMb());
    const limitMb = Math.max(this.partition.limits.memoryMb, spareLimitMb);
    const memoryBytes = limitMb * MEGABYTE * this.partition.limits.softMemoryRatio;
    const usage = { memoryBytes: this.memoryBytes, tasks: this.#served };
    return this.#recycling.due(usage, { memoryBytes, tasks: Infinity }) !== undefined;
  }

  get limitBytes(): number {
    return this.partition.limits.memoryMb * MEGABYTE;
  }

  /** The limit, or as much more as it may take and the machine can spare now. */
  get #potentialMb(): number {
    const { limits, mostMemoryMb } = this.partition;
    return Math.max(limits.memoryMb, Math.floor(Math.min(mostMemoryMb, this.#owner.spareMb())));
  }

  start(): void {
    const { clock, launch } = this.#owner;
    const { startMs } = this.partition.limits;
    // V8's own limit cannot grow later.
    const memoryMb = this.#potentialMb;
    this.#statistics.started();
    this.#watchdog.reset();
    this.#startedWithMb = memoryMb;
    this.#startedAt = clock.now();
    this.#served = 0;
    this.#checks = 0;
    this.#loadingMs = 0;
    this.#knownRevisions.reset();
    this.#closing = false;
    this.#diagnosis = undefined;
    this.#stoppedSince = undefined;
    this.#state = 'starting';
    const link = launch({
      name: this.name,
      entry: this.partition.entry,
      root: this.partition.root,
      heapMb: heapLimitMb(memoryMb),
      startMs,
      log: this.#log.add,
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
      // The answer may have arrived before the exit; the job ends first.
      await this.#performing;
      this.#gone(exit, ready);
    });
    this.#owner.onChange();
  }

  run(job: Job): void {
    const link = this.#link;
    if (link === undefined || !this.free) throw new Error(`${this.name} cannot take work while ${this.#state}`);
    this.#stopIdleTimer();
    this.#job = job;
    this.#served += 1;
    this.#state = 'busy';
    const known = this.#knownRevisions.begin(job);
    this.#watchdog.start(job.timeoutMs, this.#runtime.heartbeat ? this.partition.limits.heartbeatMs : undefined);
    const onAbort = (): void => this.#forceCancelLater(job);
    job.signal.addEventListener('abort', onAbort, { once: true });
    const beat = (): void => {
      this.#progressAt = this.#owner.clock.now();
      this.#watchdog.progressed();
    };
    const begunAt = this.#owner.clock.now();
    this.#progressAt = begunAt;
    const pulse = { beat, hold: () => this.#watchdog.hold() };
    this.#performing = job.perform(link, pulse, known).then(
      (end) => {
        if (end !== 'seen') this.#knownRevisions.revert(job, known);
        this.#jobEnded(job, onAbort);
        this.#job = undefined;
        this.#statistics.answered();
        if (this.#state === 'busy') this.#state = 'ready';
        this.#idleSince = this.#owner.clock.now();
        if (job.activity === 'checking') this.#checks += 1;
        else this.#loadingMs += this.#idleSince - begunAt;
        if (end === 'broken') this.close();
        this.#owner.onAnswered(this, job);
        this.#offerCapacity();
      },
      () => {
        this.#jobEnded(job, onAbort);
        // A process that survives the loss of its connection is of no use.
        this.#stopKillTimer = this.#owner.clock.after(LOST_LINK_MS, () => link.kill());
      },
    );
    this.#owner.onChange();
  }

  /** Asks a process that is no longer needed to end. */
  close(): void {
    if (this.#link === undefined || this.#closing) return;
    this.#closing = true;
    this.#diagnosis ??= { kind: 'cancelled', message: `${this.name} was no longer needed.` };
    this.#stopIdleTimer();
    this.#link.close();
    this.#owner.onChange();
  }

  /** Ends the process at once. The first diagnosis becomes the reason. */
  kill(diagnosis: Diagnosis): void {
    if (this.#link === undefined) return;
    this.#diagnosis ??= diagnosis;
    this.#closing = true;
    this.#stopIdleTimer();
    this.#link.kill();
  }

  /** Ends the process at once because all workers together use too much memory. The input is not to blame. */
  killForMemory(): void {
    const message = `${this.#title} was stopped because all workers together used too much memory.`;
    this.kill({ kind: 'rss-limit', message, external: true });
  }

  /** Sets the state that the worker shows while it has no process. */
  showState(state: 'backing-off' | 'degraded' | 'disabled' | 'stopped'): void {
    if (!this.live) this.#state = state;
  }

  /** New measurements of the process tree. */
  sampled(memoryBytes: number, cpuPercent: number, stopped = false): void {
    this.#statistics.measured(memoryBytes, cpuPercent);
    this.#enforceLimit();
    this.#notice(stopped);
  }

  /** A process that it started was stopped from outside: the worker would wait for it, and its own heartbeat goes on. */
  #notice(stopped: boolean): void {
    const now = this.#owner.clock.now();
    if (!stopped || !this.busy || !this.#runtime.heartbeat) {
      this.#stoppedSince = undefined;
      return;
    }
    this.#stoppedSince ??= now;
    if (now - this.#stoppedSince < STOPPED_MS) return;
    const message = `${this.#title} waited for a process that another one had stopped.`;
    this.kill({ kind: 'hang', message, external: true });
  }

  /** The limits changed: a worker that uses more than the new one ends. The input is not to blame. */
  limitsChanged(): void {
    if (this.#closing || this.memoryBytes <= this.limitBytes) return;
    if (this.free) return this.close();
    const message = `${this.#title} used more memory than the new limit (${this.partition.limits.memoryMb} MB).`;
    this.kill({ kind: 'rss-limit', message, external: true });
  }

  capture(kind: 'heap-snapshot' | 'cpu-profile', file: string, durationMs: number): Promise<void> {
    if (this.#link === undefined) return Promise.reject(new Error(`${this.name} is not running`));
    return this.#link.capture(kind, file, durationMs);
  }

  health(queued: number): WorkerHealth {
    const { partition } = this;
    const pid = this.#link?.pid;
    const current = this.#current;
    return {
      name: this.name,
      detector: partition.group,
      root: partition.root,
      driver: this.#link?.sandboxed === true ? `${this.#runtime.driver.name}, sandboxed` : this.#runtime.driver.name,
      state: this.#state,
      ...(pid === undefined ? {} : { pid }),
      ...(current === undefined ? {} : { current }),
      limitBytes: this.limitBytes,
      queued,
      uptimeMs: this.uptimeMs,
      ...this.#statistics.health(this.#owner.clock.now()),
    };
  }

  #ready(): void {
    if (this.#closing) return;
    this.#state = 'ready';
    this.#statistics.becameReady(this.uptimeMs);
    this.#idleSince = this.#owner.clock.now();
    this.#owner.onReady(this);
    this.#offerCapacity();
  }

  #offerCapacity(): void {
    if (!this.free) return;
    this.#owner.onFree(this);
    this.#awaitWork();
  }

  /** There was no job for it: it may stay for a while. */
  #awaitWork(): void {
    if (!this.free) return;
    const { idleMs } = this.partition.limits;
    this.#stopIdleTimer();
    if (Number.isFinite(idleMs)) this.#stopIdleTimer = this.#owner.clock.after(idleMs, () => this.close(), true);
    this.#owner.onChange();
  }

  #gone(exit: LinkExit, ready: boolean): void {
    const job = this.#job;
    const { partition } = this;
    const death = deathOf(exit, {
      title: this.#title,
      heapLimitMb: this.#startedWithMb,
      startMs: partition.limits.startMs,
      ready,
      activity: this.#activity,
      input: job?.input,
      diagnosis: this.#diagnosis,
      shortOfMemory: this.memoryBytes > this.limitBytes * MUCH_MEMORY && this.#owner.isMemoryShort(),
    });
    const expected = death.reason.kind === 'cancelled';
    this.#stopIdleTimer();
    this.#stopKillTimer();
    this.#lastUptimeMs = this.uptimeMs;
    this.#link = undefined;
    this.#job = undefined;
    this.#closing = false;
    this.#state = 'stopped';
    this.#statistics.ended(death.reason, this.#owner.clock.date());
    if (!expected) this.#statistics.crashed(death.reason, job !== undefined);
    this.#owner.onDeath(this, death, job !== undefined ? 'working' : ready ? 'idle' : 'starting', job);
    this.#owner.onChange();
  }

  #jobEnded(job: Job, onAbort: () => void): void {
    job.signal.removeEventListener('abort', onAbort);
    this.#watchdog.stop();
    this.#stopKillTimer();
  }

  #vitals(vitals: Vitals): void {
    this.#watchdog.beat(vitals.heartbeatAt);
    this.#statistics.reported(vitals);
    this.#enforceLimit();
  }

  #enforceLimit(): void {
    if (this.memoryBytes <= this.limitBytes || this.#closing) return;
    if (this.#owner.grow(this.partition, this.memoryBytes / MEGABYTE)) return;
    const limit = `limit ${this.partition.limits.memoryMb} MB`;
    this.kill({ kind: 'rss-limit', message: `${this.#title} used too much memory${this.#activity} (${limit}).` });
  }

  #noProgress(ms: number): void {
    this.kill({ kind: 'hang', message: `${this.#title} made no progress${this.#activity} for ${ms / 1000} s.` });
  }

  #silent(ms: number): void {
    const seconds = Math.round(ms / 1000);
    const message = `${this.#title} gave no sign of life for ${seconds} s: its process was stopped or got no CPU time.`;
    this.kill({ kind: 'hang', message, external: true });
  }

  get #current(): CurrentWork | undefined {
    const job = this.#job;
    if (job === undefined) return undefined;
    const elapsedMs = Math.round(this.#owner.clock.now() - this.#progressAt);
    return { title: job.title, ...(job.input === undefined ? {} : { input: job.input }), elapsedMs };
  }

  /** What it is doing, as the end of a sentence; may be empty. */
  get #activity(): string {
    const job = this.#job;
    return job?.input === undefined ? '' : ` while ${job.activity} ${job.input}`;
  }

  get #runtime(): WorkerRuntime {
    return this.partition.entry.runtime ?? nodeProcess;
  }

  get #title(): string {
    const { workerTitle, title } = this.partition.entry;
    const ofJob = this.#job?.title;
    if (workerTitle === undefined) return ofJob ?? title;
    return ofJob === undefined ? workerTitle : `${workerTitle} (${ofJob})`;
  }

  #forceCancelLater(job: Job): void {
    this.#watchdog.stop();
    this.#stopKillTimer = this.#owner.clock.after(this.partition.limits.cancelMs, () => {
      if (this.#job !== job) return;
      const message = `${this.#title} did not stop within ${this.partition.limits.cancelMs / 1000} s.`;
      this.kill({ kind: 'cancelled', message });
    });
  }
}

/** V8 must fail before the worker's limit is reached: it reports what happened, a kill does not. */
function heapLimitMb(memoryMb: number): number {
  return Math.floor(Math.max(MIN_HEAP_MB, Math.min(memoryMb * HEAP_SHARE, memoryMb - HEAP_HEADROOM_MB)));
}
