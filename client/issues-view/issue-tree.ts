/** The tree of the issues view: what it shows, in which groups and in which order. Pure, without the editor's API. */
import * as l10n from '@vscode/l10n';

export const severities = ['error', 'warning', 'info', 'hint'] as const;
export type RowSeverity = (typeof severities)[number];

/** An issue as the view knows it. */
export interface IssueRow {
  readonly uri: string;
  /** Relative to the workspace. */
  readonly file: string;
  readonly detector: string;
  readonly rule: string;
  readonly severity: RowSeverity;
  readonly message: string;
  /** Zero-based. */
  readonly line: number;
  readonly character: number;
  /** Page of the rule. */
  readonly page?: string | undefined;
  /** What it follows from. */
  readonly cause?: string | undefined;
}

export const groupings = ['detector', 'rule', 'folder', 'cause'] as const;
export type Grouping = (typeof groupings)[number];

export const scopes = ['all', 'changed', 'open', 'errors'] as const;
export type Scope = (typeof scopes)[number];

export interface Filter {
  readonly scope: Scope;
  /** Must be in the message, the rule, the detector or the file. Capital letters do not matter. */
  readonly text: string;
  readonly severities: ReadonlySet<RowSeverity>;
  /** URIs of the files that are open in the editor. */
  readonly open: ReadonlySet<string>;
  /** URIs of the files that changed since a commit. */
  readonly changed: ReadonlySet<string>;
}

export interface Group {
  readonly kind: 'group';
  readonly id: string;
  readonly label: string;
  readonly counts: Readonly<Record<RowSeverity, number>>;
  readonly rows: readonly IssueRow[];
  /** The page of a rule. */
  readonly page?: string | undefined;
}

export function isShown({ uri, file, detector, rule, severity, message }: IssueRow, filter: Filter): boolean {
  if (filter.scope === 'errors' ? severity !== 'error' : !filter.severities.has(severity)) {
    return false;
  }
  if ((filter.scope === 'open' && !filter.open.has(uri)) || (filter.scope === 'changed' && !filter.changed.has(uri))) {
    return false;
  }
  const text = filter.text.trim().toLowerCase();
  return text === '' || [message, rule, detector, file].some((part) => part.toLowerCase().includes(text));
}

/** Groups with the most severe issues come first, then those with the most. */
export function groupsOf(rows: readonly IssueRow[], by: Grouping): readonly Group[] {
  return [...Map.groupBy(rows, (row) => keyOf(row, by))]
    .map(([label, own]): Group => ({
      kind: 'group',
      id: `${by}:${label}`,
      label,
      counts: countsOf(own),
      rows: own.toSorted(compareRows),
      ...(by === 'rule' && own[0]?.page !== undefined ? { page: own[0].page } : {}),
    }))
    .sort(compareGroups);
}

function keyOf({ detector, rule, file, cause }: IssueRow, by: Grouping): string {
  switch (by) {
    case 'detector':
      return detector;
    case 'rule':
      return `${detector}/${rule}`;
    case 'folder': {
      const end = file.lastIndexOf('/');
      return end < 0 ? '.' : file.slice(0, end);
    }
    case 'cause':
      return cause ?? l10n.t('No common cause');
  }
}

export function countsOf(rows: readonly IssueRow[]): Record<RowSeverity, number> {
  const counts = { error: 0, warning: 0, info: 0, hint: 0 };
  for (const { severity } of rows) {
    counts[severity] += 1;
  }
  return counts;
}

function severityWord(severity: RowSeverity): string {
  switch (severity) {
    case 'error':
      return l10n.t('error');
    case 'warning':
      return l10n.t('warning');
    case 'info':
      return l10n.t('info');
    case 'hint':
      return l10n.t('hint');
  }
}

/** `errors`. */
export function severitiesWord(severity: RowSeverity): string {
  switch (severity) {
    case 'error':
      return l10n.t('errors');
    case 'warning':
      return l10n.t('warnings');
    case 'info':
      return l10n.t('infos');
    case 'hint':
      return l10n.t('hints');
  }
}

/** Of a row, for screen readers. */
export function rowLabel({ severity, message, detector, rule, file, line }: IssueRow): string {
  return l10n.t(
    '{0}: {1}, {2} {3}, {4}, line {5}',
    severityWord(severity),
    firstLine(message),
    detector,
    rule,
    file,
    line + 1,
  );
}

export function firstLine(message: string): string {
  return message.split('\n', 1)[0] ?? '';
}

function compareRows(one: IssueRow, other: IssueRow): number {
  return (
    severities.indexOf(one.severity) - severities.indexOf(other.severity) ||
    compareTexts(one.file, other.file) ||
    one.line - other.line ||
    one.character - other.character
  );
}

function compareGroups(one: Group, other: Group): number {
  for (const severity of severities) {
    const difference = other.counts[severity] - one.counts[severity];
    if (difference !== 0) {
      return difference;
    }
  }
  return compareTexts(one.label, other.label);
}

function compareTexts(one: string, other: string): number {
  return one === other ? 0 : one < other ? -1 : 1;
}
