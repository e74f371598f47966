/** The worker's side of calls: its requests to the host. Lives as long as its connection. */
import { addCaller } from './caller.ts';
import { ClosedError } from './errors.ts';
import { readInput } from './input.ts';
import type { CallOptions, TransactionId } from './messages.ts';
import type { Line } from './middleware.ts';
import { Requests } from './requests.ts';
import { timeLimit } from './timers.ts';
import { callId, INPUT, refuseOwnType } from './wire.ts';
import type { UncheckedMessage } from './wire.ts';

/** The request on whose behalf a call is made: the call ends with it. */
export interface Caller {
  readonly tx: TransactionId | undefined;
  readonly signal: AbortSignal;
}

export class Calls {
  readonly #requests: Requests;
  #lastId = 0;
  #ended: string | undefined;

  constructor(line: Line) {
    this.#requests = new Requests(line);
  }

  async send(type: string, payload: unknown, options: CallOptions<unknown> = {}, from?: Caller): Promise<unknown> {
    try {
      refuseOwnType(type);
      return await this.#send(type, payload, options, from);
    } catch (error) {
      addCaller(error);
      throw error;
    }
  }

  /** The input of a request: asked for when it is read. */
  input(tx: TransactionId, from: Caller): AsyncIterable<unknown> {
    return readInput((onEvent, left) => this.#send(INPUT, tx, { onEvent, signal: left }, from));
  }

  #send(type: string, payload: unknown, options: CallOptions<unknown>, from?: Caller): Promise<unknown> {
    if (this.#ended !== undefined) throw new ClosedError(this.#ended);
    const { signal: own, timeout = 0, onEvent, transfer } = options;
    const signal = from?.signal;
    this.#lastId += 1;
    return this.#requests.send(callId(this.#lastId), type, payload, {
      signal: signal === undefined || own === undefined ? (signal ?? own) : AbortSignal.any([signal, own]),
      timeoutMs: timeLimit(timeout, 'timeout'),
      onEvent,
      transfer,
      behalf: from?.tx,
    });
  }

  /** @throws ProtocolError for what answers no call */
  receive(message: UncheckedMessage): void {
    this.#requests.receive(message);
  }

  /** A message to or from the host did not get past a middleware. `sent`: the host has the call. */
  fail(tx: TransactionId, error: Error, sent: boolean): void {
    this.#requests.fail(tx, error, sent);
  }

  end(reason: string): void {
    this.#ended ??= reason;
    this.#requests.end(() => new ClosedError(reason));
  }
}
