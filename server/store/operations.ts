/** What crosses the line between the store and its thread: plain data, types only. */

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
  /** Of the unit's inputs; the reader decides with it whether the record may be used. */
  readonly fingerprint: string;
  /** The engine that spoke, for instance `typescript 7.0.2 (bundled)`. */
  readonly engine: string;
  /** Files without issues have no part. */
  readonly parts: readonly EncodedPart[];
}

export interface Fact {
  readonly file: string;
  /** Of the content that the fact was made from. */
  readonly hash: string;
  /** Text without NUL (older versions of Node cut it there, and the record would be dropped), or bytes. */
  readonly body: string | Uint8Array;
}

export interface Note {
  readonly key: string;
  /** JSON. */
  readonly body: string;
}

/** Writes, in an order in which a later one of the same key wins. */
export type WriteOperation =
  /** `continued`: its first parts have been staged. Only the last of a commit can be. */
  | ({ readonly type: 'put-unit'; readonly continued?: boolean } & EncodedUnit)
  | { readonly type: 'drop-unit'; readonly detector: string; readonly unit: string }
  | { readonly type: 'drop-detector'; readonly detector: string }
  | ({ readonly type: 'put-fact'; readonly kind: string } & Fact)
  | { readonly type: 'drop-fact'; readonly kind: string; readonly file: string }
  | ({ readonly type: 'put-note'; readonly kind: string } & Note)
  | { readonly type: 'drop-note'; readonly kind: string; readonly key: string }
  | { readonly type: 'append-history'; readonly at: number; readonly body: string };

export interface UnitQuery {
  /** Absent: of all detectors. */
  readonly detector?: string | undefined;
  /** Only what was written after this revision; absent: everything. */
  readonly after?: number | undefined;
}

export interface LoadedUnit extends EncodedUnit {
  /** Counts the commits of the file, over all processes. */
  readonly revision: number;
  /** The next item goes on with this unit: it is too large for one message. */
  readonly more?: boolean;
}

export interface Chunk<Item> {
  readonly items: readonly Item[];
  /** Where the next chunk begins; absent: that was all. */
  readonly next?: Cursor;
}

/** The key of the last record that was given. */
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
  /** Records whose content was not what its checksum says; they have been dropped. */
  readonly damaged: number;
}

export interface DatabaseStats {
  readonly units: number;
  readonly facts: number;
  readonly notes: number;
  readonly history: number;
  /** In use within the database file. */
  readonly bytes: number;
  readonly revision: number;
  /** Dropped since the store was opened. */
  readonly damagedRecords: number;
  readonly evictedRecords: number;
}
