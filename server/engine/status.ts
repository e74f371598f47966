/** What an engine says about itself: plain data for every front end. */
import type { DetectorProblem, Severity } from '../../workers/protocol/detector-protocol.ts';

export type DetectorState =
  | 'off'
  /** Not run because the workspace is not trusted. */
  | 'restricted'
  | 'waiting'
  | 'planning'
  | 'running'
  /** All that changed has its answer; what other files' changes may concern is looked at again, at leisure. */
  | 'confirming'
  | 'not-applicable'
  | 'done'
  /** Results are there, but some inputs have no answer: `error` names the reason. */
  | 'partial'
  | 'failed'
  | 'cancelled';

export interface DetectorStatus {
  readonly name: string;
  readonly state: DetectorState;
  /** The engine that speaks, for instance `typescript 7.0.2 (bundled)`. */
  readonly engine?: string;
  /** One sentence that is not an error, for instance why there is nothing to do. */
  readonly note?: string;
  readonly error?: string;
  readonly problems: readonly DetectorProblem[];
  /** Of the current or last run. */
  readonly durationMs: number;
  /** 0 to 1. */
  readonly fraction: number;
  /** Inputs whose issues are those of an earlier run; absent: none, or it is not settled. */
  readonly stale?: number;
  /** Milliseconds by rule or phase since the last analysis of everything, where the engine tells. */
  readonly timings?: Readonly<Record<string, number>>;
}

/** Sums of milliseconds by name, the most first. */
export function slowestFirst(timings: Iterable<readonly [string, number]>): Readonly<Record<string, number>> {
  const sums = new Map<string, number>();
  for (const [name, ms] of timings) sums.set(name, (sums.get(name) ?? 0) + ms);
  const sorted = [...sums].sort(([, one], [, other]) => other - one);
  return Object.fromEntries(sorted.map(([name, ms]) => [name, Math.round(ms * 10) / 10]));
}

/** Where answers came from, in units. */
export interface DetectorWork {
  readonly detector: string;
  /** That there are now. */
  readonly units: number;
  /** By our own workers. */
  readonly analysed: number;
  /** From an earlier session. */
  readonly recalled: number;
  /** From another process that has the same folder open. */
  readonly borrowed: number;
}

export type IssueCounts = Readonly<Record<Severity, number>>;

/** Nothing more will come for a detector in this state unless something changes. */
export function isSettled(state: DetectorState): boolean {
  return state !== 'confirming' && !isBusy(state);
}

/** The user waits for it. */
export function isBusy(state: DetectorState): boolean {
  return state === 'waiting' || state === 'planning' || state === 'running';
}

/** Settled, but some inputs have no answer. */
export function isIncomplete(state: DetectorState): boolean {
  return state === 'failed' || state === 'partial' || state === 'cancelled';
}
