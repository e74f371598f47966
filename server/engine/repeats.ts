/**
 * Issues that repeat what another detector says about the same place: a module that cannot be found is one problem, whoever
 * finds it. Pure.
 */
import type { Issue, Range, Severity } from '../../workers/protocol/detector-protocol.ts';

/** What says that the module of an import is missing, by detector; of equally severe issues the first one is shown. */
const missingModule: Readonly<Record<string, ReadonlySet<string>>> = {
  typescript: new Set(['TS2307', 'TS2792', 'TS7016', 'TS2882']),
  import: new Set(['unresolved', 'unresolved-package', 'exports-blocked']),
  package: new Set(['unlisted-dependency']),
  knip: new Set(['unresolved', 'unlisted']),
};

const order = Object.keys(missingModule);
const severityOrder: readonly Severity[] = ['error', 'warning', 'info', 'hint'];

/**
 * @param shown the issues of a file that are to be seen
 * @param all all of its issues; what follows from a cause is not to be seen, and others repeat it all the same
 * @returns `shown` without repeats
 */
export function withoutRepeats(shown: readonly Issue[], all: readonly Issue[]): readonly Issue[] {
  const told = all.filter(tellsOfMissingModule);
  if (told.length < 2) return shown;
  return shown.filter((issue) => {
    if (!tellsOfMissingModule(issue)) return true;
    return !told.some((other) => rankOf(other) < rankOf(issue) && overlap(other.range, issue.range));
  });
}

function tellsOfMissingModule({ detector, rule }: Issue): boolean {
  return missingModule[detector]?.has(rule) === true;
}

function rankOf({ detector, severity }: Issue): number {
  return severityOrder.indexOf(severity) * order.length + order.indexOf(detector);
}

function overlap(one: Range, other: Range): boolean {
  return isBefore(one.start, other.end) && isBefore(other.start, one.end);
}

function isBefore(one: Range['start'], other: Range['start']): boolean {
  return one.line < other.line || (one.line === other.line && one.character < other.character);
}
