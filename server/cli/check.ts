/** `bulkhead check`: analyses a folder once, and passes the results to a reporter. */
import path from 'node:path';
import type { Issue } from '../../workers/protocol/detector-protocol.ts';
import { declaredTools } from '../configuration/read.ts';
import { toolsToOffer } from '../configuration/offers.ts';
import { isSettled } from '../engine/status.ts';
import type { Folder } from '../folder/folder.ts';
import type { CheckArguments, ReportFile } from './arguments.ts';
import { shrink } from './baseline.ts';
import { changedFiles, scopeOf, type Scope } from './changed.ts';
import { deletion, folderSettings, openFolder, rootFolder, stopReason } from './open.ts';
import type { Output, Reporter } from './output.ts';
import { printable } from '../printable.ts';
import { keyOf, meanFraction, ProgressThrottle } from './progress.ts';
import { reporterFor } from './reporters.ts';
import { ReportError, writeReport } from './reports/files.ts';
import { reportText } from './reports/index.ts';
import { missingAnswersCode, reportOf, type CheckReport } from './result.ts';
import { watch } from './watch.ts';

/**
 * @returns the exit code
 * @throws UsageError for a folder that cannot be analysed, or a commit that does not exist; ConfigurationError for a broken
 *   `bulkhead.config.json`; BaselineError for a broken baseline
 */
export async function check(argumentsOf: CheckArguments, out: Output, err: Output, stop: AbortSignal): Promise<number> {
  if (argumentsOf.watch) return watch(argumentsOf, out, err, stop);
  const startedAt = performance.now();
  const root = await rootFolder(argumentsOf.folder);
  const files = argumentsOf.changed && (await changedFiles(root, argumentsOf.changed.ref));
  await using folder = await openFolder(root, argumentsOf, {
    hideBaseline: argumentsOf.useBaseline,
    warn: (message) => err.write(`bulkhead: ${printable(message)}\n`),
  });
  using deadline = stopReason(argumentsOf.timeoutMs, stop);
  const reporter = reporterFor(argumentsOf, out, err, root);
  const scope = files && (await limit(folder, argumentsOf, files, stop));
  const finishFollowing = follow(folder, reporter);
  await folder.analyze();
  await Promise.race([folder.idle(), deadline.reached]);
  const stopped = deadline.reason();
  if (stopped !== undefined) folder.cancel();
  await folder.idle();
  finishFollowing();
  const late = folder.issues().filter((issue) => !isFinal(issue));
  for (const [file, issues] of Map.groupBy(late, (issue) => issue.file)) reporter.issues(file, issues);
  const { failOn } = argumentsOf;
  const gone = await deletion(root);
  const report = reportOf(folder, {
    ...{ durationMs: performance.now() - startedAt, failOn, stopped, gone },
    baseline: gone === undefined ? await shrink(folder, argumentsOf) : undefined,
    changed: scope?.summary,
    // Whoever chooses detectors has chosen.
    offers: argumentsOf.detectors === undefined ? toolsToOffer(root, await declaredTools(root)) : undefined,
  });
  reporter.end(report);
  const isWritten = writeReports(argumentsOf.outputs, report, err);
  // Results for some of the files are useless for a later check.
  if (!scope && gone === undefined) await folder.persist();
  return isWritten ? report.summary.exitCode : missingAnswersCode;
}

/** One report that cannot be written costs no other one. */
function writeReports(outputs: readonly ReportFile[], report: CheckReport, err: Output): boolean {
  let isWritten = true;
  for (const { format, file } of outputs) {
    try {
      writeReport(path.resolve(file), reportText(format, report));
    } catch (error) {
      if (!(error instanceof ReportError)) throw error;
      err.write(`bulkhead: ${printable(error.message)}\n`);
      isWritten = false;
    }
  }
  return isWritten;
}

/** Limits the check to changed files and their dependents. */
async function limit(
  folder: Folder,
  argumentsOf: CheckArguments,
  files: readonly string[],
  stop: AbortSignal,
): Promise<Scope> {
  const since = argumentsOf.changed?.ref ?? 'HEAD';
  const scope = await scopeOf(folder, { since, files }, stop);
  if (!scope.summary.everything) {
    const settings = folderSettings(folder.root, argumentsOf, { hideBaseline: argumentsOf.useBaseline });
    folder.configure({ ...settings, only: (file) => scope.includes(file) });
  }
  return scope;
}

/** Until the end nobody knows what follows from a cause, and whether it is one. */
function isFinal({ cause, consequences }: Issue): boolean {
  return cause === undefined && consequences === undefined;
}

/**
 * Reports each issue once, the end of each detector once, and progress from time to time.
 * @returns reports what is left, and stops following
 */
function follow(folder: Folder, reporter: Reporter): () => void {
  const reported = new Map<string, Set<string>>();
  const completed = new Set<string>();
  const look = (): void => {
    const statuses = folder.status();
    for (const status of statuses) {
      if (!isSettled(status.state) || completed.has(status.name)) continue;
      completed.add(status.name);
      reporter.complete(status, folder.issues());
    }
    reporter.progress(meanFraction(statuses), statuses);
  };
  const throttle = new ProgressThrottle(look);
  folder.on('files', (files) => {
    for (const file of files) {
      const known = reported.get(file) ?? new Set<string>();
      const fresh = folder.issuesOf(file).filter((issue) => isFinal(issue) && !known.has(keyOf(issue)));
      for (const issue of fresh) known.add(keyOf(issue));
      reported.set(file, known);
      reporter.issues(file, fresh);
    }
  });
  folder.on('status', () => throttle.wanted());
  return () => {
    folder.removeAllListeners('files').removeAllListeners('status');
    throttle.end();
  };
}
