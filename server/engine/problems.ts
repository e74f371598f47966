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
  readonly #ofChecks = new Map<string, DetectorProblem>();
  #files: ReadonlySet<string> = new Set();

  constructor(detector: string, table: IssueTable) {
    this.#detector = detector;
    this.#table = table;
  }

  get all(): readonly DetectorProblem[] {
    return [...this.#ofPlan, ...this.#ofChecks.values()];
  }

  get ofChecks(): readonly DetectorProblem[] {
    return [...this.#ofChecks.values()];
  }

  /** Message of the first problem that makes the results incomplete. */
  get fatal(): string | undefined {
    return fatalOf(this.#ofPlan) ?? this.fatalOfChecks;
  }

  get fatalOfChecks(): string | undefined {
    return fatalOf(this.#ofChecks.values());
  }

  /** Replaces the problems of the plan. */
  setPlanProblems(problems: readonly DetectorProblem[]): void {
    this.#ofPlan = problems;
    this.#publish();
  }

  /** Adds a problem of a check. Duplicates count once. */
  add(problem: DetectorProblem): void {
    this.#ofChecks.set([problem.code, problem.file ?? '', problem.message].join('\n'), problem);
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
