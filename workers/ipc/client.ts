/** What the host is given: `createWorker` and the type of its client. */
import type { Transferable } from 'node:worker_threads';
import type { DriverCapabilities, LogEntry, Vitals, WorkerAddress, WorkerDriver } from './driver.ts';
import { loadDriver } from './driver-names.ts';
import { CancelledError, DriverError } from './errors.ts';
import type { EventStream } from './event-stream.ts';
import type { WorkerExit } from './exit.ts';
import type { EventOf, MessageDefinitions, MessageType, PayloadArguments, PayloadOf, ResultOf } from './messages.ts';
import { defaultRetry } from './options.ts';
import type { CloseOptions, WorkerOptions } from './options.ts';
import { backoffDelay, wait } from './backoff.ts';
import { RunningClient } from './running-client.ts';

/** A message without events has no listener. */
type EventListenerOf<Event> = [Event] extends [never] ? undefined : (event: Event) => void | Promise<void>;

export interface SendOptions<Event = never> {
  /** Aborting it cancels the request, in the worker cooperatively. */
  readonly signal?: AbortSignal | undefined;
  /**
   * When a cancelled request rejects. `immediate` (the default): at once. `acknowledged`: when the worker has stopped
   * working on it, so that the caller knows that the worker is free; with a CancelledError whatever the worker answers.
   */
  readonly cancel?: 'immediate' | 'acknowledged' | undefined;
  /** Milliseconds; 0 is none. Default: the worker's `timeouts`. */
  readonly timeout?: number | undefined;
  /** Events come in order, one after the other: the next one waits for a returned promise, and then the worker does. */
  readonly onEvent?: EventListenerOf<Event> | undefined;
  /** Objects in the payload to move instead of copy, where the driver can. */
  readonly transfer?: readonly Transferable[] | undefined;
}

export type StreamOptions = Omit<SendOptions, 'onEvent'>;

export type WorkerState = 'starting' | 'ready' | 'disconnected' | 'closing' | 'closed';

interface BaseClient<M extends MessageDefinitions> {
  /** Of the process; undefined for a thread. */
  readonly pid: number | undefined;
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
  send<K extends MessageType<M>>(
    type: K,
    ...args: PayloadArguments<PayloadOf<M, K>, SendOptions<EventOf<M, K>>>
  ): Promise<ResultOf<M, K>>;
  /** The same as an async iterable of the events. Leaving the loop early cancels the request. */
  stream<K extends MessageType<M>>(
    type: K,
    ...args: PayloadArguments<PayloadOf<M, K>, StreamOptions>
  ): EventStream<EventOf<M, K>, ResultOf<M, K>>;
  /** Sends without expecting an answer. @throws like `send`, as far as it is known at once */
  notify<K extends MessageType<M>>(
    type: K,
    ...args: PayloadArguments<PayloadOf<M, K>, { transfer?: readonly Transferable[] }>
  ): void;
  /** Waits for what is in flight, cancels the rest, then ends the worker: kindly, by SIGTERM, by SIGKILL. */
  close(options?: CloseOptions): Promise<WorkerExit>;
  /** Ends the worker and all it started at once. */
  kill(): Promise<WorkerExit>;
  /** Returns the function that stops listening. */
  onLog(listener: (entry: LogEntry) => void): () => void;
  onVitals(listener: (vitals: Vitals) => void): () => void;
  [Symbol.asyncDispose](): Promise<void>;
}

interface ReconnectClient {
  /** Drops the line; what is in flight is cancelled. The worker lives on. */
  disconnect(): Promise<void>;
  /** @throws ConnectTimeoutError, ClosedError */
  reconnect(): Promise<void>;
}

interface DetachClient {
  /** Lets the worker live on when the host ends, and closes this client. */
  detach(): Promise<WorkerAddress>;
}

/** What a client can do depends on its driver. */
export type WorkerClient<
  M extends MessageDefinitions,
  C extends DriverCapabilities = DriverCapabilities,
> = BaseClient<M> &
  (C extends { readonly reconnect: true } ? ReconnectClient : unknown) &
  (C extends { readonly detach: true } ? DetachClient : unknown);

interface NamedCapabilities {
  'child-process': { reconnect: true; detach: true; transfer: false; isolation: 'process' };
  stdio: { reconnect: false; detach: false; transfer: false; isolation: 'process' };
  'worker-threads': { reconnect: false; detach: false; transfer: true; isolation: 'thread' };
  inline: { reconnect: false; detach: false; transfer: true; isolation: 'none' };
}

type Lasting = { readonly reconnect: true; readonly detach: true };
type Reconnecting = { readonly reconnect: true; readonly detach: false };
type Detaching = { readonly reconnect: false; readonly detach: true };

/**
 * Starts a worker; resolves when it has answered that it is ready.
 * @throws DriverError, SpawnError (with `exit`), StartupTimeoutError, ConnectTimeoutError, CancelledError; nothing is
 *   left running then
 */
export function createWorker<M extends MessageDefinitions>(
  options: WorkerOptions & { readonly driver?: 'child-process' | undefined },
): Promise<WorkerClient<M, NamedCapabilities['child-process']>>;
export function createWorker<M extends MessageDefinitions>(
  options: WorkerOptions & { readonly driver: WorkerDriver<DriverCapabilities & Lasting> },
): Promise<WorkerClient<M, DriverCapabilities & Lasting>>;
export function createWorker<M extends MessageDefinitions>(
  options: WorkerOptions & { readonly driver: WorkerDriver<DriverCapabilities & Reconnecting> },
): Promise<WorkerClient<M, DriverCapabilities & Reconnecting>>;
export function createWorker<M extends MessageDefinitions>(
  options: WorkerOptions & { readonly driver: WorkerDriver<DriverCapabilities & Detaching> },
): Promise<WorkerClient<M, DriverCapabilities & Detaching>>;
export function createWorker<M extends MessageDefinitions>(options: WorkerOptions): Promise<WorkerClient<M>>;
export async function createWorker<M extends MessageDefinitions>(options: WorkerOptions): Promise<WorkerClient<M>> {
  const { driver: named = 'child-process' } = options;
  const driver = typeof named === 'string' ? await loadDriver(named) : named;
  const backoff = { ...defaultRetry, ...options.retry };
  for (let attempt = 0; ; attempt += 1) {
    const client = new RunningClient(driver, options);
    try {
      await client.start();
      return client;
    } catch (error) {
      const isLasting = error instanceof DriverError || error instanceof CancelledError;
      if (isLasting || attempt >= backoff.maxRetries) throw error;
      const delay = backoffDelay(backoff, attempt);
      client.log('warn', `Starting the worker failed, next attempt in ${Math.round(delay)} ms: ${String(error)}`);
      await wait(delay);
    }
  }
}
