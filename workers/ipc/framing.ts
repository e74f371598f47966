/**
 * Bytes to frames. A decoder lives as long as one connection and keeps the beginning of the frame that is not complete,
 * as the chunks that came: they are searched once and joined once, however long the frame.
 */
import { FrameTooLargeError, ProtocolError } from './errors.ts';

/** The bytes ended within a frame: what a process leaves that dies while it writes. */
export class UnfinishedFrameError extends ProtocolError {}

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const LENGTH_BYTES = 4;

export class FrameDecoder {
  framing: 'lines' | 'length';
  readonly #maxFrameBytes: number;
  readonly #onFrame: (bytes: Buffer) => void;
  #chunks: Buffer[] = [];
  #held = 0;
  /** Of the frame that is coming, once its length has come. */
  #bodyLength: number | undefined;
  #ended = false;

  /** `onFrame` gets a view that is only valid during the call; it may change {@link framing} for what follows. */
  constructor(framing: 'lines' | 'length', maxFrameBytes: number, onFrame: (bytes: Buffer) => void) {
    this.framing = framing;
    this.#maxFrameBytes = maxFrameBytes;
    this.#onFrame = onFrame;
  }

  /** @throws FrameTooLargeError; whatever `onFrame` throws. The decoder takes no more bytes after that. */
  push(chunk: Buffer): void {
    if (this.#ended) return;
    try {
      let from = 0;
      while (from < chunk.length && !this.#ended) {
        from = this.framing === 'lines' ? this.#takeLine(chunk, from) : this.#takeLength(chunk, from);
      }
    } catch (error) {
      this.stop();
      throw error;
    }
  }

  /** No more bytes come. @throws UnfinishedFrameError when a frame is left incomplete */
  end(): void {
    const held = this.#held;
    const isIncomplete = held > 0 || this.#bodyLength !== undefined;
    this.stop();
    if (isIncomplete) throw new UnfinishedFrameError(`The line ended within a frame, ${held} bytes of it had come.`);
  }

  /** What has come of a frame that is not complete. */
  unfinished(): Buffer {
    return Buffer.concat(this.#chunks, this.#held);
  }

  /** Forgets what it holds and ignores what comes. */
  stop(): void {
    this.#ended = true;
    this.#chunks = [];
    this.#held = 0;
    this.#bodyLength = undefined;
  }

  /** Takes what it can from `from` on; returns where to go on. */
  #takeLine(chunk: Buffer, from: number): number {
    const end = chunk.indexOf(LINE_FEED, from);
    const length = this.#held + (end < 0 ? chunk.length : end) - from;
    if (length > this.#maxFrameBytes) throw this.#tooLarge(length);
    if (end < 0) {
      this.#hold(chunk.subarray(from));
      return chunk.length;
    }
    let line = this.#join(chunk.subarray(from, end));
    if (line.length > 0 && line[line.length - 1] === CARRIAGE_RETURN) line = line.subarray(0, -1);
    if (line.length > 0) this.#onFrame(line);
    return end + 1;
  }

  #takeLength(chunk: Buffer, from: number): number {
    const wanted = this.#bodyLength ?? LENGTH_BYTES;
    const end = Math.min(chunk.length, from + wanted - this.#held);
    const part = chunk.subarray(from, end);
    if (this.#held + part.length < wanted) {
      this.#hold(part);
      return end;
    }
    const bytes = this.#join(part);
    if (this.#bodyLength !== undefined) {
      this.#bodyLength = undefined;
      this.#onFrame(bytes);
      return end;
    }
    const length = bytes.readUInt32BE(0);
    if (length > this.#maxFrameBytes) throw this.#tooLarge(length);
    if (length === 0) this.#onFrame(bytes.subarray(LENGTH_BYTES));
    else this.#bodyLength = length;
    return end;
  }

  #hold(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#held += chunk.length;
  }

  #join(last: Buffer): Buffer {
    if (this.#chunks.length === 0) return last;
    this.#chunks.push(last);
    const joined = Buffer.concat(this.#chunks, this.#held + last.length);
    this.#chunks = [];
    this.#held = 0;
    return joined;
  }

  #tooLarge(length: number): FrameTooLargeError {
    return new FrameTooLargeError(
      `A frame of at least ${length} bytes came; the limit is ${this.#maxFrameBytes} bytes.`,
    );
  }
}

/** The bytes that go before a frame of `length` bytes. */
export function lengthPrefix(length: number): Buffer {
  const prefix = Buffer.allocUnsafe(LENGTH_BYTES);
  prefix.writeUInt32BE(length, 0);
  return prefix;
}
