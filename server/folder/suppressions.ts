/** Asks a worker for the comment that suppresses an issue, as an edit. Stateless. */
import type { Issue, TextEdit } from '../../workers/protocol/detector-protocol.ts';
import { lineOf } from '../../workers/protocol/fingerprint.ts';
import type { Pool } from '../pool/types.ts';
import { ask } from './query.ts';

export interface SuppressionRequest {
  readonly issue: Issue;
  /** The present text of its file. */
  readonly text: string;
  readonly scope: 'line' | 'file';
  /** ` -- reason` stands in the comment, if there is room for it. */
  readonly withReason: boolean;
}

/**
 * @returns undefined: no comment can suppress it there, or the line that has it is gone
 * @throws Error when the worker failed
 */
export async function suppressionOf(
  pool: Pool,
  root: string,
  { issue, text, scope, withReason }: SuppressionRequest,
  signal: AbortSignal,
): Promise<TextEdit | undefined> {
  const line = lineOf(issue, text);
  if (line === undefined) return undefined;
  const { detector, rule, file } = issue;
  const options = { detector, rule, line, withReason };
  const answer = await ask(pool, root, { name: 'suppressions', options, file, text }, signal);
  return answer?.findings.find((found) => found.rule === scope)?.fixes?.[0]?.edits[0];
}
