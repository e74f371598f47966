/** What the dashboard's page and the extension tell each other. Types only; plain data. */
import type { ErrorGroup, ErrorPlace } from '../health/errors.ts';

/** One line of a chart: a worker. */
export interface Series {
  readonly name: string;
  /** Parallel to {@link DashboardState.times}; null: it had no process. */
  readonly memoryMb: readonly (number | null)[];
  readonly cpuPercent: readonly (number | null)[];
}

/** A moment at which something happened to a worker. */
export interface Mark {
  /** Seconds since the epoch. */
  readonly at: number;
  readonly kind: 'fault' | 'restart';
  readonly text: string;
}

export interface WorkerRow {
  readonly name: string;
  readonly state: string;
  readonly memoryMb: number;
  readonly peakMb: number;
  readonly limitMb: number;
  readonly cpuPercent: number;
  readonly tasksDone: number;
  readonly restarts: number;
  readonly work: string;
}

export interface DetectorRow {
  readonly detector: string;
  readonly title: string;
  readonly status: string;
  readonly issues: number;
  readonly inputs: number;
  readonly ms: number;
}

export interface RuleRow {
  readonly detector: string;
  readonly rule: string;
  /** False: a phase of the detector's work, which has no page. */
  readonly isRule: boolean;
  readonly ms: number;
  /** Of the detector's time, 0 to 1. */
  readonly share: number;
}

export interface DashboardState {
  /** A sentence: the state of the server. */
  readonly summary: string;
  /** Seconds since the epoch, ascending. */
  readonly times: readonly number[];
  readonly series: readonly Series[];
  readonly marks: readonly Mark[];
  readonly issues: Readonly<Record<'errors' | 'warnings' | 'others', readonly number[]>>;
  readonly workers: readonly WorkerRow[];
  readonly detectors: readonly DetectorRow[];
  readonly rules: readonly RuleRow[];
  readonly errors: readonly ErrorGroup[];
}

export type ToPage =
  | { readonly kind: 'state'; readonly state: DashboardState }
  /** Nothing is known of the workers now. */
  | { readonly kind: 'summary'; readonly summary: string };

export type ToExtension =
  /** The page can show states. */
  | { readonly kind: 'ready' }
  | { readonly kind: 'openPlace'; readonly place: ErrorPlace }
  | { readonly kind: 'openRule'; readonly rule: string };
