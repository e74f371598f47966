/**
 * The host's end of the relay's line: the worker's line as two streams, and the rest as calls. What comes from
 * there may be anybody's, since code in the container can write to the relay's pipes. Lives as long as its container.
 */
import { PassThrough, Writable } from 'node:stream';
import type { Readable } from 'node:stream';
import * as relay from './relay.ts';
import type { RelayEnd, RelayStart, RelayStarted } from './relay.ts';

export interface RelayListener {
  /** It runs, with this version of Node. */
  hello(version: string): void;
  started(started: RelayStarted): void;
  /** On its stdout. */
  printed(bytes: Buffer): void;
  report(bytes: Buffer): void;
  /** Bytes that the container uses. */
  memory(bytes: number): void;
  ended(end: RelayEnd): void;
  /** Nothing that comes after it is a frame. */
  broken(): void;
}

/** So much may be on its way to the worker: the relay keeps what the worker does not read yet. */
const WINDOW = 1024 * 1024;
const MOST_IN_FRAME = 64 * 1024;
/** The relay sends no larger ones: what its pipes give at once. */
const LARGEST_FRAME = 1024 * 1024;

export class RelayLine {
  readonly toWorker: Writable;
  readonly fromWorker: PassThrough;
  readonly #input: Writable;
  readonly #listener: RelayListener;
  #rest: Buffer = Buffer.alloc(0);
  #isBroken = false;
  #onTheirWay = 0;
  #whenRoom: (() => void) | undefined;

  /** @param input, output of the container */
  constructor(input: Writable, output: Readable, listener: RelayListener) {
    this.#input = input;
    this.#listener = listener;
    this.fromWorker = new PassThrough();
    this.fromWorker.on('drain', () => output.resume());
    this.toWorker = new Writable({
      write: (chunk: Buffer, _encoding, done) => this.#writeLine(chunk, done),
      final: (done) => {
        this.#send(relay.LINE_END);
        done();
      },
    });
    // A container that is gone takes nothing more; its end tells all.
    input.on('error', () => this.#release());
    input.on('close', () => this.#release());
    output.on('data', (chunk: Buffer) => {
      this.#receive(chunk);
      if (this.fromWorker.writableNeedDrain) output.pause();
    });
    output.on('error', () => undefined);
    output.on('close', () => this.fromWorker.end());
  }

  start(start: RelayStart): void {
    this.#send(relay.START, Buffer.from(JSON.stringify(start)));
  }

  data(bytes: Buffer): void {
    for (let at = 0; at < bytes.length; at += MOST_IN_FRAME)
      this.#send(relay.DATA, bytes.subarray(at, at + MOST_IN_FRAME));
    this.#send(relay.DATA_END);
  }

  lifeline(command: string): void {
    this.#send(relay.LIFELINE, Buffer.from(command));
  }

  terminate(): void {
    this.#send(relay.TERMINATE);
  }

  kill(): void {
    this.#send(relay.KILL);
  }

  #send(kind: string, bytes: Buffer = Buffer.alloc(0)): void {
    if (!this.#input.writable) return;
    const head = Buffer.alloc(5);
    head.write(kind, 0, 'latin1');
    head.writeUInt32BE(bytes.length, 1);
    this.#input.write(head);
    if (bytes.length > 0) this.#input.write(bytes);
  }

  #writeLine(chunk: Buffer, done: () => void): void {
    for (let at = 0; at < chunk.length; at += MOST_IN_FRAME) {
      this.#send(relay.TO_LINE, chunk.subarray(at, at + MOST_IN_FRAME));
    }
    this.#onTheirWay += chunk.length;
    if (this.#onTheirWay <= WINDOW || !this.#input.writable) done();
    else this.#whenRoom = done;
  }

  #taken(count: number): void {
    this.#onTheirWay -= count;
    if (this.#onTheirWay <= WINDOW) this.#release();
  }

  #release(): void {
    const whenRoom = this.#whenRoom;
    this.#whenRoom = undefined;
    whenRoom?.();
  }

  #receive(chunk: Buffer): void {
    if (this.#isBroken) return;
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let at = 0;
    while (this.#rest.length - at >= 5) {
      const length = this.#rest.readUInt32BE(at + 1);
      const end = at + 5 + length;
      if (length > LARGEST_FRAME) return this.#break();
      if (this.#rest.length < end) break;
      const kind = this.#rest.toString('latin1', at, at + 1);
      if (!this.#take(kind, this.#rest.subarray(at + 5, end))) return this.#break();
      at = end;
    }
    this.#rest = this.#rest.subarray(at);
  }

  #break(): void {
    this.#isBroken = true;
    this.#rest = Buffer.alloc(0);
    this.#listener.broken();
  }

  /** @returns false: this is no frame */
  #take(kind: string, bytes: Buffer): boolean {
    const listener = this.#listener;
    switch (kind) {
      case relay.LINE:
        this.fromWorker.write(bytes);
        return true;
      case relay.PRINTED:
        listener.printed(bytes);
        return true;
      case relay.REPORT:
        listener.report(bytes);
        return true;
      case relay.TAKEN:
        if (bytes.length !== 4) return false;
        this.#taken(bytes.readUInt32BE(0));
        return true;
      case relay.HELLO:
        listener.hello(bytes.toString());
        return true;
      case relay.MEMORY: {
        const used = Number(bytes.toString());
        if (Number.isFinite(used) && used >= 0) listener.memory(used);
        return true;
      }
      case relay.STARTED: {
        const { pid, failed } = read(bytes);
        listener.started({
          ...(typeof pid === 'number' ? { pid } : {}),
          ...(typeof failed === 'string' ? { failed } : {}),
        });
        return true;
      }
      case relay.ENDED: {
        const { code, signal, memoryRanOut } = read(bytes);
        listener.ended({
          code: typeof code === 'number' ? code : null,
          signal: typeof signal === 'string' ? signal : null,
          memoryRanOut: memoryRanOut === true,
        });
        return true;
      }
      default:
        return false;
    }
  }
}

function read(bytes: Buffer): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(bytes.toString());
    return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
  } catch {
    return {};
  }
}
