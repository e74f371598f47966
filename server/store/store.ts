/**
 * Stores the results and facts of one root between sessions. The database runs in a thread of its own; this side queues
 * writes, encodes and decodes in slices, and never blocks. Lives as long as the open folder.
 *
 * Invariant: no method that an analysis needs rejects because of a broken disk or file. What cannot be read counts as
 * missing, what cannot be written stays in memory, and one message says why.
 */
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Issue } from '../../workers/protocol/detector-protocol.ts';
import { messageOf, StoreError } from './faults.ts';
import { hashFile } from './input-hash.ts';
import { addIssues } from './issue-parts.ts';
import { MemoryLockTable, type LockTable } from './lock-table.ts';
import type { Chunk, Cursor, Fact, HistoryEntry, LoadedUnit, UnitQuery, VerifyReport } from './operations.ts';
import type { ThreadCalls, ThreadStats } from './thread-calls.ts';
import { StoreClient } from './store-client.ts';
import { WriteQueue, type UnitResult } from './write-queue.ts';

export interface StoreOptions {
  /** Folder of this root's store, absolute: see `storeDirFor`. Created if missing. */
  readonly dir: string;
  /** Folder of the locks, absolute: the same for all processes that analyse this root. Default: `dir`. */
  readonly locksDir?: string;
  readonly log?: (level: 'warn' | 'info', message: string) => void;
  /** If the disk cannot be used: true keeps results in memory, false makes opening throw. Default: true. */
  readonly fallbackToMemory?: boolean;
  /** Milliseconds to wait for a file system that does not answer; default 5 s. */
  readonly openTimeoutMs?: number;
  /** Limit of the database file; default 256 MB. What was used longest ago is dropped first. */
  readonly maxBytes?: number;
}

/** A detector's answer for a unit, as it was stored. */
export interface StoredUnit extends UnitResult {
  /** Counts the commits to the store, of all processes. */
  readonly revision: number;
}

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** A small set of JSON values by key, for instance the quarantined inputs. */
export interface Collection {
  list(): Promise<ReadonlyMap<string, JsonValue>>;
  get(key: string): Promise<JsonValue | undefined>;
  put(key: string, value: JsonValue): void;
  remove(key: string): void;
}

export interface History {
  /** The newest first. */
  list(limit?: number): Promise<readonly { readonly at: number; readonly entry: JsonValue }[]>;
  append(entry: JsonValue): void;
}

export interface StoreStats extends ThreadStats {
  readonly dir: string;
  readonly mode: 'disk' | 'memory' | 'off';
  readonly pendingWrites: number;
}

const MAX_BYTES = 256 * 1024 * 1024;
const OPEN_TIMEOUT_MS = 5000;
const READ_TIMEOUT_MS = 2000;
const CLOSE_TIMEOUT_MS = 5000;
/** How often a read is tried while another process has the file, before it counts as empty. */
const READ_ATTEMPTS = 5;
/** Takes the thread about 25 ms; other calls run in between. */
const HASHES_PER_CALL = 500;
const HISTORY_SHOWN = 50;

/**
 * @throws StoreError `UNAVAILABLE` when the disk cannot be used and `fallbackToMemory` is false
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const store = new Store(options);
  await store.opened();
  return store;
}

export class Store {
  readonly dir: string;
  readonly quarantine: Collection;
  readonly meta: Collection;
  readonly history: History;
  /** For `Locks`. When the disk cannot be used it is in memory, and locks exclude nobody outside this process. */
  readonly lockTable: LockTable;
  readonly #fallbackToMemory: boolean;
  readonly #log: (level: 'warn' | 'info', message: string) => void;
  readonly #openTimeoutMs: number;
  readonly #newClient: (memoryOnly?: string) => StoreClient;
  #client: StoreClient;
  readonly #queue: WriteQueue;
  /** For what is read during a check, which must not wait until thousands of results are written. */
  readonly #urgent: WriteQueue;
  #memoryReason: string | undefined;
  #off = false;
  #closing: Promise<void> | undefined;

  /** Use {@link openStore}. @param script of the thread; for tests */
  constructor(options: StoreOptions, script?: string) {
    const { dir, locksDir = dir, log = () => {}, fallbackToMemory = true, maxBytes = MAX_BYTES } = options;
    this.dir = dir;
    this.#log = log;
    this.#fallbackToMemory = fallbackToMemory;
    const listener = { log, memory: (reason: string): void => void (this.#memoryReason = reason) };
    const settings = { dir, locksDir, maxBytes, fallbackToMemory };
    this.#openTimeoutMs = options.openTimeoutMs ?? OPEN_TIMEOUT_MS;
    this.#newClient = (memoryOnly) =>
      new StoreClient(memoryOnly === undefined ? settings : { ...settings, memoryOnly }, listener, script);
    this.#client = this.#newClient();
    const sink = {
      stage: (...values: Parameters<ThreadCalls['stage']>) => this.#client.call('stage', ...values),
      commit: (...values: Parameters<ThreadCalls['commit']>) => this.#client.call('commit', ...values),
    };
    this.#queue = new WriteQueue({ sink, log });
    this.#urgent = new WriteQueue({ sink, log });
    this.quarantine = this.#collection('quarantine', this.#urgent);
    this.meta = this.#collection('meta', this.#queue);
    this.history = this.#history();
    this.lockTable = this.#locks();
  }

  async opened(): Promise<void> {
    try {
      if (await within(this.#client.open(), this.#openTimeoutMs)) return;
      this.#client.abandon();
      const seconds = this.#openTimeoutMs / 1000;
      const text = `The store in ${this.dir} cannot be used: its file system did not answer for ${seconds} s.`;
      const wayOut = 'Results are kept in memory only. Check the disk and the folder, then restart Bulkhead.';
      if (!this.#fallbackToMemory) throw new StoreError('UNAVAILABLE', `${text} ${wayOut}`);
      this.#client = this.#newClient(`${text} ${wayOut}`);
      this.#log('warn', `${text} ${wayOut}`);
      await this.#client.open();
    } catch (error) {
      if (!this.#fallbackToMemory) throw error;
      this.#turnOff(error);
    }
  }

  /** Why results do not reach the disk and what to do about it; undefined: they do. */
  get degraded(): string | undefined {
    return this.#memoryReason;
  }

  /**
   * All stored units in no particular order, read in chunks while the caller works. The caller must compare the fingerprint
   * with that of the current inputs, and ignore units that differ.
   */
  async *loadUnits(query: UnitQuery = {}): AsyncGenerator<StoredUnit, void, void> {
    let begun: { readonly unit: LoadedUnit; readonly files: Map<string, readonly Issue[]> } | undefined;
    for await (const piece of this.#chunks<LoadedUnit>((from) => this.#client.call('units', query, from))) {
      const isRest = begun?.unit.unit === piece.unit && begun.unit.detector === piece.detector;
      const { unit, files } =
        begun !== undefined && isRest ? begun : { unit: piece, files: new Map<string, readonly Issue[]>() };
      addIssues(files, piece.parts);
      begun = piece.more === true ? { unit, files } : undefined;
      const { detector, fingerprint, engine, revision } = unit;
      if (begun === undefined) yield { detector, unit: unit.unit, fingerprint, engine, revision, files };
    }
  }

  /** Replaces the stored answer of the unit after a short delay. `result` must not change afterwards. */
  putUnit(result: UnitResult): void {
    this.#queue.add({ type: 'put-unit', ...result });
  }

  dropUnit(detector: string, unit: string): void {
    this.#queue.add({ type: 'drop-unit', detector, unit });
  }

  dropDetector(detector: string): void {
    this.#queue.add({ type: 'drop-detector', detector });
  }

  /** Stores one fact per kind and file: what is known about the content with this hash. The store does not read the body. */
  putFact(kind: string, fact: Fact): void {
    this.#queue.add({ type: 'put-fact', kind, ...fact });
  }

  dropFact(kind: string, file: string): void {
    this.#queue.add({ type: 'drop-fact', kind, file });
  }

  /** All facts of a kind, by file. */
  loadFacts(kind: string): AsyncGenerator<Fact, void, void> {
    return this.#chunks<Fact>((from) => this.#client.call('facts', kind, from));
  }

  /**
   * Content hashes of files as they are on disk now. Reads only files whose status changed.
   * @param root absolute path, always the same for one store
   * @param files relative to it, forward slashes
   * @returns by file; files that cannot be read are absent
   */
  async hashInputs(root: string, files: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const hashes = new Map<string, string>();
    for (let start = 0; start < files.length; start += HASHES_PER_CALL) {
      const some = files.slice(start, start + HASHES_PER_CALL);
      const found = await this.#attempt(() => this.#client.call('hashInputs', root, some), undefined);
      const complete = found ?? (await Promise.all(some.map((file) => hashFile(path.resolve(root, file)))));
      for (const [index, file] of some.entries()) {
        const hash = complete[index];
        if (hash !== undefined) hashes.set(file, hash);
      }
    }
    return hashes;
  }

  /** @throws StoreError */
  async stats(): Promise<StoreStats> {
    const mode = this.#off ? 'off' : this.#memoryReason === undefined ? 'disk' : 'memory';
    return {
      ...(await this.#client.call('stats')),
      dir: this.dir,
      mode,
      pendingWrites: this.#queue.size + this.#urgent.size,
    };
  }

  /** Reads everything and drops what is damaged. @throws StoreError */
  async verify(): Promise<VerifyReport> {
    await this.flush();
    return this.#client.call('verify');
  }

  /** Forgets everything, snapshot and set-aside files included. @throws StoreError */
  async clear(): Promise<void> {
    this.#queue.clear();
    this.#urgent.clear();
    await this.flush();
    await this.#client.call('clear');
  }

  /** Writes a copy to fall back to. @returns false: in memory, too large, or no room. @throws StoreError */
  async snapshot(): Promise<boolean> {
    await this.flush();
    return this.#client.call('snapshot');
  }

  /** Resolves when all earlier writes are committed, or after the timeout. @returns false: the timeout came first */
  async flush(timeoutMs = 10_000): Promise<boolean> {
    const written = await Promise.all([this.#queue.flush(timeoutMs), this.#urgent.flush(timeoutMs)]);
    return written.every(Boolean);
  }

  /** Writes what is queued, for at most 5 s, and ends the thread. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(): Promise<void> {
    await this.flush(CLOSE_TIMEOUT_MS);
    this.#queue.close();
    this.#urgent.close();
    await this.#client.close(CLOSE_TIMEOUT_MS);
  }

  /** The items of all chunks. The next chunk loads while the caller works. */
  async *#chunks<Item>(call: (from: Cursor | undefined) => Promise<Chunk<Item>>): AsyncGenerator<Item, void, void> {
    const empty: Chunk<Item> = { items: [] };
    let pending: Promise<Chunk<Item>> | undefined = this.#read(() => call(undefined), empty);
    while (pending) {
      const { items, next }: Chunk<Item> = await pending;
      pending = next === undefined ? undefined : this.#read(() => call(next), empty);
      yield* items;
    }
  }

  /** Reads after earlier writes. What cannot be read counts as missing. */
  async #read<Result>(call: () => Promise<Result>, nothing: Result, queue = this.#queue): Promise<Result> {
    await queue.flush(READ_TIMEOUT_MS);
    return this.#attempt(call, nothing);
  }

  async #attempt<Result>(call: () => Promise<Result>, nothing: Result): Promise<Result> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await call();
      } catch (error) {
        if (!(error instanceof StoreError) || error.code === 'CLOSED') throw error;
        if (error.code === 'UNAVAILABLE') return (this.#turnOff(error), nothing);
        if (attempt < READ_ATTEMPTS) continue;
        this.#log(
          'warn',
          `The store ${this.dir} could not be read: ${error.message} Missing results are analysed again.`,
        );
        return nothing;
      }
    }
  }

  #collection(kind: string, queue: WriteQueue): Collection {
    return {
      list: async () => {
        const notes = await this.#read(() => this.#client.call('notes', kind), [], queue);
        return new Map(notes.map(({ key, body }) => [key, JSON.parse(body) as JsonValue]));
      },
      get: async (key) => {
        const note = await this.#read(() => this.#client.call('note', kind, key), undefined, queue);
        return note && (JSON.parse(note.body) as JsonValue);
      },
      put: (key, value) => queue.add({ type: 'put-note', kind, key, body: JSON.stringify(value) }),
      remove: (key) => queue.add({ type: 'drop-note', kind, key }),
    };
  }

  #history(): History {
    return {
      list: async (limit = HISTORY_SHOWN) => {
        const entries = await this.#read<readonly HistoryEntry[]>(() => this.#client.call('history', limit), []);
        return entries.map(({ at, body }) => ({ at, entry: JSON.parse(body) as JsonValue }));
      },
      append: (entry) => this.#queue.add({ type: 'append-history', at: Date.now(), body: JSON.stringify(entry) }),
    };
  }

  #locks(): LockTable {
    const memory = new MemoryLockTable();
    const either = async <Result>(onDisk: () => Promise<Result>, inMemory: () => Promise<Result>): Promise<Result> => {
      if (this.#memoryReason !== undefined) return inMemory();
      try {
        return await onDisk();
      } catch (error) {
        if (!(error instanceof StoreError) || error.code === 'CLOSED' || error.code === 'BUSY') throw error;
        return inMemory();
      }
    };
    return {
      read: (name) =>
        either(
          () => this.#client.call('readLock', name),
          () => memory.read(name),
        ),
      swap: (change) =>
        either(
          () => this.#client.call('swapLock', change),
          () => memory.swap(change),
        ),
    };
  }

  /** There is no thread, and there will be none. */
  #turnOff(error: unknown): void {
    if (this.#off) return;
    this.#off = true;
    this.#memoryReason = `Results are not kept between sessions: ${messageOf(error)} Restart Bulkhead to try again.`;
    this.#log('warn', this.#memoryReason);
  }
}

/** @returns false: it took longer, and its outcome is ignored */
async function within(work: Promise<void>, ms: number): Promise<boolean> {
  const timeout = new AbortController();
  const late = sleep(ms, false, { signal: timeout.signal, ref: true }).catch(() => false);
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    timeout.abort();
    work.catch(() => {});
  }
}
