/**
 * The database file, with its recovery: sets a damaged file aside, restores the last snapshot or starts a new file, and
 * continues in memory when the disk is not writable. Runs in the store's thread, as long as that.
 *
 * Invariant: `run` works on a sound database or throws. Damage on disk never shows in a result.
 */
import { accessSync, constants, readdirSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { makeDirectory } from '../make-directory.ts';
import { StoreDatabase } from './database.ts';
import { explain, faultOf, ForeignFileError, isSqliteError, messageOf, StoreError } from './faults.ts';
import { assertHeader, assertSound, assertWritable, useSafely } from './file-checks.ts';
import { ensureSchema, SCHEMA_VERSION } from './schema.ts';
import { identityOf, listSetAside, removeDatabase, removeOtherVersions, setAside } from './set-aside.ts';
import { Snapshot, SNAPSHOT_NAME } from './snapshot.ts';
import { Connection } from './sqlite.ts';

/** Versions of Bulkhead with other tables have files of their own, so that two that run at once do not fight over one. */
export const DATABASE_NAME = `store-${SCHEMA_VERSION}.sqlite`;

export interface DatabaseFileOptions {
  /** Absolute; created if missing. */
  readonly dir: string;
  readonly maxBytes: number;
  /** False: throw if the disk cannot be used. */
  readonly fallbackToMemory: boolean;
  /** Why the folder must not be touched; present: everything is in memory from the start. */
  readonly memoryOnly?: string;
  readonly log: (level: 'warn' | 'info', message: string) => void;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Runs the work while no other process does; for repairs. Default: runs it at once. */
  readonly exclusively?: <Result>(work: () => Result) => Result;
  /** Of a new file, bytes; for tests. */
  readonly pageSize?: number;
  /** False: nothing waits for the disk, so a power cut may damage the file; for tests. */
  readonly durable?: boolean;
}

/** A larger file is checked as a whole in idle time. Until then the checksums of its records must do. */
const CHECK_AT_OPEN_BYTES = 16 * 1024 * 1024;
const MEMORY_BYTES = 64 * 1024 * 1024;
/** How long a call waits for another process that writes. Then the caller tries again, so that reads are not delayed. */
const BUSY_MS = 1000;
const DRAFT_AGE_MS = 600_000;
const REPAIRS = 3;
/** Of files of other versions of Bulkhead that nobody writes any more. */
const KEPT_MS = 30 * 24 * 3_600_000;

export class DatabaseFile {
  readonly file: string;
  readonly #options: DatabaseFileOptions;
  readonly #snapshot: Snapshot;
  #database: StoreDatabase | undefined;
  /** Identity of the open file; undefined in memory. */
  #identity: string | undefined;
  #memoryReason: string | undefined;
  #checked = false;
  #recoveries = 0;
  #changed = false;

  /** @throws StoreError when the disk cannot be used and memory is not allowed */
  constructor(options: DatabaseFileOptions) {
    this.#options = options;
    this.file = path.join(options.dir, DATABASE_NAME);
    this.#snapshot = new Snapshot(options);
    if (options.memoryOnly !== undefined) {
      this.#database = this.#inMemory();
      this.#memoryReason = options.memoryOnly;
      return;
    }
    this.run(() => undefined);
    this.#removeOldDrafts();
  }

  /** Why results are kept in memory only; undefined: they are on disk. */
  get memoryReason(): string | undefined {
    return this.#memoryReason;
  }

  /** How often a damaged file has been replaced since the start. */
  get recoveries(): number {
    return this.#recoveries;
  }

  /**
   * Runs `work` on a sound database. If the file is damaged or the disk is full, this recovers and runs `work` again on
   * the database there is then.
   * @throws other errors of `work`, for instance that the database is busy
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
        // It was renamed or deleted just now. The next attempt opens what is there.
        if (fault === 'unwritable' && attempt < REPAIRS && this.#isReplaced()) continue;
        if (fault === 'damaged' && this.#memoryReason === undefined && attempt < REPAIRS) this.#repair(error, identity);
        else if ((fault === 'unwritable' || fault === 'damaged') && this.#memoryReason === undefined)
          this.#continueInMemory(error);
        else throw error;
      }
    }
  }

  /** {@link tidy} has something to do. */
  get untidy(): boolean {
    return !this.#checked || this.#changed || (this.#database?.suspect ?? false);
  }

  /** Results were written. */
  changed(): void {
    this.#changed = true;
  }

  /** For idle time: checks a file that was too large for a check at the start, and renews an old snapshot. */
  tidy(): void {
    if (this.#memoryReason !== undefined) return;
    if (!this.#checked || this.#database?.suspect === true) {
      this.run((database) => assertSound(database.check()));
      this.#checked = true;
    }
    if (!this.#changed) return;
    this.#changed = false;
    removeOtherVersions(this.#options.dir, [DATABASE_NAME, SNAPSHOT_NAME], this.#options.now() - KEPT_MS);
    if (this.#snapshot.isOld) this.snapshot();
  }

  /** Writes a copy to fall back to. @returns false: in memory, too large, or no room */
  snapshot(): boolean {
    return this.run((database) => this.#memoryReason === undefined && this.#snapshot.write(database));
  }

  /** Sets the file aside. @param structure what `StoreDatabase.check` found */
  repair(structure: readonly string[]): void {
    let reported = false;
    this.run(() => {
      if (reported) return;
      reported = true;
      assertSound(structure);
    });
  }

  /** Deletes the snapshot and the files that were set aside; for a user who clears the store. */
  removeRemains(): void {
    if (this.#memoryReason !== undefined) return;
    this.#snapshot.remove();
    for (const file of listSetAside(this.file)) removeDatabase(file);
    removeOtherVersions(this.#options.dir, [DATABASE_NAME, SNAPSHOT_NAME]);
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

  #identityOnDisk(): string | undefined {
    try {
      return identityOf(this.file);
    } catch {
      return undefined;
    }
  }

  #open(): StoreDatabase {
    const { dir, maxBytes, now, pageSize = 4096, durable = true } = this.#options;
    makeDirectory(dir, 0o700);
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
      // Our statements are correct, so the cause lies in the file.
      if (faultOf(error) === 'other' && isSqliteError(error))
        throw new ForeignFileError(messageOf(error), { cause: error });
      throw error;
    }
  }

  /** Another process repaired the file, or the user deleted it: the open file is no longer the store. */
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
        const restored = this.#snapshot.restore(this.file);
        const next = restored
          ? 'The last snapshot replaces it.'
          : 'Bulkhead starts a new one and analyses everything again.';
        log('warn', `The store ${this.file} is not usable (${messageOf(cause)}) and was renamed to ${name}. ${next}`);
      });
    } catch (error) {
      this.#continueInMemory(error);
    }
  }

  /** @throws StoreError when the options do not allow it */
  #continueInMemory(cause: unknown): void {
    const { dir, fallbackToMemory, log } = this.#options;
    const { cause: reason, wayOut } = explain(this.#writeRefusal() ?? cause);
    const text = `The store in ${dir} cannot be used: ${reason}.`;
    if (!fallbackToMemory) {
      this.close();
      throw new StoreError('UNAVAILABLE', `${text} ${wayOut}`, { cause });
    }
    const database = this.#inMemory();
    this.#copyReadable(database);
    this.close();
    this.#database = database;
    this.#identity = undefined;
    this.#memoryReason = `${text} Results are kept in memory only. ${wayOut}`;
    log('warn', this.#memoryReason);
  }

  #inMemory(): StoreDatabase {
    const { maxBytes, now } = this.#options;
    const memory = new Connection(':memory:');
    ensureSchema(memory);
    return new StoreDatabase(memory, { maxBytes: Math.min(maxBytes, MEMORY_BYTES), now });
  }

  /** The file system's reason why nothing can be written, which is clearer than SQLite's. */
  #writeRefusal(): unknown {
    try {
      accessSync(this.#options.dir, constants.W_OK);
      return undefined;
    } catch (error) {
      return error;
    }
  }

  /** A disk that is not writable is often readable. */
  #copyReadable(target: StoreDatabase): void {
    const options = { maxBytes: Infinity, now: this.#options.now };
    let opened: Connection | undefined;
    try {
      if (this.#database === undefined) {
        // `immutable`, because a read-only folder takes no log. The content of an existing log is not seen.
        const url = pathToFileURL(this.file);
        url.searchParams.set('immutable', '1');
        opened = new Connection(url, { readOnly: true });
        ensureSchema(opened);
        target.copyFrom(new StoreDatabase(opened, options));
      } else {
        target.copyFrom(this.#database);
      }
    } catch {
      // The file is missing or damaged too, or this Node cannot open a URL (before 22.15): start empty.
    } finally {
      opened?.close();
    }
  }

  /** Drafts of processes that were killed while they wrote one. */
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
