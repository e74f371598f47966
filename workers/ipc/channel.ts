/**
 * A channel carries whole messages one way and the other, in order. The two kinds: bytes on a stream
 * (stream-channel.ts), and clones on a MessagePort (port-channel.ts). A channel lives as long as one connection.
 */
import type { Transferable } from 'node:worker_threads';
import type { TransactionId } from './messages.ts';
import type { WireMessage } from './wire.ts';

/** Hears what comes over a channel. */
export interface ChannelListener {
  /** Anything the other side sent that could be decoded. */
  message(message: unknown): void;
  /** Once; nothing comes after it. With an error when it was not the other side's orderly end. */
  ended(error: Error | undefined): void;
}

/** Whole messages one way and the other, in order. What a driver gives for each connection. */
export interface Channel {
  /** Messages wait for the first listener. */
  listen(listener: ChannelListener): void;
  /** After the end, does nothing. @throws SerializationError, FrameTooLargeError: nothing was sent */
  send(message: WireMessage, transfer?: readonly Transferable[]): void;
  /** Makes an event ready for {@link sendEvents}; later changes to it may not be seen. @throws SerializationError */
  pack(event: unknown): unknown;
  /** Sends packed events as one message, and hands all sent so far to the operating system. Throws like {@link send}. */
  sendEvents(tx: TransactionId, type: string, packed: readonly unknown[], transfer?: readonly Transferable[]): void;
  /** Hands all that was sent to the operating system now. Returns whether it has all of it. */
  flush(): boolean;
  /** False while the other side is behind and what is sent is kept in this process. */
  readonly writable: boolean;
  /** Settles when it is {@link writable} again, or has ended. Never rejects. */
  drained(): Promise<void>;
  /** Nothing that came is in work: the next message may be waited for in a faster way. */
  rest?(): void;
  /** Ends this side; settles once everything sent has been handed to the operating system. Never rejects. */
  end(): Promise<void>;
  /** Breaks the connection at once; `ended` still comes. */
  destroy(): void;
}
