/** `bulkhead check`: one run of the engine over one folder, told to a reporter. */
import { isSettled } from '../engine/status.ts';
import type { Engine } from '../engine/engine.ts';
import type { CheckArguments } from './arguments.ts';
import { baselineFor, shrink } from './baseline.ts';
import { changedFiles, scopeOf, type Scope } from './changed.ts';
import { filterOf, keyOf, meanFraction, Pace } from './following.ts';
import type { Output, Reporter } from './output.ts';
import { reporterFor } from './reporters.ts';
import { reportOf } from './result.ts';
import { openRun, rootFolder, settingsFor, stopReason, type Run } from './run.ts';
import { watch } from './watch.ts';

/**
 * @returns the exit code
 * @throws UsageError for a folder that cannot be analysed, or a commit that is none; ConfigurationError for a broken
 *   `bulkhead.config.json`; BaselineError for a broken baseline
 */
export async function check(argumentsOf: CheckArguments, out: Output, err: Output, stop: AbortSignal): Promise<number> {
  if (argumentsOf.watch) return watch(argumentsOf, out, err, stop);
  const startedAt = performance.now();
  const root = await rootFolder(argumentsOf.folder);
  const baseline = argumentsOf.useBaseline ? await baselineFor(root, argumentsOf.baselineFile) : undefined;
  const files = argumentsOf.changed && (await changedFiles(root, argumentsOf.changed.ref));
  await using run = await openRun(root, argumentsOf);
  using deadline = stopReason(argumentsOf.timeoutMs, stop);
  const { engine, pool } = run;
  const reporter = reporterFor(argumentsOf.format, out, err, root);
  const scope = files && (await limit(run, argumentsOf, files, stop));
  engine.setFilter(filterOf(baseline?.content, scope));
  follow(engine, reporter);
  engine.analyzeAll();
  await Promise.race([engine.idle(), deadline.reached]);
  const stopped = deadline.reason();
  if (stopped !== undefined) engine.cancel();
  await engine.idle();
  engine.removeAllListeners();
  const { failOn } = argumentsOf;
  const report = reportOf(engine, pool, {
    ...{ durationMs: performance.now() - startedAt, failOn, stopped },
    baseline: baseline && (await shrink(baseline, engine, argumentsOf)),
    changed: scope?.summary,
  });
  reporter.end(report);
  // Answers to a part are of use to nobody else.
  if (!scope) await run.keep();
  return report.summary.exitCode;
}

/** Files that nobody asked for are not analysed where that is done file by file. */
async function limit(
  run: Run,
  argumentsOf: CheckArguments,
  files: readonly string[],
  stop: AbortSignal,
): Promise<Scope> {
  const since = argumentsOf.changed?.ref ?? 'HEAD';
  const scope = await scopeOf(run.pool, run.root, { since, files }, stop);
  if (!scope.summary.everything) {
    run.engine.configure({ ...(await settingsFor(run.root, argumentsOf)), only: (file) => scope.includes(file) });
  }
  return scope;
}

/** Tells the reporter each issue once, each detector's end once, and progress now and then. */
function follow(engine: Engine, reporter: Reporter): void {
  const told = new Map<string, Set<string>>();
  const completed = new Set<string>();
  const pace = new Pace();
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
    if (pace.due()) reporter.progress(meanFraction(statuses), statuses);
  });
}
