/**
 * Middleware sees every message of one client or one server, on its way out before it is encoded and on its way in
 * before it is handled. A line wraps the channel with it and keeps the order of messages when a middleware takes its
 * time. Lives as long as its channel.
 */
import type { Transferable } from 'node:worker_threads';
import type { Channel } from './channel.ts';
import { MiddlewareError } from './errors.ts';
import type { MaybePromise, TransactionId } from './messages.ts';
import { messageOf } from './realm.ts';
import { promiseOf } from './thenable.ts';
import { within } from './timers.ts';
import { isUncheckedMessage } from './wire.ts';
import type { UncheckedMessage, WireMessage } from './wire.ts';

/** As seen from the side whose middleware it is. */
export type Direction = 'incoming' | 'outgoing';

/**
 * Returns nothing to let the message pass, or the message to use instead. What it throws fails the request the message
 * belongs to, with a MiddlewareError.
 */
export type Middleware = (
  message: UncheckedMessage,
  direction: Direction,
) => MaybePromise<UncheckedMessage | undefined | void>;

export interface LineListener {
  message(message: unknown): void;
  /** A middleware failed for this message: it was not sent, or is not handed over. */
  failed(error: MiddlewareError | Error, message: unknown, direction: Direction): void;
  ended(error: Error | undefined): void;
}

/** What still waits for a middleware when the channel has ended is waited for so long. */
const LAST_MESSAGES_MS = 1_000;

/** The same when this side ends it: within the time that a host gives its worker to go. */
const END_MS = 300;

/** A message that waits for a middleware, or behind one that does. */
export interface WaitingMessage {
  readonly message: unknown;
  readonly direction: Direction;
}

export class Line {
  readonly #channel: Channel;
  readonly #middleware: readonly Middleware[];
  readonly #queues: Record<Direction, Promise<void> | undefined> = { incoming: undefined, outgoing: undefined };
  readonly #waiting = new Map<WaitingMessage, () => void>();
  #listener: LineListener | undefined;

  constructor(channel: Channel, middleware: readonly Middleware[] = []) {
    this.#channel = channel;
    this.#middleware = middleware;
  }

  listen(listener: LineListener): void {
    this.#listener = listener;
    this.#channel.listen({
      message: (message) => {
        if (this.#middleware.length === 0 || isUrgent(message)) listener.message(message);
        else this.#pass(message, 'incoming', (passed) => listener.message(passed));
      },
      ended: (error) => {
        const queue = this.#queues.incoming;
        if (queue === undefined) listener.ended(error);
        else void within(queue, LAST_MESSAGES_MS).then(() => listener.ended(error));
      },
    });
  }

  /**
   * @throws SerializationError, FrameTooLargeError, and MiddlewareError of a synchronous middleware; later failures
   *   come to the listener.
   */
  send(message: WireMessage, transfer?: readonly Transferable[]): void {
    if (this.#middleware.length === 0) return this.#channel.send(message, transfer);
    this.#pass(message, 'outgoing', (passed) => this.#channel.send(passed as WireMessage, transfer), true);
  }

  /** Past the middleware: for the answer that says that a middleware failed. */
  sendDirectly(message: WireMessage): void {
    this.#channel.send(message);
  }

  pack(event: unknown): unknown {
    return this.#middleware.length === 0 ? this.#channel.pack(event) : event;
  }

  sendEvents(tx: TransactionId, type: string, packed: readonly unknown[], transfer?: readonly Transferable[]): void {
    if (this.#middleware.length === 0) this.#channel.sendEvents(tx, type, packed, transfer);
    else this.send({ tx, type, events: packed }, transfer);
  }

  /** Like {@link Channel.flush}; also false while a message waits for a middleware. */
  flush(): boolean {
    const flushed = this.#channel.flush();
    return flushed && this.#queues.outgoing === undefined;
  }

  /** See {@link Channel.rest}. */
  rest(): void {
    this.#channel.rest?.();
  }

  /** Takes back the messages of a request that wait for a middleware: they hold up those behind them no longer. */
  withdraw(tx: TransactionId): readonly WaitingMessage[] {
    const withdrawn = [...this.#waiting.keys()].filter(({ message }) => (message as UncheckedMessage).tx === tx);
    for (const waiting of withdrawn) this.#waiting.get(waiting)?.();
    return withdrawn;
  }

  /** Settles when every message that waits for a middleware is through. */
  async settled(): Promise<void> {
    await Promise.all([this.#queues.incoming, this.#queues.outgoing]);
  }

  /** A middleware that hangs does not keep it from ending. */
  async end(): Promise<void> {
    await within(this.settled(), END_MS);
    await this.#channel.end();
  }

  /** The channel takes more; see {@link Channel.writable}. */
  get writable(): boolean {
    return this.#channel.writable;
  }

  drained(): Promise<void> {
    return this.#channel.drained();
  }

  destroy(): void {
    this.#channel.destroy();
  }

  #pass(message: unknown, direction: Direction, deliver: (message: unknown) => void, mayThrow = false): void {
    const waiting = this.#queues[direction];
    if (waiting !== undefined) return this.#enqueue(waiting, message, direction, deliver);
    let outcome: MaybePromise<unknown>;
    try {
      outcome = this.#run(message, direction, 0);
    } catch (error) {
      if (mayThrow) throw error;
      this.#listener?.failed(error as MiddlewareError, message, direction);
      return;
    }
    if (outcome instanceof Promise) this.#enqueue(outcome, message, direction, deliver);
    else deliver(outcome);
  }

  /** `before` is either this message on its way through the middleware, or the messages in front of it. */
  #enqueue(
    before: Promise<unknown>,
    message: unknown,
    direction: Direction,
    deliver: (message: unknown) => void,
  ): void {
    const isQueue = before === this.#queues[direction];
    const passing = isQueue ? before.then(() => this.#run(message, direction, 0)) : before;
    const step = this.#step(passing, message, direction, deliver);
    this.#queues[direction] = step;
    void step.then(() => {
      if (this.#queues[direction] === step) this.#queues[direction] = undefined;
    });
  }

  async #step(
    passing: Promise<unknown>,
    message: unknown,
    direction: Direction,
    deliver: (message: unknown) => void,
  ): Promise<void> {
    const waiting = { message, direction };
    const withdrawn = Promise.withResolvers<typeof WITHDRAWN>();
    this.#waiting.set(waiting, () => withdrawn.resolve(WITHDRAWN));
    try {
      const passed = await Promise.race([passing, withdrawn.promise]);
      this.#waiting.delete(waiting);
      if (passed !== WITHDRAWN) deliver(passed);
    } catch (error) {
      this.#waiting.delete(waiting);
      this.#listener?.failed(error as Error, message, direction);
    }
  }

  #run(message: unknown, direction: Direction, from: number): MaybePromise<unknown> {
    let current = message;
    for (let index = from; index < this.#middleware.length; index += 1) {
      // What is no message at all is left to the listener, which knows what to say.
      if (!isUncheckedMessage(current)) return current;
      const middleware = this.#middleware[index];
      let outcome: MaybePromise<UncheckedMessage | undefined | void>;
      try {
        outcome = middleware?.(current, direction);
      } catch (error) {
        throw failure(error, direction);
      }
      const later = promiseOf(outcome);
      if (later !== undefined) {
        const before = current;
        return later.then(
          (replacement) => this.#run(accept(replacement, before, direction), direction, index + 1),
          (error: unknown) => {
            throw failure(error, direction);
          },
        );
      }
      current = accept(outcome, current, direction);
    }
    return current;
  }
}

/** What ends waiting must not wait itself. It passes no middleware on its way out either. */
function isUrgent(message: unknown): boolean {
  if (!isUncheckedMessage(message)) return false;
  return message.type === '$cancel' || message.type === '$credit' || message.type === '$close';
}

const WITHDRAWN = Symbol('withdrawn');

function accept(replacement: unknown, original: unknown, direction: Direction): unknown {
  if (replacement === undefined) return original;
  if (isUncheckedMessage(replacement)) return replacement;
  throw failure(new TypeError('It returned something that is no message.'), direction);
}

function failure(cause: unknown, direction: Direction): MiddlewareError {
  return new MiddlewareError(`A middleware failed on an ${direction} message: ${messageOf(cause)}`, { cause });
}
