/** What the store and its thread exchange: plain data. Types only. */

export interface EncodedPart {
  readonly file: string;
  /** Counts from 0 within the file. */
  readonly part: number;
  /** JSON list of issues. */
  readonly body: string;
}

export interface EncodedUnit {
  readonly detector: string;
  readonly unit: string;
  /** Of the unit's inputs. By it the reader decides whether the record is still valid. */
  readonly fingerprint: string;
  /** The engine that answered, for instance `typescript 7.0.2 (bundled)`. */
  readonly engine: string;
  /** Files without issues have no part. */
  readonly parts: readonly EncodedPart[];
}

export interface Fact {
  readonly file: string;
  /** Of the content that the fact was made from. */
  readonly hash: string;
  /** Bytes, or text without NUL: older versions of Node.js cut text at a NUL, and the record would be dropped. */
  readonly body: string | Uint8Array;
}

export interface Note {
  readonly key: string;
  /** JSON. */
  readonly body: string;
}

/** A write. Of several with the same key, the last one wins. */
export type WriteOperation =
  /** `continued`: its first parts were staged. Possible only for the last operation of a commit. */
  | ({ readonly type: 'put-unit'; readonly continued?: boolean } & EncodedUnit)
  | { readonly type: 'drop-unit'; readonly detector: string; readonly unit: string }
  | { readonly type: 'drop-detector'; readonly detector: string }
  | ({ readonly type: 'put-fact'; readonly kind: string } & Fact)
  | { readonly type: 'drop-fact'; readonly kind: string; readonly file: string }
  | ({ readonly type: 'put-note'; readonly kind: string } & Note)
  | { readonly type: 'drop-note'; readonly kind: string; readonly key: string }
  | { readonly type: 'append-history'; readonly at: number; readonly body: string };

export interface UnitQuery {
  /** Absent: all detectors. */
  readonly detector?: string | undefined;
}

export interface LoadedUnit extends EncodedUnit {
  /** Counts the commits to the file, of all processes. */
  readonly revision: number;
  /** The unit is too large for one message: the next item continues it. */
  readonly more?: boolean;
}

export interface Chunk<Item> {
  readonly items: readonly Item[];
  /** Where the next chunk begins; absent: this is the last one. */
  readonly next?: Cursor;
}

/** The key of the last record that was returned. */
export type Cursor = readonly string[];

export interface HistoryEntry {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly body: string;
}

export interface VerifyReport {
  /** Empty: the file's structure is sound. Else what SQLite says about it. */
  readonly structure: readonly string[];
  readonly records: number;
  /** Records that did not match their checksum; they were dropped. */
  readonly damaged: number;
}

export interface DatabaseStats {
  readonly units: number;
  readonly facts: number;
  readonly notes: number;
  readonly history: number;
  /** Bytes in use within the database file. */
  readonly bytes: number;
  readonly revision: number;
  /** Dropped since the store was opened. */
  readonly damagedRecords: number;
  readonly evictedRecords: number;
}
