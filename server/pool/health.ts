/**
 * Samples memory and CPU time of workers while any of them is busy, and once more afterwards: an idle pool costs nothing.
 * Never blocks. Lives as long as the pool.
 */
import type { Clock } from '../clock.ts';
import type { SupervisedWorker } from './supervised-worker.ts';
import type { SampleTrees, TreeUsage } from './process-tree.ts';
import type { MemoryAlert } from './types.ts';

/** Above this share of the limit there is an alert. The next one comes only after the share was below `ALERT_OFF`. */
const ALERT_ON = 0.85;
const ALERT_OFF = 0.8;
const MEGABYTE = 1024 * 1024;

export interface HealthOptions {
  readonly clock: Clock;
  readonly intervalMs: number;
  readonly sample: SampleTrees;
  readonly live: () => readonly SupervisedWorker[];
  readonly onAlert: (alert: MemoryAlert) => void;
  /** There are new numbers, and limits were enforced. The sample ends when this resolves. */
  readonly onSampled: () => Promise<void>;
}

interface Reading {
  readonly at: number;
  readonly cpuMs: number;
}

export class HealthSampler {
  #intervalMs: number;
  readonly #options: HealthOptions;
  readonly #readings = new Map<number, Reading>();
  readonly #alerted = new Set<string>();
  #cancelTimer: (() => void) | undefined;
  #sampling: Promise<void> | undefined;
  #processes = 0;
  #quietRounds = 0;
  #disposed = false;

  constructor(options: HealthOptions) {
    this.#options = options;
    this.#intervalMs = options.intervalMs;
  }

  /** Milliseconds between samples, starting now. */
  set intervalMs(ms: number) {
    this.#intervalMs = ms;
    if (this.#cancelTimer === undefined || this.#sampling !== undefined) return;
    this.#cancelTimer();
    this.#schedule();
  }

  /** Processes of all workers at the last sample, including those that they started. */
  get processes(): number {
    return this.#processes;
  }

  /** A worker is busy: samples until none is. */
  wake(): void {
    this.#quietRounds = 0;
    if (this.#cancelTimer === undefined && !this.#disposed) this.#schedule();
  }

  /** Takes a sample now, or waits for the one that is running. */
  now(): Promise<void> {
    this.#sampling ??= this.#sample().finally(() => {
      this.#sampling = undefined;
    });
    return this.#sampling;
  }

  dispose(): void {
    this.#disposed = true;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  #schedule(): void {
    this.#cancelTimer = this.#options.clock.after(
      this.#intervalMs,
      () => {
        void this.now().then(() => {
          this.#cancelTimer = undefined;
          if (this.#disposed) return;
          // One more sample after the last job shows how much memory idle workers use.
          this.#quietRounds = this.#options.live().some(({ busy }) => busy) ? 0 : this.#quietRounds + 1;
          if (this.#quietRounds < 2) this.#schedule();
        });
      },
      true,
    );
  }

  async #sample(): Promise<void> {
    const measured = this.#options.live().flatMap((worker) => {
      const { pid } = worker;
      return pid === undefined ? [] : [{ worker, pid }];
    });
    const usages = await this.#options.sample(measured.map(({ pid }) => pid));
    if (this.#disposed) return;
    this.#processes = 0;
    for (const { worker, pid } of measured) {
      const usage = usages.get(pid);
      if (usage === undefined || worker.pid !== pid) continue;
      this.#processes += usage.processes;
      const cpuPercent = this.#cpuPercent(pid, usage);
      this.#alert(worker, usage.memoryBytes);
      worker.sampled(usage.memoryBytes, cpuPercent, usage.stopped);
    }
    const living = new Set(measured.map(({ pid }) => pid));
    for (const pid of this.#readings.keys()) if (!living.has(pid)) this.#readings.delete(pid);
    await this.#options.onSampled();
  }

  #cpuPercent(pid: number, { cpuMs }: TreeUsage): number {
    const at = this.#options.clock.now();
    const before = this.#readings.get(pid);
    this.#readings.set(pid, { at, cpuMs });
    if (before === undefined || at <= before.at) return 0;
    return Math.max(0, (100 * (cpuMs - before.cpuMs)) / (at - before.at));
  }

  #alert(worker: SupervisedWorker, memoryBytes: number): void {
    const { name, limitBytes } = worker;
    const share = memoryBytes / limitBytes;
    if (share < ALERT_OFF) this.#alerted.delete(name);
    if (share <= ALERT_ON || this.#alerted.has(name)) return;
    this.#alerted.add(name);
    this.#options.onAlert({ worker: name, memoryBytes, limitBytes });
  }
}

/** Whether memory suffices for one more process. */
export function hasRoom(
  memory: { readonly totalBytes: number; readonly freeBytes: number },
  usedBytes: number,
): boolean {
  const budget = memory.totalBytes * BUDGET_SHARE;
  return usedBytes + NEW_PROCESS_BYTES <= budget && memory.freeBytes >= NEW_PROCESS_BYTES;
}

/** The share of the machine's memory that all workers together may use. */
export const BUDGET_SHARE = 0.75;
const NEW_PROCESS_BYTES = 150 * MEGABYTE;
