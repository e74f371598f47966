/**
 * Bytes to frames. A decoder lives as long as one connection and keeps the beginning of the frame that is not complete,
 * as the chunks that came: they are searched once and joined once, however long the frame.
 */
import { FrameTooLargeError, ProtocolError } from './errors.ts';

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const LENGTH_BYTES = 4;

export class FrameDecoder {
  framing: 'lines' | 'length';
  readonly #maxFrameBytes: number;
  readonly #onFrame: (bytes: Buffer) => void;
  #chunks: Buffer[] = [];
  #held = 0;
  /** Bytes that must be held before the next frame can be complete; unknown (1) between lines. */
  #wanted = 1;
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
      let rest: Buffer | undefined = chunk;
      while (rest !== undefined && rest.length > 0 && !this.#ended) {
        rest = this.framing === 'lines' ? this.#takeLine(rest) : this.#takeLength(rest);
      }
    } catch (error) {
      this.stop();
      throw error;
    }
  }

  /** No more bytes come. @throws ProtocolError when a frame is left incomplete */
  end(): void {
    const held = this.#held;
    this.stop();
    if (held > 0) throw new ProtocolError(`The line ended within a frame, ${held} bytes of it had come.`);
  }

  /** Forgets what it holds and ignores what comes. */
  stop(): void {
    this.#ended = true;
    this.#chunks = [];
    this.#held = 0;
  }

  #takeLine(chunk: Buffer): Buffer | undefined {
    const end = chunk.indexOf(LINE_FEED);
    const length = this.#held + (end < 0 ? chunk.length : end);
    if (length > this.#maxFrameBytes) throw this.#tooLarge(length);
    if (end < 0) {
      this.#hold(chunk);
      return undefined;
    }
    let line = this.#join(chunk.subarray(0, end));
    if (line.length > 0 && line[line.length - 1] === CARRIAGE_RETURN) line = line.subarray(0, -1);
    if (line.length > 0) this.#onFrame(line);
    return chunk.subarray(end + 1);
  }

  #takeLength(chunk: Buffer): Buffer | undefined {
    if (this.#wanted < LENGTH_BYTES) this.#wanted = LENGTH_BYTES;
    if (this.#held + chunk.length < this.#wanted) {
      this.#hold(chunk);
      return undefined;
    }
    const bytes = this.#join(chunk);
    if (bytes.length < LENGTH_BYTES) {
      this.#hold(bytes);
      return undefined;
    }
    const length = bytes.readUInt32BE(0);
    if (length > this.#maxFrameBytes) throw this.#tooLarge(length);
    const end = LENGTH_BYTES + length;
    if (bytes.length < end) {
      this.#wanted = end;
      this.#hold(bytes);
      return undefined;
    }
    this.#wanted = LENGTH_BYTES;
    this.#onFrame(bytes.subarray(LENGTH_BYTES, end));
    return bytes.subarray(end);
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
    return new FrameTooLargeError(`A frame of at least ${length} bytes came; the limit is ${this.#maxFrameBytes} bytes.`);
  }
}

/** The bytes that go before a frame of `length` bytes. */
export function lengthPrefix(length: number): Buffer {
  const prefix = Buffer.allocUnsafe(LENGTH_BYTES);
  prefix.writeUInt32BE(length, 0);
  return prefix;
}
