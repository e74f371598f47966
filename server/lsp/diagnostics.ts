/** Converts issues to LSP diagnostics, and publishes them: one message per file, for all detectors. */
import { hash } from 'node:crypto';
import {
  DiagnosticSeverity,
  DiagnosticTag,
  type Diagnostic,
  type PublishDiagnosticsParams,
} from 'vscode-languageserver/node';
import type { Issue, Severity } from '../../workers/protocol/detector-protocol.ts';
import type { IssueData } from '../../workers/protocol/issue-requests.ts';
import type { FoundIssue } from './code-actions.ts';
import { systemClock, type Clock } from '../clock.ts';
import { pageOf } from '../rule-pages.ts';
import { uriOf } from './uris.ts';

/** VS Code shows 1,000 markers per file and drops the rest silently (MainThreadDiagnostics). */
const maxPerFile = 1000;

const severities: Readonly<Record<Severity, DiagnosticSeverity>> = {
  error: DiagnosticSeverity.Error,
  warning: DiagnosticSeverity.Warning,
  info: DiagnosticSeverity.Information,
  hint: DiagnosticSeverity.Hint,
};

const severityOrder: readonly Severity[] = ['error', 'warning', 'info', 'hint'];

/**
 * If there are too many, the most severe are shown, and one more diagnostic says how many are hidden.
 * @param nameOf the URI of a file that an issue names
 */
export function diagnosticsOf(
  issues: readonly FoundIssue[],
  nameOf = uriOf,
  naming: DiagnosticNaming = 'bulkhead',
): Diagnostic[] {
  const convert = ({ root, issue }: FoundIssue): Diagnostic => diagnosticOf(root, issue, nameOf, naming);
  if (issues.length <= maxPerFile) return issues.map(convert);
  const rankOf = ({ issue }: FoundIssue): number => severityOrder.indexOf(issue.severity);
  const bySeverity = [...issues].sort((a, b) => rankOf(a) - rankOf(b));
  const shown = bySeverity.slice(0, maxPerFile - 1);
  const hidden = issues.length - shown.length;
  return [
    ...shown.map(convert),
    {
      source: 'bulkhead',
      severity: DiagnosticSeverity.Information,
      message: `${hidden} more issues in this file are not shown; they are the least severe. Run "bulkhead check" to list all.`,
      range: { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } },
    },
  ];
}

export function diagnosticOf(
  root: string,
  issue: Issue,
  nameOf = uriOf,
  naming: DiagnosticNaming = 'bulkhead',
): Diagnostic {
  const related = issue.related?.map((place) => ({
    location: { uri: nameOf(root, place.file), range: place.range },
    message: place.message,
  }));
  const tags = issue.tags?.map((tag) => (tag === 'unnecessary' ? DiagnosticTag.Unnecessary : DiagnosticTag.Deprecated));
  const page = issue.url ?? pageOf(issue.detector, issue.rule);
  return {
    ...namesOf(issue, naming),
    severity: severities[issue.severity],
    message: issue.message,
    range: issue.range,
    ...(page === undefined ? {} : { codeDescription: { href: page } }),
    ...(related === undefined || related.length === 0 ? {} : { relatedInformation: related }),
    ...(tags === undefined || tags.length === 0 ? {} : { tags }),
    data: dataOf(issue),
  };
}

/** `tool`: as the extensions of the tools name their diagnostics, so that filters and quick fixes of others apply. */
export type DiagnosticNaming = 'bulkhead' | 'tool';

function namesOf({ detector, rule }: Issue, naming: DiagnosticNaming): Pick<Diagnostic, 'source' | 'code'> {
  if (naming === 'tool' && detector === 'eslint') return { source: 'eslint', code: rule };
  const number = /^TS(\d+)$/.exec(rule)?.[1];
  if (naming === 'tool' && detector === 'typescript' && number !== undefined)
    return { source: 'ts', code: Number(number) };
  return { source: `bulkhead(${detector})`, code: rule };
}

function dataOf({ detector, rule, fingerprint, cause }: Issue): IssueData {
  return { fingerprint, detector, rule, ...(cause === undefined ? {} : { cause: cause.message }) };
}

/** If more files wait to be sent, the analysis pauses until only half as many wait. */
const maxWaiting = 500;

/**
 * While more files wait than this, only so many are sent before a pause: an editor that shows its list of problems lays it
 * out anew for each file.
 */
const storm = { waiting: 100, filesPerBurst: 50, pauseMs: 50 } as const;

/** After this time the publisher lets other work of the server run. */
const sliceMs = 5;

/** Where a publisher gets diagnostics from. */
export interface PublisherSource {
  /** Current diagnostics of a file; undefined: unknown at the moment, so what is shown stays. */
  diagnosticsOf(uri: string): Diagnostic[] | undefined;
}

/**
 * Sends diagnostics file by file, a little at a time, so that 100,000 issues neither block the server nor flood the
 * editor. A file that changes again while it waits is sent only once, with its latest diagnostics.
 */
export class Publisher {
  readonly #source: PublisherSource;
  readonly #send: (params: PublishDiagnosticsParams) => Promise<void>;
  readonly #onDone: () => void;
  readonly #clock: Clock;
  readonly #waiting = new Set<string>();
  /** Hash of what was published last, by URI; a file without diagnostics is absent. */
  readonly #published = new Map<string, string>();
  #running = false;
  #paused: PromiseWithResolvers<void> | undefined;

  /** @param onDone called whenever everything has been sent */
  constructor(
    source: PublisherSource,
    send: (params: PublishDiagnosticsParams) => Promise<void>,
    onDone: () => void = () => {},
    clock: Clock = systemClock,
  ) {
    this.#source = source;
    this.#send = send;
    this.#onDone = onDone;
    this.#clock = clock;
  }

  /** Whether something is still to be sent. */
  get busy(): boolean {
    return this.#running;
  }

  changed(uris: Iterable<string>): void {
    for (const uri of uris) this.#waiting.add(uri);
    if (!this.#running && this.#waiting.size > 0) void this.#drain();
  }

  /** Undefined: the editor keeps up. Otherwise resolves when it has received enough of the waiting files. */
  backpressure(): Promise<void> | undefined {
    if (this.#paused === undefined && this.#waiting.size <= maxWaiting) return undefined;
    this.#paused ??= Promise.withResolvers();
    return this.#paused.promise;
  }

  /** The editor may have dropped what it showed of these: what was published is published again. */
  forget(uris: Iterable<string>): void {
    for (const uri of uris) if (this.#published.has(uri)) this.#published.set(uri, '');
    this.changed(uris);
  }

  /** Publishes all files again whose diagnostics differ from what the editor shows. */
  recheck(): void {
    this.changed(this.#published.keys());
  }

  async #drain(): Promise<void> {
    this.#running = true;
    let sliceEnd = performance.now() + sliceMs;
    let burst = 0;
    for (const uri of this.#waiting) {
      this.#waiting.delete(uri);
      this.#resume();
      const diagnostics = this.#source.diagnosticsOf(uri);
      if (!diagnostics) continue;
      const digest = diagnostics.length === 0 ? undefined : hash('sha256', JSON.stringify(diagnostics), 'base64');
      if (this.#published.get(uri) === digest) continue;
      if (digest === undefined) this.#published.delete(uri);
      else this.#published.set(uri, digest);
      // Fails only when the connection is closed.
      await this.#send({ uri, diagnostics }).catch(() => {});
      burst += 1;
      if (burst >= storm.filesPerBurst && this.#waiting.size > storm.waiting) {
        burst = 0;
        await new Promise<void>((resolve) => void this.#clock.after(storm.pauseMs, resolve));
      }
      if (performance.now() < sliceEnd) continue;
      await new Promise<void>((resolve) => setImmediate(resolve));
      sliceEnd = performance.now() + sliceMs;
    }
    this.#running = false;
    this.#onDone();
  }

  #resume(): void {
    if (this.#paused === undefined || this.#waiting.size > maxWaiting / 2) return;
    this.#paused.resolve();
    this.#paused = undefined;
  }
}
