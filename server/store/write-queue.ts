/**
 * Writes that have not reached the disk yet. They leave in batches after a short delay, only the newest of each key, and are
 * encoded in slices, so that neither the caller nor the event loop waits. Lives as long as its store.
 */
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { backoffDelay, type Backoff } from '../../workers/protocol/backoff.ts';
import type { Issue } from '../../workers/protocol/detector-protocol.ts';
import { messageOf, StoreError } from './faults.ts';
import { partsOf } from './issue-parts.ts';
import type { EncodedPart, EncodedUnit, WriteOperation } from './operations.ts';

/** A detector's answer for a unit. */
export interface UnitResult extends Omit<EncodedUnit, 'parts'> {
  /** Complete: a file that is missing here has no issues. Must not be changed afterwards. */
  readonly files: ReadonlyMap<string, readonly Issue[]>;
}

export type QueuedWrite =
  ({ readonly type: 'put-unit' } & UnitResult) | Exclude<WriteOperation, { readonly type: 'put-unit' }>;

/** The destination of batches. Both reject with a StoreError. */
export interface WriteSink {
  stage(parts: readonly EncodedPart[], first: boolean): Promise<void>;
  commit(operations: readonly WriteOperation[]): Promise<void>;
}

export interface WriteQueueOptions {
  readonly sink: WriteSink;
  readonly log: (level: 'warn' | 'info', message: string) => void;
  /** Milliseconds that a write waits for others; default 100. */
  readonly delayMs?: number;
}

const DELAY_MS = 100;
const RECORDS_PER_BATCH = 500;
/** Characters. Copying a message of this size takes less than 1 ms. */
const LENGTH_PER_MESSAGE = 256 * 1024;
/** How long encoding may occupy the event loop at a time. */
const SLICE_MS = 2;
const retries: Backoff = { delayMs: 50, maxDelayMs: 1000, jitter: 0 };
/** A batch that cannot be stored must not block the others forever. */
const ATTEMPTS = 3;

export class WriteQueue {
  readonly #options: WriteQueueOptions;
  #queued = new Map<string, QueuedWrite>();
  #timer: NodeJS.Timeout | undefined;
  #pumping: Promise<void> | undefined;
  #busyRounds = 0;
  #failures = 0;
  #closed = false;
  #anonymous = 0;

  constructor(options: WriteQueueOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#queued.size;
  }

  add(write: QueuedWrite): void {
    if (this.#closed) return;
    if (write.type === 'drop-detector')
      this.#forget((queued) => 'detector' in queued && queued.detector === write.detector);
    const key = this.#keyOf(write);
    // Moves to the end of the queue.
    this.#queued.delete(key);
    this.#queued.set(key, write);
    if (this.#pumping) return;
    if (this.#queued.size >= RECORDS_PER_BATCH) this.#pump();
    else this.#timer ??= setTimeout(() => this.#pump(), this.#options.delayMs ?? DELAY_MS);
  }

  /** Drops everything that was not sent. */
  clear(): void {
    this.#queued.clear();
  }

  /** Resolves when everything is written, or after the timeout. @returns false: the timeout came first */
  async flush(timeoutMs: number): Promise<boolean> {
    const deadline = performance.now() + timeoutMs;
    while (this.#queued.size > 0 || this.#pumping) {
      if (this.#closed) return false;
      this.#pump();
      const left = deadline - performance.now();
      if (left <= 0) return false;
      const abort = new AbortController();
      await Promise.race([this.#pumping, sleep(left, undefined, { signal: abort.signal }).catch(() => undefined)]);
      abort.abort();
    }
    return true;
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #pump(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#pumping ??= this.#writeAll().finally(() => (this.#pumping = undefined));
  }

  async #writeAll(): Promise<void> {
    while (this.#queued.size > 0 && !this.#closed) {
      const batch = this.#take();
      try {
        await this.#send(batch);
        this.#busyRounds = 0;
        this.#failures = 0;
      } catch (error) {
        await this.#failed(error, batch);
      }
    }
  }

  /** Takes the oldest writes from the queue. */
  #take(): Map<string, QueuedWrite> {
    const batch = new Map<string, QueuedWrite>();
    for (const [key, write] of this.#queued) {
      if (batch.size >= RECORDS_PER_BATCH) break;
      batch.set(key, write);
    }
    for (const key of batch.keys()) this.#queued.delete(key);
    return batch;
  }

  /** Removes from the batch what was committed. */
  async #send(batch: Map<string, QueuedWrite>): Promise<void> {
    const { sink } = this.#options;
    let operations: WriteOperation[] = [];
    let keys: string[] = [];
    let length = 0;
    let sliceStart = performance.now();
    const commit = async (): Promise<void> => {
      await sink.commit(operations);
      for (const key of keys) batch.delete(key);
      [operations, keys, length, sliceStart] = [[], [], 0, performance.now()];
    };
    for (const [key, write] of [...batch]) {
      keys.push(key);
      if (write.type !== 'put-unit') {
        operations.push(write);
        length += 'body' in write ? write.body.length : 0;
      } else {
        const { files, ...unit } = write;
        let parts: EncodedPart[] = [];
        let staged = false;
        for (const part of partsOf(files)) {
          parts.push(part);
          length += part.body.length;
          if (length > LENGTH_PER_MESSAGE) {
            await sink.stage(parts, !staged);
            staged = true;
            [parts, length, sliceStart] = [[], 0, performance.now()];
          } else if (performance.now() - sliceStart > SLICE_MS) {
            await turn();
            sliceStart = performance.now();
          }
        }
        operations.push({ ...unit, parts, ...(staged ? { continued: true } : {}) });
        if (staged) await commit();
      }
      if (length > LENGTH_PER_MESSAGE) await commit();
    }
    if (operations.length > 0) await commit();
  }

  async #failed(error: unknown, batch: ReadonlyMap<string, QueuedWrite>): Promise<void> {
    const code = error instanceof StoreError ? error.code : 'INTERNAL';
    const retry = code === 'BUSY' || (code === 'INTERNAL' && ++this.#failures < ATTEMPTS);
    if (!retry) {
      this.#failures = 0;
      if (code !== 'UNAVAILABLE' && code !== 'CLOSED') {
        this.#options.log(
          'warn',
          `${batch.size} results were not stored and will be analysed again: ${messageOf(error)}`,
        );
      }
      return;
    }
    // Before newer writes, which replace those of the same key.
    const older = [...batch].filter(([key]) => !this.#queued.has(key));
    this.#queued = new Map([...older, ...this.#queued]);
    await sleep(backoffDelay(retries, this.#busyRounds++));
  }

  #forget(matches: (write: QueuedWrite) => boolean): void {
    for (const [key, write] of this.#queued) if (matches(write)) this.#queued.delete(key);
  }

  #keyOf(write: QueuedWrite): string {
    switch (write.type) {
      case 'put-unit':
      case 'drop-unit':
        return `unit\n${write.detector}\n${write.unit}`;
      case 'put-fact':
      case 'drop-fact':
        return `fact\n${write.kind}\n${write.file}`;
      case 'put-note':
      case 'drop-note':
        return `note\n${write.kind}\n${write.key}`;
      case 'drop-detector':
        return `detector\n${write.detector}`;
      case 'append-history':
        return `history\n${++this.#anonymous}`;
    }
  }
}
