/**
 * The events of one request on the worker's side: several to a frame, and no more frames on their way than the host has
 * given credit for. Lives as long as its request.
 */
import type { Transferable } from 'node:worker_threads';
import type { EmitOptions, TransactionId } from './messages.ts';
import type { Line } from './middleware.ts';
import { answersTo, CREDIT_FRAMES } from './wire.ts';

/** An event waits so long for company, less the millisecond a timer may be late. */
const MAX_DELAY_MS = 4;
const MAX_EVENTS = 256;
/** In characters of JSON; events that are not encoded here count nothing. */
const MAX_SIZE = 64 * 1024;

export class Emitter {
  readonly #line: Line;
  readonly #tx: TransactionId;
  readonly #type: string;
  readonly #failed: (error: unknown) => void;
  #waiting: unknown[] = [];
  #transfer: Transferable[] = [];
  #size = 0;
  #unconfirmed = 0;
  #lastFlush = -Infinity;
  #timer: NodeJS.Timeout | undefined;
  #room: PromiseWithResolvers<void> | undefined;
  #stopped = false;

  /** `failed` hears of frames that could not be sent; the emitter has stopped then. */
  constructor(line: Line, tx: TransactionId, type: string, failed: (error: unknown) => void) {
    this.#line = line;
    this.#tx = tx;
    this.#type = answersTo(type).event;
    this.#failed = failed;
  }

  emit(event: unknown, options?: EmitOptions): Promise<void> | undefined {
    if (this.#stopped) return undefined;
    const packed = this.#line.pack(event);
    this.#waiting.push(packed);
    if (options?.transfer !== undefined) this.#transfer.push(...options.transfer);
    if (typeof packed === 'string') this.#size += packed.length;
    // A lone event leaves at once: a handler may block the thread right after it. Only a dense stream is gathered.
    if (
      this.#waiting.length >= MAX_EVENTS ||
      this.#size >= MAX_SIZE ||
      performance.now() - this.#lastFlush >= MAX_DELAY_MS
    ) {
      this.flush();
    } else {
      this.#timer ??= setTimeout(() => {
        this.#timer = undefined;
        this.flush();
      }, MAX_DELAY_MS);
    }
    if (this.#unconfirmed < CREDIT_FRAMES) return undefined;
    this.#room ??= Promise.withResolvers();
    return this.#room.promise;
  }

  /** Sends what waits, as far as credit allows. */
  flush(): void {
    while (this.#waiting.length > 0 && this.#unconfirmed < CREDIT_FRAMES && !this.#stopped) this.#sendFrame();
  }

  #sendFrame(): void {
    this.#lastFlush = performance.now();
    this.#unconfirmed += 1;
    const events = this.#takeFrame();
    const transfer = this.#transfer;
    if (transfer.length > 0) this.#transfer = [];
    try {
      this.#line.sendEvents(this.#tx, this.#type, events, transfer);
    } catch (error) {
      this.stop();
      this.#failed(error);
    }
  }

  /** The usual frame is all that waits; more than that has piled up only if nobody awaited `emit`. */
  #takeFrame(): unknown[] {
    const all = this.#waiting;
    if (all.length <= MAX_EVENTS && this.#size <= 2 * MAX_SIZE) {
      this.#waiting = [];
      this.#size = 0;
      return all;
    }
    let count = 0;
    let size = 0;
    for (const packed of all) {
      if (count > 0 && (count >= MAX_EVENTS || size >= MAX_SIZE)) break;
      count += 1;
      if (typeof packed === 'string') size += packed.length;
    }
    this.#size -= size;
    return all.splice(0, count);
  }

  /** The host has consumed frames. */
  credit(frames: number): void {
    this.#unconfirmed = Math.max(0, this.#unconfirmed - frames);
    this.flush();
    if (this.#unconfirmed < CREDIT_FRAMES) this.#makeRoom();
  }

  /** Settles when everything emitted has been sent. */
  async drain(): Promise<void> {
    this.flush();
    while (this.#waiting.length > 0 && !this.#stopped) {
      this.#room ??= Promise.withResolvers();
      await this.#room.promise;
    }
    this.stop();
  }

  /** Drops what waits and whatever is emitted from now on. */
  stop(): void {
    this.#stopped = true;
    this.#waiting = [];
    clearTimeout(this.#timer);
    this.#makeRoom();
  }

  #makeRoom(): void {
    this.#room?.resolve();
    this.#room = undefined;
  }
}
