/**
 * The records of a store on one connection: writes in transactions, reads that verify every record. Runs in the
 * store's thread. Knows nothing of files that are damaged as a whole; that is `database-file.ts`.
 *
 * Invariant: nothing is handed out whose checksum does not cover exactly what is handed out.
 */
import { checksumOf, sameChecksum } from './checksum.ts';
import { faultOf } from './faults.ts';
import type {
  Chunk,
  Cursor,
  DatabaseStats,
  EncodedPart,
  EncodedUnit,
  Fact,
  HistoryEntry,
  LoadedUnit,
  Note,
  UnitQuery,
  VerifyReport,
  WriteOperation,
} from './operations.ts';
import type { Connection, Row } from './sqlite.ts';

/** Characters of a chunk: about 2 ms to parse for the side that has a loop to keep free. */
const CHUNK_LENGTH = 256 * 1024;
const CHUNK_RECORDS = 500;
const HISTORY_LENGTH = 500;
/** Eviction goes on until this share of the limit is in use, so that it is rare. */
const KEEP_SHARE = 0.8;
/** When a record was used is kept to the day: a warm start must not rewrite what it reads. */
const DAY_MS = 86_400_000;
/** Names and columns beside the bodies, for the account of what is in use. */
const ROW_OVERHEAD = 100;

export interface DatabaseOptions {
  readonly maxBytes: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

export class StoreDatabase {
  readonly connection: Connection;
  readonly #options: DatabaseOptions;
  #damagedRecords = 0;
  #evictedRecords = 0;

  /** @param connection one whose schema has been checked */
  constructor(connection: Connection, options: DatabaseOptions) {
    this.connection = connection;
    this.#options = options;
  }

  /** All or nothing. */
  write(operations: readonly WriteOperation[]): void {
    if (operations.length === 0) return;
    this.connection.transaction('write', () => {
      this.connection.run(
        "INSERT INTO counters VALUES ('revision', 1) ON CONFLICT (name) DO UPDATE SET value = value + 1",
      );
      const revision = this.#revision();
      for (const operation of operations) this.#apply(operation, revision);
    });
    this.#evict();
  }

  /** A chunk of units in no particular order. Units written meanwhile may be among them or not. */
  units(query: UnitQuery, from: Cursor = 0): Chunk<LoadedUnit> {
    const { connection } = this;
    const damaged: Row[] = [];
    const chunk = connection.transaction('read', () => {
      const items: LoadedUnit[] = [];
      let length = 0;
      for (const row of this.#unitRows(query, from)) {
        const loaded = this.#readUnit(row);
        if (loaded === undefined) damaged.push(row);
        else items.push(loaded);
        length += loaded?.parts.reduce((sum, { body }) => sum + body.length, ROW_OVERHEAD) ?? 0;
        if (length >= CHUNK_LENGTH || items.length + damaged.length >= CHUNK_RECORDS) {
          return { items, next: Number(row['id']) };
        }
      }
      return { items };
    });
    this.#dropDamaged(damaged, 'units');
    return chunk;
  }

  /** Marks records as used today; whatever is used the longest ago is evicted first. */
  touchUnits(detector: string | undefined): void {
    const now = this.#options.now();
    if (detector === undefined) this.connection.run('UPDATE units SET used = ? WHERE used < ?', now, now - DAY_MS);
    else this.connection.run('UPDATE units SET used = ? WHERE detector = ? AND used < ?', now, detector, now - DAY_MS);
  }

  touchFacts(kind: string): void {
    const now = this.#options.now();
    this.connection.run('UPDATE facts SET used = ? WHERE kind = ? AND used < ?', now, kind, now - DAY_MS);
  }

  /** A chunk of the facts of a kind, by file. */
  facts(kind: string, from: Cursor = ''): Chunk<Fact> {
    const sql = 'SELECT * FROM facts WHERE kind = ? AND file > ? ORDER BY file';
    const items: Fact[] = [];
    const damaged: Row[] = [];
    let length = 0;
    let next: string | undefined;
    for (const row of this.connection.iterate(sql, kind, from)) {
      const fact = readFact(row);
      if (fact) items.push(fact);
      else damaged.push(row);
      length += ROW_OVERHEAD + (fact?.body.length ?? 0);
      if (length < CHUNK_LENGTH && items.length + damaged.length < CHUNK_RECORDS) continue;
      next = String(row['file']);
      break;
    }
    this.#dropDamaged(damaged, 'facts');
    return next === undefined ? { items } : { items, next };
  }

  factsOf(kind: string, files: readonly string[]): readonly Fact[] {
    const damaged: Row[] = [];
    const items = files.flatMap((file) => {
      const row = this.connection.get('SELECT * FROM facts WHERE kind = ? AND file = ?', kind, file);
      if (row === undefined) return [];
      const fact = readFact(row);
      if (fact) return [fact];
      damaged.push(row);
      return [];
    });
    this.#dropDamaged(damaged, 'facts');
    return items;
  }

  notes(kind: string): readonly Note[] {
    const damaged: Row[] = [];
    const items = this.connection.all('SELECT * FROM notes WHERE kind = ? ORDER BY key', kind).flatMap((row) => {
      const note = readNote(row);
      if (note === undefined) damaged.push(row);
      return note === undefined ? [] : [note];
    });
    this.#dropDamaged(damaged, 'notes');
    return items;
  }

  /** The newest first. */
  history(limit: number): readonly HistoryEntry[] {
    const damaged: Row[] = [];
    const items = this.connection.all('SELECT * FROM history ORDER BY id DESC LIMIT ?', limit).flatMap((row) => {
      const entry = readHistory(row);
      if (entry === undefined) damaged.push(row);
      return entry === undefined ? [] : [entry];
    });
    this.#dropDamaged(damaged, 'history');
    return items;
  }

  stats(): DatabaseStats {
    const count = (table: string): number => this.connection.number(`SELECT count(*) FROM ${table}`);
    return {
      units: count('units'),
      facts: count('facts'),
      notes: count('notes'),
      history: count('history'),
      bytes: this.bytes(),
      revision: this.#revision(),
      damagedRecords: this.#damagedRecords,
      evictedRecords: this.#evictedRecords,
    };
  }

  /** Of the pages in use. */
  bytes(): number {
    const pages = this.connection.number('PRAGMA page_count') - this.connection.number('PRAGMA freelist_count');
    return pages * this.connection.number('PRAGMA page_size');
  }

  /** @returns empty when the file's structure is sound. About 4 ms for each megabyte. */
  quickCheck(): readonly string[] {
    const messages = this.connection.all('PRAGMA quick_check(20)').map((row) => String(row['quick_check']));
    return messages.length === 1 && messages[0] === 'ok' ? [] : messages;
  }

  /** Reads everything, drops what is damaged and what belongs to nothing. */
  verify(): VerifyReport {
    const integrity = this.connection.all('PRAGMA integrity_check(20)').map((row) => String(row['integrity_check']));
    const structure = integrity.length === 1 && integrity[0] === 'ok' ? [] : integrity;
    if (structure.length > 0) return { structure, records: 0, damaged: 0 };
    const { connection } = this;
    const bad: Record<RecordTable, Row[]> = { units: [], facts: [], notes: [], history: [] };
    let records = 0;
    const check = (table: RecordTable, read: (row: Row) => unknown): void => {
      for (const row of connection.iterate(`SELECT * FROM ${table}`)) {
        records += 1;
        if (read(row) === undefined) bad[table].push(row);
      }
    };
    connection.transaction('read', () => {
      check('units', (row) => this.#readUnit(row));
      check('facts', readFact);
      check('notes', readNote);
      check('history', readHistory);
    });
    for (const [table, rows] of Object.entries(bad)) this.#dropDamaged(rows, table as RecordTable);
    connection.run('DELETE FROM issues WHERE unit NOT IN (SELECT id FROM units)');
    return { structure, records, damaged: Object.values(bad).reduce((sum, rows) => sum + rows.length, 0) };
  }

  /** Forgets everything. The file stays: other processes may have it open. */
  clear(): void {
    this.connection.transaction('write', () => {
      for (const table of ['units', 'issues', 'facts', 'notes', 'history']) this.connection.run(`DELETE FROM ${table}`);
    });
    this.#shrink();
  }

  /** Copies what can be read of another store, the most used first, until `maxBytes` are reached. */
  copyFrom(source: StoreDatabase): void {
    let budget = this.#options.maxBytes;
    const take = (bytes: number): boolean => (budget -= bytes + ROW_OVERHEAD) >= 0;
    const operations: WriteOperation[] = [];
    for (const row of source.connection.all('SELECT * FROM units ORDER BY used DESC, id DESC')) {
      const unit = source.#readUnit(row);
      if (unit === undefined) continue;
      if (!take(sizeOf(unit.parts))) break;
      operations.push({ type: 'put-unit', ...unit });
    }
    for (const row of source.connection.iterate('SELECT * FROM facts ORDER BY used DESC')) {
      const fact = readFact(row);
      if (fact === undefined) continue;
      if (!take(fact.body.length)) break;
      operations.push({ type: 'put-fact', kind: String(row['kind']), ...fact });
    }
    for (const row of source.connection.iterate('SELECT * FROM notes')) {
      const note = readNote(row);
      if (note) operations.push({ type: 'put-note', kind: String(row['kind']), ...note });
    }
    for (const { at, body } of source.history(HISTORY_LENGTH).toReversed()) {
      operations.push({ type: 'append-history', at, body });
    }
    this.write(operations);
  }

  #apply(operation: WriteOperation, revision: number): void {
    const { connection } = this;
    const now = this.#options.now();
    switch (operation.type) {
      case 'put-unit':
        return this.#putUnit(operation, revision, now);
      case 'drop-unit': {
        const row = connection.get('SELECT id FROM units WHERE detector = ? AND unit = ?', operation.detector, operation.unit);
        if (row) this.#deleteUnit(Number(row['id']));
        return;
      }
      case 'drop-detector': {
        const { detector } = operation;
        connection.run('DELETE FROM issues WHERE unit IN (SELECT id FROM units WHERE detector = ?)', detector);
        connection.run('DELETE FROM units WHERE detector = ?', detector);
        return;
      }
      case 'put-fact': {
        const { kind, file, hash, body } = operation;
        const checksum = factChecksum(kind, operation);
        const bytes = body.length + ROW_OVERHEAD;
        connection.run('INSERT OR REPLACE INTO facts VALUES (?, ?, ?, ?, ?, ?, ?)', kind, file, hash, body, bytes, now, checksum);
        return;
      }
      case 'drop-fact':
        connection.run('DELETE FROM facts WHERE kind = ? AND file = ?', operation.kind, operation.file);
        return;
      case 'put-note': {
        const { kind, key, body } = operation;
        connection.run('INSERT OR REPLACE INTO notes VALUES (?, ?, ?, ?)', kind, key, body, checksumOf(['note', kind, key, body]));
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
  #putUnit(unit: EncodedUnit, revision: number, now: number): void {
    const { connection } = this;
    const parts = unit.parts.map((part) => ({ ...part, checksum: partChecksum(part) })).sort(byPlace);
    const checksum = unitChecksum(unit, parts);
    const before = connection.get('SELECT id, checksum FROM units WHERE detector = ? AND unit = ?', unit.detector, unit.unit);
    const bytes = sizeOf(parts);
    const values = [unit.fingerprint, unit.engine, parts.length, bytes, revision, now, checksum] as const;
    let id: number;
    if (before === undefined) {
      const sql = `INSERT INTO units (detector, unit, fingerprint, engine, parts, bytes, revision, used, checksum)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`;
      id = connection.number(sql, unit.detector, unit.unit, ...values);
    } else {
      id = Number(before['id']);
      const sql = `UPDATE units SET fingerprint = ?, engine = ?, parts = ?, bytes = ?, revision = ?, used = ?, checksum = ?
        WHERE id = ?`;
      connection.run(sql, ...values, id);
    }
    // Also of a new unit: rows that a damaged file left behind under this id must not join it.
    const stored = new Map<string, unknown>();
    for (const row of connection.iterate('SELECT file, part, checksum FROM issues WHERE unit = ?', id)) {
      stored.set(`${String(row['part'])}:${String(row['file'])}`, row['checksum']);
    }
    for (const { file, part, body, checksum: partSum } of parts) {
      const key = `${part}:${file}`;
      if (!sameChecksum(stored.get(key), partSum)) {
        connection.run('INSERT OR REPLACE INTO issues VALUES (?, ?, ?, ?, ?)', id, file, part, body, partSum);
      }
      stored.delete(key);
    }
    for (const key of stored.keys()) {
      const colon = key.indexOf(':');
      const [part, file] = [Number(key.slice(0, colon)), key.slice(colon + 1)];
      connection.run('DELETE FROM issues WHERE unit = ? AND file = ? AND part = ?', id, file, part);
    }
  }

  #unitRows({ detector, after = 0 }: UnitQuery, from: Cursor): Iterable<Row> {
    const limit = CHUNK_RECORDS;
    if (detector === undefined) {
      const sql = 'SELECT * FROM units WHERE id > ? AND revision > ? ORDER BY id LIMIT ?';
      return this.connection.all(sql, from, after, limit);
    }
    const sql = 'SELECT * FROM units WHERE id > ? AND detector = ? AND revision > ? ORDER BY id LIMIT ?';
    return this.connection.all(sql, from, detector, after, limit);
  }

  /** @returns undefined when the unit or any of its parts is not what was written */
  #readUnit(row: Row): LoadedUnit | undefined {
    const { id, detector, unit, fingerprint, engine, revision, parts: count } = row;
    if (typeof detector !== 'string' || typeof unit !== 'string') return undefined;
    if (typeof fingerprint !== 'string' || typeof engine !== 'string') return undefined;
    const parts: (EncodedPart & { readonly checksum: Uint8Array })[] = [];
    const rows = count === 0 ? [] : this.connection.all('SELECT * FROM issues WHERE unit = ? ORDER BY file, part', Number(id));
    for (const { file, part, body, checksum } of rows) {
      if (typeof file !== 'string' || typeof part !== 'number' || typeof body !== 'string') return undefined;
      const expected = partChecksum({ file, part, body });
      if (!sameChecksum(checksum, expected)) return undefined;
      parts.push({ file, part, body, checksum: expected });
    }
    const content = { detector, unit, fingerprint, engine };
    if (!sameChecksum(row['checksum'], unitChecksum(content, parts.sort(byPlace)))) return undefined;
    return { ...content, revision: Number(revision), parts: parts.map(({ file, part, body }) => ({ file, part, body })) };
  }

  #deleteUnit(id: number): void {
    this.connection.run('DELETE FROM issues WHERE unit = ?', id);
    this.connection.run('DELETE FROM units WHERE id = ?', id);
  }

  /** Deletes rows as they were read; one that another process has replaced meanwhile stays. */
  #dropDamaged(rows: readonly Row[], table: RecordTable): void {
    if (rows.length === 0) return;
    this.#damagedRecords += rows.length;
    const keys = keyColumns[table];
    const where = [...keys, 'checksum'].map((column) => `${column} IS ?`).join(' AND ');
    try {
      this.connection.transaction('write', () => {
        for (const row of rows) {
          const values = [...keys, 'checksum'].map((column) => row[column] as string | number | Uint8Array | null);
          const deleted = this.connection.run(`DELETE FROM ${table} WHERE ${where}`, ...values);
          if (table === 'units' && deleted > 0) this.connection.run('DELETE FROM issues WHERE unit = ?', Number(row['id']));
        }
      });
    } catch (error) {
      // It is not handed out, whether it is still there or not.
      const fault = faultOf(error);
      if (fault !== 'busy' && fault !== 'unwritable') throw error;
    }
  }

  /** Keeps the file under its limit: whatever was used the longest ago goes first. */
  #evict(): void {
    const { maxBytes } = this.#options;
    const bytes = this.bytes();
    if (bytes <= maxBytes) return;
    let excess = bytes - maxBytes * KEEP_SHARE;
    this.connection.transaction('write', () => {
      const sql = `SELECT 'units' AS origin, id, bytes, used FROM units
        UNION ALL SELECT 'facts', rowid, bytes, used FROM facts ORDER BY used, id`;
      for (const row of this.connection.all(sql)) {
        if (excess <= 0) break;
        excess -= Number(row['bytes']);
        this.#evictedRecords += 1;
        if (row['origin'] === 'units') this.#deleteUnit(Number(row['id']));
        else this.connection.run('DELETE FROM facts WHERE rowid = ?', Number(row['id']));
      }
    });
    this.#shrink();
  }

  /** Gives free pages back to the disk. */
  #shrink(): void {
    this.connection.exec('PRAGMA incremental_vacuum');
    this.connection.all('PRAGMA wal_checkpoint(TRUNCATE)');
  }

  #revision(): number {
    return this.connection.number("SELECT value FROM counters WHERE name = 'revision'");
  }
}

type RecordTable = 'units' | 'facts' | 'notes' | 'history';

const keyColumns: Readonly<Record<RecordTable, readonly string[]>> = {
  units: ['id'],
  facts: ['kind', 'file'],
  notes: ['kind', 'key'],
  history: ['id'],
};

function readFact(row: Row): Fact | undefined {
  const { kind, file, hash, body, checksum } = row;
  if (typeof kind !== 'string' || typeof file !== 'string' || typeof hash !== 'string') return undefined;
  if (typeof body !== 'string' && !(body instanceof Uint8Array)) return undefined;
  return sameChecksum(checksum, factChecksum(kind, { file, hash, body })) ? { file, hash, body } : undefined;
}

function readNote({ kind, key, body, checksum }: Row): Note | undefined {
  if (typeof key !== 'string' || typeof body !== 'string') return undefined;
  return sameChecksum(checksum, checksumOf(['note', kind, key, body])) ? { key, body } : undefined;
}

function readHistory({ at, body, checksum }: Row): HistoryEntry | undefined {
  if (typeof at !== 'number' || typeof body !== 'string') return undefined;
  return sameChecksum(checksum, checksumOf(['history', at, body])) ? { at, body } : undefined;
}

function partChecksum({ file, part, body }: EncodedPart): Uint8Array {
  return checksumOf(['part', file, part, body]);
}

/** @param parts sorted by place */
function unitChecksum(
  { detector, unit, fingerprint, engine }: Omit<EncodedUnit, 'parts'>,
  parts: readonly { readonly checksum: Uint8Array }[],
): Uint8Array {
  const sums = parts.length === 0 ? '' : Buffer.concat(parts.map(({ checksum }) => checksum)).toString('latin1');
  return checksumOf(['unit', detector, unit, fingerprint, engine, parts.length, sums]);
}

function factChecksum(kind: string, { file, hash, body }: Fact): Uint8Array {
  return checksumOf(['fact', kind, file, hash, body]);
}

function sizeOf(parts: readonly EncodedPart[]): number {
  return parts.reduce((sum, { file, body }) => sum + file.length + body.length + ROW_OVERHEAD, ROW_OVERHEAD);
}

function byPlace(a: EncodedPart, b: EncodedPart): number {
  return a.file < b.file ? -1 : a.file > b.file ? 1 : a.part - b.part;
}
