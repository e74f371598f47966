/** The calls from the store to its thread, as messages of the worker library. Types only. */
import type { WithResult } from '../../workers/ipc/index.ts';
import type {
  Chunk,
  Cursor,
  DatabaseStats,
  EncodedPart,
  Fact,
  HistoryEntry,
  LoadedUnit,
  Note,
  UnitQuery,
  VerifyReport,
  WriteOperation,
} from './operations.ts';
import type { LockChange, LockRecord } from './lock-table.ts';

export interface ThreadSettings {
  readonly dir: string;
  readonly locksDir: string;
  readonly maxBytes: number;
  readonly fallbackToMemory: boolean;
  /** Why the folder must not be touched; absent: it may be. */
  readonly memoryOnly?: string;
}

export interface ThreadStats extends DatabaseStats {
  /** Bytes of the database file and its log on disk; 0 in memory. */
  readonly fileBytes: number;
  /** Milliseconds since the epoch; absent: there is no snapshot. */
  readonly snapshotAt?: number;
  readonly setAside: readonly string[];
  readonly recoveries: number;
}

/** Calls are answered in order of arrival. */
export interface ThreadCalls {
  /** The first call. */
  open(settings: ThreadSettings): void;
  /** Sends parts of a unit that is too large for one message. `first` drops what was staged before. */
  stage(parts: readonly EncodedPart[], first: boolean): void;
  commit(operations: readonly WriteOperation[]): void;
  units(query: UnitQuery, from: Cursor | undefined): Chunk<LoadedUnit>;
  facts(kind: string, from: Cursor | undefined): Chunk<Fact>;
  notes(kind: string): readonly Note[];
  note(kind: string, key: string): Note | undefined;
  history(limit: number): readonly HistoryEntry[];
  hashInputs(root: string, files: readonly string[]): readonly (string | undefined)[];
  readLock(name: string): LockRecord | undefined;
  swapLock(change: LockChange): boolean;
  stats(): ThreadStats;
  verify(): VerifyReport;
  clear(): void;
  snapshot(): boolean;
  close(): void;
}

export type CallName = keyof ThreadCalls;

export interface Answer {
  readonly result: unknown;
  /** Why results are kept in memory only from now on; absent: nothing changed. */
  readonly memoryReason?: string;
}

/** The values and the answer of each call; {@link ThreadCalls} has their types. Rejects with a StoreError. */
export type ThreadMessages = Readonly<Record<CallName, WithResult<readonly unknown[], Answer>>>;
