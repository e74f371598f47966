/**
 * Output for people: progress meanwhile; at the end causes, errors, the other issues, tables, and last what was not looked
 * at and the exit code.
 */
import path from 'node:path';
import { styleText } from 'node:util';
import type { Issue, Severity } from '../../workers/protocol/detector-protocol.ts';
import { executesCode } from '../../workers/detectors/manifests.ts';
import { isIncomplete, type DetectorState, type DetectorStatus, type IssueCounts } from '../engine/status.ts';
import type { WorkerHealth } from '../pool/types.ts';
import type { Threshold } from './arguments.ts';
import { listingOf, ruleOf, type Group, type Section } from './listing.ts';
import { interruptedCode } from './interruption.ts';
import { stoppedByUser } from './open.ts';
import type { Output, Reporter, WatchReporter } from './output.ts';
import { printable, printableLine } from '../printable.ts';
import type { BaselineSummary, ChangedSummary, CheckReport, CheckSummary, DetectorResult } from './result.ts';
import { tableLines, type Table } from './table.ts';

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

/** How the results are shown, apart from where. */
export interface PrettyOptions {
  /** List every issue, however many there are. */
  readonly all: boolean;
  readonly failOn: Threshold;
  /** False: code of the folder ran in a sandbox, if it did. */
  readonly trusted?: boolean;
}

/** Rules or folders that a summary names. */
const mostGroups = 10;
/** Rules that are named beside the number of issues that are not listed. */
const mostRulesNamed = 4;
/** Whoever reads a file or a pipe is not limited by a screen, but not by a flood either. */
const linesWithoutTerminal = 100;

export class PrettyReporter implements Reporter {
  readonly #out: Output;
  readonly #err: Output;
  readonly #root: string;
  readonly #options: PrettyOptions;
  #progressShown = false;

  constructor(out: Output, err: Output, root: string, options: PrettyOptions) {
    this.#out = out;
    this.#err = err;
    this.#root = root;
    this.#options = options;
  }

  /** The order of the list is known only at the end. */
  issues(): void {}

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
    this.#list(report);
    this.#tables(report);
    const isDone = ({ status }: DetectorResult): boolean => !isUnseen(status) && !isIncomplete(status);
    for (const detector of report.detectors.filter(isDone)) this.#remark(detector, '');
    this.#offers(report);
    this.#summary(report.summary);
    this.#ending(report);
  }

  /** The issues and a summary, without tables; failed detectors are listed. */
  round(report: CheckReport): void {
    this.#clearProgress();
    this.#list(report);
    for (const detector of report.detectors) if (detector.error !== undefined) this.#remark(detector, '');
    this.#summary(report.summary);
  }

  #list({ issues, detectors }: CheckReport): void {
    const incomplete = new Set(detectors.filter(({ status }) => isIncomplete(status)).map(({ name }) => name));
    const lines = this.#out.rows ?? linesWithoutTerminal;
    const { causes, sections, summary } = listingOf(issues, { all: this.#options.all, lines, incomplete });
    if (causes.length > 0) {
      this.#line(`\n${this.#paint('bold', causes.length === 1 ? 'Cause' : 'Causes')}`);
      this.#issues(causes);
    }
    for (const { listed, hidden } of sections) {
      this.#issues(listed);
      this.#hidden(hidden);
    }
    if (summary) {
      this.#groups('rule', summary.rules);
      this.#groups('folder', summary.folders);
    }
    this.#line('');
  }

  #issues(issues: readonly Issue[]): void {
    for (const [file, own] of Map.groupBy(issues, (issue) => issue.file)) {
      this.#line(`\n${this.#paint('bold', printableLine(file))}`);
      for (const issue of own) this.#issue(issue);
    }
  }

  #issue(issue: Issue): void {
    const place = `${issue.range.start.line + 1}:${issue.range.start.character + 1}`.padStart(8);
    const severity = this.#paint(severityColour[issue.severity], issue.severity.padEnd(7));
    const rule = this.#paint('gray', printableLine(ruleOf(issue)));
    const [first = '', ...rest] = printable(issue.message).split('\n');
    this.#line(`${place}  ${severity}  ${first}  ${rule}`);
    for (const line of rest) this.#line(`${' '.repeat(19)}${line}`);
  }

  #hidden(hidden: Section['hidden']): void {
    if (hidden.length === 0) return;
    const count = hidden.reduce((sum, [, each]) => sum + each, 0);
    const named = hidden.slice(0, mostRulesNamed).map(([rule, each]) => `${each} of ${printableLine(rule)}`);
    const others = hidden.length - named.length;
    if (others > 0) named.push(`the rest of ${plural(others, 'other rule')}`);
    this.#line(`\n${this.#paint('gray', `${count} more: ${named.join(', ')}. See them with --all.`)}`);
  }

  #groups(what: string, groups: readonly Group[]): void {
    const shown = groups.slice(0, mostGroups);
    const titles = Object.entries({ error: 'errors', warning: 'warnings', info: 'infos', hint: 'hints' } as const);
    const used = titles.filter(([severity]) => groups.some(({ counts }) => counts[severity as Severity] > 0));
    this.#line('');
    this.#table({
      head: [`by ${what}`, ...used.map(([, title]) => title), 'files'],
      rows: shown.map(({ name, counts, files }) => [
        printableLine(name),
        ...used.map(([severity]) => String(counts[severity as Severity] || '-')),
        String(files),
      ]),
    });
    const others = groups.length - shown.length;
    if (others > 0) this.#line(this.#paint('gray', `and ${plural(others, `other ${what}`)}`));
  }

  #tables({ detectors, issues, health }: CheckReport): void {
    const wide = this.#detectorTable(detectors, issues, true);
    const fits = tableLines(wide, Infinity).every((line) => line.length <= this.#out.columns);
    this.#table(fits ? wide : this.#detectorTable(detectors, issues, false));
    this.#line('');
    if (health.length === 0) return;
    this.#table({
      head: ['worker', 'peak memory', 'restarts', 'tasks', 'last exit'],
      rows: health.map((each) => workerRow(each)),
    });
    this.#line('');
  }

  #detectorTable(detectors: readonly DetectorResult[], issues: readonly Issue[], withEngine: boolean): Table {
    const head = ['detector', 'status', 'errors', 'warnings', 'infos', 'hints', 'time'];
    const rows = detectors.map((detector) => detectorRow(detector, issues, withEngine));
    // Columns that matter little are shown only if there is something in them.
    const isShown = (column: number): boolean =>
      !['infos', 'hints'].includes(head[column] ?? '') || rows.some((row) => row[column] !== '-');
    const shown = (row: readonly string[]): readonly string[] => row.filter((_, column) => isShown(column));
    return { head: shown(head), rows: rows.map(shown) };
  }

  /** What a detector has to say, in as many lines as it takes. */
  #remark(detector: Pick<DetectorResult, 'name' | 'error' | 'note'>, indent: string): void {
    const text = detector.error ?? detector.note;
    if (text === undefined) return;
    const colour = detector.error === undefined ? 'gray' : 'red';
    const lines = printable(text.trimEnd()).replaceAll('\n', `\n${indent}  `);
    this.#line(`${indent}${this.#paint(colour, detector.name)}: ${lines}`);
  }

  #summary(summary: CheckSummary): void {
    const { error } = summary.bySeverity;
    const result =
      summary.issues === 0
        ? summary.incomplete.length > 0
          ? this.#paint('red', 'No issues found, but the analysis is incomplete')
          : this.#paint('green', summary.baseline ? 'No new issues' : 'No issues')
        : `${this.#paint(error > 0 ? 'red' : 'yellow', countsText(summary.bySeverity))} in ${plural(summary.files, 'file')}`;
    this.#line(`${result} (${seconds(summary.durationMs)}, ${printableLine(path.basename(this.#root))})`);
    if (summary.baseline) this.#baseline(summary.baseline);
    if (summary.changed) this.#changed(summary.changed);
  }

  #baseline({ file, known, fixed, removed, note }: BaselineSummary): void {
    const parts = [`${plural(known, 'known issue')} hidden`];
    if (fixed > 0) parts.push(`${plural(fixed, 'fixed issue')} ${removed ? 'removed' : 'not removed yet'}`);
    this.#line(this.#paint('gray', `${printableLine(file)}: ${parts.join(', ')}`));
    if (note !== undefined) this.#line(this.#paint('yellow', printable(note)));
  }

  #changed({ since, files, dependents, everything }: ChangedSummary): void {
    const what = everything
      ? `${plural(files, 'file')}, including a configuration, so all issues are shown`
      : `${plural(files, 'file')} and ${plural(dependents, 'dependent')}; issues in other files are hidden`;
    this.#line(this.#paint('gray', `Changed since ${printableLine(since)}: ${what}`));
  }

  /** Tools whose findings could be here too. */
  #offers({ offers = [] }: CheckReport): void {
    if (offers.length === 0) return;
    const declaration = JSON.stringify({ external: Object.fromEntries(offers.map((name) => [name, true])) });
    const what = `${offers.join(', ')} ${offers.length === 1 ? 'is' : 'are'} installed and configured here`;
    this.#line(this.#paint('gray', `${what}. To see the findings too, write ${declaration} in bulkhead.config.json; \`false\` hides this line.`)); // prettier-ignore
  }

  /** What was not looked at, and the exit code: whoever sees only the last lines must not take silence for health. */
  #ending({ detectors, summary, health }: CheckReport): void {
    const unseen = detectors.filter(({ status }) => isUnseen(status) || isIncomplete(status));
    if (unseen.length > 0) this.#line('Not looked at, or not completely:');
    // One cause may keep many from their work.
    for (const [reason, those] of Map.groupBy(unseen, reasonOf)) {
      const name = those.map((each) => each.name).join(', ');
      const [{ error, note } = {}] = those;
      if (error === undefined && note === undefined) this.#line(`  ${name}: ${reason}`);
      else
        this.#remark(
          { name, ...(error === undefined ? {} : { error }), ...(note === undefined ? {} : { note }) },
          '  ',
        );
    }
    const isRefused = health.some(({ lastExit }) => lastExit?.kind === 'refused');
    const ran = detectors.filter(({ name, status }) => executesCode(name) && !isUnseen(status) && !(isRefused && status === 'failed')); // prettier-ignore
    if (ran.length > 0)
      this.#line(this.#paint('gray', `${ran.map(({ name }) => name).join(' and ')} ran code of this folder${this.#options.trusted === false ? ' in the sandbox.' : '. --untrusted forbids that.'}`)); // prettier-ignore
    const { exitCode, bySeverity } = summary;
    const wasStopped = detectors.some(({ error }) => error === stoppedByUser);
    const why = wasStopped
      ? stoppedByUser
      : exitCode === 3
        ? 'not everything was looked at'
        : `${exitCode === 0 && bySeverity.error > 0 ? 'issues do not count' : countsText(bySeverity) || 'no issues'} (--fail-on ${this.#options.failOn})`; // prettier-ignore
    const colour = exitCode === 0 ? 'green' : 'red';
    this.#line(this.#paint(colour, `Exit code ${wasStopped ? interruptedCode : exitCode}: ${why}`));
  }

  #table(table: Table): void {
    const [head = '', ...rows] = tableLines(table, this.#out.columns);
    this.#line(this.#paint('gray', head));
    for (const row of rows) this.#line(row);
  }

  #line(text: string): void {
    this.#out.write(`${text}\n`);
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

/** It looked at nothing, and nothing is wrong with that. */
function isUnseen(state: DetectorState): boolean {
  return state === 'not-applicable' || state === 'restricted' || state === 'off';
}

/** A terminal shows only the last round; a file or a pipe gets all of them. */
export class PrettyWatchReporter implements WatchReporter {
  readonly #out: Output;
  readonly #reporter: PrettyReporter;

  constructor(out: Output, err: Output, root: string, options: PrettyOptions) {
    this.#out = out;
    this.#reporter = new PrettyReporter(out, err, root, options);
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
      const names = changed.slice(0, maximumNamed).map(printableLine);
      this.#out.write(`Changed: ${names.join(', ')}${more}\n`);
    }
    this.#reporter.round(report);
    this.#out.write('Watching for changes. Press Ctrl+C to stop.\n');
  }
}

/** Maximum number of changed files that a round names. */
const maximumNamed = 3;

function detectorRow(detector: DetectorResult, issues: readonly Issue[], withEngine: boolean): readonly string[] {
  const own = issues.filter((issue) => issue.detector === detector.name);
  const count = (severity: Severity): string => {
    const number = own.filter((issue) => issue.severity === severity).length;
    return number === 0 ? '-' : String(number);
  };
  return [
    withEngine && detector.engine !== undefined
      ? `${detector.name} (${printableLine(detector.engine)})`
      : detector.name,
    stateWords[detector.status],
    count('error'),
    count('warning'),
    count('info'),
    count('hint'),
    seconds(detector.durationMs),
  ];
}

function workerRow(health: WorkerHealth): readonly string[] {
  return [
    health.name,
    `${Math.round(health.peakMemoryBytes / 1024 / 1024)} MB`,
    String(health.restarts),
    String(health.tasksDone + health.tasksFailed),
    // Why is said below, once.
    health.lastExit?.kind === 'refused' ? 'not started' : printableLine(health.lastExit?.message ?? ''),
  ];
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function countsText({ error, warning, info, hint }: IssueCounts): string {
  const counts = [plural(error, 'error'), plural(warning, 'warning'), plural(info, 'info'), plural(hint, 'hint')];
  return counts.filter((count) => !count.startsWith('0 ')).join(', ');
}

function reasonOf({ error, note, status }: DetectorResult): string {
  return error ?? note ?? stateWords[status];
}
