/** Entries of the store's history: how much each run analysed, and how much it reused. Stateless. */
import type { JsonValue } from './store.ts';

/** Units of one detector. */
export interface RunWork {
  readonly detector: string;
  readonly units: number;
  readonly analysed: number;
  /** Reused from the store. */
  readonly recalled: number;
  /** Answered by another process. */
  readonly borrowed: number;
}

export interface RunEntry {
  readonly by: 'editor' | 'terminal';
  readonly work: readonly RunWork[];
}

export function runEntry(by: RunEntry['by'], work: readonly RunWork[]): JsonValue {
  return { by, work: work.map((one) => ({ ...one })) };
}

/** @returns undefined for an entry of another kind, or of another version of Bulkhead */
export function asRunEntry(value: JsonValue): RunEntry | undefined {
  const { by, work } = (typeof value === 'object' ? (value ?? {}) : {}) as { by?: unknown; work?: unknown };
  if ((by !== 'editor' && by !== 'terminal') || !Array.isArray(work)) return undefined;
  return work.every(isWork) ? { by, work } : undefined;
}

/** One line for a person. */
export function describeRun({ by, work }: RunEntry): string {
  const parts = work.map(({ detector, units, analysed, recalled, borrowed }) => {
    const known = [
      ...(recalled > 0 ? [`${recalled} remembered`] : []),
      ...(borrowed > 0 ? [`${borrowed} from another process`] : []),
    ];
    return `${detector} ${analysed} of ${units} units${known.length === 0 ? '' : ` (${known.join(', ')})`}`;
  });
  return `${by}: ${parts.join('; ')}`;
}

function isWork(value: unknown): value is RunWork {
  if (typeof value !== 'object' || value === null) return false;
  const work = value as Partial<Record<keyof RunWork, unknown>>;
  const counts = [work.units, work.analysed, work.recalled, work.borrowed];
  return typeof work.detector === 'string' && counts.every((count) => typeof count === 'number');
}
