/** Which issues are listed, in which order, and what the others are summed up to. Pure. */
import type { Issue, Severity } from '../../workers/protocol/detector-protocol.ts';
import type { IssueCounts } from '../engine/status.ts';

export interface Listing {
  /** What other issues follow from, and what kept a detector from its work. */
  readonly causes: readonly Issue[];
  /** The most severe first; each sorted by file and place. */
  readonly sections: readonly Section[];
  /** Present: not everything is listed. */
  readonly summary?: Summary;
}

export interface Section {
  readonly listed: readonly Issue[];
  /** By rule: the number of issues that are not listed, the largest first. */
  readonly hidden: readonly (readonly [rule: string, count: number])[];
}

export interface Summary {
  /** The worst first. */
  readonly rules: readonly Group[];
  readonly folders: readonly Group[];
}

export interface Group {
  readonly name: string;
  readonly counts: IssueCounts;
  readonly files: number;
}

export interface ListingOptions {
  /** List every issue. */
  readonly all: boolean;
  /** Lines that a reader sees at once. */
  readonly lines: number;
  /** Detectors that could not do all their work. */
  readonly incomplete: ReadonlySet<string>;
}

/** At most this many issues of a rule are listed, if not all fit; fewer if there are many rules. */
const mostOfRule = { errors: 10, others: 3 };
/** Rules of issues that say why a detector could not do its work. */
const problemRules = new Set(['config-error', 'tool-missing', 'tool-error', 'unreadable', 'invalid-result', 'quarantined']); // prettier-ignore
const severities: readonly Severity[] = ['error', 'warning', 'info', 'hint'];

/** @param issues sorted by file and place */
export function listingOf(issues: readonly Issue[], { all, lines, incomplete }: ListingOptions): Listing {
  const isCause = ({ consequences, rule, detector }: Issue): boolean =>
    consequences !== undefined || (problemRules.has(rule) && incomplete.has(detector));
  const causes = issues.filter(isCause);
  const rest = issues.filter((issue) => !isCause(issue));
  const bySeverity = (wanted: readonly Severity[]): readonly Issue[] =>
    rest.filter(({ severity }) => wanted.includes(severity));
  const errors = bySeverity(['error']);
  const warnings = bySeverity(['warning']);
  const others = bySeverity(['info', 'hint']);
  if (all || linesOf(issues) <= lines) {
    return { causes, sections: [errors, warnings, others].map((listed) => ({ listed, hidden: [] })) };
  }
  const sections = [capped(errors, mostOfRule.errors, lines), capped(warnings, mostOfRule.others, lines), capped(others, 0, lines)]; // prettier-ignore
  return { causes, sections, summary: summaryOf(rest) };
}

export function summaryOf(issues: readonly Issue[]): Summary {
  return { rules: groupsOf(issues, ruleOf), folders: groupsOf(issues, folderOf) };
}

export function ruleOf({ detector, rule }: Issue): string {
  return `${detector}/${rule}`;
}

function linesOf(issues: readonly Issue[]): number {
  const files = new Set(issues.map(({ file }) => file)).size;
  return issues.reduce((sum, { message }) => sum + message.split('\n').length, 2 * files);
}

function capped(issues: readonly Issue[], most: number, lines: number): Section {
  const rules = new Set(issues.map(ruleOf)).size;
  const cap = Math.min(most, Math.max(1, Math.floor(lines / Math.max(1, rules))));
  const seen = new Map<string, number>();
  const listed = issues.filter((issue) => {
    const count = (seen.get(ruleOf(issue)) ?? 0) + 1;
    seen.set(ruleOf(issue), count);
    return count <= cap;
  });
  const hidden = [...seen].flatMap(([rule, count]) => (count > cap ? [[rule, count - cap] as const] : []));
  return { listed, hidden: hidden.sort(([, one], [, other]) => other - one) };
}

function groupsOf(issues: readonly Issue[], nameOf: (issue: Issue) => string): readonly Group[] {
  const groups = [...Map.groupBy(issues, nameOf)].map(([name, own]): Group => {
    const counts: Record<Severity, number> = { error: 0, warning: 0, info: 0, hint: 0 };
    for (const { severity } of own) counts[severity] += 1;
    return { name, counts, files: new Set(own.map(({ file }) => file)).size };
  });
  return groups.sort((one, other) => {
    const worse = severities.find((severity) => one.counts[severity] !== other.counts[severity]);
    return worse === undefined ? (one.name < other.name ? -1 : 1) : other.counts[worse] - one.counts[worse];
  });
}

/** The two uppermost folders: that is where packages and parts of an application differ. */
function folderOf({ file }: Issue): string {
  const folders = file.split('/').slice(0, -1);
  return folders.length === 0 ? '.' : folders.slice(0, 2).join('/');
}
