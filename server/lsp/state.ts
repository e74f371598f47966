/** The state that every client shows, decided here and nowhere else. Pure. */
import type { ServerState } from '../../workers/protocol/editor-protocol.ts';
import { isIncomplete, isSettled, type DetectorState } from '../engine/status.ts';

export interface StateFacts {
  readonly paused: boolean;
  /** Folders are opening: their detectors are not known yet. */
  readonly opening: boolean;
  /** A change, a configuration or a result is on its way: to a folder, to the editor or to the disk. */
  readonly underWay: boolean;
  /** Of all folders. */
  readonly detectors: readonly DetectorState[];
  /** Number of folders that could not be opened, of broken configurations and of invalid settings. */
  readonly problems: number;
}

/** `idle` is left only if nothing speaks against it. */
export function stateOf({ paused, opening, underWay, detectors, problems }: StateFacts): ServerState {
  if (paused) return 'paused';
  if (opening || underWay || !detectors.every(isSettled)) return 'analysing';
  return problems > 0 || detectors.some(isIncomplete) ? 'problem' : 'idle';
}
