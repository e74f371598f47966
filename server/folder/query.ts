/** Asks a worker what only a parser can tell of a text. Stateless. */
import type { CheckResult, DetectorOptions, Issue, Overlay, Unit } from '../../workers/protocol/detector-protocol.ts';
import type { Pool } from '../pool/types.ts';

export interface Query {
  /** A detector whose manifest says that it is a query. */
  readonly name: string;
  readonly options: DetectorOptions;
  /** Relative to the root. */
  readonly file: string;
  /** Its present text. */
  readonly text: string;
}

export interface QueryAnswer {
  readonly findings: readonly Issue[];
  readonly result: CheckResult;
}

/**
 * @returns undefined: `signal` aborted
 * @throws Error when the worker failed
 */
export async function ask(
  pool: Pool,
  root: string,
  { name, options, file, text }: Query,
  signal: AbortSignal,
): Promise<QueryAnswer | undefined> {
  const unit: Unit = { id: file, kind: 'file', group: name, file };
  const overlay: Overlay = { file, text, version: 0 };
  let findings: readonly Issue[] = [];
  const outcome = await pool.check({
    request: { detector: name, root, options, revision: 0, units: [unit], overlays: [overlay], first: [] },
    priority: 'open',
    signal,
    onEvent: (event) => {
      if (event.kind === 'issues') findings = event.issues;
    },
  });
  if (outcome.kind === 'failed') throw new Error(outcome.message);
  return outcome.kind === 'cancelled' ? undefined : { findings, result: outcome.result };
}
