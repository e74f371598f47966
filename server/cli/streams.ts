/**
 * Standard output and error of the process. A reader may leave whenever it likes: the check goes on, and its exit code
 * does not depend on who reads. Output that could not be written for any other reason is lost, which is said. Lives as
 * long as the process.
 */
import type { Output } from './output.ts';

export interface StreamListener {
  /** Nobody reads any more. */
  readonly left?: () => void;
  /** Something could not be written. Called once. */
  readonly lost?: (error: Error) => void;
}

export class StreamOutput implements Output {
  readonly isTTY: boolean;
  readonly isTerminal: boolean;
  readonly #stream: NodeJS.WriteStream;
  #isOpen = true;

  constructor(stream: NodeJS.WriteStream, listener: StreamListener = {}) {
    this.#stream = stream;
    this.isTerminal = stream.isTTY;
    // Colours.
    this.isTTY = stream.isTTY && (process.env['NO_COLOR'] ?? '') === '';
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (!this.#isOpen) return;
      this.#isOpen = false;
      if (error.code === 'EPIPE') listener.left?.();
      else listener.lost?.(error);
    });
  }

  write(text: string): void {
    if (this.#isOpen) this.#stream.write(text);
  }

  get columns(): number {
    return this.isTerminal ? this.#stream.columns : Infinity;
  }

  get rows(): number | undefined {
    return this.isTerminal ? this.#stream.rows : undefined;
  }
}
