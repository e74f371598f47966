/** What the scheduler of one detector, and what works for it, sees of its engine. Lives as long as the engine. */
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
  /** Absent: no result outlives the session. */
  readonly cache: ResultCache | undefined;
  readonly notes: DetectorNotes;
  /** Somebody goes on looking: first answers may be provisional. */
  live(): boolean;
  options(): DetectorOptions;
  overlays(): readonly Overlay[];
  /** Files open in the editor, the most wanted first. */
  openFiles(): readonly string[];
  /** False for files that the user excluded. */
  included(file: string): boolean;
  /** False for units of excluded files, and of files that were not asked for. */
  analyses(unit: Unit): boolean;
  statusChanged(): void;
}
