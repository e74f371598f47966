/** Output for people: issues as they are found, a progress line, and tables at the end. */
import path from 'node:path';
import { styleText } from 'node:util';
import type { Issue, Severity } from '../../workers/protocol/detector-protocol.ts';
import type { DetectorState, DetectorStatus } from '../engine/status.ts';
import type { WorkerHealth } from '../pool/types.ts';
import type { Output, Reporter, WatchReporter } from './output.ts';
import type { BaselineSummary, ChangedSummary, CheckReport, CheckSummary, DetectorResult } from './result.ts';

type Colour = 'red' | 'yellow' | 'blue' | 'gray' | 'green' | 'bold' | 'cyan';

const severityColour: Readonly<Record<Severity, Colour>> = {
  error: 'red',
  warning: 'yellow',
  info: 'blue',
  hint: 'gray',
};

const stateWords: Readonly<Record<DetectorState, string>> = {
  off: 'off',
  restricted: 'not run',
  waiting: 'waiting',
  planning: 'planning',
  running: 'running',
  confirming: 'rechecking',
  'not-applicable': 'not applicable',
  done: 'done',
  degraded: 'degraded',
  partial: 'incomplete',
  failed: 'failed',
  cancelled: 'stopped',
};

export class PrettyReporter implements Reporter {
  readonly #out: Output;
  readonly #err: Output;
  readonly #root: string;
  #progressShown = false;
  #lastFile = '';

  constructor(out: Output, err: Output, root: string) {
    this.#out = out;
    this.#err = err;
    this.#root = root;
  }

  issues(file: string, issues: readonly Issue[]): void {
    if (issues.length === 0) return;
    this.#clearProgress();
    // If another detector adds issues to the same file, its name is not repeated.
    if (file !== this.#lastFile) this.#out.write(`\n${this.#paint('bold', file)}\n`);
    this.#lastFile = file;
    for (const issue of issues) this.#issue(issue);
  }

  progress(fraction: number, detectors: readonly DetectorStatus[]): void {
    if (!this.#err.isTTY) return;
    const percent = `${Math.floor(fraction * 100)} %`.padStart(5);
    const busy = detectors
      .filter((status) => status.state === 'planning' || status.state === 'running')
      .map((status) => status.name)
      .join(', ');
    this.#clearProgress();
    this.#err.write(`${percent}  ${busy}`.slice(0, Math.max(20, this.#err.columns - 1)));
    this.#progressShown = true;
  }

  complete(): void {}

  end(report: CheckReport): void {
    this.#clearProgress();
    const { summary } = report;
    this.#out.write('\n');
    this.#tables(report);
    this.#remarks(report.detectors);
    this.#summary(summary);
  }

  /** All issues and a summary, without tables; failed detectors are listed. */
  round(report: CheckReport): void {
    this.#clearProgress();
    this.#lastFile = '';
    for (const [file, issues] of Map.groupBy(report.issues, (issue) => issue.file)) this.issues(file, issues);
    this.#out.write('\n');
    this.#remarks(report.detectors.filter(({ error }) => error !== undefined));
    this.#summary(report.summary);
  }

  #tables(report: CheckReport): void {
    this.#table(
      ['detector', 'status', 'errors', 'warnings', 'infos', 'hints', 'time'],
      report.detectors.map((detector) => this.#detectorRow(detector, report.issues)),
    );
    this.#out.write('\n');
    if (report.health.length > 0) {
      this.#table(
        ['worker', 'peak memory', 'restarts', 'tasks', 'last exit'],
        report.health.map((health) => workerRow(health)),
      );
      this.#out.write('\n');
    }
  }

  #remarks(detectors: readonly DetectorResult[]): void {
    for (const detector of detectors) {
      const text = detector.error ?? detector.note;
      if (text === undefined) continue;
      const colour = detector.error === undefined ? 'gray' : 'red';
      this.#out.write(`${this.#paint(colour, detector.name)}: ${text.trimEnd().replaceAll('\n', '\n  ')}\n`);
    }
  }

  #summary(summary: CheckSummary): void {
    const { error, warning, info, hint } = summary.bySeverity;
    const counts = [plural(error, 'error'), plural(warning, 'warning'), plural(info, 'info'), plural(hint, 'hint')];
    const found = counts.filter((count) => !count.startsWith('0 ')).join(', ');
    const result =
      summary.issues === 0
        ? summary.incomplete.length > 0
          ? this.#paint('red', 'No issues found, but the analysis is incomplete')
          : this.#paint('green', summary.baseline ? 'No new issues' : 'No issues')
        : `${this.#paint(error > 0 ? 'red' : 'yellow', found)} in ${plural(summary.files, 'file')}`;
    this.#out.write(`${result} (${seconds(summary.durationMs)}, ${path.basename(this.#root)})\n`);
    if (summary.baseline) this.#baseline(summary.baseline);
    if (summary.changed) this.#changed(summary.changed);
  }

  #baseline({ file, known, fixed, removed, note }: BaselineSummary): void {
    const parts = [`${plural(known, 'known issue')} hidden`];
    if (fixed > 0) parts.push(`${plural(fixed, 'fixed issue')} ${removed ? 'removed' : 'not removed yet'}`);
    this.#out.write(`${this.#paint('gray', `${file}: ${parts.join(', ')}`)}\n`);
    if (note !== undefined) this.#out.write(`${this.#paint('yellow', note)}\n`);
  }

  #changed({ since, files, dependents, everything }: ChangedSummary): void {
    const what = everything
      ? `${plural(files, 'file')}, including a configuration, so all issues are shown`
      : `${plural(files, 'file')} and ${plural(dependents, 'dependent')}; issues in other files are hidden`;
    this.#out.write(`${this.#paint('gray', `Changed since ${since}: ${what}`)}\n`);
  }

  #issue(issue: Issue): void {
    const place = `${issue.range.start.line + 1}:${issue.range.start.character + 1}`.padStart(8);
    const severity = this.#paint(severityColour[issue.severity], issue.severity.padEnd(7));
    const rule = this.#paint('gray', `${issue.detector}/${issue.rule}`);
    const [first = '', ...rest] = issue.message.split('\n');
    this.#out.write(`${place}  ${severity}  ${first}  ${rule}\n`);
    for (const line of rest) this.#out.write(`${' '.repeat(19)}${line}\n`);
  }

  #detectorRow(detector: DetectorResult, issues: readonly Issue[]): readonly string[] {
    const own = issues.filter((issue) => issue.detector === detector.name);
    const count = (severity: Severity): string => {
      const number = own.filter((issue) => issue.severity === severity).length;
      return number === 0 ? '-' : String(number);
    };
    return [
      detector.engine === undefined ? detector.name : `${detector.name} (${detector.engine})`,
      stateWords[detector.status],
      count('error'),
      count('warning'),
      count('info'),
      count('hint'),
      seconds(detector.durationMs),
    ];
  }

  #table(head: readonly string[], rows: readonly (readonly string[])[]): void {
    const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
    // Numbers are aligned to the right.
    const line = (cells: readonly string[]): string =>
      cells
        .map((cell, column) => {
          const width = widths[column] ?? 0;
          return /^(?:-|[\d.]+(?: \w+)?)$/.test(cell) ? cell.padStart(width) : cell.padEnd(width);
        })
        .join('  ')
        .trimEnd();
    this.#out.write(`${this.#paint('gray', line(head))}\n`);
    for (const row of rows) this.#out.write(`${line(row)}\n`);
  }

  #clearProgress(): void {
    if (!this.#progressShown) return;
    this.#err.write('\r\u001B[K');
    this.#progressShown = false;
  }

  #paint(colour: Colour, text: string): string {
    return this.#out.isTTY ? styleText(colour, text, { validateStream: false }) : text;
  }
}

/** A terminal shows only the last round; a file or a pipe gets all of them. */
export class PrettyWatchReporter implements WatchReporter {
  readonly #out: Output;
  readonly #reporter: PrettyReporter;

  constructor(out: Output, err: Output, root: string) {
    this.#out = out;
    this.#reporter = new PrettyReporter(out, err, root);
  }

  issues(): void {}

  progress(fraction: number, detectors: readonly DetectorStatus[]): void {
    this.#reporter.progress(fraction, detectors);
  }

  round(report: CheckReport, changed: readonly string[]): void {
    // Earlier output stays in the scrollback.
    if (this.#out.isTerminal === true) this.#out.write('\u001B[2J\u001B[H');
    if (changed.length > 0) {
      const more = changed.length > maximumNamed ? ` and ${changed.length - maximumNamed} more` : '';
      this.#out.write(`Changed: ${changed.slice(0, maximumNamed).join(', ')}${more}\n`);
    }
    this.#reporter.round(report);
    this.#out.write('Watching for changes. Press Ctrl+C to stop.\n');
  }
}

/** Maximum number of changed files that a round names. */
const maximumNamed = 3;

function workerRow(health: WorkerHealth): readonly string[] {
  return [
    health.name,
    `${Math.round(health.peakMemoryBytes / 1024 / 1024)} MB`,
    String(health.restarts),
    String(health.tasksDone + health.tasksFailed),
    health.lastExit?.message ?? '',
  ];
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
