/** One worker of a pool: from its start to its end, and what it has done. */
import { startClient } from '../create-worker.ts';
import type { WorkerExit } from '../exit.ts';
import type { AnyHostOptions, CloseOptions } from '../options.ts';
import type { RunningClient } from '../running-client.ts';
import { now, startTimer } from '../timers.ts';
import type { Timer } from '../timers.ts';
import { Recycling } from './recycling.ts';
import type { RecyclingLimits } from './recycling.ts';

export interface PoolWorkerOwner {
  readonly recycling: RecyclingLimits;
  readonly concurrency: number;
  readonly idleMs: number;
  /** It is ready, has work less, or tells its memory: it may be given tasks, or be replaced. */
  onFree(worker: PoolWorker): void;
  onIdle(worker: PoolWorker): void;
  /** It never was ready. */
  onFailedStart(worker: PoolWorker, error: Error): void;
  onGone(worker: PoolWorker, exit: WorkerExit): void;
}

export class PoolWorker {
  readonly #owner: PoolWorkerOwner;
  readonly #recycling = new Recycling(Math.random);
  readonly #starting = new AbortController();
  readonly #startedAt = now();
  #client: RunningClient | undefined;
  #tasks = 0;
  #retired = false;
  #replaced = false;
  #idleTimer: Timer | undefined;

  constructor(options: AnyHostOptions, owner: PoolWorkerOwner) {
    this.#owner = owner;
    const { signal } = options;
    const either = signal === undefined ? this.#starting.signal : AbortSignal.any([signal, this.#starting.signal]);
    startClient({ ...options, signal: either }).then(
      (client) => this.#opened(client),
      (error: unknown) => owner.onFailedStart(this, error as Error),
    );
  }

  get starting(): boolean {
    return this.#client === undefined;
  }

  /** Tasks in work, given up ones that it has not stopped included. */
  get inWork(): number {
    return this.#client?.inWork ?? 0;
  }

  /** It takes no more tasks, and ends. */
  get retired(): boolean {
    return this.#retired;
  }

  /** The pool ended it; else it ended otherwise. */
  get replaced(): boolean {
    return this.#replaced;
  }

  /** It can take a task. */
  get free(): boolean {
    return this.#open && this.inWork < this.#owner.concurrency && this.#tasks < this.#owner.recycling.tasks;
  }

  /** It has nothing to do. */
  get idle(): boolean {
    return this.#open && this.inWork === 0;
  }

  get uptimeMs(): number {
    return now() - this.#startedAt;
  }

  /** Why it should be replaced now, if it should. */
  get due(): 'memory' | 'tasks' | undefined {
    if (!this.idle) return undefined;
    const memoryBytes = this.#client?.vitals?.rssBytes ?? 0;
    return this.#recycling.due({ memoryBytes, tasks: this.#tasks }, this.#owner.recycling);
  }

  /** Call only if it is free. @throws ClosedError and others, at once */
  request(...task: Parameters<RunningClient['request']>): Promise<unknown> {
    this.#tasks += 1;
    this.#idleTimer?.cancel();
    return (this.#client as RunningClient).request(...task);
  }

  /** There is no task for it. */
  rest(): void {
    this.#idleTimer?.cancel();
    this.#idleTimer = startTimer(this.#owner.idleMs, () => this.#owner.onIdle(this), true);
  }

  /** Ends it. */
  retire(options?: CloseOptions): void {
    this.#replaced = true;
    this.#leave();
    void this.#client?.close(options);
  }

  kill(): void {
    this.#leave();
    void this.#client?.kill();
  }

  get #open(): boolean {
    return !this.#retired && this.#client?.reachable === true;
  }

  #leave(): void {
    this.#retired = true;
    this.#starting.abort();
    this.#idleTimer?.cancel();
  }

  #opened(client: RunningClient): void {
    this.#client = client;
    void client.exited.then((exit) => {
      this.#leave();
      this.#owner.onGone(this, exit);
    });
    if (this.#retired) return void client.close();
    client.onWork = () => this.#owner.onFree(this);
    client.onVitals(() => {
      if (this.due === 'memory') this.#owner.onFree(this);
    });
    this.#owner.onFree(this);
  }
}
