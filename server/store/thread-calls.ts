/** What the store asks of its thread, and what the thread says unasked. Types only. */
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
import type { StoreError } from './faults.ts';

export interface ThreadSettings {
  readonly dir: string;
  readonly locksDir: string;
  readonly maxBytes: number;
  readonly fallbackToMemory: boolean;
  /** Why the folder is not to be touched; absent: it may be. */
  readonly memoryOnly?: string;
}

export interface ThreadStats extends DatabaseStats {
  /** Of the database file and its log on disk; 0 in memory. */
  readonly fileBytes: number;
  /** Milliseconds since the epoch; absent: there is no snapshot. */
  readonly snapshotAt?: number;
  readonly setAside: readonly string[];
  readonly recoveries: number;
}

/** Each is answered in order of arrival. */
export interface ThreadCalls {
  /** Parts of a unit that is too large for one message; `first` forgets what was staged before. */
  stage(parts: readonly EncodedPart[], first: boolean): void;
  commit(operations: readonly WriteOperation[]): void;
  units(query: UnitQuery, from: Cursor | undefined): Chunk<LoadedUnit>;
  facts(kind: string, from: Cursor | undefined): Chunk<Fact>;
  factsOf(kind: string, files: readonly string[]): readonly Fact[];
  notes(kind: string): readonly Note[];
  note(kind: string, key: string): Note | undefined;
  history(limit: number): readonly HistoryEntry[];
  hashInputs(root: string, files: readonly string[]): readonly (string | undefined)[];
  readLocks(names: readonly string[] | undefined): readonly LockRecord[];
  swapLocks(changes: readonly LockChange[]): boolean;
  stats(): ThreadStats;
  verify(): VerifyReport;
  clear(): void;
  snapshot(): boolean;
  close(): void;
}

export type CallName = keyof ThreadCalls;

export interface CallMessage<Name extends CallName = CallName> {
  readonly id: number;
  readonly name: Name;
  readonly values: Parameters<ThreadCalls[Name]>;
}

export type ThreadMessage =
  | { readonly type: 'ready'; readonly memoryReason: string | undefined }
  | { readonly type: 'failed'; readonly code: StoreError['code']; readonly message: string }
  | { readonly type: 'answer'; readonly id: number; readonly result: unknown }
  | { readonly type: 'refused'; readonly id: number; readonly code: StoreError['code']; readonly message: string }
  | { readonly type: 'log'; readonly level: 'warn' | 'info'; readonly message: string }
  | { readonly type: 'memory'; readonly reason: string };
