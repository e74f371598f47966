/** What a detector's scheduler and its parts use of their engine. Lives as long as the engine. */
import type { DetectorOptions, Overlay, Unit } from '../../workers/protocol/detector-protocol.ts';
import type { Clock } from '../clock.ts';
import type { Journal } from '../journal.ts';
import type { Pool } from '../pool/types.ts';
import type { DetectorNotes } from './detector-notes.ts';
import type { IssueTable } from './issue-table.ts';
import type { ResultCache } from './result-cache.ts';

export interface SchedulerHost {
  readonly root: string;
  readonly pool: Pool;
  readonly clock: Clock;
  readonly journal: Journal;
  readonly table: IssueTable;
  /** Absent: results are lost when the session ends. */
  readonly cache: ResultCache | undefined;
  readonly notes: DetectorNotes;
  /** Nothing may be started: what there is to do waits. */
  paused(): boolean;
  /** Whether first results may be provisional. */
  live(): boolean;
  options(): DetectorOptions;
  overlays(): readonly Overlay[];
  /** Files open in the editor, the most important first. */
  openFiles(): readonly string[];
  /** False for files that the user excluded: their issues are not shown. */
  included(file: string): boolean;
  /** False for units of excluded files, and of files outside of `EngineSettings.only`. */
  analyses(unit: Unit): boolean;
  statusChanged(): void;
}
