/** What the runner of one detector, and what works for it, sees of its engine. Lives as long as the engine. */
import type { DetectorOptions, Overlay, Unit } from '../../workers/protocol/detector-protocol.ts';
import type { Pool } from '../pool/types.ts';
import type { IssueTable } from './issue-table.ts';
import type { Memory } from './memory.ts';
import type { Remembered } from './remembered.ts';

export interface RunnerHost {
  readonly root: string;
  readonly pool: Pool;
  readonly table: IssueTable;
  /** Absent: nothing is kept between sessions. */
  readonly memory: Memory | undefined;
  readonly remembered: Remembered;
  /** Somebody goes on looking: what is said first may be corrected. */
  live(): boolean;
  options(): DetectorOptions;
  overlays(): readonly Overlay[];
  /** Files open in the editor, most wanted first. */
  wanted(): readonly string[];
  /** False for files that the user excluded. */
  included(file: string): boolean;
  /** False for units of excluded files, and of files that were not asked for. */
  analyses(unit: Unit): boolean;
  nextGeneration(): number;
  statusChanged(): void;
}
