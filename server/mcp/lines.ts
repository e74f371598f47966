/**
 * The client's messages, line by line. The library closes the connection at a line that is too long; this drops the line and
 * goes on with the next.
 */
import { Transform, type TransformCallback } from 'node:stream';

const NEWLINE = 0x0a;
/** Bytes. Below the limit of the library. */
const LONGEST = 8 << 20;

export class Lines extends Transform {
  readonly #longest: number;
  readonly #onDropped: () => void;
  #parts: Buffer[] = [];
  #size = 0;

  /** @param longest bytes of a line */
  constructor(onDropped: () => void, longest = LONGEST) {
    super();
    this.#longest = longest;
    this.#onDropped = onDropped;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      this.#add(chunk.subarray(start, end + 1));
      if (this.#size <= this.#longest) this.push(Buffer.concat(this.#parts));
      else this.#onDropped();
      this.#parts = [];
      this.#size = 0;
      start = end + 1;
    }
    this.#add(chunk.subarray(start));
    done();
  }

  #add(part: Buffer): void {
    this.#size += part.length;
    if (this.#size > this.#longest) this.#parts = [];
    else if (part.length > 0) this.#parts.push(part);
  }
}
