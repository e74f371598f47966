/** Counts and measurements of one worker, across all its processes. Lives as long as the worker. */
import type { Vitals } from './link.ts';
import type { ExitReason, WorkerExit, WorkerHealth } from './types.ts';

const MAX_EXITS = 20;

export type MeasuredHealth = Pick<
  WorkerHealth,
  | 'memoryBytes'
  | 'peakMemoryBytes'
  | 'cpuPercent'
  | 'tasksDone'
  | 'tasksFailed'
  | 'restarts'
  | 'consecutiveCrashes'
  | 'lastExit'
  | 'exits'
  | 'startedInMs'
  | 'heartbeatAgeMs'
  | 'heapUsedBytes'
  | 'eventLoopUtilization'
>;

export class WorkerStatistics {
  #vitals: Vitals | undefined;
  #memoryBytes = 0;
  #peakMemoryBytes = 0;
  #cpuPercent = 0;
  #tasksDone = 0;
  #tasksFailed = 0;
  /** Starts that replaced a process which ended unexpectedly. */
  #restarts = 0;
  #crashed = false;
  #consecutiveCrashes = 0;
  #lastExit: ExitReason | undefined;
  /** The newest first. */
  #exits: readonly WorkerExit[] = [];
  #startedInMs: number | undefined;

  /** Of the running process, at the last measurement. */
  get startedInMs(): number {
    return this.#startedInMs ?? 0;
  }

  get memoryBytes(): number {
    return this.#memoryBytes;
  }

  started(): void {
    if (this.#crashed) this.#restarts += 1;
    this.#crashed = false;
    this.#vitals = undefined;
    this.#memoryBytes = 0;
    this.#cpuPercent = 0;
  }

  becameReady(startedInMs: number): void {
    this.#startedInMs = startedInMs;
  }

  answered(): void {
    this.#tasksDone += 1;
    this.#consecutiveCrashes = 0;
  }

  /** The process ended. @param at milliseconds since the epoch */
  ended({ stderr: _, ...reason }: ExitReason, at: number): void {
    this.#exits = [{ ...reason, at }, ...this.#exits].slice(0, MAX_EXITS);
    this.#vitals = undefined;
    this.#memoryBytes = 0;
    this.#cpuPercent = 0;
  }

  /** The process ended unexpectedly. */
  crashed(reason: ExitReason, hadJob: boolean): void {
    this.#lastExit = reason;
    this.#crashed = true;
    this.#consecutiveCrashes += 1;
    if (hadJob) this.#tasksFailed += 1;
  }

  reported(vitals: Vitals): void {
    this.#vitals = vitals;
    this.measured(vitals.rssBytes);
  }

  measured(memoryBytes: number, cpuPercent = this.#cpuPercent): void {
    this.#memoryBytes = memoryBytes;
    this.#peakMemoryBytes = Math.max(this.#peakMemoryBytes, memoryBytes);
    this.#cpuPercent = cpuPercent;
  }

  /** @param now monotonic milliseconds */
  health(now: number): MeasuredHealth {
    const vitals = this.#vitals;
    return {
      memoryBytes: this.#memoryBytes,
      peakMemoryBytes: this.#peakMemoryBytes,
      cpuPercent: this.#cpuPercent,
      tasksDone: this.#tasksDone,
      tasksFailed: this.#tasksFailed,
      restarts: this.#restarts,
      consecutiveCrashes: this.#consecutiveCrashes,
      exits: this.#exits,
      ...(this.#lastExit === undefined ? {} : { lastExit: this.#lastExit }),
      ...(this.#startedInMs === undefined ? {} : { startedInMs: this.#startedInMs }),
      heartbeatAgeMs: vitals === undefined ? 0 : Math.max(0, now - vitals.heartbeatAt),
      ...(vitals?.heapUsedBytes === undefined ? {} : { heapUsedBytes: vitals.heapUsedBytes }),
      ...(vitals?.utilization === undefined ? {} : { eventLoopUtilization: vitals.utilization }),
    };
  }
}
