/** `bulkhead check`: one run of the engine over one folder, told to a reporter. */
import type { Issue } from '../../workers/protocol.ts';
import type { Engine } from '../engine/engine.ts';
import { isSettled, type DetectorStatus } from '../engine/status.ts';
import { KnownIssues } from '../store/baseline.ts';
import type { CheckArguments } from './arguments.ts';
import { baselineFor, shrink } from './baseline.ts';
import { reporterFor, type Output, type Reporter } from './reporters.ts';
import { reportOf, type CheckReport } from './result.ts';
import { openRun, rootFolder, stopReason } from './run.ts';

/** Often enough to look alive, rarely enough to cost nothing. */
const progressIntervalMs = 100;

/**
 * @returns the exit code
 * @throws UsageError for a folder that cannot be analysed; ConfigFileError for a broken `bulkhead.config.json`;
 *   BaselineError for a broken baseline
 */
export async function check(argumentsOf: CheckArguments, out: Output, err: Output, stop: AbortSignal): Promise<number> {
  const startedAt = performance.now();
  const root = await rootFolder(argumentsOf.folder);
  const baseline = argumentsOf.useBaseline ? await baselineFor(root, argumentsOf.baselineFile) : undefined;
  await using run = await openRun(root, argumentsOf);
  using deadline = stopReason(argumentsOf.timeoutMs, stop);
  const { engine, pool } = run;
  const reporter = reporterFor(argumentsOf.format, out, err, root);
  if (baseline) {
    const known = new KnownIssues(baseline.content);
    engine.setFilter((file, issues) => known.fresh(file, issues));
  }
  follow(engine, reporter);
  engine.analyzeAll();
  await Promise.race([engine.idle(), deadline.reached]);
  const stopped = deadline.reason();
  if (stopped !== undefined) engine.cancel();
  await engine.idle();
  engine.removeAllListeners();
  const { failOn } = argumentsOf;
  const report = reportOf(engine, pool, { durationMs: performance.now() - startedAt, failOn, stopped });
  reporter.end(baseline ? withBaseline(report, await shrink(baseline, engine, argumentsOf)) : report);
  await engine.keep();
  return report.summary.exitCode;
}

function withBaseline(report: CheckReport, baseline: CheckReport['summary']['baseline']): CheckReport {
  return { ...report, summary: { ...report.summary, ...(baseline === undefined ? {} : { baseline }) } };
}

/** Tells the reporter each issue once, each detector's end once, and progress now and then. */
function follow(engine: Engine, reporter: Reporter): void {
  const told = new Map<string, Set<string>>();
  const completed = new Set<string>();
  let lastProgress = 0;
  engine.on('files', (files) => {
    for (const file of files) {
      const known = told.get(file) ?? new Set<string>();
      const fresh = engine.issuesOf(file).filter((issue) => !known.has(keyOf(issue)));
      for (const issue of fresh) known.add(keyOf(issue));
      told.set(file, known);
      reporter.issues(file, fresh);
    }
  });
  engine.on('status', () => {
    const statuses = engine.status();
    for (const status of statuses) {
      if (!isSettled(status.state) || completed.has(status.name)) continue;
      completed.add(status.name);
      reporter.complete(status, engine.issues());
    }
    const now = performance.now();
    if (now - lastProgress < progressIntervalMs) return;
    lastProgress = now;
    reporter.progress(meanFraction(statuses), statuses);
  });
}

function meanFraction(statuses: readonly DetectorStatus[]): number {
  if (statuses.length === 0) return 1;
  return statuses.reduce((sum, status) => sum + status.fraction, 0) / statuses.length;
}

function keyOf(issue: Issue): string {
  return `${issue.fingerprint} ${issue.detector} ${issue.rule} ${issue.range.start.line}:${issue.range.start.character} ${issue.message}`;
}
