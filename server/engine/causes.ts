/**
 * What the issues of a root follow from. Issues that name a cause are its consequences: they are folded under one issue
 * that says what to do. Lives as long as its engine; it is updated file by file, like the counts.
 */
import { IssueCompleter } from '../../workers/protocol/fingerprint.ts';
import type { Cause, Issue, RelatedPlace, Severity } from '../../workers/protocol/detector-protocol.ts';
import { ownName } from '../configuration/read.ts';
import { compareIssues } from './issue-table.ts';

/** Maximum number of consequences that the issue of a cause lists. The count tells of the others. */
const maximumListed = 20;

const severityOrder: readonly Severity[] = ['error', 'warning', 'info', 'hint'];

export class Causes {
  readonly #known = new Map<string, Consequences>();
  /** The keys of the causes that the issues of a file name. */
  readonly #named = new Map<string, readonly string[]>();
  /** The keys of the causes in a file. */
  readonly #inFile = new Map<string, Set<string>>();

  /**
   * @param issues all issues of the file
   * @returns other files whose issues look different now
   */
  update(file: string, issues: readonly Issue[]): readonly string[] {
    const before = this.#named.get(file) ?? [];
    const now = Map.groupBy(
      issues.filter(({ cause }) => cause !== undefined),
      ({ cause }) => cause?.key ?? '',
    );
    const affected = new Set<string>();
    for (const key of new Set([...before, ...now.keys()])) this.#set(key, file, now.get(key) ?? [], affected);
    if (now.size === 0) this.#named.delete(file);
    else this.#named.set(file, [...now.keys()]);
    affected.delete(file);
    return [...affected];
  }

  /** The files that have causes. */
  get files(): Iterable<string> {
    return this.#inFile.keys();
  }

  /** Messages of the causes of a detector's issues, the one with the most consequences first. */
  of(detector: string): readonly string[] {
    const found = [...this.#known.values()].flatMap((known) => {
      const count = known.isInForce ? (known.byDetector.get(detector) ?? 0) : 0;
      return count > 0 && known.cause ? [{ count, message: known.cause.message }] : [];
    });
    return found
      .sort((one, other) => other.count - one.count || (one.message < other.message ? -1 : 1))
      .map(({ message }) => message);
  }

  /**
   * What is to be seen of a file.
   * @param issues all issues of the file
   * @param unfolded show consequences too
   */
  view(file: string, issues: readonly Issue[], unfolded: boolean): readonly Issue[] {
    const keys = this.#inFile.get(file);
    const shown = unfolded ? issues : issues.filter((issue) => !this.#isFolded(issue));
    if (keys === undefined) return shown;
    const result = [...shown];
    for (const key of keys) {
      const known = this.#known.get(key);
      const cause = known?.cause;
      if (known === undefined || cause === undefined || !known.isInForce) continue;
      const at = result.findIndex((issue) => isStatedBy(issue, cause));
      const issue = withConsequences(result[at] ?? ownIssue(cause), known);
      if (at < 0) result.push(issue);
      else result[at] = issue;
    }
    return result.sort(compareIssues);
  }

  #set(key: string, file: string, issues: readonly Issue[], affected: Set<string>): void {
    const known = this.#known.get(key) ?? new Consequences();
    const [before, wasInForce] = [known.cause?.file, known.isInForce];
    known.set(file, issues);
    const after = known.cause?.file;
    if (after === undefined) this.#known.delete(key);
    else this.#known.set(key, known);
    if (before !== after) this.#move(key, before, after);
    for (const place of [before, after]) if (place !== undefined) affected.add(place);
    // The issues of other files appear or disappear.
    if (wasInForce !== known.isInForce) for (const other of known.files) affected.add(other);
  }

  #move(key: string, before: string | undefined, after: string | undefined): void {
    if (before !== undefined) {
      const keys = this.#inFile.get(before);
      keys?.delete(key);
      if (keys?.size === 0) this.#inFile.delete(before);
    }
    if (after === undefined) return;
    const keys = this.#inFile.get(after) ?? new Set<string>();
    this.#inFile.set(after, keys.add(key));
  }

  #isFolded({ cause }: Issue): boolean {
    if (cause === undefined) return false;
    if (cause.ifShared !== true) return true;
    return this.#known.get(cause.key)?.isInForce === true;
  }
}

/** The issues that follow from one cause. */
class Consequences {
  readonly #byFile = new Map<string, readonly Issue[]>();
  readonly byDetector = new Map<string, number>();
  readonly #bySeverity: Record<Severity, number> = { error: 0, warning: 0, info: 0, hint: 0 };
  #count = 0;
  /** The first file, whose first issue describes the cause: the same in every session. */
  #first: string | undefined;

  get cause(): Cause | undefined {
    return this.#first === undefined ? undefined : this.#byFile.get(this.#first)?.[0]?.cause;
  }

  get isInForce(): boolean {
    const { cause } = this;
    return cause !== undefined && (cause.ifShared !== true || this.#byFile.size > 1);
  }

  get files(): Iterable<string> {
    return this.#byFile.keys();
  }

  get count(): number {
    return this.#count;
  }

  get fileCount(): number {
    return this.#byFile.size;
  }

  get worst(): Severity {
    return severityOrder.find((severity) => this.#bySeverity[severity] > 0) ?? 'hint';
  }

  set(file: string, issues: readonly Issue[]): void {
    this.#add(this.#byFile.get(file) ?? [], -1);
    this.#add(issues, 1);
    if (issues.length > 0) {
      this.#byFile.set(file, issues);
      if (this.#first === undefined || file < this.#first) this.#first = file;
      return;
    }
    this.#byFile.delete(file);
    if (file !== this.#first) return;
    this.#first = undefined;
    for (const other of this.#byFile.keys()) {
      if (this.#first === undefined || other < this.#first) this.#first = other;
    }
  }

  /** In the order of every listing. Does not sort all of them, because this is asked for after each file. */
  first(most: number): readonly Issue[] {
    let names: string[] = [];
    for (const file of this.#byFile.keys()) {
      names.push(file);
      if (names.length > 2 * most) names = names.sort().slice(0, most);
    }
    const files = names.sort().slice(0, most);
    return files
      .flatMap((file) => this.#byFile.get(file) ?? [])
      .sort(compareIssues)
      .slice(0, most);
  }

  #add(issues: readonly Issue[], sign: 1 | -1): void {
    this.#count += sign * issues.length;
    for (const { detector, severity } of issues) {
      this.#bySeverity[severity] += sign;
      this.byDetector.set(detector, (this.byDetector.get(detector) ?? 0) + sign);
    }
  }
}

function isStatedBy(issue: Issue, { rule, file, range }: Cause): boolean {
  return (
    issue.cause === undefined &&
    issue.rule === rule &&
    issue.file === file &&
    issue.range.start.line === range.start.line
  );
}

function ownIssue({ rule, file, range, message }: Cause): Issue {
  return new IssueCompleter(ownName, file, '').complete({ rule, severity: 'hint', range, message });
}

function withConsequences(issue: Issue, known: Consequences): Issue {
  const { count, fileCount, worst } = known;
  const listed = known.first(maximumListed).map(({ file, range, rule, message }): RelatedPlace => {
    return { file, range, message: `${rule}: ${message.split('\n')[0] ?? ''}` };
  });
  const issues = count === 1 ? '1 issue follows' : `${count} issues follow`;
  const files = fileCount === 1 ? '1 file' : `${fileCount} files`;
  return {
    ...issue,
    severity: severityOrder[Math.min(severityOrder.indexOf(worst), severityOrder.indexOf(issue.severity))] ?? worst,
    message: `${issue.message} ${issues} from this, in ${files}.`,
    related: [...(issue.related ?? []), ...listed],
    consequences: count,
  };
}
