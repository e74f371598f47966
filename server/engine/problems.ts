/**
 * What hinders one detector: told by its plan, and by its checks until they are made again. Problems that name a file
 * are shown there too, under a name of their own: they belong to no unit. Lives as long as its runner.
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

  /** The first that keeps the detector from all its work. */
  get fatal(): string | undefined {
    return fatalOf(this.#ofPlan) ?? this.fatalOfChecks;
  }

  get fatalOfChecks(): string | undefined {
    return fatalOf(this.#ofChecks.values());
  }

  /** There is a plan, or none could be made. */
  planned(problems: readonly DetectorProblem[]): void {
    this.#ofPlan = problems;
    this.#publish();
  }

  /** Of a check; the same one twice counts once. */
  add(problem: DetectorProblem): void {
    this.#ofChecks.set([problem.code, problem.file ?? '', problem.message].join('\n'), problem);
    this.#publish();
  }

  /** Everything is checked again. What is shown stays until something is told. */
  forgetChecks(): void {
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

/** Code that ended the worker of a plan is shown where it stands. */
export function problemsOfFailure(error: unknown): readonly DetectorProblem[] {
  const file = error instanceof PlanFailure ? error.reason?.input : undefined;
  if (!(error instanceof PlanFailure) || file === undefined) return [];
  return [{ code: 'CONFIG_ERROR', message: error.message, file, fatal: true }];
}

function fatalOf(problems: Iterable<DetectorProblem>): string | undefined {
  for (const problem of problems) if (problem.fatal) return problem.message;
  return undefined;
}
