/** Asks a worker how complex the functions of a file are. Stateless. */
import type { Issue, Overlay, Range, Unit } from '../../workers/protocol/detector-protocol.ts';
import type { Pool } from '../pool/types.ts';

export interface FunctionScores {
  /** The name of the function, or what stands for it. */
  readonly range: Range;
  readonly cyclomatic: number;
  readonly cognitive: number;
}

/**
 * @param file relative to the root
 * @returns the scores by place; undefined: the text cannot be parsed, or `signal` aborted
 * @throws Error when the worker failed
 */
export async function complexityScoresOf(
  pool: Pool,
  root: string,
  { file, text }: Pick<Overlay, 'file' | 'text'>,
  signal: AbortSignal,
): Promise<readonly FunctionScores[] | undefined> {
  const unit: Unit = { id: file, kind: 'file', group: 'scores', file };
  const overlay: Overlay = { file, text, version: 0 };
  let found: readonly Issue[] | undefined;
  const outcome = await pool.check({
    request: {
      ...{ detector: 'scores', root, options: {}, revision: 0 },
      ...{ units: [unit], overlays: [overlay], first: [] },
    },
    priority: 'open',
    signal,
    onEvent: (event) => {
      if (event.kind === 'issues') found = event.issues;
    },
  });
  if (outcome.kind === 'failed') throw new Error(outcome.message);
  if (outcome.kind === 'cancelled' || outcome.result.coverage?.[file] === 'unchanged') return undefined;
  const scores = new Map<string, { range: Range; cyclomatic: number; cognitive: number }>();
  for (const { range, rule, message } of found ?? []) {
    const place = `${range.start.line}:${range.start.character}`;
    const known = scores.get(place) ?? { range, cyclomatic: 0, cognitive: 0 };
    scores.set(place, { ...known, [rule]: Number(message) });
  }
  return [...scores.values()].sort((one, other) => one.range.start.line - other.range.start.line);
}
