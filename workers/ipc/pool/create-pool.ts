/** `createPool`: several workers of one kind behind one queue. What a caller may say and is given; worker-pool.ts does it. */
import os from 'node:os';
import type { SendOptions } from '../client.ts';
import { DriverError } from '../errors.ts';
import type { EventStream } from '../event-stream.ts';
import type {
  EventOf,
  InputOf,
  MessageDefinitions,
  MessageType,
  MessageWithoutPayload,
  NoMessages,
  PayloadOf,
  ResultOf,
} from '../messages.ts';
import { limitsOf } from '../options.ts';
import type { AnyHostOptions, CloseOptions, HostHandlersOption, WorkerOptions } from '../options.ts';
import { countWithin, duration, numberWithin } from '../timers.ts';
import type { TaskFigures } from './task-metrics.ts';
import { RunningPool } from './worker-pool.ts';
import type { PoolSettings } from './worker-pool.ts';

/** The numbers of a pool; `Infinity` is no limit. */
export interface PoolLimits {
  /** Started at once and kept, however idle. Default 0. */
  readonly minWorkers?: number | undefined;
  /** Default: as many as the machine can run at the same time. */
  readonly maxWorkers?: number | undefined;
  /** Tasks that one worker does at the same time. Default 1: a crash costs one task. */
  readonly concurrentTasksPerWorker?: number | undefined;
  /** Tasks that may wait. One more rejects with a QueueFullError. Default `Infinity`. */
  readonly maxQueue?: number | undefined;
  /** A worker that has had nothing to do for so many milliseconds ends, if there are more than `minWorkers`. Default 30,000. */
  readonly idleMs?: number | undefined;
  /** A worker that has done so many tasks is replaced by a new one. Default `Infinity`. */
  readonly maxTasksPerWorker?: number | undefined;
  /** A worker that has more memory than this after a task is replaced by a new one. Megabytes; default `Infinity`. */
  readonly maxMemoryMb?: number | undefined;
}

/** The options of a pool: those of `createWorker`, but for what only one worker can have, and its numbers. */
export type PoolOptions<H extends MessageDefinitions = NoMessages> = WorkerOptions &
  HostHandlersOption<H> &
  PoolLimits & {
    readonly socketPath?: undefined;
    readonly detached?: undefined;
    readonly transferList?: undefined;
  };

/** How one task is sent. */
export interface PoolSendOptions<Event = never, Input = never> extends SendOptions<Event, Input> {
  /** Higher is served first, whatever waits; of equals, what has waited longest. Default 0. */
  readonly priority?: number | undefined;
}

/** How a task is sent whose events are read in a loop. */
export type PoolStreamOptions<Input = never> = Omit<PoolSendOptions<never, Input>, 'onEvent'>;

/** What a pool did and does. Times are milliseconds. */
export interface PoolMetrics extends TaskFigures {
  /** Since the pool was created. */
  readonly duration: number;
  /** The share of what `maxWorkers` could have worked in that time, 0 to 1. */
  readonly utilization: number;
  /** Tasks that wait. */
  readonly queueSize: number;
  /** Tasks in work. */
  readonly running: number;
  /** The queue is as long as it may be: see `writable`. */
  readonly needsDrain: boolean;
  /** Workers that live, those that start and end included. */
  readonly workers: number;
  readonly idleWorkers: number;
  /** Workers that ended without being asked to. */
  readonly crashed: number;
  /** Workers that were ended for what they had used, or for want of work. */
  readonly recycled: { readonly memory: number; readonly tasks: number; readonly idle: number };
}

/** Several workers of one kind behind one queue. */
export interface WorkerPool<M extends MessageDefinitions> {
  /**
   * Gives the message to a worker as soon as one is free. Rejects like `send` of a client, with a QueueFullError, or
   * with why no worker could be started. `timeout` counts from when a worker has it; use a signal to limit the waiting.
   */
  send<K extends MessageWithoutPayload<M>>(type: K): Promise<ResultOf<M, K>>;
  send<K extends MessageType<M>>(
    type: K,
    payload: PayloadOf<M, K>,
    options?: PoolSendOptions<EventOf<M, K>, InputOf<M, K>>,
  ): Promise<ResultOf<M, K>>;
  /** The same as an async iterable of the events. Leaving the loop early cancels the task. */
  stream<K extends MessageWithoutPayload<M>>(type: K): EventStream<EventOf<M, K>, ResultOf<M, K>>;
  stream<K extends MessageType<M>>(
    type: K,
    payload: PayloadOf<M, K>,
    options?: PoolStreamOptions<InputOf<M, K>>,
  ): EventStream<EventOf<M, K>, ResultOf<M, K>>;
  /** False while the queue is as long as `maxQueue`, or 1,000 if that is less, allows. */
  readonly writable: boolean;
  /** Settles when {@link writable} is true again, or the pool is closed. Never rejects. */
  drained(): Promise<void>;
  /** What the pool has done and does. Cheap; may be called often. */
  metrics(): PoolMetrics;
  /** Takes no more tasks, waits for those it has (`drainMs`), rejects the rest, and ends every worker. */
  close(options?: CloseOptions): Promise<void>;
  /** Rejects every task and ends every worker at once. */
  kill(): Promise<void>;
  /** The same as `close()`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Makes a pool. Workers start when there is work for them.
 * @throws DriverError for an option that means nothing, or nothing to a pool
 */
export function createPool<M extends MessageDefinitions, H extends MessageDefinitions = NoMessages>(
  options: PoolOptions<H>,
): WorkerPool<M> {
  const pool = new RunningPool(workerOptions(options), settingsOf(options));
  // Types of messages end at the wire.
  return pool as WorkerPool<MessageDefinitions> as unknown as WorkerPool<M>;
}

/** So long a task that was given up may hold its place, unless the caller says otherwise. */
const KILL_AFTER_MS = 5_000;

function workerOptions(options: AnyHostOptions & PoolLimits): AnyHostOptions {
  for (const name of ['socketPath', 'detached', 'transferList'] as const) {
    if (options[name] === undefined) continue;
    throw new DriverError(`A pool has no use for the option '${name}': only one worker could have it.`);
  }
  if (options.maxMemoryMb !== undefined && tellsNoMemory(options)) {
    throw new DriverError(
      "The option 'maxMemoryMb' needs workers that tell their memory: processes and threads of Node. " +
        "Programs run by 'command' and inline workers do not.",
    );
  }
  const checked = { ...options, timeouts: { killAfter: KILL_AFTER_MS, ...options.timeouts } };
  limitsOf(checked);
  return checked;
}

function tellsNoMemory({ driver, command }: AnyHostOptions): boolean {
  return command !== undefined || (typeof driver === 'object' ? driver.name : driver) === 'inline';
}

function settingsOf(options: PoolLimits): PoolSettings {
  const maxWorkers = countWithin(options.maxWorkers ?? os.availableParallelism(), 'maxWorkers', 1);
  const minWorkers = countWithin(options.minWorkers ?? 0, 'minWorkers', 0);
  if (minWorkers > maxWorkers || minWorkers === Infinity) {
    throw new DriverError(`The option 'minWorkers' (${minWorkers}) is more than 'maxWorkers' (${maxWorkers}).`);
  }
  return {
    minWorkers,
    maxWorkers,
    concurrency: countWithin(options.concurrentTasksPerWorker ?? 1, 'concurrentTasksPerWorker', 1),
    maxQueue: countWithin(options.maxQueue ?? Infinity, 'maxQueue', 0),
    idleMs: duration(options.idleMs ?? 30_000, 'idleMs'),
    recycling: {
      tasks: countWithin(options.maxTasksPerWorker ?? Infinity, 'maxTasksPerWorker', 1),
      memoryBytes: 1024 * 1024 * numberWithin(options.maxMemoryMb ?? Infinity, 'maxMemoryMb', Number.MIN_VALUE),
    },
  };
}
