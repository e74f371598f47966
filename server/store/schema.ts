/** The tables of the store, and the check that a file has exactly these. Stateless. */
import { ForeignFileError } from './faults.ts';
import type { Connection } from './sqlite.ts';

/** "BULK": distinguishes our files from databases of other programs. */
export const APPLICATION_ID = 0x42_55_4c_4b;
export const SCHEMA_VERSION = 2;

/**
 * `checksum` covers all columns except `revision` and `used`, which cannot make an issue wrong. No table has an index that
 * could disagree with it.
 */
const tables: readonly string[] = [
  // A detector's answer for a unit. `checksum` also covers the checksums of its rows in `issues`.
  `CREATE TABLE units (detector TEXT NOT NULL, unit TEXT NOT NULL, fingerprint TEXT NOT NULL, engine TEXT NOT NULL,
    revision INTEGER NOT NULL, used INTEGER NOT NULL, checksum BLOB NOT NULL,
    PRIMARY KEY (detector, unit)) STRICT, WITHOUT ROWID`,
  // The issues of units, by file, in parts of limited length. Compressed: see part-body.ts.
  `CREATE TABLE issues (detector TEXT NOT NULL, unit TEXT NOT NULL, file TEXT NOT NULL, part INTEGER NOT NULL,
    checksum BLOB NOT NULL, body BLOB NOT NULL, PRIMARY KEY (detector, unit, file, part)) STRICT, WITHOUT ROWID`,
  // What is known about the content of files, for instance hashes.
  `CREATE TABLE facts (kind TEXT NOT NULL, file TEXT NOT NULL, hash TEXT NOT NULL, used INTEGER NOT NULL,
    checksum BLOB NOT NULL, body ANY NOT NULL, PRIMARY KEY (kind, file)) STRICT, WITHOUT ROWID`,
  // Small collections: quarantine, metadata.
  `CREATE TABLE notes (kind TEXT NOT NULL, key TEXT NOT NULL, body TEXT NOT NULL, checksum BLOB NOT NULL,
    PRIMARY KEY (kind, key)) STRICT, WITHOUT ROWID`,
  `CREATE TABLE history (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, body TEXT NOT NULL, checksum BLOB NOT NULL) STRICT`,
  `CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID`,
];

/**
 * Creates the tables in a new file, and checks those of an existing one.
 * @throws ForeignFileError when the file is of another version or program, or its tables are not ours
 */
export function ensureSchema(connection: Connection): void {
  if (isNew(connection)) {
    // Two processes may get here. The second one to write finds the tables.
    connection.transaction('write', () => {
      if (!isNew(connection)) return;
      for (const table of tables) connection.exec(table);
      connection.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
      connection.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`);
    });
  }
  const program = connection.number('PRAGMA application_id');
  if (program !== APPLICATION_ID) throw new ForeignFileError('it was not written by Bulkhead');
  const version = connection.number('PRAGMA user_version');
  if (version !== SCHEMA_VERSION) {
    throw new ForeignFileError(
      `its schema has version ${version}, and this version of Bulkhead needs ${SCHEMA_VERSION}`,
    );
  }
  const found = connection.all("SELECT sql FROM sqlite_schema WHERE type = 'table' AND sql IS NOT NULL ORDER BY rowid");
  if (found.length !== tables.length || found.some(({ sql }, index) => sql !== tables[index])) {
    throw new ForeignFileError('its tables are not those of Bulkhead');
  }
}

function isNew(connection: Connection): boolean {
  return (
    connection.number('PRAGMA user_version') === 0 &&
    connection.number('PRAGMA application_id') === 0 &&
    connection.number('SELECT count(*) FROM sqlite_schema') === 0
  );
}
