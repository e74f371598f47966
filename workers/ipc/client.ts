/** What the host is given: the type of a worker's client, and what can be said with each message. */
import type { Transferable } from 'node:worker_threads';
import type { DriverCapabilities, LogEntry, Vitals, WorkerAddress } from './driver.ts';
import type { EventStream } from './event-stream.ts';
import type { WorkerExit } from './exit.ts';
import type { LifecycleEvents, LifecycleListener } from './lifecycle.ts';
import type {
  EventListenerOf,
  EventOf,
  InputOf,
  MessageDefinitions,
  MessageType,
  MessageWithoutPayload,
  PayloadOf,
  ResultOf,
} from './messages.ts';
import type { CloseOptions } from './options.ts';

/** A message without input takes none. */
type InputFor<Input> = [Input] extends [never] ? undefined : AsyncIterable<Input> | Iterable<Input>;

/** How one request is sent. */
export interface SendOptions<Event = never, Input = never> {
  /** Aborting it cancels the request, in the worker cooperatively. */
  readonly signal?: AbortSignal | undefined;
  /**
   * When a cancelled request rejects. `immediate` (the default): at once. `acknowledged`: when the worker has stopped
   * working on it, so that the caller knows that the worker is free; with a CancelledError whatever the worker answers.
   * The timeout goes on meanwhile.
   */
  readonly cancel?: 'immediate' | 'acknowledged' | undefined;
  /** Milliseconds; 0 is none. Default: the worker's `timeouts`. */
  readonly timeout?: number | undefined;
  /**
   * Milliseconds that the worker has to stop once the request was cancelled or timed out. A worker that has not stopped
   * by then is killed, whatever else it does. 0 is at once. Default: `timeouts.killAfter`, and that is never.
   */
  readonly killAfter?: number | undefined;
  /**
   * What to stream to the handler's `input`. It is read when the handler reads, at most 16 frames ahead; what it throws
   * is thrown there. It is left (`return()`) when the handler leaves it or the request settles.
   */
  readonly input?: InputFor<Input> | undefined;
  /** Events come in order, one after the other: the next one waits for a returned promise, and then the worker does. */
  readonly onEvent?: EventListenerOf<Event> | undefined;
  /** Objects in the payload to move instead of copy, where the driver can. */
  readonly transfer?: readonly Transferable[] | undefined;
}

/** How a request is sent whose events are read in a loop. */
export type StreamOptions<Input = never> = Omit<SendOptions<never, Input>, 'onEvent'>;

/** `disconnected`: without a line; the worker may live on. Only `ready` takes messages. */
export type WorkerState = 'starting' | 'ready' | 'disconnected' | 'closing' | 'closed';

/** What every client can do, whatever its driver. */
export interface WorkerClientBase<M extends MessageDefinitions> {
  /** Of the process; undefined for a thread. */
  readonly pid: number | undefined;
  /** Where the worker listens: a Unix domain socket or a named pipe. Undefined for a driver without sockets. */
  readonly socketPath: string | undefined;
  readonly state: WorkerState;
  readonly capabilities: DriverCapabilities;
  /** From the start to ready. */
  readonly startedInMs: number;
  /** Requests the worker has not answered yet, cancelled ones it still works on included. */
  readonly inWork: number;
  /** The latest signs of life; undefined before the first. They come about once a second while a request is in work. */
  readonly vitals: Vitals | undefined;
  /** Settles when the worker is gone. Never rejects. */
  readonly exited: Promise<WorkerExit>;
  /**
   * Rejects with what the handler threw (RemoteError), or MessageTimeoutError, CancelledError, CrashedError,
   * UnknownMessageError, SerializationError, FrameTooLargeError, MiddlewareError or ClosedError. Settles exactly once;
   * no event comes after it.
   */
  send<K extends MessageWithoutPayload<M>>(type: K): Promise<ResultOf<M, K>>;
  send<K extends MessageType<M>>(
    type: K,
    payload: PayloadOf<M, K>,
    options?: SendOptions<EventOf<M, K>, InputOf<M, K>>,
  ): Promise<ResultOf<M, K>>;
  /** The same as an async iterable of the events. Leaving the loop early cancels the request. */
  stream<K extends MessageWithoutPayload<M>>(type: K): EventStream<EventOf<M, K>, ResultOf<M, K>>;
  stream<K extends MessageType<M>>(
    type: K,
    payload: PayloadOf<M, K>,
    options?: StreamOptions<InputOf<M, K>>,
  ): EventStream<EventOf<M, K>, ResultOf<M, K>>;
  /** Sends without expecting an answer. @throws like `send`, as far as it is known at once */
  notify(type: MessageWithoutPayload<M>): void;
  notify<K extends MessageType<M>>(
    type: K,
    payload: PayloadOf<M, K>,
    options?: { transfer?: readonly Transferable[] },
  ): void;
  /**
   * False while the worker is behind: what was sent fills the line, or more than 1,000 requests wait for an answer.
   * Sending goes on; what is sent waits in this process's memory.
   */
  readonly writable: boolean;
  /** Settles when {@link writable} is true again, or the worker takes no more messages. Never rejects. */
  drained(): Promise<void>;
  /** The worker keeps this process alive until it is closed, also while it is idle. */
  ref(): void;
  /** The worker does not keep this process alive, not even while requests are in work. */
  unref(): void;
  /** Waits for what is in flight, cancels the rest, then ends the worker: kindly, by SIGTERM, by SIGKILL. */
  close(options?: CloseOptions): Promise<WorkerExit>;
  /** Ends the worker and all it started at once. */
  kill(): Promise<WorkerExit>;
  /** Returns the function that stops listening. */
  onLog(listener: (entry: LogEntry) => void): () => void;
  /** Returns the function that stops listening. */
  onVitals(listener: (vitals: Vitals) => void): () => void;
  /**
   * Listens to what happens to the worker and its line; returns the function that stops listening. What happened before
   * is not told again: use the option `on` for the first `connect`.
   */
  on<E extends keyof LifecycleEvents>(event: E, listener: LifecycleListener<E>): () => void;
  /** The same as `close()`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** Of a client whose driver has the capability `reconnect`. Others do not have these methods, at compile time already. */
export interface ReconnectCapability {
  /** Drops the line; what is in flight is cancelled. The worker lives on. */
  disconnect(): Promise<void>;
  /** Takes the line up again. @throws ConnectTimeoutError, ClosedError */
  reconnect(): Promise<void>;
}

/** Of a client whose driver has the capability `detach`. */
export interface DetachCapability {
  /**
   * Lets the worker live on when the host ends, and closes this client.
   * @returns what `attachWorker` needs, in any process of this machine. It may be kept as JSON
   */
  detach(): Promise<WorkerAddress>;
}

/** What a client can do depends on its driver. */
export type WorkerClient<
  M extends MessageDefinitions,
  C extends DriverCapabilities = DriverCapabilities,
> = WorkerClientBase<M> &
  (C extends { readonly reconnect: true } ? ReconnectCapability : unknown) &
  (C extends { readonly detach: true } ? DetachCapability : unknown);
