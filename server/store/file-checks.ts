/** Checks of a database file that SQLite does not make by itself. Stateless. */
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { ForeignFileError } from './faults.ts';
import type { Connection } from './sqlite.ts';

/** https://www.sqlite.org/fileformat2.html#the_database_header */
const HEADER_LENGTH = 100;
const WRITE_VERSION_AT = 18;

/** Makes SQLite report a damaged or malicious file instead of following what it says. */
export function useSafely(connection: Connection): void {
  connection.exec('PRAGMA cell_size_check = ON; PRAGMA trusted_schema = OFF');
}

/**
 * SQLite takes an unknown version number for that of a later format, and then opens the file read-only.
 * @throws ForeignFileError
 */
export function assertHeader(file: string): void {
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

/**
 * Nothing else writes at the start, so that a full or read-only disk would show only later.
 * @throws the error of SQLite
 */
export function assertWritable(connection: Connection): void {
  connection.transaction('write', () => {
    connection.run("INSERT INTO counters VALUES ('opened', 1) ON CONFLICT (name) DO UPDATE SET value = value + 1");
  });
}

/**
 * @param messages what SQLite says about a damaged structure; empty: it is sound
 * @throws ForeignFileError
 */
export function assertSound(messages: readonly string[]): void {
  if (messages.length > 0) throw new ForeignFileError(messages.slice(0, 3).join('; '));
}
