/** Where a command writes, and who shows a run. A reporter is told; it asks nothing. */
import type { Issue } from '../../workers/protocol/detector-protocol.ts';
import type { DetectorStatus } from '../engine/status.ts';
import type { CheckReport } from './result.ts';

export interface Output {
  /** Standard output or error. */
  write(text: string): void;
  readonly isTTY: boolean;
  /** Somebody looks at it: its screen may be cleared. */
  readonly isTerminal?: boolean;
  readonly columns: number;
}

export interface Reporter {
  /** Each issue once, as soon as its file is done. */
  issues(file: string, issues: readonly Issue[]): void;
  progress(fraction: number, detectors: readonly DetectorStatus[]): void;
  /** A detector has settled. */
  complete(status: DetectorStatus, issues: readonly Issue[]): void;
  end(report: CheckReport): void;
}

/** Of a check that goes on. What is told between two rounds is only for those that do not want to wait. */
export interface WatchReporter {
  issues(file: string, appeared: readonly Issue[], gone: readonly Issue[]): void;
  progress(fraction: number, detectors: readonly DetectorStatus[]): void;
  /** Nobody waits for anything: all that is known now. @param changed files since the last round */
  round(report: CheckReport, changed: readonly string[]): void;
}
