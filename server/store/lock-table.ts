/**
 * Where locks are written down, with one atomic operation: change these if they are still as they were seen. On disk it
 * is a small database of its own, so that a damaged store does not take the locks with it. Used in the store's thread.
 */
import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { faultOf, ForeignFileError } from './faults.ts';
import { identityOf, setAside } from './set-aside.ts';
import { Connection, type Row } from './sqlite.ts';

export interface LockOwner {
  /** Machine, boot and process namespace: only within the same one a process number means something. */
  readonly host: string;
  readonly pid: number;
  /** As the platform writes it, only ever compared; empty: not known. */
  readonly startTime: string;
  /** For people, for instance `editor` or `terminal`. */
  readonly label: string;
}

export interface LockRecord {
  readonly name: string;
  /** Grows with each owner and never goes back, not by a release either. */
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
  /** What the name must be like for the change to be made. `version` 0: unknown so far. */
  readonly expected: { readonly version: number; readonly token: string };
  readonly record: LockRecord;
}

export interface LockTable {
  /** Absent: all. Names never locked are left out. */
  read(names?: readonly string[]): Promise<readonly LockRecord[]>;
  /** Makes all changes, or none and answers false when any of the names is not as expected. */
  swap(changes: readonly LockChange[]): Promise<boolean>;
}

/** For one process: tests, and a disk that cannot be written. */
export class MemoryLockTable implements LockTable {
  readonly #records = new Map<string, LockRecord>();

  read(names?: readonly string[]): Promise<readonly LockRecord[]> {
    return Promise.resolve([...this.#records.values()].filter(({ name }) => names?.includes(name) ?? true));
  }

  swap(changes: readonly LockChange[]): Promise<boolean> {
    const fits = changes.every(({ expected, record }) => isAsExpected(this.#records.get(record.name), expected));
    if (fits) for (const { record } of changes) this.#records.set(record.name, record);
    return Promise.resolve(fits);
  }
}

export const LOCKS_NAME = 'locks.sqlite';

const TABLE = `CREATE TABLE IF NOT EXISTS locks (name TEXT PRIMARY KEY, version INTEGER NOT NULL, token TEXT NOT NULL,
  host TEXT NOT NULL, pid INTEGER NOT NULL, start_time TEXT NOT NULL, label TEXT NOT NULL, renewals INTEGER NOT NULL,
  lease_ms INTEGER NOT NULL, acquired_at INTEGER NOT NULL, expires_at INTEGER NOT NULL) STRICT, WITHOUT ROWID`;

/** The table in a folder. Every call blocks, for less than a millisecond unless another process is in it. */
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

  read(names?: readonly string[]): readonly LockRecord[] {
    return this.#run((connection) => {
      if (names === undefined) return connection.all('SELECT * FROM locks ORDER BY name').map(recordOf);
      return names.flatMap((name) => readOne(connection, name) ?? []);
    });
  }

  swap(changes: readonly LockChange[]): boolean {
    return this.#run((connection) =>
      connection.transaction('write', () => {
        const fits = changes.every(({ expected, record }) => isAsExpected(readOne(connection, record.name), expected));
        if (fits) for (const { record } of changes) write(connection, record);
        return fits;
      }),
    );
  }

  /** No other process is in here, nor in `swap`, meanwhile. The operating system ends it when this process dies. */
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
      // Whoever held a lock finds at the next renewal that it is gone; two then do the same work, once.
      if (identity !== undefined && identityOf(this.#file) === identity) setAside(this.#file, this.#now());
      return work(this.#usable());
    }
  }

  #usable(): Connection {
    if (this.#connection && identityOf(this.#file) === this.#identity) return this.#connection;
    this.close();
    if (!existsSync(path.dirname(this.#file))) mkdirSync(path.dirname(this.#file), { recursive: true, mode: 0o700 });
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

function readOne(connection: Connection, name: string): LockRecord | undefined {
  const row = connection.get('SELECT * FROM locks WHERE name = ?', name);
  return row && recordOf(row);
}

function write(connection: Connection, { name, version, token, owner, ...rest }: LockRecord): void {
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
  if (typeof value !== 'string') throw new ForeignFileError(`${column} is no text`);
  return value;
}

function integer(row: Row, column: string): number {
  const value = row[column];
  if (typeof value !== 'number') throw new ForeignFileError(`${column} is no number`);
  return value;
}
