/** The worker's side of one connection: its requests in work. Ends with it; handlers' signals abort then. */
import type { Transferable } from 'node:worker_threads';
import { Emitter } from './emitter.ts';
import { CancelledError, ClosedError, MiddlewareError, ProtocolError, UnknownMessageError } from './errors.ts';
import type { HandlerTable } from './handler-table.ts';
import { levelOf } from './logger.ts';
import type { Logger } from './logger.ts';
import type { EmitOptions, HandlerContext, LogLevel, TransactionId } from './messages.ts';
import type { Direction, Line } from './middleware.ts';
import { stackOf, toError } from './realm.ts';
import { transferListOf } from './transfer.ts';
import { promiseOf } from './thenable.ts';
import { everLess, toWireError } from './wire-errors.ts';
import type { WireError } from './wire-errors.ts';
import { answersTo, isTransactionId, isUncheckedMessage } from './wire.ts';
import type { UncheckedMessage, WireMessage } from './wire.ts';

export interface SessionOptions {
  readonly logger: Logger;
  /** The host asked the worker to end. */
  readonly onClose: () => void;
}

export class Session {
  readonly #line: Line;
  readonly #handlers: HandlerTable;
  readonly #options: SessionOptions;
  readonly #work = new Map<TransactionId, Work>();
  #idle: PromiseWithResolvers<void> | undefined;

  constructor(line: Line, handlers: HandlerTable, options: SessionOptions) {
    this.#line = line;
    this.#handlers = handlers;
    this.#options = options;
    line.listen({
      message: (message) => this.#receive(message),
      failed: (error, message, direction) => this.#middlewareFailed(error, message, direction),
      ended: (error) => {
        if (error !== undefined) options.logger.error(`The line broke: ${error.message}`);
        this.#abortAll('The connection to the host ended.');
      },
    });
  }

  /** Aborts all work and waits until every handler has come to an end. */
  async settle(): Promise<void> {
    this.#abortAll('The worker is closing.');
    if (this.#work.size === 0) return;
    this.#idle ??= Promise.withResolvers();
    await this.#idle.promise;
  }

  /** Hands all events, log lines and answers so far to the operating system. Returns whether it has all of them. */
  flush(): boolean {
    for (const work of this.#work.values()) work.emitter?.flush();
    return this.#line.flush();
  }

  end(): Promise<void> {
    return this.#line.end();
  }

  destroy(): void {
    this.#abortAll('Another host has connected.');
    this.#line.destroy();
  }

  log(level: LogLevel, message: string, tx?: TransactionId): void {
    this.#options.logger[levelOf(level)](message);
    this.#trySend({ type: '$log', level, message, ...(tx === undefined ? {} : { tx }) });
  }

  #receive(message: unknown): void {
    if (!isUncheckedMessage(message)) return this.log('error', 'Something came that is no message; ignored.');
    if (message.type.startsWith('$')) return this.#control(message);
    const { tx } = message;
    if (tx !== undefined && !isTransactionId(tx))
      return this.log('error', `A '${message.type}' came with a malformed tx; ignored.`);
    if (tx !== undefined && this.#work.has(tx))
      return this.log('error', `A second request ${tx} came while it is in work; ignored.`);
    this.#run(message.type, tx, message.payload);
  }

  #control(message: UncheckedMessage): void {
    const work = isTransactionId(message.tx) ? this.#work.get(message.tx) : undefined;
    switch (message.type) {
      case '$cancel':
        work?.abort(new CancelledError('The request was cancelled.'));
        return;
      case '$credit':
        if (Number.isSafeInteger(message.frames)) work?.emitter?.credit(message.frames as number);
        return;
      case '$close':
        this.#options.onClose();
        return;
      default:
        this.log('warn', `A control message '${message.type}' came that is not known; ignored.`);
    }
  }

  #run(type: string, tx: TransactionId | undefined, payload: unknown): void {
    const handler = this.#handlers.find(type);
    if (handler === undefined) {
      const error = new UnknownMessageError(`The worker has no handler for '${type}'.`);
      this.log('warn', error.message, tx);
      if (tx !== undefined) this.#fail(tx, type, error);
      return;
    }
    const work = new Work(type, tx, this.#line, this);
    if (tx !== undefined) this.#work.set(tx, work);
    let outcome: unknown;
    try {
      outcome = handler.call(this.#handlers.owner, payload, work);
    } catch (error) {
      return this.#settle(work, () => this.#threw(work, error));
    }
    const later = promiseOf(outcome);
    if (later === undefined) return this.#answer(work, outcome);
    later.then(
      (result) => this.#answer(work, result),
      (error: unknown) => this.#settle(work, () => this.#threw(work, error)),
    );
  }

  #answer(work: Work, result: unknown): void {
    this.#settle(work, () => {
      const { tx, type } = work;
      if (tx === undefined) return;
      try {
        this.#line.send(
          { tx, type: answersTo(type).result, payload: result },
          transferListOf(result) as Transferable[] | undefined,
        );
      } catch (error) {
        this.#fail(tx, type, error);
      }
    });
  }

  #threw(work: Work, error: unknown): void {
    if (work.tx !== undefined) return this.#fail(work.tx, work.type, error);
    this.log('error', `The handler of the notification '${work.type}' failed: ${stackOf(error)}`);
  }

  /** After the events comes the answer; after the answer, nothing. */
  #settle(work: Work, answer: () => void): void {
    const { emitter } = work;
    const finish = (): void => {
      if (work.tx !== undefined && !this.#work.delete(work.tx)) return;
      work.ended = true;
      if (work.failure === undefined) answer();
      else if (work.tx !== undefined) this.#fail(work.tx, work.type, work.failure);
      if (this.#work.size === 0) this.#idle?.resolve();
    };
    if (emitter === undefined) finish();
    else void emitter.drain().then(finish);
  }

  /** If the error cannot cross the line as it is, what matters of it can. */
  #fail(tx: TransactionId, type: string, error: unknown): void {
    let wire = toWireError(error);
    const answer = { tx, type: answersTo(type).error };
    try {
      return this.#line.send({ ...answer, error: wire });
    } catch (sendError) {
      if (sendError instanceof MiddlewareError) wire = toWireError(sendError);
    }
    this.#failDirectly(answer, wire);
  }

  /** Past the middleware, with as much of the error as can be sent. */
  #failDirectly(answer: { tx: TransactionId; type: string }, error: WireError): void {
    for (const part of everLess(error)) {
      try {
        return this.#line.sendDirectly({ ...answer, error: part });
      } catch {
        // The next one is smaller.
      }
    }
    this.#options.logger.error(`The host cannot be told that '${answer.type}' failed: ${error.message}`);
  }

  #middlewareFailed(error: Error, message: unknown, direction: Direction): void {
    const { tx, type } = isUncheckedMessage(message) ? message : { tx: undefined, type: '' };
    this.log('error', error.message);
    if (!isTransactionId(tx)) return;
    const work = this.#work.get(tx);
    if (work !== undefined) work.fail(error);
    else {
      const answer = { tx, type: direction === 'incoming' ? answersTo(type).error : requestError(type) };
      this.#failDirectly(answer, toWireError(error));
    }
  }

  #abortAll(reason: string): void {
    for (const work of this.#work.values()) work.abort(new ClosedError(reason));
  }

  #trySend(message: WireMessage): void {
    try {
      this.#line.sendDirectly(message);
    } catch {
      // A log line that cannot be sent is not worth more trouble.
    }
  }
}

/** `checkResult` and `checkEvent` to `checkError`. */
function requestError(type: string): string {
  return type.replace(/(Result|Event|Error)$/, 'Error');
}

/** One request in work, and the context its handler gets. */
class Work implements HandlerContext<unknown> {
  readonly type: string;
  readonly tx: TransactionId | undefined;
  emitter: Emitter | undefined;
  /** Outranks what the handler returns. */
  failure: unknown;
  ended = false;
  readonly #line: Line;
  readonly #session: Session;
  #abort: AbortController | undefined;
  #abortReason: Error | undefined;
  #boundEmit: ((event: unknown, options?: EmitOptions) => Promise<void> | undefined) | undefined;

  constructor(type: string, tx: TransactionId | undefined, line: Line, session: Session) {
    this.type = type;
    this.tx = tx;
    this.#line = line;
    this.#session = session;
  }

  // What a handler is given is made when it asks for it: most handlers of small messages never do. The functions are
  // bound, because handlers take them out of the context: `({ emit, log })`.

  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      this.#abort = new AbortController();
      if (this.#abortReason !== undefined) this.#abort.abort(this.#abortReason);
    }
    return this.#abort.signal;
  }

  get emit(): (event: unknown, options?: EmitOptions) => Promise<void> | undefined {
    return (this.#boundEmit ??= (event, options) => this.#emit(event, options));
  }

  get flush(): () => boolean {
    return () => {
      this.emitter?.flush();
      return this.#line.flush();
    };
  }

  get log(): (level: LogLevel, message: string) => void {
    return (level, message) => this.#session.log(level, message, this.tx);
  }

  #emit(event: unknown, options: EmitOptions | undefined): Promise<void> | undefined {
    if (this.tx === undefined)
      throw new ProtocolError(`The notification '${this.type}' has nobody who listens to events.`);
    if (this.ended || this.#abortReason !== undefined) return undefined;
    this.emitter ??= new Emitter(this.#line, this.tx, this.type, (error) => this.fail(error));
    return this.emitter.emit(event, options);
  }

  abort(reason: Error): void {
    if (this.#abortReason !== undefined) return;
    this.#abortReason = reason;
    this.emitter?.stop();
    this.#abort?.abort(reason);
  }

  /** The request is lost: the host hears of `error` as soon as the handler ends. */
  fail(error: unknown): void {
    this.failure ??= error;
    this.abort(toError(error));
  }
}
