/** What is kept between sessions: results and facts, locks between processes, the baseline. See docs/store.md. */
export {
  baselineName,
  baselineOf,
  BaselineError,
  compare,
  formatBaseline,
  KnownIssues,
  parseBaseline,
  readBaseline,
  writeBaseline,
  type Baseline,
  type BaselineEntry,
  type CompareOptions,
  type Comparison,
} from './baseline.ts';
export { StoreError } from './faults.ts';
export { hashContent } from './input-hash.ts';
export { storeDirFor, type LocationOptions } from './location.ts';
export type { LockOwner, LockTable } from './lock-table.ts';
export {
  LockError,
  Locks,
  type AcquireOptions,
  type Lock,
  type LocksOptions,
  type LockStatistics,
  type LockStatus,
} from './locks.ts';
export type { Fact, UnitQuery, VerifyReport } from './operations.ts';
export {
  openStore,
  Store,
  type Collection,
  type History,
  type JsonValue,
  type StoredUnit,
  type StoreOptions,
  type StoreStats,
} from './store.ts';
export type { UnitResult } from './write-queue.ts';
