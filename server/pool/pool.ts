/** The pool: takes tasks, and gives events and outcomes. Owns everything in this folder that has a lifetime. */
import os from 'node:os';
import type {
  CheckEvent,
  DetectorProblem,
  PlanRequest,
  PlanResult,
  Unit,
} from '../../workers/protocol/detector-protocol.ts';
import type { TaskFigures } from '../../workers/ipc/index.ts';
import { toolIn } from '../../workers/protocol/declared-tools.ts';
import { CheckRun } from './check-run.ts';
import { printableLine } from '../printable.ts';
import { systemClock, type Clock, type Random } from '../clock.ts';
import type { SupervisedWorker } from './supervised-worker.ts';
import { detectorTable, entryOfTool, workerNumbers } from './detectors.ts';
import { defaultLimits, type DetectorTable, type Lane, type Limits } from './worker-entry.ts';
import { Partitions } from './partitions.ts';
import { ErrorAggregator, reportOfExit, reportOfProblem } from './error-aggregator.ts';
import { Fleet } from './fleet.ts';
import { BUDGET_SHARE, hasRoom, HealthSampler } from './health.ts';
import type { Launch } from './link.ts';
import { diskFree, machineMemory, type MachineMemory } from './machine.ts';
import { PidRegistry } from './pid-registry.ts';
import { PlanFailure } from './plan-failure.ts';
import { launchIn } from './process-link.ts';
import { Sandbox } from './sandbox.ts';
import { noSandbox } from './sandbox-settings.ts';
import { sampleTrees, type SampleTrees } from './process-tree.ts';
import { Quarantine } from './quarantine.ts';
import { CrashAttribution } from './crash-attribution.ts';
import { CrashQuarantine } from './crash-quarantine.ts';
import type {
  AggregatedError,
  CheckOutcome,
  CheckTask,
  WorkerHealth,
  MachineHealth,
  MemoryAlert,
  PoolNotice,
  PoolSettings,
  QuarantinedInput,
  SupervisedPool,
  QuarantineStorage,
  WorkerNumbers,
} from './types.ts';
import { PlanJob } from './plan-job.ts';

export { PlanFailure };

export type PoolLog = (level: 'error' | 'warn' | 'info' | 'debug', message: string) => void;

export interface PoolOptions extends PoolSettings {
  /** For all detectors; the table entry of a detector overrides them. */
  readonly limits?: Partial<Limits>;
  /** Default: Bulkhead's own detectors. */
  readonly detectors?: DetectorTable;
  /** Folder for the list of worker processes, by which the next pool finds those that a killed one left behind. */
  readonly storageDir?: string;
  /**
   * Undefined: the front end keeps up with the results. A promise resolves when it has caught up; until then workers wait,
   * and no time counts against them.
   */
  readonly readerReady?: () => Promise<void> | undefined;
  /** Something to tell the user once. */
  readonly onNotice?: (notice: PoolNotice) => void;
  readonly onAlert?: (alert: MemoryAlert) => void;
  /** Code of the workspace takes long to load, and may never end. */
  readonly onSlow?: (message: string) => void;
  /** Workers run without a sandbox, or with one that does not keep everything: why, and the way out. */
  readonly onSandbox?: (message: string) => void;
  /** A worker in a sandbox that allows some hosts wished to reach one that it may not, or could not. */
  readonly onUnreached?: (message: string) => void;
  readonly log?: PoolLog;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly launch?: Launch;
  readonly sample?: SampleTrees;
  readonly machine?: () => Promise<MachineMemory>;
  /** Reads an input for its quarantine key; undefined when it cannot be read. */
  readonly readInput?: (file: string) => Promise<Uint8Array | undefined>;
}

const MEGABYTE = 1024 * 1024;
/** With less than this share of its memory free, a machine may run an out-of-memory killer. */
const SHORT_MEMORY = 0.1;
/** Pause after a plan whose worker other processes killed every time. */
const REPLAN_MS = 30_000;

export function createPool(options: PoolOptions = {}): SupervisedPool {
  return new WorkerPool(options);
}

class WorkerPool implements SupervisedPool {
  readonly #options: PoolOptions;
  readonly #clock: Clock;
  readonly #log: PoolLog;
  readonly #partitions: Partitions;
  readonly #fleet: Fleet;
  readonly #sandbox: Sandbox;
  readonly #sampler: HealthSampler;
  readonly #quarantine: Quarantine;
  readonly #crashQuarantine: CrashQuarantine;
  readonly #registry: PidRegistry | undefined;
  readonly #errors: ErrorAggregator;
  readonly #attribution = new CrashAttribution();
  readonly #runs = new Set<CheckRun>();
  readonly #listeners = new Set<() => void>();
  readonly #availableListeners = new Set<(detector: string) => void>();
  readonly #closing = new AbortController();
  #most: WorkerNumbers;
  readonly #measureMachine: () => Promise<MachineMemory>;
  #isMeasured = false;
  #memory: MachineMemory = { totalBytes: os.totalmem(), freeBytes: os.totalmem(), source: 'machine' };

  constructor(options: PoolOptions) {
    const { clock = systemClock, log = () => {}, onNotice = () => {}, storageDir } = options;
    this.#options = options;
    this.#clock = clock;
    this.#log = log;
    this.#errors = new ErrorAggregator(() => clock.date());
    this.#partitions = new Partitions(
      options.detectors ?? detectorTable,
      { ...options.limits, memoryMb: this.#memoryMbOf(options.memoryMb ?? 0) },
      this.#mayGrow(options.memoryMb ?? 0),
      // The workspace declares what Bulkhead's own table does not have.
      options.detectors === undefined ? entryOfTool : undefined,
    );
    if (options.node !== undefined) this.#partitions.runBy(options.node);
    this.#quarantine = new Quarantine({
      clock,
      ...(options.readInput === undefined ? {} : { read: options.readInput }),
    });
    this.#crashQuarantine = new CrashQuarantine(clock, this.#quarantine);
    this.#measureMachine = options.machine ?? machineMemory;
    this.#most = workerNumbers(options.maxWorkers ?? 0);
    this.#sandbox = new Sandbox(options.sandbox ?? noSandbox, {
      groupOf: (detector) => this.#partitions.entry(detector)?.group,
      warn: (message) => {
        log('warn', message);
        options.onSandbox?.(message);
      },
      log: (level, message) => {
        log(level, message);
        if (level === 'warn') options.onUnreached?.(message);
      },
      now: () => clock.date(),
      onChange: () => this.#changed(),
    });
    this.#fleet = new Fleet(this.#most, {
      clock,
      random: options.random ?? Math.random,
      launch: options.launch ?? launchIn(this.#sandbox),
      log,
      onChange: () => this.#changed(),
      onNotice: (notice) => {
        if (notice.kind !== 'disabled') this.#crashQuarantine.revoke(notice.group);
        onNotice(notice);
      },
      onAvailable: (group) => {
        for (const detector of this.#partitions.detectorsOf(group)) this.#available(detector);
      },
      onBusy: () => this.#sampler.wake(),
      onStarted: (pid) => void this.#registry?.started(pid),
      onEnded: (pid) => this.#registry?.ended(pid),
      onFault: (worker, { reason, external }, _phase, job) => {
        log('warn', `${worker.name}: ${printableLine(reason.message)}`);
        const { group, root } = worker.partition;
        this.#errors.record({ ...reportOfExit(job?.detector ?? group, reason, external), root });
      },
      roomForMore: (live) => hasRoom(this.#memory, memoryOf(live)),
      spareMb: () => this.#spareBytes / MEGABYTE,
      grow: (partition, neededMb) => this.#spareBytes > 0 && this.#partitions.grow(partition, neededMb),
      isMemoryShort: () => this.#memory.freeBytes < this.#memory.totalBytes * SHORT_MEMORY,
    });
    this.#sampler = new HealthSampler({
      clock,
      intervalMs: options.healthIntervalMs ?? 5_000,
      sample: options.sample ?? sampleTrees,
      live: () => this.#fleet.live,
      onAlert: options.onAlert ?? (({ worker }) => log('warn', `${worker} is close to its memory limit.`)),
      onSampled: () => this.#sampled(),
    });
    void this.#sampled();
    if (storageDir !== undefined) {
      this.#registry = new PidRegistry({ storageDir, log: (message) => log('info', message) });
      void this.#registry
        .sweep()
        .catch((error: unknown) =>
          log('warn', `Could not end workers that an earlier server left behind: ${String(error)}`),
        );
    }
  }

  async plan(request: PlanRequest, signal: AbortSignal): Promise<PlanResult> {
    const { detector, root } = request;
    const entry = this.#partitions.entry(detector);
    const partition = this.#partitions.of(entry?.plansWith ?? detector, root, 'light');
    if (partition === undefined || entry === undefined)
      throw new PlanFailure(this.#unknownDetector(detector), undefined);
    this.#sandbox.asked(detector, toolIn(request.options)?.network ?? []);
    const either = AbortSignal.any([signal, this.#closing.signal]);
    const job = new PlanJob(request, entry.title, partition, either, this.#fleet, {
      clock: this.#clock,
      onSlow: (file, ms) => this.#tellSlow(entry.title, file, ms, partition.limits.planMs),
    });
    if (!either.aborted) this.#fleet.enqueue(job);
    const { plan, version } = await job.answer.catch((error: unknown) => {
      // External kills say nothing about the next attempt.
      if (job.endedExternally) this.#fleet.postpone(partition, REPLAN_MS);
      throw error;
    });
    this.#crashQuarantine.answered(detector, root, version);
    for (const problem of plan.problems) this.#errors.record({ ...reportOfProblem(detector, problem), root });
    return plan;
  }

  async check(task: CheckTask): Promise<CheckOutcome> {
    const { request } = task;
    const { detector, root } = request;
    const partition = this.#partitions.of(detector, root, laneOf(request.units));
    const entry = this.#partitions.entry(detector);
    if (partition === undefined || entry === undefined) {
      const message = this.#unknownDetector(detector);
      return { kind: 'failed', message, unfinished: request.units, quarantined: [] };
    }
    const { units, quarantined } = await this.#crashQuarantine.sift(task, partition);
    const run = new CheckRun({
      task: { ...task, onEvent: (event) => this.#event(task, event) },
      title: entry.title,
      partition,
      dispatcher: this.#fleet,
      attribution: this.#attribution,
      alreadyQuarantined: quarantined,
      quarantine: (unit, file, reason) => this.#crashQuarantine.add(task, partition, unit, file, reason),
      onPostponed: (pauseMs) => this.#fleet.postpone(partition, pauseMs),
      onVersion: (version) => this.#crashQuarantine.answered(detector, root, version),
      onProgress: () => {
        this.#crashQuarantine.confirm(partition.group);
        this.#fleet.progressed(partition);
      },
      onFault: (error) => this.#log('error', `A listener of check events failed: ${String(error)}`),
    });
    this.#runs.add(run);
    if (this.#closing.signal.aborted) run.cancel();
    else run.start(units);
    const outcome = await run.outcome;
    this.#runs.delete(run);
    if (outcome.kind === 'failed' && outcome.reason === undefined) {
      this.#errors.record({ detector, severity: 'high', code: 'TOOL_ERROR', message: outcome.message });
    }
    return outcome;
  }

  health(): readonly WorkerHealth[] {
    return this.#fleet.health();
  }

  async machine(): Promise<MachineHealth> {
    const { storageDir } = this.#options;
    const [memory, diskFreeBytes] = await Promise.all([
      this.#measureMachine(),
      storageDir === undefined ? undefined : diskFree(storageDir),
      this.#sampler.now(),
    ]);
    return {
      ...memory,
      workerBytes: memoryOf(this.#fleet.live),
      processes: this.#sampler.processes,
      sandbox: this.#sandbox.health(),
      ...(diskFreeBytes === undefined ? {} : { diskFreeBytes }),
    };
  }

  onHealth(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  onAvailable(listener: (detector: string) => void): () => void {
    this.#availableListeners.add(listener);
    return () => this.#availableListeners.delete(listener);
  }

  restart(detector?: string): Promise<void> {
    if (detector === undefined) {
      this.#sandbox.reconsider();
      return this.#fleet.restart();
    }
    const entry = this.#partitions.entry(detector);
    return entry === undefined ? Promise.resolve() : this.#fleet.restart(entry.group);
  }

  restartWorker(name: string): Promise<void> {
    return this.#fleet.restartWorker(name);
  }

  restartTimes(): readonly number[] {
    return this.#fleet.restartTimes;
  }

  tasks(): TaskFigures {
    return this.#fleet.figures();
  }

  errors(detector?: string): readonly AggregatedError[] {
    return this.#errors.list(detector);
  }

  clearErrors(detector?: string): void {
    this.#errors.clear(detector);
  }

  quarantined(): readonly QuarantinedInput[] {
    return this.#quarantine.list();
  }

  openQuarantine(root: string, storage: QuarantineStorage): () => Promise<void> {
    return this.#quarantine.open(root, storage);
  }

  releaseQuarantine(matches: (input: QuarantinedInput) => boolean = () => true): number {
    const released = this.#quarantine.release(matches);
    // In the next turn, because the caller may ask for it at once by itself.
    for (const detector of new Set(released.map((input) => input.detector))) {
      this.#clock.after(0, () => this.#available(detector), true);
    }
    return released.length;
  }

  async capture(name: string, kind: 'heap-snapshot' | 'cpu-profile', file: string, durationMs = 5_000): Promise<void> {
    const worker = this.#fleet.live.find((candidate) => candidate.name === name);
    if (worker === undefined) throw new Error(`No worker named ${name} is running.`);
    await worker.capture(kind, file, durationMs);
  }

  configure({ maxWorkers, memoryMb, healthIntervalMs, node, sandbox }: PoolSettings): void {
    if (healthIntervalMs !== undefined) this.#sampler.intervalMs = healthIntervalMs;
    if (maxWorkers !== undefined) this.#most = workerNumbers(maxWorkers);
    if (memoryMb !== undefined)
      this.#partitions.configure({ memoryMb: this.#memoryMbOf(memoryMb) }, undefined, this.#mayGrow(memoryMb));
    if (node !== undefined) this.#partitions.runBy(node);
    this.#fleet.reconfigure(this.#most);
    if (sandbox !== undefined && this.#sandbox.configure(sandbox)) void this.#fleet.restart();
  }

  async dispose(): Promise<void> {
    this.#closing.abort();
    for (const run of this.#runs) run.cancel();
    this.#sampler.dispose();
    await this.#fleet.dispose();
    await Promise.all([this.#quarantine.settled(), this.#registry?.close()]);
  }

  #tellSlow(title: string, file: string, ms: number, limitMs: number): void {
    const message =
      `${title} has been loading ${file} for ${ms / 1000} s. ` +
      `If that does not end, it is stopped after ${limitMs / 1000} s without progress.`;
    this.#log('warn', message);
    this.#options.onSlow?.(message);
  }

  /** What is free beyond the reserve, as of the last measurement. */
  get #spareBytes(): number {
    const { totalBytes, freeBytes } = this.#memory;
    return this.#isMeasured ? freeBytes - totalBytes * (1 - BUDGET_SHARE) : 0;
  }

  #mayGrow(setting: number): boolean {
    return setting <= 0 && this.#options.limits?.memoryMb === undefined;
  }

  #memoryMbOf(setting: number): number {
    return setting > 0 ? setting : (this.#options.limits?.memoryMb ?? defaultLimits.memoryMb);
  }

  #event(task: CheckTask, event: CheckEvent): void | Promise<void> {
    if (event.kind === 'problem') this.#recordProblem(task.request, event.problem);
    const taken = task.onEvent(event);
    const ready = this.#options.readerReady?.();
    return ready === undefined ? taken : Promise.all([taken, ready]).then(() => {});
  }

  #recordProblem({ detector, root }: CheckTask['request'], problem: DetectorProblem): void {
    this.#errors.record({ ...reportOfProblem(detector, problem), root });
  }

  #unknownDetector(name: string): string {
    const message = `Unknown detector: ${name}.`;
    this.#errors.record({ detector: name, severity: 'high', code: 'DETECTOR_NOT_FOUND', message });
    return message;
  }

  async #sampled(): Promise<void> {
    this.#memory = await this.#measureMachine();
    this.#isMeasured = true;
    // No worker may use more than all of them together.
    this.#partitions.configure({}, Math.floor((this.#memory.totalBytes * BUDGET_SHARE) / MEGABYTE));
    if (memoryOf(this.#fleet.live) > this.#memory.totalBytes * BUDGET_SHARE) this.#fleet.freeMemory();
    this.#fleet.reconsider();
    this.#changed();
  }

  #available(detector: string): void {
    for (const listener of this.#availableListeners) listener(detector);
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }
}

function memoryOf(workers: readonly SupervisedWorker[]): number {
  return workers.reduce((sum, worker) => sum + worker.memoryBytes, 0);
}

function laneOf(units: readonly Unit[]): Lane {
  return units.some((unit) => unit.lane === 'heavy') ? 'heavy' : 'light';
}
