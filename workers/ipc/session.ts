/**
 * The handlers' side of one connection: the requests in work. That is the worker's side; the host has one too, for the
 * worker's calls. Ends with its connection; handlers' signals abort then.
 */
import type { Transferable } from 'node:worker_threads';
import type { Caller, Calls } from './calls.ts';
import { Emitter } from './emitter.ts';
import { CancelledError, ClosedError, MiddlewareError, ProtocolError, UnknownMessageError } from './errors.ts';
import type { HandlerTable } from './handler-table.ts';
import { noInput } from './input.ts';
import { levelOf } from './logger.ts';
import type { Logger } from './logger.ts';
import type {
  CallOptions,
  EmitOptions,
  HandlerContext,
  LogLevel,
  MessageDefinitions,
  TransactionId,
} from './messages.ts';
import type { Direction, Line, LineListener } from './middleware.ts';
import { stackOf, toError } from './realm.ts';
import { transferListOf } from './transfer.ts';
import { promiseOf } from './thenable.ts';
import { everLess, toWireError } from './wire-errors.ts';
import type { WireError } from './wire-errors.ts';
import { answersTo, isCall, isTransactionId, isUncheckedMessage } from './wire.ts';
import type { UncheckedMessage, WireMessage } from './wire.ts';

export interface SessionOptions {
  readonly logger: Logger;
  /** The host asked the worker to end. */
  readonly onClose: () => void;
  /** The worker's requests to the host; absent in the host, whose log lines go to its logger alone. */
  readonly calls?: Calls | undefined;
}

export class Session implements LineListener {
  readonly #line: Line;
  readonly #handlers: HandlerTable;
  readonly #options: SessionOptions;
  readonly #work = new Map<TransactionId, Work>();
  #idle: PromiseWithResolvers<void> | undefined;

  constructor(line: Line, handlers: HandlerTable, options: SessionOptions) {
    this.#line = line;
    this.#handlers = handlers;
    this.#options = options;
  }

  get #side(): 'host' | 'worker' {
    return this.#options.calls === undefined ? 'host' : 'worker';
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
    this.#cutOff('Another host has connected.');
    this.#line.destroy();
  }

  /** See {@link LineListener}. */
  ended(error: Error | undefined): void {
    if (error !== undefined) this.#options.logger.error(`The line broke: ${error.message}`);
    this.#cutOff(`The connection to the ${this.#side === 'host' ? 'worker' : 'host'} ended.`);
  }

  log(level: LogLevel, message: string, tx?: TransactionId): void {
    this.#options.logger[levelOf(level)](message);
    if (this.#side === 'host') return;
    this.#trySend({ type: '$log', level, message, ...(tx === undefined ? {} : { tx }) });
  }

  /** Calls the host, for a handler if one is given. */
  call(type: string, payload: unknown, options: CallOptions<unknown> | undefined, from?: Caller): Promise<unknown> {
    const { calls } = this.#options;
    if (calls !== undefined) return calls.send(type, payload, options, from);
    return Promise.reject(new ProtocolError('Only a worker calls its host; the host sends messages to its worker.'));
  }

  /** The input of a request in work. */
  input(tx: TransactionId, from: Caller): AsyncIterable<unknown> {
    return this.#options.calls?.input(tx, from) ?? noInput;
  }

  /** See {@link LineListener}. */
  message(message: unknown): void {
    if (!isUncheckedMessage(message)) return this.log('error', 'Something came that is no message; ignored.');
    const { tx } = message;
    const { calls } = this.#options;
    if (calls !== undefined && isCall(tx)) return this.#answered(calls, message);
    if (message.type.startsWith('$') && this.#handlers.find(message.type) === undefined) return this.#control(message);
    if (tx !== undefined && !isTransactionId(tx))
      return this.log('error', `A '${message.type}' came with a malformed tx; ignored.`);
    if (tx !== undefined && this.#work.has(tx))
      return this.log('error', `A second request ${tx} came while it is in work; ignored.`);
    this.#run(message, tx);
  }

  #answered(calls: Calls, message: UncheckedMessage): void {
    try {
      calls.receive(message);
    } catch (error) {
      this.log('error', `${(error as Error).message} It was ignored.`);
    }
  }

  #control(message: UncheckedMessage): void {
    const work = isTransactionId(message.tx) ? this.#work.get(message.tx) : undefined;
    switch (message.type) {
      case '$cancel':
        if (isTransactionId(message.tx)) this.#cancel(message.tx, work);
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

  /** What of the request a middleware still holds is taken back, so that it holds up nothing else. */
  #cancel(tx: TransactionId, work: Work | undefined): void {
    const [held] = this.#line.withdraw(tx);
    const error = new CancelledError('The request was cancelled.');
    if (work !== undefined) {
      work.cancelled = error;
      work.abort(error);
    } else if (held !== undefined && isUncheckedMessage(held.message)) {
      // No handler has it, not yet or not any more: nobody else would say that it is over.
      this.#failDirectly({ tx, type: errorOf(held.message.type, held.direction) }, toWireError(error));
    }
  }

  #run({ type, payload, input }: UncheckedMessage, tx: TransactionId | undefined): void {
    const handler = this.#handlers.find(type);
    if (handler === undefined) {
      const error = new UnknownMessageError(`The ${this.#side} has no handler for '${type}'.`);
      this.log('warn', error.message, tx);
      if (tx !== undefined) this.#fail(tx, type, error);
      return;
    }
    const work = new Work(type, tx, this.#line, this, input === true);
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
      // Nobody listens to it; a middleware that hangs on it would hold up the answers of others.
      if (work.cancelled !== undefined && work.tx !== undefined)
        this.#failDirectly({ tx: work.tx, type: answersTo(work.type).error }, toWireError(work.cancelled));
      else if (work.failure === undefined) answer();
      else if (work.tx !== undefined) this.#fail(work.tx, work.type, work.failure);
      if (this.#work.size > 0) return;
      this.#idle?.resolve();
      this.#line.rest();
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

  /** See {@link LineListener}. */
  failed(error: Error, message: unknown, direction: Direction): void {
    const { tx, type } = isUncheckedMessage(message) ? message : { tx: undefined, type: '' };
    const { calls } = this.#options;
    if (calls !== undefined && isCall(tx)) return calls.fail(tx, error, direction === 'incoming');
    this.log('error', error.message);
    if (!isTransactionId(tx)) return;
    const work = this.#work.get(tx);
    if (work !== undefined) work.fail(error);
    else this.#failDirectly({ tx, type: errorOf(type, direction) }, toWireError(error));
  }

  #cutOff(reason: string): void {
    this.#abortAll(reason);
    this.#options.calls?.end(reason);
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

/** The type of the error that answers a request; of an outgoing message, the request that it belongs to. */
function errorOf(type: string, direction: Direction): string {
  return direction === 'incoming' ? answersTo(type).error : type.replace(/(Result|Event|Error)$/, 'Error');
}

/** One request in work, and the context its handler gets. */
class Work implements HandlerContext<unknown, unknown, MessageDefinitions> {
  readonly type: string;
  readonly tx: TransactionId | undefined;
  emitter: Emitter | undefined;
  /** Outranks what the handler returns. */
  failure: unknown;
  /** The other side gave it up: what the handler returns is of no interest. */
  cancelled: CancelledError | undefined;
  ended = false;
  readonly #line: Line;
  readonly #session: Session;
  #abort: AbortController | undefined;
  #abortReason: Error | undefined;
  readonly #hasInput: boolean;
  #input: AsyncIterable<unknown> | undefined;
  #boundEmit: ((event: unknown, options?: EmitOptions) => Promise<void> | undefined) | undefined;

  constructor(type: string, tx: TransactionId | undefined, line: Line, session: Session, hasInput: boolean) {
    this.type = type;
    this.tx = tx;
    this.#hasInput = hasInput;
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

  get call(): (type: string, payload?: unknown, options?: CallOptions<unknown>) => Promise<unknown> {
    return (type, payload, options) => this.#session.call(type, payload, options, this);
  }

  get input(): AsyncIterable<unknown> {
    if (!this.#hasInput || this.tx === undefined) return noInput;
    return (this.#input ??= this.#session.input(this.tx, this));
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
