/** What `--format json` and the last line of `jsonl` contain, and the exit code. */
import type { Issue, Severity } from '../../workers/protocol/detector-protocol.ts';
import type { Folder } from '../folder/folder.ts';
import {
  isBusy,
  isIncomplete,
  slowestFirst,
  type DetectorState,
  type DetectorStatus,
  type IssueCounts,
} from '../engine/status.ts';
import type { WorkerHealth } from '../pool/types.ts';
import type { Threshold } from './arguments.ts';

export const schemaVersion = 1;

/** Exit code: answers are missing, or a report could not be written. */
export const missingAnswersCode = 3;

export interface DetectorResult {
  readonly name: string;
  readonly status: DetectorState;
  readonly engine?: string;
  readonly durationMs: number;
  readonly issues: number;
  readonly note?: string;
  readonly error?: string;
  /** Milliseconds by rule or phase, the largest first; absent: nothing was analysed, or the tool does not report them. */
  readonly timings?: Readonly<Record<string, number>>;
}

export interface CheckSummary {
  readonly issues: number;
  readonly bySeverity: IssueCounts;
  readonly files: number;
  readonly durationMs: number;
  readonly exitCode: number;
  /** Detectors that did not finish, with the reason. */
  readonly incomplete: readonly string[];
  /** Present when a baseline is in force: its issues are neither listed in `issues` nor counted. */
  readonly baseline?: BaselineSummary;
  /** Present with `--changed`: only issues in these files are listed in `issues` and counted. */
  readonly changed?: ChangedSummary;
}

export interface ChangedSummary {
  /** The commit, as the user named it. */
  readonly since: string;
  readonly files: number;
  /** Files that depend on those, directly or not. */
  readonly dependents: number;
  /** A configuration is among them, so all files were checked. */
  readonly everything: boolean;
}

export interface BaselineSummary {
  /** Relative to the root if it is inside of it. */
  readonly file: string;
  /** Issues that the baseline hides. */
  readonly known: number;
  /** Number of entries whose issue is fixed. */
  readonly fixed: number;
  /** Whether fixed entries were removed from the file. */
  readonly removed: boolean;
  /** Why fixed entries could not be removed. */
  readonly note?: string;
}

export interface CheckReport {
  readonly schemaVersion: number;
  /** Absolute path; files are relative to it. */
  readonly root: string;
  readonly summary: CheckSummary;
  readonly detectors: readonly DetectorResult[];
  readonly issues: readonly Issue[];
  readonly health: readonly WorkerHealth[];
  /** Tools that are installed and configured, and not declared in `bulkhead.config.json`; absent: none. */
  readonly offers?: readonly string[];
}

export interface ReportOptions {
  readonly durationMs: number;
  readonly failOn: Threshold;
  /** Why the check stopped early. */
  readonly stopped?: string | undefined;
  /** Why no detector's results count, although it has settled. */
  readonly gone?: string | undefined;
  readonly baseline?: BaselineSummary | undefined;
  readonly changed?: ChangedSummary | undefined;
  readonly offers?: readonly string[] | undefined;
}

export function reportOf(folder: Folder, options: ReportOptions): CheckReport {
  const { durationMs, failOn, stopped, gone, baseline, changed, offers = [] } = options;
  const issues = folder.issues();
  const detectors = folder.status().map((status) => voided(detectorResult(status, issues, stopped), gone));
  const bySeverity = countBySeverity(issues);
  const incomplete = detectors.flatMap((detector) =>
    isIncomplete(detector.status) ? [`${detector.name}: ${detector.error ?? detector.status}`] : [],
  );
  return {
    schemaVersion,
    root: folder.root,
    summary: {
      issues: issues.length,
      bySeverity,
      files: new Set(issues.map((issue) => issue.file)).size,
      durationMs: Math.round(durationMs),
      exitCode: exitCodeOf(bySeverity, incomplete.length > 0, failOn),
      incomplete,
      ...(baseline === undefined ? {} : { baseline }),
      ...(changed === undefined ? {} : { changed }),
    },
    detectors,
    issues,
    health: folder.health(),
    ...(offers.length === 0 ? {} : { offers }),
  };
}

export function detectorResult(status: DetectorStatus, issues: readonly Issue[], stopped?: string): DetectorResult {
  // A detector that is only revalidating has checked everything, so a round of --watch does not wait for it.
  const unfinished = isBusy(status.state) || status.state === 'cancelled';
  const error = unfinished ? stopped : status.error;
  return {
    name: status.name,
    status: unfinished ? 'cancelled' : status.state,
    ...(status.engine === undefined ? {} : { engine: status.engine }),
    durationMs: Math.round(status.durationMs),
    issues: issues.filter((issue) => issue.detector === status.name).length,
    ...(status.note === undefined ? {} : { note: status.note }),
    ...(error === undefined ? {} : { error }),
    ...(status.timings === undefined ? {} : { timings: slowestFirst(Object.entries(status.timings)) }),
  };
}

function voided(result: DetectorResult, reason: string | undefined): DetectorResult {
  return reason === undefined ? result : { ...result, status: 'failed', error: reason };
}

function countBySeverity(issues: readonly Issue[]): IssueCounts {
  const counts: Record<Severity, number> = { error: 0, warning: 0, info: 0, hint: 0 };
  for (const issue of issues) counts[issue.severity] += 1;
  return counts;
}

function exitCodeOf(counts: IssueCounts, incomplete: boolean, failOn: Threshold): number {
  if (incomplete) return missingAnswersCode;
  const levels: Readonly<Record<Threshold, readonly Severity[]>> = {
    error: ['error'],
    warning: ['error', 'warning'],
    info: ['error', 'warning', 'info'],
    never: [],
  };
  return levels[failOn].some((severity) => counts[severity] > 0) ? 1 : 0;
}
