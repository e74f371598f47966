/**
 * `node:sqlite`, loaded without its warning, and a connection with its prepared statements. Used only in the store's thread,
 * because every call blocks. A connection lives until it is closed.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';

/** A row as SQLite returns it. In a damaged file a column may hold any type, whatever the schema says. */
export type Row = Readonly<Record<string, unknown>>;

type Value = null | number | string | Uint8Array;

export class Connection {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  /**
   * @param location a path, `:memory:`, or a `file:` URL
   * @throws the error of `node:sqlite`; see `faultOf`
   */
  constructor(location: string | URL, options: { readonly readOnly?: boolean } = {}) {
    const { DatabaseSync } = loadSqlite();
    this.#database = new DatabaseSync(location, { readOnly: options.readOnly ?? false });
  }

  exec(sql: string): void {
    this.#database.exec(sql);
  }

  run(sql: string, ...values: readonly Value[]): number {
    return Number(this.#statement(sql).run(...values).changes);
  }

  get(sql: string, ...values: readonly Value[]): Row | undefined {
    return this.#statement(sql).get(...values);
  }

  all(sql: string, ...values: readonly Value[]): readonly Row[] {
    return this.#statement(sql).all(...values);
  }

  /** Row by row. The statement must not be used again until the iteration has ended. */
  iterate(sql: string, ...values: readonly Value[]): Iterable<Row> {
    return this.#statement(sql).iterate(...values);
  }

  /** One number, for instance of a PRAGMA. */
  number(sql: string, ...values: readonly Value[]): number {
    return Number(Object.values(this.get(sql, ...values) ?? {})[0] ?? 0);
  }

  /** Commits all writes of `work`, or none if it throws. Reads see one state of the database throughout. */
  transaction<Result>(kind: 'read' | 'write', work: () => Result): Result {
    this.exec(kind === 'write' ? 'BEGIN IMMEDIATE' : 'BEGIN');
    try {
      const result = work();
      this.exec('COMMIT');
      return result;
    } catch (error) {
      try {
        this.exec('ROLLBACK');
      } catch {
        // SQLite rolled back by itself (disk full, damaged file).
      }
      throw error;
    }
  }

  /** Never throws: a connection that cannot be closed stays open until the process ends. */
  close(): void {
    this.#statements.clear();
    try {
      this.#database.close();
    } catch {
      // Closed already.
    }
  }

  #statement(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known) return known;
    const made = this.#database.prepare(sql);
    this.#statements.set(sql, made);
    return made;
  }
}

let loaded: { readonly DatabaseSync: typeof DatabaseSync } | undefined;

/** @throws Error when this Node has no `node:sqlite` */
function loadSqlite(): { readonly DatabaseSync: typeof DatabaseSync } {
  if (loaded) return loaded;
  const emitWarning = process.emitWarning.bind(process);
  // Node.js 22 warns that the module is experimental. Users need not see that.
  process.emitWarning = (warning: string | Error, ...rest: unknown[]) => {
    if (!String(warning).includes('SQLite')) Reflect.apply(emitWarning, undefined, [warning, ...rest]);
  };
  try {
    const sqlite = process.getBuiltinModule('node:sqlite') as
      { readonly DatabaseSync: typeof DatabaseSync } | undefined;
    if (sqlite === undefined)
      throw new Error(`Node ${process.versions.node} has no node:sqlite. Use Node.js 22.13 or newer.`);
    loaded = sqlite;
    return sqlite;
  } finally {
    process.emitWarning = emitWarning;
  }
}
