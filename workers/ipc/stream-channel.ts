/** A channel of bytes on a pair of streams, framed as its serializer wants it. */
import type { Readable, Writable } from 'node:stream';
import type { Channel, ChannelListener } from './channel.ts';
import { FrameTooLargeError, ProtocolError, SerializationError } from './errors.ts';
import { FrameDecoder, lengthPrefix } from './framing.ts';
import type { TransactionId } from './messages.ts';
import { isError, textOf } from './realm.ts';
import { excerpt, serializeMessage } from './serialization.ts';
import { jsonSerializer } from './serializer.ts';
import type { Serializer } from './serializer.ts';
import { nextTick } from './timers.ts';
import { isCall, isTransactionId, isUncheckedMessage, readHandshake, WIRE_VERSION } from './wire.ts';
import type { Handshake, WireMessage } from './wire.ts';

/** How bytes become messages. */
export interface StreamChannelOptions {
  readonly serializer: Serializer;
  readonly maxFrameBytes: number;
  /** Waits for the other side's handshake line; called with it. May throw to refuse it. */
  readonly onHandshake?: ((handshake: Handshake) => void) | undefined;
  /** For a stream that others write to as well (stdout): a line that is no message. Absent: that breaks the line. */
  readonly onStrayLine?: ((line: string) => void) | undefined;
  /**
   * Makes writes wait until the operating system has taken everything, or ends that. Without it, what exceeds the
   * system's buffer stays in this process for a while, and is lost if the process dies.
   */
  readonly setBlocking?: ((blocking: boolean) => void) | undefined;
}

/** So many bytes may wait for the operating system before the channel is full. */
const MOST_WAITING_BYTES = 1024 * 1024;

/** Text is gathered until the turn of the event loop ends or so much is there. */
const GATHER_CHARACTERS = 64 * 1024;

/** Messages as bytes on a pair of streams: what the child-process and stdio drivers use. */
export class StreamChannel implements Channel {
  readonly #readable: Readable;
  readonly #writable: Writable;
  readonly #options: StreamChannelOptions;
  readonly #decoder: FrameDecoder;
  readonly #isJson: boolean;
  #awaitsHandshake: boolean;
  #listener: ChannelListener | undefined;
  #early: unknown[] = [];
  #text = '';
  #flushScheduled = false;
  readonly #flushLater = (): void => {
    this.#flushScheduled = false;
    this.#writeGathered();
  };
  #ended = false;
  #writesEnded = false;
  #endError: Error | undefined;

  constructor(readable: Readable, writable: Writable, options: StreamChannelOptions) {
    this.#readable = readable;
    this.#writable = writable;
    this.#options = options;
    this.#isJson = options.serializer === jsonSerializer;
    this.#awaitsHandshake = options.onHandshake !== undefined;
    const framing = this.#awaitsHandshake ? 'lines' : options.serializer.framing;
    this.#decoder = new FrameDecoder(framing, options.maxFrameBytes, (bytes) => this.#receive(bytes));
    readable.on('data', (chunk: Buffer) => this.#push(chunk));
    readable.on('error', (error) => this.#finish(error));
    readable.on('end', () => this.#endOfInput());
    readable.on('close', () => this.#endOfInput());
    if ((writable as unknown) !== readable) {
      // Without a reader on the other side every write fails; the end of the input tells the same in a better way.
      writable.on('error', () => undefined);
    }
  }

  listen(listener: ChannelListener): void {
    this.#listener = listener;
    const early = this.#early;
    this.#early = [];
    for (const message of early) listener.message(message);
    if (this.#ended) listener.ended(this.#endError);
  }

  /** First words of a worker; always a line of JSON. */
  sendHandshake(handshake: Omit<Handshake, 'ready'>): void {
    this.#write(`${JSON.stringify({ ready: WIRE_VERSION, ...handshake })}\n`);
  }

  send(message: WireMessage): void {
    if (this.#writesEnded) return;
    const data = this.#encode(message);
    if (typeof data === 'string') this.#writeText(data);
    else this.#writeBytes(data);
  }

  pack(event: unknown): unknown {
    if (!this.#isJson) return event;
    try {
      return JSON.stringify(event) ?? 'null';
    } catch (error) {
      throw new SerializationError('An event cannot be encoded as JSON.', { cause: error });
    }
  }

  sendEvents(tx: TransactionId, type: string, packed: readonly unknown[]): void {
    if (this.#writesEnded) return;
    if (this.#isJson) {
      const head = `{"tx":${JSON.stringify(tx)},"type":${JSON.stringify(type)},"events":[`;
      const text = `${head}${packed.join(',')}]}`;
      this.#checkSize(text);
      this.#writeText(text);
    } else {
      this.send({ tx, type, events: packed });
    }
    this.#writeGathered();
  }

  flush(): boolean {
    this.#writeGathered();
    return this.#writable.writableLength === 0 && !this.#writesEnded;
  }

  get writable(): boolean {
    return this.#text.length + this.#writable.writableLength < MOST_WAITING_BYTES;
  }

  async drained(): Promise<void> {
    this.#writeGathered();
    while (!this.writable && !this.#ended && !this.#writesEnded) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const events = ['drain', 'close'];
      for (const event of events) this.#writable.once(event, resolve);
      await promise;
      for (const event of events) this.#writable.off(event, resolve);
    }
  }

  end(): Promise<void> {
    if (this.#writesEnded) return Promise.resolve();
    this.#writeGathered();
    this.#writesEnded = true;
    return new Promise((resolve) => {
      this.#writable.once('close', resolve);
      this.#writable.end(resolve);
    });
  }

  destroy(): void {
    this.#writesEnded = true;
    this.#text = '';
    this.#writable.destroy();
    this.#readable.destroy();
    this.#finish(undefined);
  }

  #encode(message: WireMessage): string | Uint8Array {
    const data = serializeMessage(message, this.#options.serializer);
    if (!this.#isJson && this.#options.serializer.framing === 'lines' && hasLineFeed(data)) {
      throw new SerializationError(`The serializer ${this.#options.serializer.name} put a line feed into a line.`);
    }
    this.#checkSize(data);
    return data;
  }

  #checkSize(data: string | Uint8Array): void {
    const limit = this.#options.maxFrameBytes;
    // A UTF-16 unit takes three bytes at most: short texts need no counting.
    if (data.length * 3 <= limit) return;
    const bytes = typeof data === 'string' ? Buffer.byteLength(data) : data.length;
    if (bytes <= limit) return;
    throw new FrameTooLargeError(
      `A message of ${bytes} bytes is over the limit of ${limit} bytes (option maxFrameBytes).`,
    );
  }

  #writeText(text: string): void {
    if (this.#options.serializer.framing === 'length') return this.#writeBytes(Buffer.from(text));
    this.#text += `${text}\n`;
    if (this.#text.length >= GATHER_CHARACTERS) return this.#writeGathered();
    if (this.#flushScheduled) return;
    this.#flushScheduled = true;
    nextTick(this.#flushLater);
  }

  #writeBytes(bytes: Uint8Array): void {
    this.#writeGathered();
    if (this.#writesEnded) return;
    if (this.#options.serializer.framing === 'length') this.#write(lengthPrefix(bytes.length), bytes);
    else this.#write(bytes, '\n');
  }

  #writeGathered(): void {
    if (this.#text === '' || this.#writesEnded) return;
    const text = this.#text;
    this.#text = '';
    this.#write(text);
  }

  #write(part: string | Uint8Array, rest?: string | Uint8Array): void {
    const { setBlocking } = this.#options;
    setBlocking?.(true);
    if (rest === undefined) {
      this.#writable.write(part);
    } else {
      this.#writable.cork();
      this.#writable.write(part);
      this.#writable.write(rest);
      this.#writable.uncork();
    }
    setBlocking?.(false);
  }

  #push(chunk: Buffer): void {
    try {
      this.#decoder.push(chunk);
    } catch (error) {
      this.#finish(isError(error) ? error : new ProtocolError(textOf(error)));
      this.destroy();
    }
  }

  #receive(bytes: Buffer): void {
    const { onHandshake, onStrayLine, serializer } = this.#options;
    if (this.#awaitsHandshake && onHandshake !== undefined) {
      const handshake = readHandshake(bytes);
      if (handshake === undefined) {
        if (onStrayLine === undefined) throw new ProtocolError(`Instead of a handshake came: ${excerpt(bytes)}`);
        return onStrayLine(bytes.toString('utf8'));
      }
      this.#awaitsHandshake = false;
      this.#decoder.framing = serializer.framing;
      return onHandshake(handshake);
    }
    let message: unknown;
    try {
      message = serializer.decode(bytes);
    } catch (error) {
      if (onStrayLine !== undefined) return onStrayLine(bytes.toString('utf8'));
      throw new ProtocolError(`A frame is not ${serializer.name}: ${excerpt(bytes)}`, { cause: error });
    }
    if (onStrayLine !== undefined && !isFromWorker(message)) return onStrayLine(bytes.toString('utf8'));
    // That it came is all it has to say.
    if (isUncheckedMessage(message) && message.type === '$connect') return;
    if (this.#listener === undefined) this.#early.push(message);
    else this.#listener.message(message);
  }

  #endOfInput(): void {
    if (this.#ended) return;
    const { onStrayLine } = this.#options;
    const unfinished = onStrayLine === undefined ? undefined : this.#decoder.unfinished().toString('utf8');
    try {
      this.#decoder.end();
      this.#finish(undefined);
    } catch (error) {
      // A program's last line may lack its line feed; half a message is no line for people.
      if (unfinished !== undefined && unfinished !== '' && !unfinished.startsWith('{')) {
        onStrayLine?.(unfinished);
        return this.#finish(undefined);
      }
      this.#finish(error as Error);
    }
  }

  #finish(error: Error | undefined): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#endError = error;
    this.#decoder.stop();
    this.#listener?.ended(error);
  }
}

function hasLineFeed(data: string | Uint8Array): boolean {
  return typeof data === 'string' ? data.includes('\n') : data.includes(0x0a);
}

/** Tells messages from log lines, which may be JSON with a `type` too. */
function isFromWorker(value: unknown): boolean {
  if (!isUncheckedMessage(value)) return false;
  if (value.type === '$log' || isCall(value.tx)) return true;
  return isTransactionId(value.tx) && /(?:Event|Result|Error)$/.test(value.type);
}
