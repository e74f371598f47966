/**
 * The events of one request on the worker's side: several to a frame, and no more frames on their way than the host has
 * given credit for, unless the handler flushes. Lives as long as its request.
 */
import type { Transferable } from 'node:worker_threads';
import type { EmitOptions, TransactionId } from './messages.ts';
import type { Line } from './middleware.ts';
import { clearTimeout, now, setTimeout } from './timers.ts';
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
  /** So many at the head of {@link #waiting} have been sent; taking them out one frame at a time would take long. */
  #sent = 0;
  /** What to move with an event. */
  readonly #transfers = new Map<unknown, readonly Transferable[]>();
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
    if (options?.transfer !== undefined) this.#transfers.set(packed, options.transfer);
    if (typeof packed === 'string') this.#size += packed.length;
    // A lone event leaves at once: a handler may block the thread right after it. Only a dense stream is gathered.
    if (
      this.#waiting.length - this.#sent >= MAX_EVENTS ||
      this.#size >= MAX_SIZE ||
      now() - this.#lastFlush >= MAX_DELAY_MS
    ) {
      this.#sendWithinCredit();
    } else {
      this.#timer ??= setTimeout(() => {
        this.#timer = undefined;
        this.#sendWithinCredit();
      }, MAX_DELAY_MS);
    }
    if (this.#unconfirmed < CREDIT_FRAMES) return undefined;
    this.#room ??= Promise.withResolvers();
    return this.#room.promise;
  }

  /** Sends all that waits, whether the host has given credit for it or not. */
  flush(): void {
    while (this.#waiting.length > this.#sent && !this.#stopped) this.#sendFrame();
  }

  /** Sends what waits, as far as credit allows. */
  #sendWithinCredit(): void {
    while (this.#waiting.length > this.#sent && this.#unconfirmed < CREDIT_FRAMES && !this.#stopped) this.#sendFrame();
  }

  #sendFrame(): void {
    this.#lastFlush = now();
    this.#unconfirmed += 1;
    const events = this.#takeFrame();
    const transfer = this.#transfers.size === 0 ? undefined : this.#takeTransfers(events);
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
    const from = this.#sent;
    let to = all.length;
    if (to - from > MAX_EVENTS || this.#size > 2 * MAX_SIZE) {
      let size = 0;
      for (to = from; to < all.length && to - from < MAX_EVENTS && size < MAX_SIZE; to += 1) {
        const packed = all[to];
        if (typeof packed === 'string') size += packed.length;
      }
      this.#size -= size;
    }
    if (to < all.length) {
      this.#sent = to;
      return all.slice(from, to);
    }
    this.#waiting = [];
    this.#sent = 0;
    this.#size = 0;
    return from === 0 ? all : all.slice(from);
  }

  #takeTransfers(events: readonly unknown[]): Transferable[] {
    return events.flatMap((event) => {
      const list = this.#transfers.get(event) ?? [];
      this.#transfers.delete(event);
      return list;
    });
  }

  /** The host has consumed frames. */
  credit(frames: number): void {
    this.#unconfirmed = Math.max(0, this.#unconfirmed - frames);
    this.#sendWithinCredit();
    if (this.#unconfirmed < CREDIT_FRAMES) this.#makeRoom();
  }

  /** Settles when everything emitted has been sent. */
  async drain(): Promise<void> {
    this.#sendWithinCredit();
    while (this.#waiting.length > this.#sent && !this.#stopped) {
      this.#room ??= Promise.withResolvers();
      await this.#room.promise;
    }
    this.stop();
  }

  /** Drops what waits and whatever is emitted from now on. */
  stop(): void {
    this.#stopped = true;
    this.#waiting = [];
    this.#sent = 0;
    clearTimeout(this.#timer);
    this.#makeRoom();
  }

  #makeRoom(): void {
    this.#room?.resolve();
    this.#room = undefined;
  }
}
