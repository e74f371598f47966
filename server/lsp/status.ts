/** The state of the workspace for `bulkhead/status`, and its throttled sending. */
import { manifestOf } from '../../workers/detectors/manifests.ts';
import type {
  DetectorRunState,
  DetectorStatusItem,
  IssueCounts,
  StatusParams,
  TimingsResult,
} from '../../workers/protocol/editor-protocol.ts';
import { isBusy, isIncomplete, slowestFirst, type DetectorState, type DetectorStatus } from '../engine/status.ts';
import type { WorkerHealth } from '../pool/types.ts';

/** Between two notifications: at most four a second. */
const intervalMs = 250;

const runStates: Readonly<Record<DetectorState, DetectorRunState>> = {
  off: 'off',
  restricted: 'restricted',
  waiting: 'waiting',
  planning: 'running',
  running: 'running',
  confirming: 'done',
  'not-applicable': 'not-applicable',
  done: 'done',
  degraded: 'degraded',
  partial: 'failed',
  failed: 'failed',
  cancelled: 'done',
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
  readonly analyses: number;
  readonly detectors: readonly DetectorStatus[];
  readonly health: readonly WorkerHealth[];
  /** Issues by severity, of one detector or of all. */
  counts(detector?: string): IssueCounts;
}

export function statusOf(source: StatusSource): StatusParams {
  const detectors = mergeByName(source.detectors);
  const running = source.detectors.filter((status) => isBusy(status.state));
  const incomplete = detectors.find(({ state }) => isIncomplete(state) && state !== 'cancelled');
  const busy = source.opening || running.length > 0;
  const names = [...new Set(running.map((status) => status.name))].join(', ');
  const message = busy ? (names === '' ? 'Opening' : `Analysing: ${names}`) : incomplete?.error;
  return {
    state: busy ? 'analysing' : incomplete ? 'problem' : 'idle',
    analyses: source.analyses,
    ...(busy
      ? { percent: source.opening ? 0 : Math.floor(100 * mean(source.detectors.map((status) => status.fraction))) }
      : {}),
    ...(message === undefined ? {} : { message }),
    detectors: detectors.map((status): DetectorStatusItem => ({
      name: status.name,
      title: manifestOf(status.name)?.title ?? status.name,
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

/** Summed over folders. */
export function timingsOf(statuses: readonly DetectorStatus[]): TimingsResult {
  const byName = Map.groupBy(statuses, ({ name }) => name);
  return {
    detectors: [...byName].map(([name, own]) => ({
      name,
      timings: slowestFirst(own.flatMap(({ timings = {} }) => Object.entries(timings))),
    })),
  };
}

/** Sends the state only if it changed. The last state is always sent. */
export class StatusSender {
  readonly #read: () => StatusParams;
  readonly #send: (status: StatusParams) => void;
  #timer: NodeJS.Timeout | undefined;
  #last = '';

  constructor(read: () => StatusParams, send: (status: StatusParams) => void) {
    this.#read = read;
    this.#send = send;
  }

  changed(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      const status = this.#read();
      const text = JSON.stringify(status);
      if (text === this.#last) return;
      this.#last = text;
      this.#send(status);
    }, intervalMs);
  }

  dispose(): void {
    clearTimeout(this.#timer);
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

function mean(values: readonly number[]): number {
  return values.length === 0 ? 1 : values.reduce((sum, value) => sum + value, 0) / values.length;
}
