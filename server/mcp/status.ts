/** The tool `status`: the health of the analysis as data. Pure. */
import type { DetectorStatus } from '../engine/status.ts';
import type { FolderResourcesReport } from '../folder/resources.ts';
import type { QuarantinedInput, WorkerHealth } from '../pool/types.ts';
import { version } from '../version.ts';
import { clipped, fitting, type Answer } from './budget.ts';
import type { Freshness } from './freshness.ts';
import type { ProcessHealth } from './health.ts';
import { countsOf, freshnessOf } from './problems.ts';
import type { Issue } from '../../workers/protocol/detector-protocol.ts';

export interface Health {
  readonly root: string;
  readonly detectors: readonly DetectorStatus[];
  readonly workers: readonly WorkerHealth[];
  readonly quarantined: readonly QuarantinedInput[];
  readonly sharing: FolderResourcesReport['sharing'];
  readonly requests: number;
  readonly process: ProcessHealth | undefined;
  /** Last messages about what does not work, such as a broken configuration. */
  readonly troubles: readonly string[];
}

const levels = [200, 80, 30] as const;

export function statusAnswer(
  known: Freshness & { readonly issues: readonly Issue[] },
  health: Health,
  maxTokens: number,
): Answer {
  const { quarantined, detectors, workers, troubles } = health;
  // The worst first: what is cut then are those that work.
  const entries = [
    ...troubles.map((trouble) => (length: number) => ({ trouble: clipped(trouble, length) })),
    ...quarantined.map((input) => (length: number) => ({
      quarantined: clipped(input.file, length),
      detector: input.detector,
      why: clipped(input.reason.kind, length),
    })),
    ...detectors.toSorted(byTrouble).map((status) => (length: number) => entryOf(status, length)),
    ...workers.map((worker) => () => ({ worker: worker.name, state: worker.state, restarts: worker.restarts })),
  ];
  return fitting<number>(maxTokens, entries.length, levels, 0, (count, length) => {
    const shown = entries.slice(0, count).map((entry) => entry(length));
    const head = {
      ...freshnessOf(known, { message: length }),
      counts: countsOf(known.issues),
      bulkhead: version,
      sharing: health.sharing,
      requests: health.requests,
      ...(health.process === undefined || length < levels[0] ? {} : { process: health.process }),
      quarantined: quarantined.length,
      ...(count < entries.length ? { omitted: entries.length - count } : {}),
    };
    // Where there is little room, one of the two forms says the rest.
    const said = length === 0 ? { state: known.state, gaps: known.gaps.length, quarantined: quarantined.length } : head;
    const lines = Object.entries(said).map(([name, value]) => `${name}: ${JSON.stringify(value)}`);
    return {
      text: [...lines, ...shown.map((entry) => Object.values(entry).join(' '))].join('\n'),
      structured: { ...head, untrusted: { root: clipped(health.root, length), entries: shown } },
    };
  });
}

function entryOf({ name, state, engine, error, note, checked, durationMs }: DetectorStatus, length: number): object {
  const reason = error ?? note;
  return {
    detector: name,
    state,
    ...(engine === undefined ? {} : { engine: clipped(engine, length) }),
    checked,
    ms: Math.round(durationMs),
    ...(reason === undefined ? {} : { why: clipped(reason, length) }),
  };
}

const ranks = ['failed', 'degraded', 'partial', 'cancelled', 'restricted'];

function byTrouble(one: DetectorStatus, other: DetectorStatus): number {
  const rank = ({ state }: DetectorStatus): number => (ranks.indexOf(state) + ranks.length + 1) % (ranks.length + 1);
  return rank(one) - rank(other);
}
