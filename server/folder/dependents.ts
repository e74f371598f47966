/** Asks the module graph of a folder which files depend on others. Stateless. */
import type { Unit } from '../../workers/protocol/detector-protocol.ts';
import type { Pool } from '../pool/types.ts';

const graph: Unit = { id: 'graph', kind: 'graph', group: 'graph', file: '.' };

/**
 * @param files relative to the root
 * @returns files that import these, directly or not; if `signal` aborts, those found so far
 * @throws Error when the module graph could not be built
 */
export async function dependentsOf(
  pool: Pool,
  root: string,
  files: readonly string[],
  signal: AbortSignal,
): Promise<readonly string[]> {
  const found: string[] = [];
  const outcome = await pool.check({
    request: {
      ...{ detector: 'dependents', root, options: { of: files }, revision: 0 },
      ...{ units: [graph], overlays: [], first: [] },
    },
    priority: 'open',
    signal,
    onEvent: (event) => {
      // Another attempt. Each file that it names begins too.
      if (event.kind === 'begin' && event.file === graph.file) found.length = 0;
      if (event.kind === 'done') found.push(event.file);
    },
  });
  if (outcome.kind === 'cancelled') return found;
  const reason = outcome.kind === 'failed' ? outcome.message : outcome.quarantined[0]?.reason.message;
  if (reason === undefined) return found;
  throw new Error(`Could not find the files that depend on the changed ones: ${reason}`);
}
