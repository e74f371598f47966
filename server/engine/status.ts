/** The status of detectors: plain data for every front end. */
import type { DetectorProblem, Severity } from '../../workers/protocol/detector-protocol.ts';

export type DetectorState =
  | 'off'
  /** It does not run because the workspace is not trusted. */
  | 'restricted'
  | 'waiting'
  | 'planning'
  | 'running'
  /** All changes are checked. Files that depend on them are being revalidated while idle. */
  | 'confirming'
  | 'not-applicable'
  | 'done'
  /** Answers are missing for a cause outside of the detector: `error` says which, and the way out. */
  | 'degraded'
  /** Some inputs have no result: `error` says why. */
  | 'partial'
  | 'failed'
  | 'cancelled';

export interface DetectorStatus {
  readonly name: string;
  readonly state: DetectorState;
  /** The tool that produces the results, such as `typescript 7.0.2 (bundled)`. */
  readonly engine?: string;
  /** One sentence that is not an error, such as why there is nothing to check. */
  readonly note?: string;
  readonly error?: string;
  readonly problems: readonly DetectorProblem[];
  /** Of the current or last analysis. */
  readonly durationMs: number;
  /** Number of inputs that were checked in this time. */
  readonly checked: number;
  /** 0 to 1. */
  readonly fraction: number;
  /** Number of inputs whose issues may be out of date; absent: none, or the detector has not settled. */
  readonly stale?: number;
  /** Milliseconds by rule or phase since the last analysis of everything, if the tool reports them. */
  readonly timings?: Readonly<Record<string, number>>;
}

/** Sums milliseconds by name, the largest sum first. */
export function slowestFirst(timings: Iterable<readonly [string, number]>): Readonly<Record<string, number>> {
  const sums = new Map<string, number>();
  for (const [name, ms] of timings) sums.set(name, (sums.get(name) ?? 0) + ms);
  const sorted = [...sums].sort(([, one], [, other]) => other - one);
  return Object.fromEntries(sorted.map(([name, ms]) => [name, Math.round(ms * 10) / 10]));
}

/** Where results came from, in numbers of units. */
export interface DetectorWork {
  readonly detector: string;
  /** All units of the present plan. */
  readonly units: number;
  /** Checked by this process's own workers. */
  readonly analysed: number;
  /** Taken from an earlier session. */
  readonly recalled: number;
  /** Taken from another process that has the same folder open. */
  readonly borrowed: number;
}

export type IssueCounts = Readonly<Record<Severity, number>>;

/** Whether the issues of a detector in this state stay the same until something changes. */
export function isSettled(state: DetectorState): boolean {
  return state !== 'confirming' && !isBusy(state);
}

/** Whether the user waits for a detector in this state. */
export function isBusy(state: DetectorState): boolean {
  return state === 'waiting' || state === 'planning' || state === 'running';
}

/** Whether the detector has settled, but answers are missing. */
export function isIncomplete(state: DetectorState): boolean {
  return state === 'degraded' || state === 'failed' || state === 'partial' || state === 'cancelled';
}

/** Whether the detector cannot work for causes that it names, such as a tool that is not installed yet. */
export function isExplained({ error, problems }: DetectorStatus): boolean {
  const fatal = problems.filter((problem) => problem.fatal);
  return fatal.every(({ cause }) => cause !== undefined) && fatal.some(({ message }) => message === error);
}
