/**
 * The workers of a pool and the tasks that wait for them.
 *
 * Invariant: no worker starts while there are `maxWorkers`, counted from their start until they are gone.
 * Invariant: every task settles once: by its worker, its signal, the end of the pool, or because no worker can be started.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { addCaller } from '../caller.ts';
import { CancelledError, ClosedError, DriverError, QueueFullError, SpawnError } from '../errors.ts';
import { eventStream } from '../event-stream.ts';
import type { EventStream } from '../event-stream.ts';
import type { WorkerExit } from '../exit.ts';
import { closeLimits } from '../options.ts';
import type { AnyHostOptions, CloseOptions } from '../options.ts';
import { now, numberWithin, startTimer, within } from '../timers.ts';
import type { Timer } from '../timers.ts';
import type { PoolMetrics, PoolSendOptions, PoolStreamOptions } from './pool-types.ts';
import { PoolWorker } from './pool-worker.ts';
import type { PoolWorkerOwner } from './pool-worker.ts';
import { PriorityQueue } from './priority-queue.ts';
import type { RecyclingLimits } from './recycling.ts';
import { RestartBackoff } from './restart-backoff.ts';
import { TaskMetrics } from './task-metrics.ts';

export interface PoolSettings {
  readonly minWorkers: number;
  readonly maxWorkers: number;
  readonly concurrency: number;
  readonly maxQueue: number;
  readonly idleMs: number;
  readonly recycling: RecyclingLimits;
}

interface Task {
  readonly type: string;
  readonly payload: unknown;
  readonly options: PoolSendOptions<unknown, unknown>;
  readonly priority: number;
  readonly queuedAt: number;
  /** Runs a function in the asynchronous context of the sender. */
  readonly inContext: <T>(run: () => T) => T;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
  /** Stops listening to the signal while it waits. */
  release: () => void;
  beganAt: number;
}

/** With so many tasks in the queue, a sender that can wait should. */
const MOST_QUEUED = 1_000;

export class RunningPool implements PoolWorkerOwner {
  readonly recycling: RecyclingLimits;
  readonly concurrency: number;
  readonly idleMs: number;
  readonly #options: AnyHostOptions;
  readonly #settings: PoolSettings;
  readonly #createdAt = now();
  /** Workers belong to nobody who sends something. */
  readonly #inOwnContext = AsyncLocalStorage.snapshot();
  readonly #metrics = new TaskMetrics();
  readonly #backoff = new RestartBackoff(Math.random);
  readonly #queue = new PriorityQueue<Task>(({ priority }) => -priority);
  readonly #running = new Set<Task>();
  readonly #workers = new Set<PoolWorker>();
  readonly #recycled = { memory: 0, tasks: 0, idle: 0 };
  #crashed = 0;
  #started = 0;
  /** No worker starts before there is a task again. */
  #rests = false;
  /** No worker starts before. */
  #retryAt = 0;
  #wake: Timer | undefined;
  #closing: Promise<void> | undefined;
  /** No task is taken from the queue any more. */
  #ended = false;
  #room: PromiseWithResolvers<void> | undefined;
  #done: PromiseWithResolvers<void> | undefined;
  #pumping = false;

  constructor(options: AnyHostOptions, settings: PoolSettings) {
    this.#options = options;
    this.#settings = settings;
    this.recycling = settings.recycling;
    this.concurrency = settings.concurrency;
    this.idleMs = settings.idleMs;
    this.#pump();
  }

  async send(type: string, payload?: unknown, options?: PoolSendOptions<unknown, unknown>): Promise<unknown> {
    try {
      return await this.#enqueue(type, payload, options);
    } catch (error) {
      addCaller(error);
      throw error;
    }
  }

  stream(type: string, payload?: unknown, options: PoolStreamOptions<unknown> = {}): EventStream<unknown, unknown> {
    const left = new AbortController();
    const signal = options.signal === undefined ? left.signal : AbortSignal.any([left.signal, options.signal]);
    return eventStream(
      (onEvent) => this.send(type, payload, { ...options, signal, onEvent }),
      () => left.abort(),
    );
  }

  get writable(): boolean {
    return this.#closing === undefined && this.#queue.length < Math.max(1, Math.min(MOST_QUEUED, this.#capacity));
  }

  async drained(): Promise<void> {
    if (this.writable || this.#closing !== undefined) return;
    this.#room ??= Promise.withResolvers();
    await this.#room.promise;
  }

  metrics(): PoolMetrics {
    const { maxWorkers } = this.#settings;
    const duration = now() - this.#createdAt;
    const running = [...this.#running].reduce((sum, { beganAt }) => sum + now() - beganAt, 0);
    return {
      ...this.#metrics.figures(),
      duration,
      utilization: this.#metrics.utilization(running, duration * maxWorkers * this.concurrency),
      queueSize: this.#queue.length,
      running: this.#running.size,
      needsDrain: !this.writable,
      workers: this.#workers.size,
      idleWorkers: [...this.#workers].filter(({ idle }) => idle).length,
      crashed: this.#crashed,
      recycled: { ...this.#recycled },
    };
  }

  close(options: CloseOptions = {}): Promise<void> {
    return (this.#closing ??= this.#close(options));
  }

  async kill(): Promise<void> {
    this.#closing ??= Promise.resolve();
    this.#refuse(() => new ClosedError('The pool was killed.'));
    for (const worker of this.#workers) worker.kill();
    await this.#allDone();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  onFree(worker: PoolWorker): void {
    const { due } = worker;
    if (due !== undefined) this.#recycle(worker, due);
    this.#pump();
    if (worker.idle) worker.rest();
  }

  onIdle(worker: PoolWorker): void {
    const staying = [...this.#workers].filter(({ retired }) => !retired).length;
    if (worker.idle && staying > this.#settings.minWorkers) this.#recycle(worker, 'idle');
  }

  onFailedStart(worker: PoolWorker, error: Error): void {
    this.#workers.delete(worker);
    const { message } = error;
    if (error instanceof DriverError) return this.#refuse(() => new DriverError(message, { cause: error }), false);
    this.#delayStart(0);
    // Others may still do what waits.
    if (this.#workers.size === 0) this.#refuse(() => startFailure(error), false);
    this.#pump();
  }

  onGone(worker: PoolWorker, exit: WorkerExit): void {
    this.#workers.delete(worker);
    // The library closes idle workers when the process has nothing else to do: to start others would keep it.
    if (exit.expected && !worker.replaced) this.#rests = true;
    if (!exit.expected) {
      this.#crashed += 1;
      this.#delayStart(worker.uptimeMs);
    }
    this.#pump();
  }

  async #enqueue(type: string, payload: unknown, options: PoolSendOptions<unknown, unknown> = {}): Promise<unknown> {
    const { signal } = options;
    if (this.#closing !== undefined) throw new ClosedError('The pool takes no more tasks: it is closed.');
    if (signal?.aborted === true) throw cancelled(signal);
    const priority = numberWithin(options.priority ?? 0, 'priority', -Infinity);
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const task: Task = {
      type,
      payload,
      options,
      priority,
      queuedAt: now(),
      inContext: AsyncLocalStorage.snapshot(),
      resolve,
      reject,
      release: () => undefined,
      beganAt: 0,
    };
    if (signal !== undefined) {
      const onAbort = (): void => {
        if (this.#queue.remove(task)) task.reject(cancelled(signal));
        this.#changed();
      };
      signal.addEventListener('abort', onAbort, { once: true });
      task.release = () => signal.removeEventListener('abort', onAbort);
    }
    this.#queue.add(task);
    this.#rests = false;
    this.#pump();
    if (this.#queue.length > this.#capacity && this.#queue.remove(task)) {
      task.release();
      throw new QueueFullError(`The pool has ${this.#queue.length} tasks waiting, and may have no more.`);
    }
    return promise;
  }

  /** Tasks that may wait; those that a starting worker will take do not count. */
  get #capacity(): number {
    const starting = [...this.#workers].filter((worker) => worker.starting).length;
    return this.#settings.maxQueue + (starting === 0 ? 0 : starting * this.concurrency);
  }

  /** Gives tasks to free workers, and starts workers for those that are left. */
  #pump(): void {
    if (this.#ended) return this.#changed();
    if (this.#pumping) return;
    this.#pumping = true;
    for (;;) {
      const worker = this.#queue.length === 0 ? undefined : this.#freest();
      const task = worker === undefined ? undefined : this.#queue.shift();
      if (worker === undefined || task === undefined) break;
      this.#run(worker, task);
    }
    this.#pumping = false;
    this.#startWorkers();
    this.#changed();
  }

  /** The free worker with the least to do; of equals the oldest, so that those it can do without get idle. */
  #freest(): PoolWorker | undefined {
    let freest: PoolWorker | undefined;
    for (const worker of this.#workers) {
      if (worker.free && (freest === undefined || worker.inWork < freest.inWork)) freest = worker;
    }
    return freest;
  }

  #run(worker: PoolWorker, task: Task): void {
    const { type, payload, options } = task;
    task.release();
    task.beganAt = now();
    this.#running.add(task);
    this.#metrics.began(task.beganAt - task.queuedAt);
    const sent = task.inContext(async () => worker.request(type, payload, options));
    sent.then(
      (result) => {
        this.#backoff.reset();
        this.#ranTo(task, true);
        task.resolve(result);
      },
      (error: unknown) => {
        this.#ranTo(task, false);
        task.reject(error);
      },
    );
  }

  #ranTo(task: Task, hasResult: boolean): void {
    this.#running.delete(task);
    this.#metrics.ended(now() - task.beganAt, hasResult);
    this.#pump();
  }

  #startWorkers(): void {
    const { minWorkers, maxWorkers } = this.#settings;
    if (this.#ended) return;
    for (;;) {
      const workers = [...this.#workers];
      const starting = workers.filter((worker) => worker.starting).length;
      const isNeeded =
        starting * this.concurrency < this.#queue.length ||
        (this.#closing === undefined && !this.#rests && workers.length < minWorkers);
      if (!isNeeded || workers.length >= maxWorkers) return;
      const delay = this.#retryAt - now();
      if (delay > 0) {
        this.#wake?.cancel();
        this.#wake = startTimer(delay, () => this.#pump(), this.#queue.length === 0);
        return;
      }
      this.#started += 1;
      const name = `${this.#options.name ?? 'worker'}#${this.#started}`;
      this.#workers.add(this.#inOwnContext(() => new PoolWorker({ ...this.#options, name }, this)));
    }
  }

  #delayStart(uptimeMs: number): void {
    this.#retryAt = now() + this.#backoff.failed(uptimeMs);
  }

  #recycle(worker: PoolWorker, why: 'memory' | 'tasks' | 'idle'): void {
    this.#recycled[why] += 1;
    worker.retire();
  }

  /** Rejects what waits. `ends`: for good. */
  #refuse(makeError: () => Error, ends = true): void {
    this.#ended ||= ends;
    for (const task of this.#queue.drain()) {
      task.release();
      task.reject(makeError());
    }
    this.#changed();
  }

  async #close(options: CloseOptions): Promise<void> {
    const { drainMs, ...limits } = closeLimits(options);
    const { promise } = (this.#done ??= Promise.withResolvers());
    this.#changed();
    await within(promise, drainMs);
    this.#refuse(() => new ClosedError('The pool was closed before a worker was free.'));
    for (const worker of this.#workers) worker.retire({ ...limits, drainMs: 0 });
    await this.#allDone();
  }

  async #allDone(): Promise<void> {
    this.#wake?.cancel();
    while (this.#workers.size > 0 || this.#running.size > 0) {
      const { promise } = (this.#done ??= Promise.withResolvers());
      await promise;
    }
  }

  /** Lets those go on who wait for room or for the end. */
  #changed(): void {
    if (this.writable || this.#closing !== undefined) {
      this.#room?.resolve();
      this.#room = undefined;
    }
    const isDone = this.#queue.length === 0 && this.#running.size === 0;
    if (!isDone || (this.#ended && this.#workers.size > 0)) return;
    this.#done?.resolve();
    this.#done = undefined;
  }
}

/** One for each task: the stack names its sender. */
function startFailure(error: Error): SpawnError {
  const { exit } = error as { exit?: WorkerExit };
  const options = exit === undefined ? { cause: error } : { cause: error, exit };
  return new SpawnError(`No worker could be started: ${error.message}`, options);
}

function cancelled(signal: AbortSignal): CancelledError {
  return new CancelledError('The task was cancelled.', { cause: signal.reason });
}
