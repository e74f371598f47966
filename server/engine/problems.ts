/**
 * The problems of one detector, from its plan and its latest checks. A problem that names a file is also shown as an issue
 * there, under a separate owner, because it belongs to no unit. Lives as long as its scheduler.
 */
import type { DetectorProblem, Issue } from '../../workers/protocol/detector-protocol.ts';
import { PlanFailure } from '../pool/plan-failure.ts';
import type { IssueTable } from './issue-table.ts';
import { problemIssue } from './own-issues.ts';

const unit = 'problems';

export class Problems {
  readonly #detector: string;
  readonly #table: IssueTable;
  #ofPlan: readonly DetectorProblem[] = [];
  readonly #ofChecks = new Map<string, { readonly problem: DetectorProblem; readonly units: Set<string> }>();
  #files: ReadonlySet<string> = new Set();

  constructor(detector: string, table: IssueTable) {
    this.#detector = detector;
    this.#table = table;
  }

  get all(): readonly DetectorProblem[] {
    return [...this.#ofPlan, ...this.ofChecks];
  }

  get ofChecks(): readonly DetectorProblem[] {
    return [...this.#ofChecks.values()].map(({ problem }) => problem);
  }

  /** Message of the first problem that makes the results incomplete. */
  get fatal(): string | undefined {
    return fatalOf(this.#ofPlan) ?? this.fatalOfChecks;
  }

  get fatalOfChecks(): string | undefined {
    return fatalOf(this.ofChecks);
  }

  /** Replaces the problems of the plan. */
  setPlanProblems(problems: readonly DetectorProblem[]): void {
    this.#ofPlan = problems;
    this.#publish();
  }

  /** Adds a problem of the check of these units. Duplicates count once. @returns its key for {@link checked} */
  add(problem: DetectorProblem, units: readonly string[]): string {
    const key = [problem.code, problem.file ?? '', problem.message].join('\n');
    this.#ofChecks.set(key, { problem, units: new Set([...(this.#ofChecks.get(key)?.units ?? []), ...units]) });
    this.#publish();
    return key;
  }

  /** These units were checked completely: the problems of their earlier checks that were not reported again are over. */
  checked(units: readonly string[], reported: ReadonlySet<string>): void {
    if (this.#ofChecks.size === 0 && this.#files.size === 0) return;
    for (const [key, { units: concerned }] of this.#ofChecks) {
      if (reported.has(key)) continue;
      for (const unit of units) concerned.delete(unit);
      if (concerned.size === 0) this.#ofChecks.delete(key);
    }
    this.#publish();
  }

  /** Forgets the problems of checks, because everything is checked again. Their issues stay until the next problem. */
  clearChecks(): void {
    this.#ofChecks.clear();
  }

  dispose(): void {
    this.#table.dropDetector(this.#owner);
  }

  get #owner(): string {
    return `${this.#detector} problems`;
  }

  #publish(): void {
    const issues = new Map<string, Issue[]>();
    for (const problem of this.all) {
      if (problem.file === undefined) continue;
      const list = issues.get(problem.file) ?? [];
      list.push(problemIssue(this.#detector, problem, problem.file));
      issues.set(problem.file, list);
    }
    for (const [file, list] of issues) this.#table.replace(this.#owner, unit, file, list);
    for (const file of this.#files) if (!issues.has(file)) this.#table.replace(this.#owner, unit, file, []);
    this.#files = new Set(issues.keys());
  }
}

/** A file whose code crashed the worker of a plan gets the problem. */
export function problemsOfFailure(error: unknown): readonly DetectorProblem[] {
  const file = error instanceof PlanFailure ? error.reason?.input : undefined;
  if (!(error instanceof PlanFailure) || file === undefined) return [];
  return [{ code: 'CONFIG_ERROR', message: error.message, file, fatal: true }];
}

function fatalOf(problems: Iterable<DetectorProblem>): string | undefined {
  for (const problem of problems) if (problem.fatal) return problem.message;
  return undefined;
}
