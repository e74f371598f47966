/**
 * The host's requests in flight on one line: each is settled exactly once, with its result, or with the reason why
 * there is none. Lives as long as the line.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Transferable } from 'node:worker_threads';
import { CancelledError, MessageTimeoutError, ProtocolError } from './errors.ts';
import { Inputs } from './input.ts';
import type { InputSource } from './input.ts';
import type { TransactionId } from './messages.ts';
import type { Line } from './middleware.ts';
import { toError } from './realm.ts';
import { promiseOf } from './thenable.ts';
import { setImmediate, startDeadline, startTimer } from './timers.ts';
import type { Timer } from './timers.ts';
import { fromWireError } from './wire-errors.ts';
import { answersTo, CREDIT_FRAMES, isTransactionId } from './wire.ts';
import type { AnswerTypes, UncheckedMessage, WireControl } from './wire.ts';

export interface RequestOptions {
  readonly signal?: AbortSignal | undefined;
  /** When the request rejects after its signal was aborted. Default: at once. */
  readonly cancel?: 'immediate' | 'acknowledged' | undefined;
  /** Milliseconds; `Infinity` is none. */
  readonly timeoutMs: number;
  /** Milliseconds to stop once it was given up; `Infinity`, the default, is as long as it takes. */
  readonly killAfterMs?: number | undefined;
  readonly input?: InputSource | undefined;
  /** Of a call: the request on whose behalf it is made. */
  readonly behalf?: TransactionId | undefined;
  readonly onEvent?: ((event: unknown) => unknown) | undefined;
  readonly transfer?: readonly Transferable[] | undefined;
}

export interface RequestHooks {
  /** What the worker calls on behalf of a request is to run in the context of the sender. */
  readonly keepsContext?: boolean;
  /** Requests were opened or settled. */
  changed(): void;
  /** One that was given up is still in work after the time it had to stop; `detail` says so. */
  overdue(detail: string): void;
}

const noHooks: RequestHooks = { changed: () => undefined, overdue: () => undefined };

/** Frames are confirmed in lots: fewer messages, and the worker never waits for the last of them. */
const CONFIRM_FRAMES = CREDIT_FRAMES / 2;

/** When the worker is gone, a listener gets what has come, but may take no longer than this over one event. */
const LATE_EVENT_MS = 500;

export class Requests {
  readonly #line: Line;
  readonly #open = new Map<TransactionId, Request>();
  /** Given up here, but the worker has not answered yet; with the timer of those that must stop in time. */
  readonly #abandoned = new Map<TransactionId, Timer | undefined>();
  readonly #hooks: RequestHooks;
  /** What the requests in flight stream to the worker. */
  readonly inputs = new Inputs();
  #idle: PromiseWithResolvers<void> | undefined;

  constructor(line: Line, hooks: RequestHooks = noHooks) {
    this.#line = line;
    this.#hooks = hooks;
  }

  /** Requests that have not settled. */
  get open(): number {
    return this.#open.size;
  }

  /** Requests the worker has not answered, given up ones included. */
  get inWork(): number {
    return this.#open.size + this.#abandoned.size;
  }

  send(tx: TransactionId, type: string, payload: unknown, options: RequestOptions): Promise<unknown> {
    const { signal, timeoutMs, transfer, input, behalf } = options;
    if (signal?.aborted === true) return Promise.reject(cancelled(signal));
    if (this.#open.has(tx) || this.#abandoned.has(tx)) {
      return Promise.reject(new ProtocolError(`The transaction id ${tx} is already in flight.`));
    }
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const request = new Request(tx, type, options.onEvent, resolve, reject);
    if (options.onEvent !== undefined || input !== undefined || this.#hooks.keepsContext === true) {
      request.inContext = AsyncLocalStorage.snapshot();
    }
    if (options.killAfterMs !== undefined) request.killAfterMs = options.killAfterMs;
    this.#open.set(tx, request);
    if (input !== undefined) this.inputs.add(tx, input);
    try {
      this.#line.send(
        {
          tx,
          type,
          payload,
          ...(input === undefined ? {} : { input: true }),
          ...(behalf === undefined ? {} : { for: behalf }),
        },
        transfer,
      );
    } catch (error) {
      this.#open.delete(tx);
      this.inputs.remove(tx);
      return Promise.reject(toError(error));
    }
    if (signal !== undefined) {
      const onAbort = (): void => {
        if (options.cancel === 'acknowledged') this.#askToStop(request, cancelled(signal));
        else this.#giveUp(request, cancelled(signal));
      };
      signal.addEventListener('abort', onAbort, { once: true });
      request.release = () => signal.removeEventListener('abort', onAbort);
    }
    if (timeoutMs !== Infinity) request.timer = this.#startTimer(request, timeoutMs);
    this.#hooks.changed();
    return promise;
  }

  receive(message: UncheckedMessage): void {
    const { tx, type } = message;
    if (!isTransactionId(tx)) throw new ProtocolError(`A '${type}' came without a transaction.`);
    const request = this.#open.get(tx);
    if (request === undefined) {
      // Late events and the answer to what was given up.
      if (!type.endsWith('Event')) this.#acknowledged(tx);
      return;
    }
    if (request.cancelled !== undefined) {
      // Whatever it answers, it has stopped. Late events are of no interest.
      if (type !== request.answers.event) this.#stopped(request, request.cancelled);
      return;
    }
    if (type === request.answers.event) return this.#events(request, message.events);
    if (request.answered) throw new ProtocolError(`A '${type}' came after the answer.`);
    if (type === request.answers.result) {
      return this.#result(request, message.payload);
    }
    if (type !== request.answers.error) throw new ProtocolError(`A '${type}' came in answer to a '${request.type}'.`);
    this.#answer(request, () => request.reject(fromWireError(message.error)));
  }

  /** A message to or from the worker did not get past a middleware. `sent`: the worker has the request. */
  fail(tx: TransactionId, error: Error, sent: boolean): void {
    const request = this.#open.get(tx);
    if (request !== undefined) this.#giveUp(request, error, sent);
  }

  /** Gives up all of them, because the line ends; the worker is told. Nobody waits for it to stop any more. */
  cancelAll(makeError: () => Error): void {
    for (const request of [...this.#open.values()]) this.#giveUp(request, makeError());
    for (const timer of this.#abandoned.values()) timer?.cancel();
  }

  /** The worker is gone: nothing more comes. What has come is still delivered first, unless a listener hangs. */
  end(makeError: () => Error): void {
    for (const timer of this.#abandoned.values()) timer?.cancel();
    this.#abandoned.clear();
    for (const request of [...this.#open.values()]) {
      this.#answer(request, () => request.reject(makeError()));
      this.#hurry(request, makeError);
    }
    this.#settled();
  }

  /** Gives the request up as soon as its listener takes too long. */
  #hurry(request: Request, makeError: () => Error): void {
    if (!this.#open.has(request.tx)) return;
    const { delivered } = request;
    request.timer?.cancel();
    request.timer = startDeadline(LATE_EVENT_MS, () => {
      if (request.delivered === delivered) this.#giveUp(request, makeError());
      else this.#hurry(request, makeError);
    });
  }

  /** Runs a function in the asynchronous context of a request's sender. */
  inContextOf(tx: unknown, run: () => void): void {
    const request = isTransactionId(tx) ? this.#open.get(tx) : undefined;
    if (request === undefined) run();
    else request.inContext(run);
  }

  /** Settles when every request has. */
  async idle(): Promise<void> {
    if (this.#open.size === 0) return;
    this.#idle ??= Promise.withResolvers();
    await this.#idle.promise;
  }

  #startTimer(request: Request, timeoutMs: number): Timer {
    return startTimer(timeoutMs, () => {
      // If this thread was busy, the answer may be waiting to be read: look before giving up.
      setImmediate(() => {
        const { type, answered } = request;
        const what = answered ? `The listener did not take all events of '${type}'` : `No answer to '${type}'`;
        this.#giveUp(request, new MessageTimeoutError(`${what} within ${timeoutMs} ms.`));
      });
    });
  }

  #giveUp(request: Request, error: Error, sent = true): void {
    if (!this.#remove(request)) return;
    request.dropEvents();
    request.reject(error);
    if (!request.answered && sent && this.#mustStop(request)) {
      this.#abandoned.set(request.tx, this.#mustStopSoon(request));
      this.#tell({ type: '$cancel', tx: request.tx });
    }
    this.#settled();
  }

  /** The worker has stopped working on what was given up. */
  #acknowledged(tx: TransactionId): void {
    if (!this.#abandoned.has(tx)) return;
    this.#abandoned.get(tx)?.cancel();
    this.#abandoned.delete(tx);
    this.#settled();
  }

  #mustStopSoon({ tx, type, killAfterMs }: Request): Timer | undefined {
    if (killAfterMs === Infinity) return undefined;
    return startDeadline(killAfterMs, () => {
      // If this thread was busy, the answer may be waiting to be read.
      setImmediate(() => {
        if (!this.#abandoned.has(tx) && !this.#open.has(tx)) return;
        this.#hooks.overdue(`it did not stop working on '${type}' within ${killAfterMs} ms`);
      });
    });
  }

  /** Whether the worker is at it: neither the request nor its answer is held by a middleware. */
  #mustStop({ tx, answers }: Request): boolean {
    return this.#line
      .withdraw(tx)
      .every(
        ({ message, direction }) => direction === 'incoming' && (message as UncheckedMessage).type === answers.event,
      );
  }

  /** What a serializer of the caller's cannot encode does not reach the worker; no request waits for it. */
  #tell(message: WireControl): void {
    try {
      this.#line.sendDirectly(message);
    } catch {
      // See above.
    }
  }

  /** Tells the worker to stop; its answer settles the request, or the timeout, should it never come. */
  #askToStop(request: Request, error: Error): void {
    if (request.answered) return this.#giveUp(request, error);
    request.cancelled = error;
    request.dropEvents();
    request.stopTimer = this.#mustStopSoon(request);
    this.#tell({ type: '$cancel', tx: request.tx });
  }

  #stopped(request: Request, error: Error): void {
    if (!this.#remove(request)) return;
    request.reject(error);
    this.#settled();
  }

  #result(request: Request, value: unknown): void {
    // Only a middleware or a serializer of the caller's makes a result that is a promise. It may never settle.
    const later = promiseOf(value);
    if (later !== undefined) {
      const taken = (request.delivery ?? Promise.resolve()).then(() => later);
      this.#continue(
        request,
        taken.then(
          () => undefined,
          () => undefined,
        ),
      );
    }
    this.#answer(request, () => request.resolve(later ?? value));
  }

  #answer(request: Request, settle: () => void): void {
    if (request.answered) return;
    request.answered = true;
    const finish = (): void => {
      if (!this.#remove(request)) return;
      settle();
      this.#settled();
    };
    if (request.delivery === undefined) finish();
    else void request.delivery.then(finish);
  }

  #remove(request: Request): boolean {
    if (!this.#open.delete(request.tx)) return false;
    request.timer?.cancel();
    request.stopTimer?.cancel();
    request.release?.();
    this.inputs.remove(request.tx);
    return true;
  }

  #settled(): void {
    if (this.#open.size === 0) {
      this.#idle?.resolve();
      this.#idle = undefined;
    }
    this.#hooks.changed();
  }

  #events(request: Request, events: unknown): void {
    if (!Array.isArray(events)) throw new ProtocolError(`A '${request.answers.event}' came without events.`);
    if (request.answered) throw new ProtocolError(`A '${request.answers.event}' came after the answer.`);
    if (request.delivery === undefined) {
      const rest = request.inContext(() => this.#deliver(request, events, 0));
      if (rest !== undefined) this.#continue(request, rest);
    } else {
      this.#continue(
        request,
        request.delivery.then(() => request.inContext(() => this.#deliver(request, events, 0))),
      );
    }
  }

  /** Delivery goes on later; what comes meanwhile waits behind it. */
  #continue(request: Request, rest: Promise<void>): void {
    const delivery = rest.then(() => {
      if (request.delivery === delivery) request.delivery = undefined;
    });
    request.delivery = delivery;
  }

  /** One after the other; returns a promise as soon as a listener does. */
  #deliver(request: Request, events: readonly unknown[], from: number): Promise<void> | undefined {
    const { onEvent } = request;
    if (onEvent !== undefined) {
      for (let index = from; index < events.length; index += 1) {
        if (request.dropped) return undefined;
        let outcome: unknown;
        try {
          outcome = onEvent(events[index]);
        } catch (error) {
          this.#giveUp(request, error as Error);
          return undefined;
        }
        const taken = promiseOf(outcome);
        if (taken !== undefined) {
          return taken.then(
            () => {
              request.delivered += 1;
              return this.#deliver(request, events, index + 1);
            },
            (error: unknown) => this.#giveUp(request, error as Error),
          );
        }
      }
    }
    this.#confirm(request);
    return undefined;
  }

  #confirm(request: Request): void {
    request.unconfirmed += 1;
    if (request.unconfirmed < CONFIRM_FRAMES || request.answered || request.dropped) return;
    this.#tell({ type: '$credit', tx: request.tx, frames: request.unconfirmed });
    request.unconfirmed = 0;
  }
}

const directly = <T>(run: () => T): T => run();

class Request {
  readonly tx: TransactionId;
  readonly type: string;
  readonly answers: AnswerTypes;
  readonly onEvent: ((event: unknown) => unknown) | undefined;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
  timer: Timer | undefined;
  /** Runs out when the worker has not acknowledged a cancel in time. */
  stopTimer: Timer | undefined;
  killAfterMs = Infinity;
  /** Runs a function in the asynchronous context of the sender; once for all events of a frame. */
  inContext: <T>(run: () => T) => T = directly;
  /** Stops listening to the caller's signal. */
  release: (() => void) | undefined;
  /** Event frames consumed since the last credit. */
  unconfirmed = 0;
  /** The worker's answer is here; it may still wait for {@link delivery}. */
  answered = false;
  /** The caller cancelled it and waits for the worker to stop: what it rejects with. */
  cancelled: Error | undefined;
  /** Events that a listener took its time over, and has done with. */
  delivered = 0;
  /** Events being delivered to a listener that takes its time. */
  delivery: Promise<void> | undefined;
  #dropped = false;

  constructor(
    tx: TransactionId,
    type: string,
    onEvent: ((event: unknown) => unknown) | undefined,
    resolve: (result: unknown) => void,
    reject: (error: Error) => void,
  ) {
    this.tx = tx;
    this.type = type;
    this.answers = answersTo(type);
    this.onEvent = onEvent;
    this.resolve = resolve;
    this.reject = reject;
  }

  get dropped(): boolean {
    return this.#dropped;
  }

  /** No event is delivered after the request settled. */
  dropEvents(): void {
    this.#dropped = true;
  }
}

function cancelled(signal: AbortSignal): CancelledError {
  return new CancelledError('The request was cancelled.', { cause: signal.reason });
}
