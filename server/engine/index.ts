/** The engine as a library: `import { Engine, createPool } from 'bulkhead'`. */
export { Engine, type EngineSettings } from './engine.ts';
export { ConfigFileError, readConfigFile, type ConfigFile } from './config-file.ts';
export { detectorSettings, knownDetectors, type DetectorChoice } from './detector-settings.ts';
export type { ChangeKind, FileChange } from './interest.ts';
export type { DetectorState, DetectorStatus, IssueCounts } from './status.ts';
export { createPool, PlanFailure, type PoolOptions } from '../pool/pool.ts';
export type { WorkerHealth, ExitReason, Pool } from '../pool/types.ts';
export type * from '../../workers/protocol/detector-protocol.ts';
