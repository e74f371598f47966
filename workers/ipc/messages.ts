/**
 * The types of messages: what a request carries, what it answers and what it streams, checked at compile time on both
 * sides of the line. Types only; nothing here exists at run time.
 */
import type { Transferable } from 'node:worker_threads';

/**
 * Payload, result and event of one message, and what is streamed to its handler. Without `result` it answers with
 * nothing, without `event` it streams nothing, without `input` nothing is streamed to it; a payload that may be
 * undefined may be left out.
 */
export interface MessageShape {
  readonly payload?: unknown;
  readonly result?: unknown;
  readonly event?: unknown;
  readonly input?: unknown;
}

/** All messages of a worker, by type. */
export type MessageDefinitions = Readonly<Record<string, MessageShape>>;

/** The messages of a host whose workers call nothing. */
// eslint-disable-next-line @typescript-eslint/no-generated-empty-object-type -- without messages it is empty
export type NoMessages = Readonly<Record<never, MessageShape>>;

type ResultIn<S> = 'result' extends keyof S ? S['result'] : void;
type EventIn<S> = 'event' extends keyof S ? Required<S>['event'] : never;
type InputIn<S> = 'input' extends keyof S ? Required<S>['input'] : never;

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
export type DefineMessages<
  T extends {
    [K in keyof T]: K extends `$${string}`
      ? never
      : 'payload' extends keyof T[K]
        ? MessageShape
        : { readonly payload: unknown };
  },
> = {
  readonly [K in keyof T as K extends number ? `${K}` : K & string]: {
    readonly payload: 'payload' extends keyof T[K] ? T[K]['payload'] : never;
    readonly result: ResultIn<T[K]>;
    readonly event: EventIn<T[K]>;
    readonly input: InputIn<T[K]>;
  };
};

/** The shape of one message, for definitions put together from parts. */
export interface WithResult<Payload, Result, Event = never> {
  readonly payload: Payload;
  readonly result: Result;
  readonly event: Event;
}

/** The types of messages that a worker handles. */
export type MessageType<M extends MessageDefinitions> = keyof M & string;
/** What a request of this type carries. */
export type PayloadOf<M extends MessageDefinitions, K extends MessageType<M>> = M[K]['payload'];
/** What a request of this type is answered with. */
export type ResultOf<M extends MessageDefinitions, K extends MessageType<M>> = ResultIn<M[K]>;
/** What a request of this type streams; `never` if it streams nothing. */
export type EventOf<M extends MessageDefinitions, K extends MessageType<M>> = EventIn<M[K]>;
/** What is streamed to a request of this type; `never` if nothing is. */
export type InputOf<M extends MessageDefinitions, K extends MessageType<M>> = InputIn<M[K]>;

/** A request as it crosses the line; with no `K`, the union of all requests, told apart by `type`. */
export type MessageOf<M extends MessageDefinitions, K extends MessageType<M> = MessageType<M>> = {
  [T in K]: { readonly tx: TransactionId; readonly type: T; readonly payload: PayloadOf<M, T> };
}[K];

/** Names one request on one line. Must be unique among the requests in flight. */
export type TransactionId = string | number;

/** At once or later. */
export type MaybePromise<T> = T | Promise<T>;

/** From the most urgent to the least. */
export type LogLevel = 'error' | 'warn' | 'info' | 'debug';

/** How one event is streamed. */
export interface EmitOptions {
  /** Objects to move instead of copy, where the driver can. */
  readonly transfer?: readonly Transferable[] | undefined;
}

/** What a handler is given beside the payload. */
export interface HandlerContext<Event = never, Input = never, H extends MessageDefinitions = NoMessages> {
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
  /** Sends a log line to the host's `onLog`. */
  log(level: LogLevel, message: string): void;
  /**
   * What the host streams to this request, once, in order. Nothing is read there before it is here, and reading slowly
   * slows the host's source down. Leaving the loop early ends the source. Empty if the host gave nothing.
   */
  readonly input: AsyncIterable<Input>;
  /** Calls the host. The call is cancelled with this request. */
  readonly call: Call<H>;
}

/**
 * Sends a message to the host, whose `handlers` answer it. Rejects with what the handler threw (RemoteError), or
 * MessageTimeoutError, CancelledError, UnknownMessageError, SerializationError, FrameTooLargeError, MiddlewareError, or
 * ClosedError when the connection to the host ended.
 */
export interface Call<H extends MessageDefinitions> {
  <K extends MessageWithoutPayload<H>>(type: K): Promise<ResultOf<H, K>>;
  <K extends MessageType<H>>(
    type: K,
    payload: PayloadOf<H, K>,
    options?: CallOptions<EventOf<H, K>>,
  ): Promise<ResultOf<H, K>>;
}

/** A message without events has no listener. */
export type EventListenerOf<Event> = [Event] extends [never] ? undefined : (event: Event) => void | Promise<void>;

/** How one call of the host is made. */
export interface CallOptions<Event = never> {
  /** Aborting it cancels the call, in the host cooperatively. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds; 0 is none. Default: none. */
  readonly timeout?: number | undefined;
  /** Events come in order, one after the other: the next one waits for a returned promise, and then the host does. */
  readonly onEvent?: EventListenerOf<Event> | undefined;
  /** Objects in the payload to move instead of copy, where the driver can. */
  readonly transfer?: readonly Transferable[] | undefined;
}

/** Answers the requests of one type. What it throws comes to the caller as a RemoteError. `H`: what it can call the host with. */
export type Handler<
  M extends MessageDefinitions,
  K extends MessageType<M>,
  H extends MessageDefinitions = NoMessages,
> = (
  payload: PayloadOf<M, K>,
  context: HandlerContext<EventOf<M, K>, InputOf<M, K>, H>,
) => MaybePromise<ResultOf<M, K>>;

/** A handler for each message: an object, or an instance of a class. `this` of each is that object. */
export type Handlers<M extends MessageDefinitions, H extends MessageDefinitions = NoMessages> = {
  readonly [K in MessageType<M>]: Handler<M, K, H>;
};

/** The messages whose payload may be left out: it may be undefined, or anything at all. */
export type MessageWithoutPayload<M extends MessageDefinitions> = {
  [K in MessageType<M>]: IsAny<PayloadOf<M, K>> extends true
    ? K
    : unknown extends PayloadOf<M, K>
      ? never
      : undefined extends PayloadOf<M, K>
        ? K
        : never;
}[MessageType<M>];

type IsAny<T> = 0 extends 1 & T ? true : false;
