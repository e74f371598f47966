/**
 * Looks after memory and CPU of workers while any of them works, and once more after: an idle pool costs nothing.
 * Never blocks. Lives as long as the pool.
 */
import type { Clock } from '../clock.ts';
import type { SupervisedWorker } from './supervised-worker.ts';
import type { SampleTrees, TreeUsage } from './process-tree.ts';
import type { MemoryAlert } from './types.ts';

/** Over this share of the limit there is an alert; it is armed again under the lower one. */
const ALERT_ON = 0.85;
const ALERT_OFF = 0.8;
const MEGABYTE = 1024 * 1024;

export interface HealthOptions {
  readonly clock: Clock;
  readonly intervalMs: number;
  readonly sample: SampleTrees;
  readonly live: () => readonly SupervisedWorker[];
  readonly onAlert: (alert: MemoryAlert) => void;
  /** New numbers are there; limits are enforced already. A sample ends when this has. */
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

  /** Milliseconds between samples; counts from now. */
  set intervalMs(ms: number) {
    this.#intervalMs = ms;
    if (this.#cancelTimer === undefined || this.#sampling !== undefined) return;
    this.#cancelTimer();
    this.#schedule();
  }

  /** Of all workers at the last sample, with what they started. */
  get processes(): number {
    return this.#processes;
  }

  /** Something works: sample until it does no longer. */
  wake(): void {
    this.#quietRounds = 0;
    if (this.#cancelTimer === undefined && !this.#disposed) this.#schedule();
  }

  /** Takes a sample now. Calls during a sample share it. */
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
          // One more round after the last work shows what idle workers hold.
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
      worker.sampled(usage.memoryBytes, cpuPercent);
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

/** Whether one more process may start: within the machine's budget, with some memory free. */
export function hasRoom(
  memory: { readonly totalBytes: number; readonly freeBytes: number },
  usedBytes: number,
): boolean {
  const budget = memory.totalBytes * BUDGET_SHARE;
  return usedBytes + NEW_PROCESS_BYTES <= budget && memory.freeBytes >= NEW_PROCESS_BYTES;
}

/** Of all memory, for all workers together. */
export const BUDGET_SHARE = 0.75;
const NEW_PROCESS_BYTES = 150 * MEGABYTE;
