/** The engine as a library: `import { Engine, createPool } from 'bulkhead'`. */
export { Engine, type EngineParts, type EngineSettings } from './engine/engine.ts';
export { ConfigurationError, readConfiguration, type Configuration } from './configuration/read.ts';
export { detectorNames, type DetectorName } from '../workers/detectors/manifests.ts';
export { detectorSettings, type DetectorChoice } from './engine/detector-settings.ts';
export { Journal, type ChangeKind, type FileChange, type JournalChange, type Revision } from './journal.ts';
export type { DetectorState, DetectorStatus, IssueCounts } from './engine/status.ts';
export { createPool, PlanFailure, type PoolOptions } from './pool/pool.ts';
export type { WorkerHealth, ExitReason, Pool } from './pool/types.ts';
export type * from '../workers/protocol/detector-protocol.ts';
