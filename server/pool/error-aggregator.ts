/**
 * Every failure of detectors, workers and external tools in one bounded list: the same failure is counted, not
 * repeated. Lives as long as the pool, or until the user resets it.
 */
import type { DetectorProblem } from '../../workers/protocol/detector-protocol.ts';
import type { AggregatedError, ErrorCode, ErrorSeverity, ExitKind, ExitReason } from './types.ts';

export interface ErrorReport {
  readonly detector: string;
  readonly severity: ErrorSeverity;
  readonly code: ErrorCode;
  /** One sentence for a person. */
  readonly message: string;
  /** What lies behind it: stderr lines, a stack. */
  readonly cause?: string;
  /** File it happened on, relative to the root. */
  readonly input?: string;
}

const MAX_ENTRIES = 500;
const MAX_TEXT = 4_000;
const WEIGHT: Readonly<Record<ErrorSeverity, number>> = { critical: 3, high: 2, medium: 1, low: 0 };

export class ErrorAggregator {
  readonly #date: () => number;
  readonly #entries = new Map<string, AggregatedError>();
  #dropped = 0;

  /** @param date milliseconds since the epoch */
  constructor(date: () => number = Date.now) {
    this.#date = date;
  }

  /** Entries that had to make way for others since the last reset. */
  get dropped(): number {
    return this.#dropped;
  }

  record(report: ErrorReport): void {
    const key = [report.detector, report.code, report.input ?? '', report.message].join('\n');
    const known = this.#entries.get(key);
    const now = this.#date();
    this.#entries.delete(key);
    this.#entries.set(key, {
      ...report,
      message: clip(report.message),
      ...(report.cause === undefined ? {} : { cause: clip(report.cause) }),
      first: known?.first ?? now,
      last: now,
      count: (known?.count ?? 0) + 1,
    });
    if (this.#entries.size > MAX_ENTRIES) this.#evict();
  }

  /** Most severe first, then the most recent. */
  list(detector?: string): readonly AggregatedError[] {
    return [...this.#entries.values()]
      .filter((entry) => detector === undefined || entry.detector === detector)
      .reverse()
      .sort((a, b) => WEIGHT[b.severity] - WEIGHT[a.severity] || b.last - a.last);
  }

  /** How often failures of each severity happened. */
  counts(detector?: string): Readonly<Record<ErrorSeverity, number>> {
    const counts = { critical: 0, high: 0, medium: 0, low: 0 };
    for (const entry of this.list(detector)) counts[entry.severity] += entry.count;
    return counts;
  }

  toJSON(): { readonly errors: readonly AggregatedError[]; readonly dropped: number } {
    return { errors: this.list(), dropped: this.#dropped };
  }

  /** One JSON object a line, with a final line break unless empty. */
  toJSONL(): string {
    return this.list()
      .map((entry) => `${JSON.stringify(entry)}\n`)
      .join('');
  }

  clear(detector?: string): void {
    for (const [key, entry] of this.#entries) {
      if (detector === undefined || entry.detector === detector) this.#entries.delete(key);
    }
    this.#dropped = 0;
  }

  /** The least severe goes first, among equals the one seen longest ago. */
  #evict(): void {
    let victim: string | undefined;
    let weight = Number.POSITIVE_INFINITY;
    for (const [key, entry] of this.#entries) {
      if (WEIGHT[entry.severity] >= weight) continue;
      victim = key;
      weight = WEIGHT[entry.severity];
    }
    if (victim === undefined) return;
    this.#entries.delete(victim);
    this.#dropped += 1;
  }
}

const EXIT_CODES: Readonly<Record<ExitKind, ErrorCode>> = {
  'oom-heap': 'OOM',
  'oom-kernel': 'OOM',
  'rss-limit': 'OOM',
  signal: 'WORKER_CRASH',
  exit: 'WORKER_CRASH',
  protocol: 'PROTOCOL',
  hang: 'HANG',
  'start-timeout': 'TIMEOUT',
  cancelled: 'TIMEOUT',
};

/** @param external it was ended from outside */
export function reportOfExit(detector: string, reason: ExitReason, external: boolean): ErrorReport {
  const code = EXIT_CODES[reason.kind];
  const cause = reason.stderr.join('\n');
  return {
    detector,
    severity: external || code === 'HANG' || code === 'TIMEOUT' ? 'high' : 'critical',
    code,
    message: reason.message,
    ...(cause === '' ? {} : { cause }),
    ...(reason.input === undefined ? {} : { input: reason.input }),
  };
}

const PROBLEM_CODES: Readonly<Record<DetectorProblem['code'], ErrorCode>> = {
  CONFIG_ERROR: 'CONFIG_ERROR',
  TOOL_MISSING: 'TOOL_ERROR',
  TOOL_ERROR: 'TOOL_ERROR',
  UNREADABLE: 'TOOL_ERROR',
  INVALID_RESULT: 'INVALID_RESULT',
};

export function reportOfProblem(detector: string, problem: DetectorProblem): ErrorReport {
  return {
    detector,
    severity: problem.fatal ? 'medium' : 'low',
    code: PROBLEM_CODES[problem.code],
    message: problem.message,
    ...(problem.file === undefined ? {} : { input: problem.file }),
  };
}

function clip(text: string): string {
  return text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT)}…`;
}
