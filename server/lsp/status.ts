/** The state of the workspace for `bulkhead/status`, and its throttled sending. */
import { manifestOf } from '../../workers/detectors/manifests.ts';
import type {
  DetectorRunState,
  DetectorStatusItem,
  IssueCounts,
  ServerState,
  StatusParams,
  StatusProblem,
  TimingsResult,
} from '../../workers/protocol/editor-protocol.ts';
import { systemClock, type Clock } from '../clock.ts';
import { isIncomplete, slowestFirst, type DetectorState, type DetectorStatus } from '../engine/status.ts';
import type { WorkerHealth } from '../pool/types.ts';
import { stateOf } from './state.ts';

/** Between two notifications: at most four a second. */
const intervalMs = 250;

const runStates: Readonly<Record<DetectorState, DetectorRunState>> = {
  off: 'off',
  restricted: 'restricted',
  waiting: 'waiting',
  planning: 'running',
  running: 'running',
  confirming: 'confirming',
  'not-applicable': 'not-applicable',
  done: 'done',
  degraded: 'degraded',
  partial: 'failed',
  failed: 'failed',
  cancelled: 'cancelled',
};

/** A detector in several folders is shown in the first of these states that it has in any of them. */
const stateOrder: readonly DetectorState[] = [
  'running',
  'planning',
  'waiting',
  'failed',
  'partial',
  'degraded',
  'cancelled',
  'confirming',
  'done',
  'restricted',
  'not-applicable',
  'off',
];

export interface StatusSource {
  /** Whether folders are opening: their detectors are not known yet. */
  readonly opening: boolean;
  readonly paused: boolean;
  /** See {@link StateFacts.underWay}. */
  readonly underWay: boolean;
  /** What is wrong with settings, folders, configurations and detectors. */
  readonly problems: readonly StatusProblem[];
  readonly percent: number | undefined;
  readonly analyses: number;
  readonly detectors: readonly DetectorStatus[];
  readonly health: readonly WorkerHealth[];
  /** Issues by severity, of one detector or of all. */
  counts(detector?: string): IssueCounts;
}

export function statusOf(source: StatusSource): StatusParams {
  const detectors = mergeByName(source.detectors);
  const ownProblems = source.problems.filter(({ detector }) => detector === undefined).length;
  const state = stateOf({
    paused: source.paused,
    opening: source.opening,
    underWay: source.underWay,
    detectors: source.detectors.map((status) => status.state),
    problems: ownProblems,
  });
  const message = messageOf(state, source, detectors);
  return {
    state,
    analyses: source.analyses,
    ...(state === 'analysing' && source.percent !== undefined ? { percent: source.percent } : {}),
    ...(message === undefined ? {} : { message }),
    problems: source.problems,
    detectors: detectors.map((status): DetectorStatusItem => ({
      name: status.name,
      title: titleOf(status.name),
      status: runStates[status.state],
      ...(status.engine === undefined ? {} : { engine: status.engine }),
      ...(status.note === undefined ? {} : { note: status.note }),
      issues: total(source.counts(status.name)),
      ...(status.stale === undefined ? {} : { stale: status.stale }),
      ...(status.error === undefined ? {} : { error: status.error }),
    })),
    workers: source.health.map((health) => ({
      name: health.name,
      detector: health.detector,
      state: health.state,
      ...(health.pid === undefined ? {} : { pid: health.pid }),
      memoryBytes: health.memoryBytes,
      peakMemoryBytes: health.peakMemoryBytes,
      restarts: health.restarts,
      ...(health.lastExit === undefined ? {} : { lastExit: health.lastExit.message }),
    })),
    issues: source.counts(),
    memoryBytes: source.health.reduce((sum, health) => sum + health.memoryBytes, 0),
  };
}

/** One sentence: what is under way, or what is wrong. */
function messageOf(
  state: ServerState,
  { opening, detectors: all, problems }: StatusSource,
  detectors: readonly DetectorStatus[],
): string | undefined {
  switch (state) {
    case 'paused':
      return 'The analysis is paused: changes are remembered, and results may be out of date';
    case 'analysing': {
      const titles = (states: readonly DetectorState[]): string =>
        [...new Set(all.filter((status) => states.includes(status.state)).map(({ name }) => titleOf(name)))].join(', ');
      const busy = titles(['waiting', 'planning', 'running']);
      if (busy !== '') return `Analysing: ${busy}`;
      if (opening) return 'Opening the folder';
      const confirming = titles(['confirming']);
      return confirming === '' ? 'Confirming that the results are up to date' : `Confirming: ${confirming}`;
    }
    case 'problem': {
      const cancelled = detectors.find((status) => status.state === 'cancelled');
      const incomplete = detectors.find((status) => isIncomplete(status.state) && status.state !== 'cancelled');
      const own = problems.find(({ detector }) => detector === undefined);
      if (incomplete?.error !== undefined) return incomplete.error;
      if (own) return own.message;
      return (
        cancelled &&
        'The analysis was cancelled: results are missing or out of date. Analyse the workspace to complete them'
      );
    }
    case 'idle':
      return detectors.length === 0 ? 'Nothing is analysed: no folder is open, or all detectors are off' : undefined;
  }
}

function titleOf(detector: string): string {
  return manifestOf(detector)?.title ?? detector;
}

/** Summed over folders. */
export function timingsOf(statuses: readonly DetectorStatus[]): TimingsResult {
  const byName = Map.groupBy(statuses, ({ name }) => name);
  return {
    detectors: [...byName].map(([name, own]) => ({
      name,
      durationMs: Math.round(Math.max(...own.map(({ durationMs }) => durationMs))),
      inputs: own.reduce((sum, { checked }) => sum + checked, 0),
      timings: slowestFirst(own.flatMap(({ timings = {} }) => Object.entries(timings))),
    })),
  };
}

/** Sends the state only if it changed: at once if nothing was sent lately. The last state is always sent. */
export class StatusSender {
  readonly #read: () => StatusParams;
  readonly #send: (status: StatusParams) => void;
  readonly #clock: Clock;
  #cancel: (() => void) | undefined;
  #sentAt = Number.NEGATIVE_INFINITY;
  #last = '';

  constructor(read: () => StatusParams, send: (status: StatusParams) => void, clock: Clock = systemClock) {
    this.#read = read;
    this.#send = send;
    this.#clock = clock;
  }

  changed(): void {
    // Never within the caller, who may be in the middle of a change.
    this.#cancel ??= this.#clock.after(Math.max(0, this.#sentAt + intervalMs - this.#clock.now()), () => {
      this.#cancel = undefined;
      const status = this.#read();
      const text = JSON.stringify(status);
      if (text === this.#last) return;
      this.#last = text;
      this.#sentAt = this.#clock.now();
      this.#send(status);
    });
  }

  dispose(): void {
    this.#cancel?.();
  }
}

function mergeByName(statuses: readonly DetectorStatus[]): readonly DetectorStatus[] {
  const merged = new Map<string, DetectorStatus>();
  for (const status of statuses) {
    const known = merged.get(status.name);
    if (!known || stateOrder.indexOf(status.state) < stateOrder.indexOf(known.state)) merged.set(status.name, status);
  }
  return [...merged.values()];
}

function total(counts: IssueCounts): number {
  return counts.error + counts.warning + counts.info + counts.hint;
}
