/** The order of reports that may be cut. Pure. */
import type { Issue, Severity } from '../../../workers/protocol/detector-protocol.ts';

export const severities: readonly Severity[] = ['error', 'warning', 'info', 'hint'];

/** Issues of one severity keep their order: by file and place. */
export function worstFirst(issues: readonly Issue[]): readonly Issue[] {
  const bySeverity = Map.groupBy(issues, ({ severity }) => severity);
  return severities.flatMap((severity) => bySeverity.get(severity) ?? []);
}
