/** Writes records, with their checksums. Every call belongs into a transaction of its caller. Stateless. */
import { checksumOf, sameChecksum } from './checksum.ts';
import type { EncodedUnit, WriteOperation } from './operations.ts';
import { packBody } from './part-body.ts';
import { byPlace, factChecksum, partChecksum, unitChecksum } from './records.ts';
import type { Connection } from './sqlite.ts';

/** The newest runs, as many as are kept. */
export const HISTORY_LENGTH = 500;

/**
 * @param revision number of the commit
 * @param now milliseconds since the epoch
 */
export function applyWrite(connection: Connection, operation: WriteOperation, revision: number, now: number): void {
  switch (operation.type) {
    case 'put-unit':
      putUnit(connection, operation, revision, now);
      return;
    case 'drop-unit':
      deleteUnit(connection, operation.detector, operation.unit);
      return;
    case 'drop-detector': {
      const { detector } = operation;
      connection.run('DELETE FROM issues WHERE detector = ?', detector);
      connection.run('DELETE FROM units WHERE detector = ?', detector);
      return;
    }
    case 'put-fact': {
      const { kind, file, hash, body } = operation;
      const checksum = factChecksum(kind, operation);
      connection.run('INSERT OR REPLACE INTO facts VALUES (?, ?, ?, ?, ?, ?)', kind, file, hash, now, checksum, body);
      return;
    }
    case 'drop-fact':
      connection.run('DELETE FROM facts WHERE kind = ? AND file = ?', operation.kind, operation.file);
      return;
    case 'put-note': {
      const { kind, key, body } = operation;
      connection.run(
        'INSERT OR REPLACE INTO notes VALUES (?, ?, ?, ?)',
        kind,
        key,
        body,
        checksumOf(['note', kind, key, body]),
      );
      return;
    }
    case 'drop-note':
      connection.run('DELETE FROM notes WHERE kind = ? AND key = ?', operation.kind, operation.key);
      return;
    case 'append-history': {
      const { at, body } = operation;
      connection.run('INSERT INTO history VALUES (NULL, ?, ?, ?)', at, body, checksumOf(['history', at, body]));
      connection.run('DELETE FROM history WHERE id <= (SELECT max(id) FROM history) - ?', HISTORY_LENGTH);
    }
  }
}

/** Writes only the parts that differ: a project of 10,000 files changes in a few of them. */
function putUnit(connection: Connection, unit: EncodedUnit, revision: number, now: number): void {
  const key = [unit.detector, unit.unit] as const;
  const parts = unit.parts.map((part) => ({ ...part, checksum: partChecksum(part) })).sort(byPlace);
  const checksum = unitChecksum(unit, parts);
  const { fingerprint, engine } = unit;
  const values = [fingerprint, engine, revision, now, checksum] as const;
  connection.run('INSERT OR REPLACE INTO units VALUES (?, ?, ?, ?, ?, ?, ?)', ...key, ...values);
  const stored = new Map<string, { readonly file: string; readonly part: number; readonly checksum: unknown }>();
  const sql = 'SELECT file, part, checksum FROM issues WHERE detector = ? AND unit = ?';
  for (const row of connection.iterate(sql, ...key)) {
    const [file, part] = [String(row['file']), Number(row['part'])];
    stored.set(`${part}:${file}`, { file, part, checksum: row['checksum'] });
  }
  for (const { file, part, body, checksum: partSum } of parts) {
    const place = `${part}:${file}`;
    if (!sameChecksum(stored.get(place)?.checksum, partSum)) {
      const values = [...key, file, part, partSum, packBody(body)] as const;
      connection.run('INSERT OR REPLACE INTO issues VALUES (?, ?, ?, ?, ?, ?)', ...values);
    }
    stored.delete(place);
  }
  for (const { file, part } of stored.values()) {
    connection.run('DELETE FROM issues WHERE detector = ? AND unit = ? AND file = ? AND part = ?', ...key, file, part);
  }
}

export function deleteUnit(connection: Connection, detector: string, unit: string): void {
  for (const table of ['issues', 'units']) {
    connection.run(`DELETE FROM ${table} WHERE detector = ? AND unit = ?`, detector, unit);
  }
}
