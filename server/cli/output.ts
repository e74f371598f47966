/** Where a command writes, and the reporters that write there. Types only. */
import type { Issue } from '../../workers/protocol/detector-protocol.ts';
import type { DetectorStatus } from '../engine/status.ts';
import type { CheckReport } from './result.ts';

export interface Output {
  /** Standard output or error. */
  write(text: string): void;
  readonly isTTY: boolean;
  /** It is a terminal, whose screen may be cleared. */
  readonly isTerminal?: boolean;
  readonly columns: number;
}

export interface Reporter {
  /** Called with each issue once, as soon as its file is done. */
  issues(file: string, issues: readonly Issue[]): void;
  progress(fraction: number, detectors: readonly DetectorStatus[]): void;
  /** A detector has settled. */
  complete(status: DetectorStatus, issues: readonly Issue[]): void;
  end(report: CheckReport): void;
}

/** For `--watch`. A reporter that only shows complete rounds ignores what comes between them. */
export interface WatchReporter {
  issues(file: string, appeared: readonly Issue[], gone: readonly Issue[]): void;
  progress(fraction: number, detectors: readonly DetectorStatus[]): void;
  /** Everything has its answer. @param changed files that changed since the last round */
  round(report: CheckReport, changed: readonly string[]): void;
}
