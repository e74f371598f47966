/**
 * Results and facts kept between sessions, for one root. The database works in a thread of its own; this side queues
 * writes, encodes and decodes in slices, and never blocks. Lives from the opening of a folder to its closing.
 *
 * Invariant: no method that an analysis needs rejects because of a broken disk or file. What cannot be read is not
 * there, what cannot be written is kept in memory, and one message says why.
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
  /** Folder of this root's store, absolute: see `storeDirFor`. Made when it is not there. */
  readonly dir: string;
  /** Folder of the locks, absolute: one for all that analyse this root, whatever store they use. Default: `dir`. */
  readonly locksDir?: string;
  readonly log?: (level: 'warn' | 'info', message: string) => void;
  /** Default true: when the disk cannot be used, results are kept in memory. False: opening throws instead. */
  readonly fallbackToMemory?: boolean;
  /** Milliseconds until a folder that does not answer (a file system that hangs) is given up; default 5 s. */
  readonly openPatienceMs?: number;
  /** Of the database file; default 256 MB. What was used the longest ago is given up first. */
  readonly maxBytes?: number;
}

/** A unit's answer, as it was stored and verified. */
export interface StoredUnit extends UnitResult {
  /** Counts the commits of the store over all processes; see {@link UnitQuery.after}. */
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
const OPEN_PATIENCE_MS = 5000;
const READ_PATIENCE_MS = 2000;
const CLOSE_PATIENCE_MS = 5000;
/** Another process holds the file for a moment: a read is tried so often before it counts as answered with nothing. */
const READ_ATTEMPTS = 5;
/** About 25 ms of reading for the thread; other calls get their turn between. */
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
  /** For `Locks`; in memory when the disk cannot be used, and then only this process is kept apart from itself. */
  readonly lockTable: LockTable;
  readonly #fallbackToMemory: boolean;
  readonly #log: (level: 'warn' | 'info', message: string) => void;
  readonly #openPatienceMs: number;
  readonly #newClient: (memoryOnly?: string) => StoreClient;
  #client: StoreClient;
  readonly #queue: WriteQueue;
  /** Of what is read in the middle of the work: who asks for it must not wait until thousands of results are written. */
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
    this.#openPatienceMs = options.openPatienceMs ?? OPEN_PATIENCE_MS;
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
      if (await within(this.#client.open(), this.#openPatienceMs)) return;
      this.#client.abandon();
      const seconds = this.#openPatienceMs / 1000;
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

  /** Why results do not reach the disk, with the way out; undefined: they do. */
  get degraded(): string | undefined {
    return this.#memoryReason;
  }

  /**
   * Everything stored, in no particular order, read in chunks while the caller works. The caller compares the
   * fingerprint with that of the inputs as they are now; a unit that does not match is as good as not stored.
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

  /** Replaces what is stored of the unit, a little later. Nothing of `result` may change afterwards. */
  putUnit(result: UnitResult): void {
    this.#queue.add({ type: 'put-unit', ...result });
  }

  dropUnit(detector: string, unit: string): void {
    this.#queue.add({ type: 'drop-unit', detector, unit });
  }

  dropDetector(detector: string): void {
    this.#queue.add({ type: 'drop-detector', detector });
  }

  /** One per kind and file: what is known of the content with this hash. The store does not look into the body. */
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
   * Content hashes of files as they are on disk now; a file whose status has not changed is not read.
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

  /** Resolves when all that was put before is committed. @returns false: not within `patienceMs` */
  async flush(patienceMs = 10_000): Promise<boolean> {
    const written = await Promise.all([this.#queue.flush(patienceMs), this.#urgent.flush(patienceMs)]);
    return written.every(Boolean);
  }

  /** Writes what is left, for at most 5 s, and ends the thread. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(): Promise<void> {
    await this.flush(CLOSE_PATIENCE_MS);
    this.#queue.close();
    this.#urgent.close();
    await this.#client.close(CLOSE_PATIENCE_MS);
  }

  /** Items of chunk after chunk; the next is under way while the caller works. */
  async *#chunks<Item>(call: (from: Cursor | undefined) => Promise<Chunk<Item>>): AsyncGenerator<Item, void, void> {
    const empty: Chunk<Item> = { items: [] };
    let coming: Promise<Chunk<Item>> | undefined = this.#read(() => call(undefined), empty);
    while (coming) {
      const { items, next }: Chunk<Item> = await coming;
      coming = next === undefined ? undefined : this.#read(() => call(next), empty);
      yield* items;
    }
  }

  /** Sees what was written before. What cannot be read is not there. */
  async #read<Result>(call: () => Promise<Result>, nothing: Result, queue = this.#queue): Promise<Result> {
    await queue.flush(READ_PATIENCE_MS);
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
          `The store ${this.dir} could not be read: ${error.message} What is missing is analysed again.`,
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

  /** There is no thread and will be none. */
  #turnOff(error: unknown): void {
    if (this.#off) return;
    this.#off = true;
    this.#memoryReason = `Results are not kept between sessions: ${messageOf(error)} Restart Bulkhead to try again.`;
    this.#log('warn', this.#memoryReason);
  }
}

/** @returns false: not within the time, and whatever comes of it later is of no interest */
async function within(work: Promise<void>, ms: number): Promise<boolean> {
  const patience = new AbortController();
  const late = sleep(ms, false, { signal: patience.signal, ref: true }).catch(() => false);
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    patience.abort();
    work.catch(() => {});
  }
}
