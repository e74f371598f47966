/**
 * The database on disk as something that can break: opens it, sets a damaged one aside, brings back the last snapshot
 * or begins anew, and goes on in memory when the disk cannot be written. Runs in the store's thread, as long as that.
 *
 * Invariant: `run` answers from a sound database or throws; no damage on disk reaches its caller in another way.
 */
import {
  accessSync,
  closeSync,
  constants,
  copyFileSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { StoreDatabase } from './database.ts';
import { explain, faultOf, ForeignFileError, isSqliteError, StoreError } from './faults.ts';
import { ensureSchema } from './schema.ts';
import { companions, identityOf, listSetAside, removeDatabase, setAside } from './set-aside.ts';
import { Connection } from './sqlite.ts';

export const DATABASE_NAME = 'store.sqlite';
export const SNAPSHOT_NAME = 'snapshot.sqlite';

export interface DatabaseFileOptions {
  /** Absolute; made when it is not there. */
  readonly dir: string;
  readonly maxBytes: number;
  /** False: throw when the disk cannot be used. */
  readonly fallbackToMemory: boolean;
  /** Why the folder is not to be touched: everything is in memory from the start. */
  readonly memoryOnly?: string;
  readonly log: (level: 'warn' | 'info', message: string) => void;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Only one process at a time repairs. Default: the work is done at once. */
  readonly exclusively?: <Result>(work: () => Result) => Result;
  /** Of a new file; for tests. */
  readonly pageSize?: number;
  /** False: nothing waits for the disk, so that a power cut may damage the file; for tests. */
  readonly durable?: boolean;
}

/** A larger file is checked as a whole when there is time; until then its records vouch for themselves. */
const CHECK_AT_OPEN_BYTES = 16 * 1024 * 1024;
/** Writing one stops all else for about 10 ms for each megabyte. */
const SNAPSHOT_BYTES = 64 * 1024 * 1024;
const SNAPSHOT_AGE_MS = 6 * 3_600_000;
const MEMORY_BYTES = 64 * 1024 * 1024;
/** Another process's writing is waited for; then the caller tries again, so that reads are not held up. */
const BUSY_MS = 1000;
const DRAFT_AGE_MS = 600_000;
const REPAIRS = 3;
/** https://www.sqlite.org/fileformat2.html#the_database_header */
const HEADER_LENGTH = 100;
const WRITE_VERSION_AT = 18;

export class DatabaseFile {
  readonly file: string;
  readonly #options: DatabaseFileOptions;
  #database: StoreDatabase | undefined;
  /** Of the file that is open; undefined in memory. */
  #identity: string | undefined;
  #memoryReason: string | undefined;
  #checked = false;
  #recoveries = 0;
  #changed = false;

  /** @throws StoreError when the disk cannot be used and memory is not allowed */
  constructor(options: DatabaseFileOptions) {
    this.#options = options;
    this.file = path.join(options.dir, DATABASE_NAME);
    if (options.memoryOnly !== undefined) {
      this.#database = this.#inMemory();
      this.#memoryReason = options.memoryOnly;
      return;
    }
    this.run(() => undefined);
    this.#removeOldDrafts();
  }

  /** Why results are kept in memory only; undefined: they are kept on disk. */
  get memoryReason(): string | undefined {
    return this.#memoryReason;
  }

  /** How often a damaged file has been replaced since the start. */
  get recoveries(): number {
    return this.#recoveries;
  }

  /**
   * Does `work` on a sound database. When the file turns out to be damaged or the disk to be full, that is dealt with
   * and `work` is done once more, on what is there then.
   * @throws the error of `work` when it is of another kind, a busy database among them
   */
  run<Result>(work: (database: StoreDatabase) => Result): Result {
    for (let attempt = 0; ; attempt += 1) {
      let identity: string | undefined;
      try {
        this.#reopenIfReplaced();
        if (this.#memoryReason === undefined) identity = this.#identity ?? this.#identityOnDisk();
        this.#database ??= this.#open();
        return work(this.#database);
      } catch (error) {
        const fault = faultOf(error);
        // It was renamed or deleted just now: the next round sees that and opens what is there.
        if (fault === 'unwritable' && attempt < REPAIRS && this.#isReplaced()) continue;
        if (fault === 'damaged' && this.#memoryReason === undefined && attempt < REPAIRS) this.#repair(error, identity);
        else if ((fault === 'unwritable' || fault === 'damaged') && this.#memoryReason === undefined)
          this.#goToMemory(error);
        else throw error;
      }
    }
  }

  /** Whether {@link tidy} has something to do. */
  get untidy(): boolean {
    return !this.#checked || this.#changed || (this.#database?.suspect ?? false);
  }

  changed(): void {
    this.#changed = true;
  }

  /** Work for idle time: the check that was too long for the start, a snapshot when the last one is old. */
  tidy(): void {
    if (this.#memoryReason !== undefined) return;
    if (!this.#checked || this.#database?.suspect === true) {
      this.run((database) => assertSound(database.check()));
      this.#checked = true;
    }
    if (!this.#changed) return;
    this.#changed = false;
    const age = this.#options.now() - (statSync(this.#snapshot, { throwIfNoEntry: false })?.mtimeMs ?? 0);
    if (age >= SNAPSHOT_AGE_MS) this.snapshot();
  }

  /** Writes a copy to fall back to. @returns whether there is a new one */
  snapshot(): boolean {
    if (this.#memoryReason !== undefined) return false;
    const draft = `${this.#snapshot}.${process.pid}.tmp`;
    return this.run((database) => {
      if (this.#memoryReason !== undefined || database.bytes() > SNAPSHOT_BYTES) return false;
      assertSound(database.check());
      try {
        rmSync(draft, { force: true });
        database.connection.run('VACUUM INTO ?', draft);
        renameSync(draft, this.#snapshot);
        return true;
      } catch (error) {
        rmSync(draft, { force: true });
        // No room for a copy is no reason to leave the disk.
        if (faultOf(error) !== 'unwritable') throw error;
        this.#options.log('info', `No snapshot of the store was written: ${explain(error).cause}.`);
        return false;
      }
    });
  }

  /** Sets the file aside after a check that was asked for. */
  repair(structure: readonly string[]): void {
    let reported = false;
    this.run(() => {
      if (reported) return;
      reported = true;
      assertSound(structure);
    });
  }

  /** Deletes the snapshot and what was set aside; for a user who asks to clear the store. */
  removeRemains(): void {
    if (this.#memoryReason !== undefined) return;
    removeDatabase(this.#snapshot);
    for (const file of listSetAside(this.file)) removeDatabase(file);
  }

  /** Names of damaged files that were set aside. */
  setAside(): readonly string[] {
    return this.#options.memoryOnly !== undefined || identityOf(this.#options.dir) === undefined
      ? []
      : listSetAside(this.file).map((file) => path.basename(file));
  }

  close(): void {
    this.#database?.connection.close();
    this.#database = undefined;
  }

  get #snapshot(): string {
    return path.join(this.#options.dir, SNAPSHOT_NAME);
  }

  #identityOnDisk(): string | undefined {
    try {
      return identityOf(this.file);
    } catch {
      return undefined;
    }
  }

  #open(): StoreDatabase {
    const { dir, maxBytes, now, pageSize = 4096, durable = true } = this.#options;
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    assertHeader(this.file);
    const connection = new Connection(this.file);
    try {
      connection.exec(`PRAGMA busy_timeout = ${BUSY_MS}`);
      useSafely(connection);
      // A file that is not ours is left as it is.
      const isNew = connection.number('PRAGMA page_count') === 0;
      if (isNew) connection.exec(`PRAGMA page_size = ${pageSize}; PRAGMA auto_vacuum = INCREMENTAL`);
      else ensureSchema(connection);
      connection.exec(`PRAGMA synchronous = ${durable ? 'NORMAL' : 'OFF'}; PRAGMA journal_size_limit = 4194304`);
      connection.all('PRAGMA journal_mode = WAL');
      if (isNew) ensureSchema(connection);
      const database = new StoreDatabase(connection, { maxBytes, now });
      this.#checked = database.bytes() <= CHECK_AT_OPEN_BYTES;
      if (this.#checked) assertSound(database.check());
      assertWritable(connection);
      this.#identity = identityOf(this.file);
      return database;
    } catch (error) {
      connection.close();
      // Our statements are right: what SQLite has against them lies in the file.
      if (faultOf(error) === 'other' && isSqliteError(error))
        throw new ForeignFileError(messageOf(error), { cause: error });
      throw error;
    }
  }

  /** Another process has repaired the file, or the user has deleted it: what we have open is no longer the store. */
  #reopenIfReplaced(): void {
    if (!this.#isReplaced()) return;
    this.close();
    this.#identity = undefined;
  }

  #isReplaced(): boolean {
    if (this.#database === undefined || this.#memoryReason !== undefined) return false;
    return this.#identityOnDisk() !== this.#identity;
  }

  /** @param identity of the file that was found damaged */
  #repair(cause: unknown, identity: string | undefined): void {
    this.close();
    this.#identity = undefined;
    const { exclusively = atOnce, log, now } = this.#options;
    try {
      exclusively(() => {
        // Repaired by another process while we waited.
        if (identity === undefined || identityOf(this.file) !== identity) return;
        const name = path.basename(setAside(this.file, now()));
        this.#recoveries += 1;
        const restored = this.#restoreSnapshot();
        const next = restored
          ? 'The last snapshot takes its place.'
          : 'A new one is begun; everything is analysed again.';
        log('warn', `The store ${this.file} is not usable (${messageOf(cause)}) and was renamed to ${name}. ${next}`);
      });
    } catch (error) {
      this.#goToMemory(error);
    }
  }

  #restoreSnapshot(): boolean {
    if (identityOf(this.#snapshot) === undefined) return false;
    const draft = `${this.file}.${process.pid}.tmp`;
    try {
      copyFileSync(this.#snapshot, draft);
      const connection = new Connection(draft, { readOnly: true });
      try {
        useSafely(connection);
        ensureSchema(connection);
        assertSound(new StoreDatabase(connection, { maxBytes: Infinity, now: this.#options.now }).check());
      } finally {
        connection.close();
      }
      // A log that was left behind belongs to the file that was set aside.
      for (const ending of companions) rmSync(this.file + ending, { force: true });
      renameSync(draft, this.file);
      return true;
    } catch (error) {
      this.#options.log('warn', `The snapshot ${this.#snapshot} is not usable either (${messageOf(error)}).`);
      removeDatabase(draft);
      if (faultOf(error) === 'damaged') setAside(this.#snapshot, this.#options.now());
      return false;
    }
  }

  /** @throws StoreError when that is not allowed */
  #goToMemory(cause: unknown): void {
    const { dir, fallbackToMemory, log } = this.#options;
    const { cause: reason, wayOut } = explain(this.#refusal() ?? cause);
    const text = `The store in ${dir} cannot be used: ${reason}.`;
    if (!fallbackToMemory) {
      this.close();
      throw new StoreError('UNAVAILABLE', `${text} ${wayOut}`, { cause });
    }
    const database = this.#inMemory();
    this.#copyWhatIsReadable(database);
    this.close();
    this.#database = database;
    this.#identity = undefined;
    this.#memoryReason = `${text} Results are kept in memory until then. ${wayOut}`;
    log('warn', this.#memoryReason);
  }

  #inMemory(): StoreDatabase {
    const { maxBytes, now } = this.#options;
    const memory = new Connection(':memory:');
    ensureSchema(memory);
    return new StoreDatabase(memory, { maxBytes: Math.min(maxBytes, MEMORY_BYTES), now });
  }

  /** The file system says more clearly than SQLite why nothing can be written. */
  #refusal(): unknown {
    try {
      accessSync(this.#options.dir, constants.W_OK);
      return undefined;
    } catch (error) {
      return error;
    }
  }

  /** A disk that cannot be written can often be read. */
  #copyWhatIsReadable(target: StoreDatabase): void {
    const options = { maxBytes: Infinity, now: this.#options.now };
    let opened: Connection | undefined;
    try {
      if (this.#database === undefined) {
        // `immutable`: no log can be made in a read-only folder. What an existing log holds is not seen.
        const url = pathToFileURL(this.file);
        url.searchParams.set('immutable', '1');
        opened = new Connection(url, { readOnly: true });
        ensureSchema(opened);
        target.copyFrom(new StoreDatabase(opened, options));
      } else {
        target.copyFrom(this.#database);
      }
    } catch {
      // Nothing there, damaged too, or a Node that cannot open by URL (before 22.15): begin with nothing.
    } finally {
      opened?.close();
    }
  }

  /** Of processes that were killed while they wrote one. */
  #removeOldDrafts(): void {
    if (this.#memoryReason !== undefined) return;
    const { dir, now } = this.#options;
    for (const name of readdirSync(dir).filter((candidate) => /\.sqlite\.\d+\.tmp/.test(candidate))) {
      const file = path.join(dir, name);
      const stat = statSync(file, { throwIfNoEntry: false });
      if (stat && now() - stat.mtimeMs > DRAFT_AGE_MS) rmSync(file, { force: true });
    }
  }
}

function atOnce<Result>(work: () => Result): Result {
  return work();
}

/** A damaged or malicious file may not make SQLite do anything but fail. */
function useSafely(connection: Connection): void {
  connection.exec('PRAGMA cell_size_check = ON; PRAGMA trusted_schema = OFF');
}

/** What SQLite would take for the format of a later version, and then not write. */
function assertHeader(file: string): void {
  if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) < HEADER_LENGTH) return;
  const header = Buffer.alloc(HEADER_LENGTH);
  const handle = openSync(file, 'r');
  try {
    readSync(handle, header, 0, HEADER_LENGTH, 0);
  } finally {
    closeSync(handle);
  }
  const versions = [header[WRITE_VERSION_AT] ?? 0, header[WRITE_VERSION_AT + 1] ?? 0];
  if (versions.some((version) => version < 1 || version > 2))
    throw new ForeignFileError('its header is not that of a database');
}

/** Nothing else that is done at the start writes: a full or read-only disk would show itself only later. */
function assertWritable(connection: Connection): void {
  connection.transaction('write', () => {
    connection.run("INSERT INTO counters VALUES ('opened', 1) ON CONFLICT (name) DO UPDATE SET value = value + 1");
  });
}

function assertSound(messages: readonly string[]): void {
  if (messages.length > 0) throw new ForeignFileError(messages.slice(0, 3).join('; '));
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
