/**
 * The records of a store on one connection: writes them in transactions, and verifies every record that it reads. Runs in
 * the store's thread. Recovery of a damaged file is the task of `database-file.ts`.
 *
 * Invariant: a record is returned only if its checksum covers exactly what is returned.
 */
import { faultOf } from './faults.ts';
import { LargeUnits } from './large-units.ts';
import type {
  Chunk,
  Cursor,
  DatabaseStats,
  Fact,
  HistoryEntry,
  LoadedUnit,
  Note,
  UnitQuery,
  VerifyReport,
  WriteOperation,
} from './operations.ts';
import { applyWrite, deleteUnit, HISTORY_LENGTH } from './record-writer.ts';
import { readFact, readHistory, readNote, readUnit, ROW_OVERHEAD, sizeOf } from './records.ts';
import type { Connection, Row } from './sqlite.ts';

/** Characters of a chunk: the server's event loop parses it in about 2 ms. */
const CHUNK_LENGTH = 256 * 1024;
const CHUNK_RECORDS = 500;
/** Eviction continues until only this share of the limit is in use, so that it is rare. */
const KEEP_SHARE = 0.8;
const EVICTED_AT_ONCE = 16;
/** The last use of a record is stored to the day: a warm start must not rewrite what it reads. */
const DAY_MS = 86_400_000;

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
  #suspect = false;
  readonly #large = new LargeUnits(CHUNK_LENGTH);

  /** @param connection must have a checked schema */
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
      for (const operation of operations) applyWrite(this.connection, operation, revision, this.#options.now());
    });
    this.#evict();
  }

  /** Something was found that cannot be in a sound file. */
  get suspect(): boolean {
    return this.#suspect;
  }

  /** A chunk of units in no particular order. It may include units written since the first chunk. */
  units(query: UnitQuery, from: Cursor = ['', '']): Chunk<LoadedUnit> {
    if (LargeUnits.isInside(from)) return this.#large.next(from);
    const { connection } = this;
    const damaged: Row[] = [];
    const chunk = connection.transaction('read', () => {
      const items: LoadedUnit[] = [];
      let length = 0;
      let last = from;
      for (const { row, parts } of this.#unitRows(query, from)) {
        const loaded = readUnit(row, parts);
        const size = sizeOf(loaded?.parts ?? []);
        if (loaded && size > CHUNK_LENGTH) {
          return items.length > 0 ? this.#chunk(items, from, last) : this.#beginLarge(loaded, last);
        }
        if (loaded) items.push(loaded);
        else damaged.push(row);
        length += size;
        last = [String(row['detector']), String(row['unit'])];
        if (length >= CHUNK_LENGTH || items.length + damaged.length >= CHUNK_RECORDS) {
          return this.#chunk(items, from, last);
        }
      }
      return { items };
    });
    this.#dropDamaged(damaged, 'units');
    return chunk;
  }

  /** Marks records as used today. Eviction begins with those that were used longest ago. */
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
  facts(kind: string, [after = '']: Cursor = []): Chunk<Fact> {
    const sql = 'SELECT * FROM facts WHERE kind = ? AND file > ? ORDER BY file';
    const items: Fact[] = [];
    const damaged: Row[] = [];
    let length = 0;
    let next: Cursor | undefined;
    for (const row of this.connection.iterate(sql, kind, after)) {
      const fact = readFact(row);
      if (fact) items.push(fact);
      else damaged.push(row);
      length += ROW_OVERHEAD + (fact?.body.length ?? 0);
      if (length < CHUNK_LENGTH && items.length + damaged.length < CHUNK_RECORDS) continue;
      next = [String(row['file'])];
      break;
    }
    this.#dropDamaged(damaged, 'facts');
    return next === undefined ? { items } : this.#chunk(items, [after], next);
  }

  notes(kind: string): readonly Note[] {
    return this.#soundNotes(this.connection.all('SELECT * FROM notes WHERE kind = ? ORDER BY key', kind));
  }

  note(kind: string, key: string): Note | undefined {
    return this.#soundNotes(this.connection.all('SELECT * FROM notes WHERE kind = ? AND key = ?', kind, key))[0];
  }

  #soundNotes(rows: readonly Row[]): readonly Note[] {
    const damaged: Row[] = [];
    const items = rows.flatMap((row) => {
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

  /** Bytes of the pages in use. */
  bytes(): number {
    const pages = this.connection.number('PRAGMA page_count') - this.connection.number('PRAGMA freelist_count');
    return pages * this.connection.number('PRAGMA page_size');
  }

  /** @returns empty when the file's structure is sound, else what SQLite says about it */
  check(): readonly string[] {
    const messages = this.connection.all('PRAGMA integrity_check(20)').map((row) => String(row['integrity_check']));
    return messages.length === 1 && messages[0] === 'ok' ? [] : messages;
  }

  /** Reads everything. Drops damaged records and issues without a unit. */
  verify(): VerifyReport {
    const structure = this.check();
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
      check('units', (row) => readUnit(row, this.#partRows(row)));
      check('facts', readFact);
      check('notes', readNote);
      check('history', readHistory);
    });
    for (const [table, rows] of Object.entries(bad)) this.#dropDamaged(rows, table as RecordTable);
    const owner = 'SELECT 1 FROM units WHERE units.detector = issues.detector AND units.unit = issues.unit';
    connection.run(`DELETE FROM issues WHERE NOT EXISTS (${owner})`);
    return { structure, records, damaged: Object.values(bad).reduce((sum, rows) => sum + rows.length, 0) };
  }

  /** Deletes all records. The file stays: other processes may have it open. */
  clear(): void {
    this.connection.transaction('write', () => {
      for (const table of ['units', 'issues', 'facts', 'notes', 'history']) this.connection.run(`DELETE FROM ${table}`);
    });
    this.#shrink();
  }

  /** Copies the readable records of another database, the last used first, until `maxBytes` are reached. */
  copyFrom(source: StoreDatabase): void {
    let budget = this.#options.maxBytes;
    const take = (bytes: number): boolean => (budget -= bytes + ROW_OVERHEAD) >= 0;
    const operations: WriteOperation[] = [];
    for (const row of source.connection.all('SELECT * FROM units ORDER BY used DESC')) {
      const unit = readUnit(row, source.#partRows(row));
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

  #beginLarge(unit: LoadedUnit, from: Cursor): Chunk<LoadedUnit> {
    const isAfter = this.#chunk([], from, [unit.detector, unit.unit]).next !== undefined;
    return isAfter ? this.#large.begin(unit) : { items: [] };
  }

  /** In one pass: a query for each of 10,000 units would take five times as long. */
  *#unitRows(query: UnitQuery, [name = '', unit = '']: Cursor): Generator<UnitRows> {
    const { detector } = query;
    const where = detector === undefined ? '(detector, unit) > (?, ?)' : 'detector = ? AND unit > ?';
    const sql = `SELECT units.*, file, part, issues.checksum AS part_checksum, body
      FROM (SELECT * FROM units WHERE ${where} ORDER BY detector, unit LIMIT ${CHUNK_RECORDS}) AS units
      LEFT JOIN issues USING (detector, unit) ORDER BY detector, unit`;
    let current: UnitRows | undefined;
    for (const row of this.connection.iterate(sql, detector ?? name, unit)) {
      if (current?.row['detector'] !== row['detector'] || current?.row['unit'] !== row['unit']) {
        if (current) yield current;
        current = { row, parts: [] };
      }
      if (row['file'] !== null) current?.parts.push(row);
    }
    if (current) yield current;
  }

  #partRows(unit: Row): readonly Row[] {
    const sql = 'SELECT file, part, checksum AS part_checksum, body FROM issues WHERE detector = ? AND unit = ?';
    return this.connection.all(sql, String(unit['detector']), String(unit['unit']));
  }

  /** @param next must come after `from`: in a tree whose order is damaged, reading could go round in circles */
  #chunk<Item>(items: readonly Item[], from: Cursor, next: Cursor): Chunk<Item> {
    const isAfter = Buffer.compare(keyBytes(next), keyBytes(from)) > 0;
    if (!isAfter) this.#suspect = true;
    return isAfter ? { items, next } : { items };
  }

  /** Deletes rows as they were read; one that another process has replaced meanwhile stays. */
  #dropDamaged(rows: readonly Row[], table: RecordTable): void {
    if (rows.length === 0) return;
    this.#damagedRecords += rows.length;
    const columns = [...keyColumns[table], 'checksum'];
    const where = columns.map((column) => `${column} IS ?`).join(' AND ');
    try {
      this.connection.transaction('write', () => {
        for (const row of rows) {
          const values = columns.map((column) => row[column] as string | number | Uint8Array | null);
          const deleted = this.connection.run(`DELETE FROM ${table} WHERE ${where}`, ...values);
          // A record that its own key does not find is in the wrong place: the file must be checked.
          if (deleted === 0) this.#suspect = true;
          else if (table === 'units') deleteUnit(this.connection, String(row['detector']), String(row['unit']));
        }
      });
    } catch (error) {
      // It is not returned, whether or not it is still stored.
      const fault = faultOf(error);
      if (fault !== 'busy' && fault !== 'unwritable') throw error;
    }
  }

  /** Keeps the file below its limit. Drops what was used longest ago first. */
  #evict(): void {
    const { maxBytes } = this.#options;
    if (this.bytes() <= maxBytes) return;
    this.connection.transaction('write', () => {
      const sql = `SELECT 'units' AS origin, detector AS owner, unit AS name, used FROM units
        UNION ALL SELECT 'facts', kind, file, used FROM facts ORDER BY used`;
      for (const [index, row] of this.connection.all(sql).entries()) {
        if (index % EVICTED_AT_ONCE === 0 && this.bytes() <= maxBytes * KEEP_SHARE) break;
        this.#evictedRecords += 1;
        const [owner, name] = [String(row['owner']), String(row['name'])];
        if (row['origin'] === 'units') deleteUnit(this.connection, owner, name);
        else this.connection.run('DELETE FROM facts WHERE kind = ? AND file = ?', owner, name);
      }
    });
    this.#shrink();
  }

  /** Returns free pages to the disk. */
  #shrink(): void {
    this.connection.exec('PRAGMA incremental_vacuum');
    this.connection.all('PRAGMA wal_checkpoint(TRUNCATE)');
  }

  #revision(): number {
    return this.connection.number("SELECT value FROM counters WHERE name = 'revision'");
  }
}

interface UnitRows {
  readonly row: Row;
  readonly parts: Row[];
}

type RecordTable = 'units' | 'facts' | 'notes' | 'history';

const keyColumns: Readonly<Record<RecordTable, readonly string[]>> = {
  units: ['detector', 'unit'],
  facts: ['kind', 'file'],
  notes: ['kind', 'key'],
  history: ['id'],
};

/** Sorts as in SQLite, which compares bytes. No name contains a NUL. */
function keyBytes(cursor: Cursor): Buffer {
  return Buffer.from(cursor.join('\0'));
}
