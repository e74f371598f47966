/**
 * The table of locks, with one atomic compare-and-swap. On disk it is a small database of its own, so that a damaged
 * store does not take the locks with it. Used in the store's thread.
 */
import path from 'node:path';
import { makeDirectory } from '../make-directory.ts';
import { faultOf, ForeignFileError } from './faults.ts';
import { identityOf, setAside } from './set-aside.ts';
import { Connection, type Row } from './sqlite.ts';

export interface LockOwner {
  /** Machine, boot and process namespace. A process id means something only within the same one. */
  readonly host: string;
  readonly pid: number;
  /** In the platform's format, compared only for equality; empty: unknown. */
  readonly startTime: string;
  /** For people who look into the table, for instance `editor`. */
  readonly label: string;
}

export interface LockRecord {
  readonly name: string;
  /** Grows with each owner and never goes back, not even when the lock is released. */
  readonly version: number;
  /** Unique to one acquisition; empty: the lock is free. */
  readonly token: string;
  readonly owner: LockOwner;
  /** Grows with each renewal. */
  readonly renewals: number;
  readonly leaseMs: number;
  /** Milliseconds since the epoch, for people. */
  readonly acquiredAt: number;
  readonly expiresAt: number;
}

export interface LockChange {
  /** The stored state that the change requires. `version` 0: no record yet. */
  readonly expected: { readonly version: number; readonly token: string };
  readonly record: LockRecord;
}

export interface LockTable {
  /** @returns undefined for a name that was never locked */
  read(name: string): Promise<LockRecord | undefined>;
  /** @returns false: the stored state is not the expected one, and nothing changed */
  swap(change: LockChange): Promise<boolean>;
}

/** Keeps locks between the parts of one process: for tests, and for a disk that cannot be written. */
export class MemoryLockTable implements LockTable {
  readonly #records = new Map<string, LockRecord>();

  read(name: string): Promise<LockRecord | undefined> {
    return Promise.resolve(this.#records.get(name));
  }

  swap({ expected, record }: LockChange): Promise<boolean> {
    const fits = isAsExpected(this.#records.get(record.name), expected);
    if (fits) this.#records.set(record.name, record);
    return Promise.resolve(fits);
  }
}

export const LOCKS_NAME = 'locks.sqlite';

const TABLE = `CREATE TABLE IF NOT EXISTS locks (name TEXT PRIMARY KEY, version INTEGER NOT NULL, token TEXT NOT NULL,
  host TEXT NOT NULL, pid INTEGER NOT NULL, start_time TEXT NOT NULL, label TEXT NOT NULL, renewals INTEGER NOT NULL,
  lease_ms INTEGER NOT NULL, acquired_at INTEGER NOT NULL, expires_at INTEGER NOT NULL) STRICT, WITHOUT ROWID`;

/** The table in a folder. Every call blocks: less than a millisecond, unless another process is writing. */
export class LockFile {
  readonly #file: string;
  readonly #now: () => number;
  #connection: Connection | undefined;
  #identity: string | undefined;

  /** @param now milliseconds since the epoch */
  constructor(dir: string, now: () => number) {
    this.#file = path.join(dir, LOCKS_NAME);
    this.#now = now;
  }

  read(name: string): LockRecord | undefined {
    return this.#run((connection) => readRecord(connection, name));
  }

  swap({ expected, record }: LockChange): boolean {
    return this.#run((connection) =>
      connection.transaction('write', () => {
        const fits = isAsExpected(readRecord(connection, record.name), expected);
        if (fits) writeRecord(connection, record);
        return fits;
      }),
    );
  }

  /** Runs `work` while no other process is in here or in `swap`. The operating system lets go when this process dies. */
  exclusively<Result>(work: () => Result): Result {
    const connection = this.#run((usable) => {
      usable.exec('BEGIN IMMEDIATE');
      return usable;
    });
    try {
      return work();
    } finally {
      connection.exec('ROLLBACK');
    }
  }

  close(): void {
    this.#connection?.close();
    this.#connection = undefined;
  }

  #run<Result>(work: (connection: Connection) => Result): Result {
    try {
      return work(this.#usable());
    } catch (error) {
      if (faultOf(error) !== 'damaged') throw error;
      const identity = this.#identity;
      this.close();
      // Whoever held a lock loses it at the next renewal. Until then two processes may do the same work.
      if (identity !== undefined && identityOf(this.#file) === identity) setAside(this.#file, this.#now());
      return work(this.#usable());
    }
  }

  #usable(): Connection {
    if (this.#connection && identityOf(this.#file) === this.#identity) return this.#connection;
    this.close();
    makeDirectory(path.dirname(this.#file), 0o700);
    const connection = new Connection(this.#file);
    this.#identity = identityOf(this.#file);
    try {
      connection.exec('PRAGMA busy_timeout = 5000');
      connection.exec('PRAGMA cell_size_check = ON; PRAGMA trusted_schema = OFF');
      // Locks mean nothing after a power cut, so nothing waits for the disk.
      connection.exec('PRAGMA synchronous = OFF');
      if (connection.get("SELECT 1 FROM sqlite_schema WHERE name = 'locks'") === undefined) connection.exec(TABLE);
    } catch (error) {
      connection.close();
      throw error;
    }
    this.#connection = connection;
    return connection;
  }
}

function isAsExpected(found: LockRecord | undefined, expected: LockChange['expected']): boolean {
  return (found?.version ?? 0) === expected.version && (found?.token ?? '') === expected.token;
}

function readRecord(connection: Connection, name: string): LockRecord | undefined {
  const row = connection.get('SELECT * FROM locks WHERE name = ?', name);
  return row && recordOf(row);
}

function writeRecord(connection: Connection, { name, version, token, owner, ...rest }: LockRecord): void {
  connection.run(
    'INSERT OR REPLACE INTO locks VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
    ...[name, version, token, owner.host, owner.pid, owner.startTime, owner.label],
    ...[rest.renewals, rest.leaseMs, rest.acquiredAt, rest.expiresAt],
  );
}

function recordOf(row: Row): LockRecord {
  return {
    name: text(row, 'name'),
    version: integer(row, 'version'),
    token: text(row, 'token'),
    owner: {
      host: text(row, 'host'),
      pid: integer(row, 'pid'),
      startTime: text(row, 'start_time'),
      label: text(row, 'label'),
    },
    renewals: integer(row, 'renewals'),
    leaseMs: integer(row, 'lease_ms'),
    acquiredAt: integer(row, 'acquired_at'),
    expiresAt: integer(row, 'expires_at'),
  };
}

function text(row: Row, column: string): string {
  const value = row[column];
  if (typeof value !== 'string') throw new ForeignFileError(`${column} is not text`);
  return value;
}

function integer(row: Row, column: string): number {
  const value = row[column];
  if (typeof value !== 'number') throw new ForeignFileError(`${column} is not a number`);
  return value;
}
