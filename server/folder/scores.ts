/** How complex the functions of a file are, as a worker tells. Stateless. */
import type { Range } from '../../workers/protocol/detector-protocol.ts';
import type { Pool } from '../pool/types.ts';
import { ask, type Query } from './query.ts';

export interface FunctionScores {
  /** The name of the function, or what stands for it. */
  readonly range: Range;
  readonly cyclomatic: number;
  readonly cognitive: number;
}

/**
 * @returns the scores by place; undefined: the text cannot be parsed, or `signal` aborted
 * @throws Error when the worker failed
 */
export async function scoresOf(
  pool: Pool,
  root: string,
  text: Pick<Query, 'file' | 'text'>,
  signal: AbortSignal,
): Promise<readonly FunctionScores[] | undefined> {
  const answer = await ask(pool, root, { name: 'scores', options: {}, ...text }, signal);
  if (answer === undefined || answer.result.coverage?.[text.file] === 'unchanged') return undefined;
  const scores = new Map<string, FunctionScores>();
  for (const { range, rule, message } of answer.findings) {
    const place = `${range.start.line}:${range.start.character}`;
    const known = scores.get(place) ?? { range, cyclomatic: 0, cognitive: 0 };
    scores.set(place, { ...known, [rule]: Number(message) });
  }
  return [...scores.values()].sort((one, other) => one.range.start.line - other.range.start.line);
}
