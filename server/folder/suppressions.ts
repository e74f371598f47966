/** Asks a worker for the comment that suppresses an issue, as an edit. Stateless. */
import type { Issue, Overlay, TextEdit, Unit } from '../../workers/protocol/detector-protocol.ts';
import { lineOf } from '../../workers/protocol/fingerprint.ts';
import type { Pool } from '../pool/types.ts';

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
  const unit: Unit = { id: file, kind: 'file', group: 'suppressions', file };
  const overlay: Overlay = { file, text, version: 0 };
  let found: readonly Issue[] = [];
  const outcome = await pool.check({
    request: {
      ...{ detector: 'suppressions', root, options: { detector, rule, line, withReason }, revision: 0 },
      ...{ units: [unit], overlays: [overlay], first: [] },
    },
    priority: 'open',
    signal,
    onEvent: (event) => {
      if (event.kind === 'issues') found = event.issues;
    },
  });
  if (outcome.kind === 'failed') throw new Error(outcome.message);
  return found.find((answer) => answer.rule === scope)?.fixes?.[0]?.edits[0];
}
