/** The package `bulkhead`: the engine as a library. What is not exported here may change at any time. */
export {
  openFolder,
  type FolderAnalysis,
  type FolderChange,
  type OpenFolder,
  type OpenFolderOptions,
} from './open-folder.ts';
export { ConfigurationError } from '../configuration/read.ts';
export { detectorNames, type DetectorName } from '../../workers/detectors/manifests.ts';
export type { DetectorState, DetectorStatus, IssueCounts } from '../engine/status.ts';
export type { ChangeKind, FileChange } from '../journal.ts';
export type { ExitReason, WorkerHealth } from '../pool/types.ts';
export type {
  DetectorOptions,
  DetectorProblem,
  Fix,
  Issue,
  Position,
  Range,
  RelatedPlace,
  Severity,
  TextEdit,
} from '../../workers/protocol/detector-protocol.ts';
