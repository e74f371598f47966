/** What a caller may say about a pool and is given: types only. */
import type { SendOptions } from '../client.ts';
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
import type { CloseOptions, HostHandlersOption, WorkerOptions } from '../options.ts';
import type { TaskFigures } from './task-metrics.ts';

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
