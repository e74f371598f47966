/** Classifies errors of SQLite and the file system by what to do about them. Stateless. */

export type Fault =
  /** Another process is writing: try again a little later. */
  | 'busy'
  /** The file's content is invalid: set it aside. */
  | 'damaged'
  /** Disk full, read-only, no permission, I/O error: continue in memory. */
  | 'unwritable'
  | 'other';

/** Primary result codes of SQLite: https://www.sqlite.org/rescode.html */
const busy = new Set([5, 6]);
const damaged = new Set([11, 24, 26]);
const unwritable = new Set([3, 8, 10, 13, 14, 22, 23]);
/** SQLITE_IOERR_SHORT_READ: the file ends before it should. */
const SHORT_READ = 522;
/** Extended codes, such as SQLITE_BUSY_SNAPSHOT, carry the primary code in their low byte. */
const PRIMARY = 0xff;

/** The file was not written by this version of Bulkhead, or is damaged. */
export class ForeignFileError extends Error {
  override readonly name = 'ForeignFileError';
}

const storeErrorCodes = ['UNAVAILABLE', 'BUSY', 'CLOSED', 'INTERNAL'] as const;

export type StoreErrorCode = (typeof storeErrorCodes)[number];

export function isStoreErrorCode(value: unknown): value is StoreErrorCode {
  return storeErrorCodes.some((code) => code === value);
}

/** The store could not be opened, or a call could not be answered. `message` says what to do. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

export function faultOf(error: unknown): Fault {
  if (error instanceof ForeignFileError) return 'damaged';
  if (!(error instanceof Error) || !('code' in error)) return 'other';
  if (isSqliteError(error)) {
    const code = error.errcode & PRIMARY;
    if (error.errcode === SHORT_READ) return 'damaged';
    if (busy.has(code)) return 'busy';
    if (damaged.has(code)) return 'damaged';
    if (unwritable.has(code)) return 'unwritable';
    // Our statements name existing tables, so the page of the schema is damaged.
    return code === 1 && /no such (?:table|column)|malformed/.test(error.message) ? 'damaged' : 'other';
  }
  // A number that JavaScript cannot represent: Bulkhead never wrote one.
  if (error.code === 'ERR_OUT_OF_RANGE') return 'damaged';
  // An error of the file system.
  return 'syscall' in error ? 'unwritable' : 'other';
}

export function isSqliteError(error: unknown): error is Error & { readonly errcode: number } {
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number';
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The cause in a few words, and the way out in one sentence. */
export function explain(error: unknown): { readonly cause: string; readonly wayOut: string } {
  const text = messageOf(error);
  const name = error instanceof Error && 'code' in error ? String(error.code) : '';
  const code = isSqliteError(error) ? error.errcode & PRIMARY : 0;
  if (code === 13 || name === 'ENOSPC' || name === 'EDQUOT') {
    return { cause: 'the disk is full', wayOut: 'Free some space there, then restart Bulkhead.' };
  }
  if (code === 8 || name === 'EROFS') {
    return { cause: 'it is read-only', wayOut: 'Make the folder writable, then restart Bulkhead.' };
  }
  if (code === 3 || code === 14 || code === 23 || name === 'EACCES' || name === 'EPERM') {
    return { cause: `no permission (${text})`, wayOut: 'Make the folder writable for you, then restart Bulkhead.' };
  }
  return { cause: text, wayOut: 'Check the disk and the folder, then restart Bulkhead.' };
}
