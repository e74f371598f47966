/** The shape of `--format json` and of the last line of `jsonl`, and the exit code that follows from it. */
import type { Issue, Severity } from '../../workers/protocol/detector-protocol.ts';
import type { Folder } from '../folder/folder.ts';
import { isBusy, slowestFirst, type DetectorState, type DetectorStatus, type IssueCounts } from '../engine/status.ts';
import type { WorkerHealth } from '../pool/types.ts';
import type { Threshold } from './arguments.ts';

export const schemaVersion = 1;

export interface DetectorResult {
  readonly name: string;
  readonly status: DetectorState;
  readonly engine?: string;
  readonly durationMs: number;
  readonly issues: number;
  readonly note?: string;
  readonly error?: string;
  /** Milliseconds by rule or phase, the most first; absent: nothing was analysed, or the engine does not tell. */
  readonly timings?: Readonly<Record<string, number>>;
}

export interface CheckSummary {
  readonly issues: number;
  readonly bySeverity: IssueCounts;
  readonly files: number;
  readonly durationMs: number;
  readonly exitCode: number;
  /** Why not everything was analysed. */
  readonly incomplete: readonly string[];
  /** Present when there is a baseline: its issues are neither in `issues` nor counted. */
  readonly baseline?: BaselineSummary;
  /** Present with `--changed`: only issues of these files are in `issues` and counted. */
  readonly changed?: ChangedSummary;
}

export interface ChangedSummary {
  /** The commit as it was named. */
  readonly since: string;
  readonly files: number;
  /** That depend on those, directly or not. */
  readonly dependents: number;
  /** A configuration is among them, so that nothing was left out. */
  readonly everything: boolean;
}

export interface BaselineSummary {
  /** Relative to the root where it lies inside. */
  readonly file: string;
  /** Issues that are there and in the baseline. */
  readonly known: number;
  /** Entries whose issue is no longer there. */
  readonly fixed: number;
  /** Whether those were removed from the file. */
  readonly removed: boolean;
  /** Why they could not be. */
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
}

export interface ReportOptions {
  readonly durationMs: number;
  readonly failOn: Threshold;
  /** Why the run ended before its time. */
  readonly stopped?: string | undefined;
  readonly baseline?: BaselineSummary | undefined;
  readonly changed?: ChangedSummary | undefined;
}

export function reportOf(folder: Folder, options: ReportOptions): CheckReport {
  const { durationMs, failOn, stopped, baseline, changed } = options;
  const issues = folder.issues();
  const detectors = folder.status().map((status) => detectorResult(status, issues, stopped));
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
  };
}

export function detectorResult(status: DetectorStatus, issues: readonly Issue[], stopped?: string): DetectorResult {
  // What is only confirmed has been answered for: a round of --watch does not wait for it.
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

export function countBySeverity(issues: readonly Issue[]): IssueCounts {
  const counts: Record<Severity, number> = { error: 0, warning: 0, info: 0, hint: 0 };
  for (const issue of issues) counts[issue.severity] += 1;
  return counts;
}

export function isIncomplete(state: DetectorState): boolean {
  return state === 'failed' || state === 'partial' || state === 'cancelled';
}

function exitCodeOf(counts: IssueCounts, incomplete: boolean, failOn: Threshold): number {
  if (incomplete) return 3;
  const levels: Readonly<Record<Threshold, readonly Severity[]>> = {
    error: ['error'],
    warning: ['error', 'warning'],
    info: ['error', 'warning', 'info'],
    never: [],
  };
  return levels[failOn].some((severity) => counts[severity] > 0) ? 1 : 0;
}
