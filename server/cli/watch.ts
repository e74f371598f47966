/** `bulkhead check --watch`: follows the files of a folder, and reports a round whenever all changes have been analysed. */
import type { Issue } from '../../workers/protocol/detector-protocol.ts';
import type { FileChange } from '../journal.ts';
import type { Folder } from '../folder/folder.ts';
import type { CheckArguments } from './arguments.ts';
import { baselineNameOf } from './baseline-file.ts';
import { openFolder, rootFolder } from './open.ts';
import type { Output, WatchReporter } from './output.ts';
import { printable } from '../printable.ts';
import { keyOf, meanFraction, ProgressThrottle } from './progress.ts';
import { watchReporterFor } from './reporters.ts';
import { reportOf, type BaselineSummary } from './result.ts';

/**
 * Ends when `stop` aborts, or after `--timeout`.
 * @returns the exit code of the last round
 * @throws UsageError, ConfigurationError, BaselineError or WatchError when it starts. Later problems are only reported.
 */
export async function watch(argumentsOf: CheckArguments, out: Output, err: Output, stop: AbortSignal): Promise<number> {
  const root = await rootFolder(argumentsOf.folder);
  const deadline =
    argumentsOf.timeoutMs === undefined ? stop : AbortSignal.any([stop, AbortSignal.timeout(argumentsOf.timeoutMs)]);
  await using folder = await openFolder(root, argumentsOf, {
    hideBaseline: argumentsOf.useBaseline,
    watch: true,
    warn: (message) => err.write(`bulkhead: ${printable(message)}\n`),
    listen: (opening) => opening.on('trouble', (message) => err.write(`bulkhead: ${printable(message)}\n`)),
  });
  const rounds = new Rounds(folder, argumentsOf, watchReporterFor(argumentsOf, out, err, root));
  await folder.analyze();
  if (!deadline.aborted) await new Promise((resolve) => deadline.addEventListener('abort', resolve, { once: true }));
  folder.removeAllListeners();
  rounds.end();
  folder.cancel();
  return rounds.exitCode;
}

/** Reports changed issues at once, and a round with a summary when nothing is running. */
class Rounds {
  /** Of the last round. */
  exitCode = 0;
  readonly #folder: Folder;
  readonly #arguments: CheckArguments;
  readonly #reporter: WatchReporter;
  /** The issues last reported, by file. */
  readonly #reported = new Map<string, ReadonlyMap<string, Issue>>();
  /** Files that changed since the last round. */
  readonly #changed = new Set<string>();
  readonly #throttle: ProgressThrottle;
  #due = true;
  #startedAt = performance.now();

  constructor(folder: Folder, argumentsOf: CheckArguments, reporter: WatchReporter) {
    this.#folder = folder;
    this.#arguments = argumentsOf;
    this.#reporter = reporter;
    this.#throttle = new ProgressThrottle(() => {
      const statuses = folder.status();
      reporter.progress(meanFraction(statuses), statuses);
    });
    folder.on('changes', (changes) => this.#noteChanges(changes));
    folder.on('files', (files) => {
      for (const file of files) this.#report(file);
    });
    folder.on('status', () => this.#reportState());
  }

  /** Nothing is reported any more. */
  end(): void {
    this.#throttle.end(false);
  }

  #noteChanges(changes: readonly FileChange[]): void {
    if (this.#changed.size === 0) this.#startedAt = performance.now();
    for (const { file } of changes) this.#changed.add(file);
    this.#due = true;
    // A change that affects no detector causes no event of status.
    this.#reportState();
  }

  #reportState(): void {
    if (this.#folder.busy) return this.#throttle.wanted();
    this.#throttle.end(false);
    if (this.#due) this.#reportRound();
  }

  #report(file: string): void {
    const before = this.#reported.get(file) ?? new Map<string, Issue>();
    const now = new Map(this.#folder.issuesOf(file).map((issue) => [keyOf(issue), issue]));
    if (now.size === 0) this.#reported.delete(file);
    else this.#reported.set(file, now);
    const appeared = [...now].flatMap(([key, issue]) => (before.has(key) ? [] : [issue]));
    const gone = [...before].flatMap(([key, issue]) => (now.has(key) ? [] : [issue]));
    if (appeared.length + gone.length === 0) return;
    this.#due = true;
    this.#reporter.issues(file, appeared, gone);
  }

  #reportRound(): void {
    this.#due = false;
    const { failOn } = this.#arguments;
    const durationMs = performance.now() - this.#startedAt;
    const report = reportOf(this.#folder, { durationMs, failOn, baseline: this.#baselineSummary() });
    this.exitCode = report.summary.exitCode;
    const changed = [...this.#changed].sort();
    this.#changed.clear();
    this.#reporter.round(report, changed);
  }

  /** Fixed issues stay in the baseline while the user edits: an issue that returns a moment later would look new. */
  #baselineSummary(): BaselineSummary | undefined {
    const { root, baseline } = this.#folder;
    if (!baseline) return undefined;
    const known = this.#folder.allIssues().length - this.#folder.issues().length;
    return { file: baselineNameOf(root, this.#arguments.baselineFile), known, fixed: 0, removed: false };
  }
}
