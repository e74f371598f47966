/** A channel of clones on a MessagePort. */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { MessagePort, Transferable } from 'node:worker_threads';
import type { Channel, ChannelListener } from './channel.ts';
import { ProtocolError, SerializationError } from './errors.ts';
import type { TransactionId } from './messages.ts';
import { WIRE_VERSION } from './wire.ts';
import type { Handshake, WireMessage } from './wire.ts';

/** So many messages may be unread by the other side before a port is full; it says so in lots. */
const MOST_UNREAD_MESSAGES = 256;
const READ_LOT = 64;

/** Clones on a MessagePort: what the worker-threads and inline drivers use. */
export class PortChannel implements Channel {
  readonly #port: MessagePort;
  #onHandshake: ((handshake: Handshake) => void) | undefined;
  #listener: ChannelListener | undefined;
  #early: unknown[] = [];
  #ended = false;
  #endError: Error | undefined;
  #unread = 0;
  #read = 0;
  #room: PromiseWithResolvers<void> | undefined;

  /**
   * With `onHandshake`, the first message is the other side's handshake. With `keepsContext`, messages are received in
   * the asynchronous context of the caller: that is how an inline worker knows itself.
   */
  constructor(
    port: MessagePort,
    options: { onHandshake?: (handshake: Handshake) => void; keepsContext?: boolean } = {},
  ) {
    this.#port = port;
    this.#onHandshake = options.onHandshake;
    const receive = (message: unknown): void => this.#receive(message);
    port.on('message', options.keepsContext === true ? AsyncLocalStorage.bind(receive) : receive);
    port.on('close', () => this.#finish(undefined));
    port.on('messageerror', (error) => {
      this.#finish(new ProtocolError('A message could not be cloned on arrival.', { cause: error }));
      port.close();
    });
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
    this.#unread += 1;
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

  get writable(): boolean {
    return this.#unread < MOST_UNREAD_MESSAGES;
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
    // A number is no message: so many of ours have been read.
    if (typeof message === 'number') return this.#confirmed(message);
    const onHandshake = this.#onHandshake;
    if (onHandshake !== undefined) {
      this.#onHandshake = undefined;
      onHandshake(message as Handshake);
      return;
    }
    this.#read += 1;
    if (this.#read === READ_LOT) {
      this.#read = 0;
      this.#port.postMessage(READ_LOT);
    }
    if (this.#listener === undefined) {
      this.#early.push(message);
    } else {
      this.#listener.message(message);
    }
  }

  #confirmed(messages: number): void {
    this.#unread -= messages;
    if (this.writable) this.#makeRoom();
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
