/** A copy of the database to fall back to when the database is damaged. Runs in the store's thread, as long as that. */
import { copyFileSync, renameSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { StoreDatabase } from './database.ts';
import { explain, faultOf, messageOf } from './faults.ts';
import { assertSound, useSafely } from './file-checks.ts';
import { ensureSchema, SCHEMA_VERSION } from './schema.ts';
import { companions, identityOf, removeDatabase, setAside } from './set-aside.ts';
import { Connection } from './sqlite.ts';

export const SNAPSHOT_NAME = `snapshot-${SCHEMA_VERSION}.sqlite`;

/** Writing one blocks everything else for about 10 ms per megabyte. */
const MAX_BYTES = 64 * 1024 * 1024;
const MAX_AGE_MS = 6 * 3_600_000;

export interface SnapshotOptions {
  /** Absolute path of the store's folder. */
  readonly dir: string;
  readonly log: (level: 'warn' | 'info', message: string) => void;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

export class Snapshot {
  readonly #options: SnapshotOptions;
  readonly #file: string;

  constructor(options: SnapshotOptions) {
    this.#options = options;
    this.#file = path.join(options.dir, SNAPSHOT_NAME);
  }

  /** There is none, or it is older than six hours. */
  get isOld(): boolean {
    const { mtimeMs = 0 } = statSync(this.#file, { throwIfNoEntry: false }) ?? {};
    return this.#options.now() - mtimeMs >= MAX_AGE_MS;
  }

  /**
   * Replaces the snapshot by a copy of a database.
   * @returns false: the database is too large, or the disk has no room
   * @throws ForeignFileError when the database is damaged; errors of SQLite and the file system
   */
  write(database: StoreDatabase): boolean {
    if (database.bytes() > MAX_BYTES) return false;
    assertSound(database.check());
    const draft = `${this.#file}.${process.pid}.tmp`;
    try {
      rmSync(draft, { force: true });
      database.connection.run('VACUUM INTO ?', draft);
      renameSync(draft, this.#file);
      return true;
    } catch (error) {
      rmSync(draft, { force: true });
      // The store itself may still be writable.
      if (faultOf(error) !== 'unwritable') throw error;
      this.#options.log('info', `No snapshot of the store was written: ${explain(error).cause}.`);
      return false;
    }
  }

  /** Copies the snapshot to `target`. One that is damaged is set aside. @returns false: there is no usable one */
  restore(target: string): boolean {
    if (identityOf(this.#file) === undefined) return false;
    const { log, now } = this.#options;
    const draft = `${target}.${process.pid}.tmp`;
    try {
      copyFileSync(this.#file, draft);
      const connection = new Connection(draft, { readOnly: true });
      try {
        useSafely(connection);
        ensureSchema(connection);
        assertSound(new StoreDatabase(connection, { maxBytes: Infinity, now }).check());
      } finally {
        connection.close();
      }
      // A log that was left behind belongs to the damaged database.
      for (const ending of companions) rmSync(target + ending, { force: true });
      renameSync(draft, target);
      return true;
    } catch (error) {
      log('warn', `The snapshot ${this.#file} is not usable either (${messageOf(error)}).`);
      removeDatabase(draft);
      if (faultOf(error) === 'damaged') setAside(this.#file, now());
      return false;
    }
  }

  remove(): void {
    removeDatabase(this.#file);
  }
}
