/** What a language server shows, held against a cold check of the same files. */
import type { Diagnostic } from 'vscode-languageserver-protocol/node';
import type { CheckReport } from '../../../server/cli/result.ts';
import { diagnosticsOf } from '../../../server/lsp/diagnostics.ts';
import { isBrokenConfiguration } from '../../../server/engine/broken-configurations.ts';
import { uriOf } from '../../../server/lsp/uris.ts';
import type { Issue } from '../../../workers/protocol/detector-protocol.ts';
import type { StatusParams } from '../../../workers/protocol/editor-protocol.ts';

/** At one moment. */
export interface Shown {
  readonly status: StatusParams;
  readonly diagnostics: ReadonlyMap<string, readonly Diagnostic[]>;
}

export interface Comparison {
  /** What differs, a line each. */
  readonly lines: readonly string[];
  /** Files whose diagnostics are the same. */
  readonly same: readonly {
    readonly uri: string;
    readonly issues: readonly Issue[];
    readonly shown: readonly Diagnostic[];
  }[];
}

/** Detectors that could not do all of their work, cold or live, are compared in that only. */
export function compare(root: string, report: CheckReport, { status, diagnostics }: Shown): Comparison {
  const lines: string[] = [];
  const same: Comparison['same'][number][] = [];
  const complete = new Set(report.detectors.filter((one) => one.status === 'done').map(({ name }) => name));
  for (const { name, status: cold, error = '' } of report.detectors) {
    const live = status.detectors.find((detector) => detector.name === name);
    if ((live?.status === 'failed') !== (cold === 'failed' || cold === 'partial')) {
      lines.push(`${name}: cold ${cold} ${error}, live ${live?.status ?? 'off'} ${live?.error ?? ''}`);
      complete.delete(name);
    }
  }
  const byFile = Map.groupBy(
    report.issues.filter((issue) => complete.has(issue.detector)),
    ({ file }) => uriOf(root, file),
  );
  const isCompared = ({ source = '' }: Diagnostic): boolean =>
    complete.has(/^bulkhead\((.*)\)$/.exec(source)?.[1] ?? '');
  for (const uri of new Set([...byFile.keys(), ...diagnostics.keys()])) {
    const issues = byFile.get(uri) ?? [];
    const cold = diagnosticsOf(issues.map((issue) => ({ root, issue }))).map((one) => JSON.stringify(one));
    const shown = (diagnostics.get(uri) ?? []).filter(isCompared);
    const live = shown.map((one) => JSON.stringify(one));
    if (cold.join('\n') === live.join('\n')) {
      same.push({ uri, issues, shown });
      continue;
    }
    const missing = cold.filter((line) => !live.includes(line)).map((line) => `missing ${uri} ${line}`);
    const extra = live.filter((line) => !cold.includes(line)).map((line) => `too much ${uri} ${line}`);
    lines.push(...missing, ...extra);
    if (missing.length + extra.length === 0) lines.push(`another order or number in ${uri}`);
  }
  return { lines, same };
}

/** 'Ready' means that a fresh run looks at everything, and finds no configuration that is broken. */
export function compareState(report: CheckReport, status: StatusParams): readonly string[] {
  const lines: string[] = [];
  const broken = report.issues.filter(
    (issue) => (issue.detector === 'bulkhead' && issue.rule !== 'rule-error') || isBrokenConfiguration(issue),
  );
  const isComplete = report.summary.exitCode === 0 && broken.length === 0;
  if ((status.state === 'idle') !== isComplete) {
    const missing = [...report.summary.incomplete, ...broken.map(({ file, rule }) => `${file} ${rule}`)].join('; ');
    lines.push(`exit code ${report.summary.exitCode} (${missing}), state ${status.state} (${status.message ?? ''})`);
  }
  // Tools may read a broken configuration in more than one way.
  if (broken.length > 0) return lines;
  for (const { name, status: cold, note = '' } of report.detectors) {
    const live = status.detectors.find((detector) => detector.name === name)?.status ?? 'off';
    if (live !== (cold === 'partial' ? 'failed' : cold)) lines.push(`${name}: cold ${cold} ${note}, live ${live}`);
  }
  return lines;
}
