/** `bulkhead check --watch`: an engine that follows the disk, and a round told whenever nobody waits for it. */
import path from 'node:path';
import type { Issue } from '../../workers/protocol/detector-protocol.ts';
import { ConfigurationError, isConfigurationFile } from '../configuration/read.ts';
import type { FileChange } from '../engine/change-triggers.ts';
import { isBusy } from '../engine/status.ts';
import { BaselineError } from '../store/baseline.ts';
import { UsageError, type CheckArguments } from './arguments.ts';
import { baselineFor, fileFor, type OpenBaseline } from './baseline.ts';
import { filterOf, keyOf, meanFraction, Pace } from './following.ts';
import type { Output, WatchReporter } from './output.ts';
import { watchReporterFor } from './reporters.ts';
import { reportOf, type BaselineSummary } from './result.ts';
import { openRun, rootFolder, settingsFor, type Run } from './run.ts';
import { FolderWatcher } from './watcher.ts';

/** Without a change, before results are kept: an edit in between would make them useless. */
const keepDelayMs = 2000;

/**
 * Ends when `stop` says so, or after `--timeout`.
 * @returns the exit code of the last round
 * @throws UsageError, ConfigurationError, BaselineError: what is wrong from the start. What goes wrong later is told.
 */
export async function watch(argumentsOf: CheckArguments, out: Output, err: Output, stop: AbortSignal): Promise<number> {
  const root = await rootFolder(argumentsOf.folder);
  const baseline = argumentsOf.useBaseline ? await baselineFor(root, argumentsOf.baselineFile) : undefined;
  const deadline =
    argumentsOf.timeoutMs === undefined ? stop : AbortSignal.any([stop, AbortSignal.timeout(argumentsOf.timeoutMs)]);
  await using run = await openRun(root, argumentsOf, true);
  const reporter = watchReporterFor(argumentsOf.format, out, err, root);
  const session = new WatchSession(run, argumentsOf, reporter, err, baseline);
  using _watcher = await FolderWatcher.start(root, {
    onChanges: (changes) => session.changed(changes),
    onError: (error) => err.write(`bulkhead: changes of ${root} are no longer seen: ${error.message}\n`),
  });
  return await session.run(deadline);
}

/** One run that goes on. */
class WatchSession {
  readonly #run: Run;
  readonly #arguments: CheckArguments;
  readonly #reporter: WatchReporter;
  readonly #err: Output;
  /** Absolute; absent: none is wanted. */
  readonly #baselineFile: string | undefined;
  #baseline: OpenBaseline | undefined;
  readonly #told = new Map<string, ReadonlyMap<string, Issue>>();
  /** Since the last round. */
  readonly #changed = new Set<string>();
  readonly #pace = new Pace();
  #roundDue = true;
  #startedAt = performance.now();
  #exitCode = 0;
  #keepTimer: NodeJS.Timeout | undefined;

  constructor(
    run: Run,
    argumentsOf: CheckArguments,
    reporter: WatchReporter,
    err: Output,
    baseline: OpenBaseline | undefined,
  ) {
    this.#run = run;
    this.#arguments = argumentsOf;
    this.#reporter = reporter;
    this.#err = err;
    this.#baseline = baseline;
    this.#baselineFile = argumentsOf.useBaseline ? fileFor(run.root, argumentsOf.baselineFile) : undefined;
  }

  async run(stop: AbortSignal): Promise<number> {
    const { engine } = this.#run;
    engine.setFilter(filterOf(this.#baseline?.content));
    engine.on('files', (files) => {
      for (const file of files) this.#tell(file);
    });
    engine.on('status', () => this.#look());
    engine.analyzeAll();
    if (!stop.aborted) await new Promise((resolve) => stop.addEventListener('abort', resolve, { once: true }));
    clearTimeout(this.#keepTimer);
    engine.removeAllListeners();
    engine.cancel();
    return this.#exitCode;
  }

  changed(changes: readonly FileChange[]): void {
    const { engine, root } = this.#run;
    if (this.#changed.size === 0) this.#startedAt = performance.now();
    for (const { file } of changes) this.#changed.add(file);
    this.#roundDue = true;
    if (changes.some(({ file }) => isConfigurationFile(file))) void this.#configure();
    if (changes.some(({ file }) => path.join(root, file) === this.#baselineFile)) void this.#readBaseline();
    engine.filesChanged(changes);
    // A change that concerns no detector begins nothing whose end could be heard.
    this.#look();
  }

  #look(): void {
    const statuses = this.#run.engine.status();
    if (statuses.some(({ state }) => isBusy(state))) {
      clearTimeout(this.#keepTimer);
      if (this.#pace.due()) this.#reporter.progress(meanFraction(statuses), statuses);
    } else if (this.#roundDue) this.#round();
  }

  #tell(file: string): void {
    const before = this.#told.get(file) ?? new Map<string, Issue>();
    const now = new Map(this.#run.engine.issuesOf(file).map((issue) => [keyOf(issue), issue]));
    if (now.size === 0) this.#told.delete(file);
    else this.#told.set(file, now);
    const appeared = [...now].flatMap(([key, issue]) => (before.has(key) ? [] : [issue]));
    const gone = [...before].flatMap(([key, issue]) => (now.has(key) ? [] : [issue]));
    if (appeared.length + gone.length === 0) return;
    this.#roundDue = true;
    this.#reporter.issues(file, appeared, gone);
  }

  #round(): void {
    this.#roundDue = false;
    const { engine, pool } = this.#run;
    const { failOn } = this.#arguments;
    const durationMs = performance.now() - this.#startedAt;
    const report = reportOf(engine, pool, { durationMs, failOn, baseline: this.#baselineSummary() });
    this.#exitCode = report.summary.exitCode;
    const changed = [...this.#changed].sort();
    this.#changed.clear();
    this.#reporter.round(report, changed);
    clearTimeout(this.#keepTimer);
    this.#keepTimer = setTimeout(() => void this.#keep(), keepDelayMs);
  }

  /** It shrinks when a check ends, not while somebody edits: what is undone in a moment would be new then. */
  #baselineSummary(): BaselineSummary | undefined {
    if (!this.#baseline) return undefined;
    const { engine } = this.#run;
    const known = engine.allIssues().length - engine.issues().length;
    return { file: this.#baseline.name, known, fixed: 0, removed: false };
  }

  /** Finds as well what nobody was told of. */
  async #keep(): Promise<void> {
    const { engine } = this.#run;
    if (!engine.settled) return;
    const missed = await engine.keep().catch(() => []);
    if (missed.length > 0) this.changed(missed);
  }

  /** The last good configuration stays in force. */
  async #configure(): Promise<void> {
    try {
      this.#run.engine.configure(await settingsFor(this.#run.root, this.#arguments, true));
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error;
      this.#err.write(`bulkhead: ${error.message}\n`);
    }
  }

  async #readBaseline(): Promise<void> {
    try {
      this.#baseline = await baselineFor(this.#run.root, this.#arguments.baselineFile);
    } catch (error) {
      if (!(error instanceof BaselineError || error instanceof UsageError)) throw error;
      this.#baseline = undefined;
      this.#err.write(`bulkhead: ${error.message}\n`);
    }
    this.#run.engine.setFilter(filterOf(this.#baseline?.content));
  }
}
