/** What people do with the baseline of an open folder. Stateless. */
import type { Issue } from '../../workers/protocol/detector-protocol.ts';
import { isIncomplete, type DetectorStatus } from '../engine/status.ts';
import { baselineOf, compare, readBaseline, writeBaseline } from '../store/baseline.ts';

export interface BaselineCounts {
  /** Absolute; undefined: there is none. */
  readonly file: string | undefined;
  readonly known: number;
  readonly fresh: number;
  readonly fixed: number;
}

export interface BaselineSubject {
  /** Absolute. */
  readonly file: string;
  /** All issues, hidden or not. */
  readonly issues: readonly Issue[];
  readonly status: readonly DetectorStatus[];
}

/**
 * @throws BaselineError when the file is broken; Error when the analysis is incomplete, because nobody would know which issues
 * are fixed, or when the file cannot be written
 */
export async function baselineAction(
  action: 'create' | 'compare' | 'prune',
  { file, issues, status }: BaselineSubject,
): Promise<BaselineCounts> {
  const before = await readBaseline(file);
  const isComplete = !status.some(({ state }) => isIncomplete(state));
  const complete = new Set(status.flatMap(({ name, state }) => (isComplete && state === 'done' ? [name] : [])));
  const { known, fresh, gone, rest } = compare(issues, before ?? { entries: [] }, { complete });
  if (action !== 'compare' && !isComplete) {
    throw new Error('The analysis is incomplete, so the baseline was not changed. Wait for its end, and try again.');
  }
  if (action === 'create') {
    const others = before?.entries.filter(({ detector }) => !complete.has(detector)) ?? [];
    await writeBaseline(file, { entries: [...others, ...baselineOf(issues).entries] });
  }
  if (action === 'prune' && gone.length > 0) await writeBaseline(file, rest);
  const exists = before !== undefined || action === 'create';
  return { file: exists ? file : undefined, known: known.length, fresh: fresh.length, fixed: gone.length };
}
