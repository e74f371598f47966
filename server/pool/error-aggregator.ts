/**
 * The failures of detectors, workers and external tools in one bounded list. Repetitions of a failure are counted. Lives as
 * long as the pool; the user may reset it.
 */
import type { DetectorProblem } from '../../workers/protocol/detector-protocol.ts';
import type { AggregatedError, ErrorCode, ErrorSeverity, ExitKind, ExitReason } from './types.ts';

export type ErrorReport = Omit<AggregatedError, 'first' | 'last' | 'count'>;

const MAX_ENTRIES = 500;
const MAX_TEXT = 4_000;
const WEIGHT: Readonly<Record<ErrorSeverity, number>> = { critical: 3, high: 2, medium: 1, low: 0 };

export class ErrorAggregator {
  readonly #date: () => number;
  readonly #entries = new Map<string, AggregatedError>();

  /** @param date milliseconds since the epoch */
  constructor(date: () => number = Date.now) {
    this.#date = date;
  }

  record(report: ErrorReport): void {
    const key = [report.detector, report.code, report.root ?? '', report.input ?? '', report.message].join('\n');
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

  clear(detector?: string): void {
    for (const [key, entry] of this.#entries) {
      if (detector === undefined || entry.detector === detector) this.#entries.delete(key);
    }
  }

  /** Drops the least severe failure; of several, the one that was seen longest ago. */
  #evict(): void {
    let victim: string | undefined;
    let weight = Number.POSITIVE_INFINITY;
    for (const [key, entry] of this.#entries) {
      if (WEIGHT[entry.severity] >= weight) continue;
      victim = key;
      weight = WEIGHT[entry.severity];
    }
    if (victim !== undefined) this.#entries.delete(victim);
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
  refused: 'CONFIG_ERROR',
};

/** @param external another process caused it */
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
    ...(problem.range === undefined ? {} : { range: problem.range }),
  };
}

function clip(text: string): string {
  return text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT)}…`;
}
