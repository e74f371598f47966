/** Where a command writes, and the reporters that write there. Types only. */
import type { Issue } from '../../workers/protocol/detector-protocol.ts';
import type { DetectorStatus } from '../engine/status.ts';
import type { CheckReport } from './result.ts';

export interface Output {
  /** Standard output or error. */
  write(text: string): void;
  readonly isTTY: boolean;
  /** Whether it is a terminal, whose screen may be cleared. */
  readonly isTerminal?: boolean;
  /** Infinite unless it is a terminal. */
  readonly columns: number;
  /** Of a terminal. */
  readonly rows?: number | undefined;
}

export interface Reporter {
  /** Called once with each issue, as soon as its file is finished. */
  issues(file: string, issues: readonly Issue[]): void;
  progress(fraction: number, detectors: readonly DetectorStatus[]): void;
  /** A detector has settled. */
  complete(status: DetectorStatus, issues: readonly Issue[]): void;
  end(report: CheckReport): void;
}

/** For `--watch`. A reporter that shows only complete rounds ignores everything in between. */
export interface WatchReporter {
  issues(file: string, appeared: readonly Issue[], gone: readonly Issue[]): void;
  progress(fraction: number, detectors: readonly DetectorStatus[]): void;
  /** All changes have been analysed. @param changed files that changed since the last round */
  round(report: CheckReport, changed: readonly string[]): void;
}
