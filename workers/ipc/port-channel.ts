/** A channel of clones on a MessagePort. */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { MessagePort, Transferable } from 'node:worker_threads';
import type { Channel, ChannelListener } from './channel.ts';
import { SerializationError } from './errors.ts';
import type { TransactionId } from './messages.ts';
import { answersTo, isCall, WIRE_VERSION } from './wire.ts';
import type { Handshake, WireMessage } from './wire.ts';
import { BellWaiter, ring } from './bell.ts';
import type { Bell } from './bell.ts';

/** So many messages may be unread by the other side before a port is full; it says so in lots. */
const MOST_UNREAD_MESSAGES = 256;
const READ_LOT = 64;

/** Which messages the other side has not confirmed, oldest first. */
class SentMessages {
  #types: string[] = [];
  #transactions: (TransactionId | undefined)[] = [];
  #confirmed = 0;

  get length(): number {
    return this.#types.length - this.#confirmed;
  }

  add(type: string, tx: TransactionId | undefined): void {
    this.#types.push(type);
    this.#transactions.push(tx);
  }

  at(index: number): { readonly type: string | undefined; readonly tx: TransactionId | undefined } {
    const at = this.#confirmed + index;
    return { type: this.#types[at], tx: this.#transactions[at] };
  }

  drop(count: number): void {
    this.#confirmed += count;
    // Now and then: to take out a lot each time would take long when many wait.
    if (this.#confirmed < this.#types.length / 2) return;
    this.#types = this.#types.slice(this.#confirmed);
    this.#transactions = this.#transactions.slice(this.#confirmed);
    this.#confirmed = 0;
  }
}

/** Clones on a MessagePort: what the worker-threads and inline drivers use. */
export class PortChannel implements Channel {
  readonly #port: MessagePort;
  #onHandshake: ((handshake: Handshake) => void) | undefined;
  #listener: ChannelListener | undefined;
  #early: unknown[] = [];
  #ended = false;
  #endError: Error | undefined;
  readonly #isHost: boolean;
  readonly #sent = new SentMessages();
  /** Since the last lot was confirmed. */
  #read = 0;
  #room: PromiseWithResolvers<void> | undefined;
  /** The host's: rung for the worker. */
  readonly #bell: Bell | undefined;
  /** The worker's. */
  readonly #waiter: BellWaiter | undefined;

  /**
   * With `onHandshake`, the first message is the other side's handshake. With `keepsContext`, messages are received in
   * the asynchronous context of the caller: that is how an inline worker knows itself.
   */
  constructor(
    port: MessagePort,
    options: { onHandshake?: (handshake: Handshake) => void; keepsContext?: boolean; bell?: Bell } = {},
  ) {
    this.#port = port;
    this.#onHandshake = options.onHandshake;
    this.#isHost = options.onHandshake !== undefined;
    const { bell } = options;
    if (bell !== undefined) {
      if (this.#isHost) this.#bell = bell;
      else
        this.#waiter = new BellWaiter(port, bell, {
          message: (message) => this.#receive(message),
          unreadable: () => this.#cannotRead(),
        });
    }
    const receive = (message: unknown): void => {
      this.#waiter?.turned();
      this.#receive(message);
    };
    port.on('message', options.keepsContext === true ? AsyncLocalStorage.bind(receive) : receive);
    port.on('close', () => this.#finish(undefined));
    // For instance nested deeper than the stack of this thread allows, which may be smaller than the other one.
    port.on('messageerror', () => this.#cannotRead());
  }

  listen(listener: ChannelListener): void {
    this.#listener = listener;
    const early = this.#early;
    this.#early = [];
    for (const message of early) listener.message(message);
    if (this.#ended) listener.ended(this.#endError);
  }

  sendHandshake(handshake: Omit<Handshake, 'ready'>): void {
    this.#port.postMessage({ ready: WIRE_VERSION, ...handshake });
  }

  send(message: WireMessage, transfer?: readonly Transferable[]): void {
    if (this.#ended) return;
    try {
      this.#port.postMessage(message, transfer);
    } catch (error) {
      throw new SerializationError(`A message of type '${message.type}' cannot be cloned.`, { cause: error });
    }
    if (this.#bell !== undefined) ring(this.#bell);
    this.#sent.add(message.type, 'tx' in message ? message.tx : undefined);
  }

  pack(event: unknown): unknown {
    return event;
  }

  sendEvents(tx: TransactionId, type: string, packed: readonly unknown[], transfer?: readonly Transferable[]): void {
    this.send({ tx, type, events: packed }, transfer);
  }

  /** A port takes a message as soon as it is posted. */
  flush(): boolean {
    return !this.#ended;
  }

  rest(): void {
    this.#waiter?.rest();
  }

  get writable(): boolean {
    return this.#sent.length < MOST_UNREAD_MESSAGES;
  }

  async drained(): Promise<void> {
    if (this.writable || this.#ended) return;
    this.#room ??= Promise.withResolvers();
    await this.#room.promise;
  }

  end(): Promise<void> {
    this.#port.close();
    return Promise.resolve();
  }

  destroy(): void {
    this.#port.close();
    this.#finish(undefined);
  }

  #receive(message: unknown): void {
    if (this.#ended) return;
    // A number is no message: so many of ours have been read, or, below zero, which of them could not be.
    if (typeof message === 'number') return message > 0 ? this.#confirmed(message) : this.#unreadable(-message);
    const onHandshake = this.#onHandshake;
    if (onHandshake !== undefined) {
      this.#onHandshake = undefined;
      onHandshake(message as Handshake);
      return;
    }
    this.#countRead();
    if (this.#listener === undefined) {
      this.#early.push(message);
    } else {
      this.#listener.message(message);
    }
  }

  #cannotRead(): void {
    this.#port.postMessage(-(this.#read + 1));
    this.#countRead();
  }

  #confirmed(messages: number): void {
    this.#sent.drop(messages);
    if (this.writable) this.#makeRoom();
  }

  #countRead(): void {
    this.#read += 1;
    if (this.#read < READ_LOT) return;
    this.#read = 0;
    this.#port.postMessage(READ_LOT);
  }

  /** It costs the request that it belongs to. */
  #unreadable(position: number): void {
    const { type, tx } = this.#sent.at(position - 1);
    if (type === undefined || tx === undefined) return;
    const { name, code, message } = new SerializationError(
      `A message of type '${type}' could not be read on the other side: it is nested too deep, or holds what cannot be there.`,
    );
    const error = { name, code, message };
    if (isCall(tx) !== this.#isHost) this.#listener?.message({ tx, type: answersTo(type).error, error });
    else this.send({ tx, type: type.replace(/(?:Result|Event|Error)$/, 'Error'), error });
  }

  #makeRoom(): void {
    this.#room?.resolve();
    this.#room = undefined;
  }

  #finish(error: Error | undefined): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#endError = error;
    this.#makeRoom();
    this.#listener?.ended(error);
  }
}
