/**
 * The types of messages: what a request carries, what it answers and what it streams, checked at compile time on both
 * sides of the line. Types only; nothing here exists at run time.
 */
import type { Transferable } from 'node:worker_threads';

/** Payload, result and event of one message. A message without `event` streams nothing. */
export interface MessageShape {
  readonly payload: unknown;
  readonly result: unknown;
  readonly event?: unknown;
}

export type MessageDefinitions = Readonly<Record<string, Required<MessageShape>>>;

/**
 * Declares the messages of a worker. Names beginning with `$` are the library's own and are rejected.
 *
 * ```ts
 * type Messages = DefineMessages<{
 *   add: { payload: { a: number; b: number }; result: number };
 *   scan: { payload: string; result: { files: number }; event: { file: string } };
 * }>;
 * ```
 */
export type DefineMessages<T extends { [K in keyof T]: K extends `$${string}` ? never : MessageShape }> = {
  readonly [K in keyof T & string]: {
    readonly payload: T[K]['payload'];
    readonly result: T[K]['result'];
    readonly event: T[K] extends { readonly event: infer Event } ? Event : never;
  };
};

/** The shape of one message, for definitions put together from parts. */
export interface WithResult<Payload, Result, Event = never> {
  readonly payload: Payload;
  readonly result: Result;
  readonly event: Event;
}

export type MessageType<M extends MessageDefinitions> = keyof M & string;
export type PayloadOf<M extends MessageDefinitions, K extends MessageType<M>> = M[K]['payload'];
export type ResultOf<M extends MessageDefinitions, K extends MessageType<M>> = M[K]['result'];
export type EventOf<M extends MessageDefinitions, K extends MessageType<M>> = M[K]['event'];

/** A request as it crosses the line; with no `K`, the union of all requests, told apart by `type`. */
export type MessageOf<M extends MessageDefinitions, K extends MessageType<M> = MessageType<M>> = {
  [T in K]: { readonly tx: TransactionId; readonly type: T; readonly payload: PayloadOf<M, T> };
}[K];

/** Names one request on one line. Must be unique among the requests in flight. */
export type TransactionId = string | number;

export type MaybePromise<T> = T | Promise<T>;

export type LogLevel = 'error' | 'warn' | 'info' | 'debug';

export interface EmitOptions {
  /** Objects to move instead of copy, where the driver can. */
  readonly transfer?: readonly Transferable[] | undefined;
}

/** What a handler is given beside the payload. */
export interface HandlerContext<Event = never> {
  /** Absent for a notification. */
  readonly tx: TransactionId | undefined;
  /** Aborted when the host cancels the request, its timeout passes, the line closes or the worker ends. */
  readonly signal: AbortSignal;
  /**
   * Streams one event to the host. Events travel in order, several to a frame, and leave at most 5 ms later as long as
   * the thread is not blocked. Returns a promise when the host is behind: await it, or the events pile up here.
   * Do not change an object after emitting it. After the request was cancelled, events are dropped.
   * @throws SerializationError when the event cannot cross the line
   */
  emit(event: Event, options?: EmitOptions): Promise<void> | undefined;
  /**
   * Hands all events and log lines to the operating system now; they arrive even if the process dies right after. Waits
   * for the host to read, blocking the thread, where the system's buffers are full.
   * @returns whether that holds for all of them; false while a middleware still has one, or without a connection.
   */
  flush(): boolean;
  log(level: LogLevel, message: string): void;
}

export type Handler<M extends MessageDefinitions, K extends MessageType<M>> = (
  payload: PayloadOf<M, K>,
  context: HandlerContext<EventOf<M, K>>,
) => MaybePromise<ResultOf<M, K>>;

export type Handlers<M extends MessageDefinitions> = { readonly [K in MessageType<M>]: Handler<M, K> };

/** `[payload, options?]`, where a `void` payload may be left out. */
export type PayloadArguments<Payload, Options> = [Payload] extends [void | undefined]
  ? [payload?: undefined, options?: Options]
  : [payload: Payload, options?: Options];
