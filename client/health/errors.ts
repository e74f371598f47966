/** Failures by cause: the same failure of many files is one line with a count. Pure functions. */
import type { AggregatedError } from '../../workers/protocol/health.ts';

/** Where a failure happened. */
export interface ErrorPlace {
  /** Absolute path of the folder. */
  readonly root: string;
  /** Relative to it. */
  readonly file: string;
  readonly line?: number;
}

export interface ErrorGroup {
  readonly detector: string;
  readonly severity: AggregatedError['severity'];
  /** Of the latest failure. */
  readonly message: string;
  readonly cause?: string;
  readonly count: number;
  /** Milliseconds since the epoch. */
  readonly first: number;
  readonly last: number;
  /** The latest first. */
  readonly places: readonly ErrorPlace[];
}

/** @param errors most severe first, as the server lists them; the groups keep this order */
export function groupErrors(errors: readonly AggregatedError[]): readonly ErrorGroup[] {
  const groups = Map.groupBy(errors, causeOf);
  return [...groups.values()].flatMap((all) => {
    const byTime = all.toSorted((one, other) => other.last - one.last);
    const [latest] = byTime;
    if (!latest) return [];
    return {
      detector: latest.detector,
      severity: latest.severity,
      message: latest.message,
      ...(latest.cause === undefined ? {} : { cause: latest.cause }),
      count: all.reduce((sum, { count }) => sum + count, 0),
      first: Math.min(...all.map(({ first }) => first)),
      last: latest.last,
      places: byTime.flatMap(placeOf),
    };
  });
}

/** The message without what differs from file to file. */
function causeOf({ detector, code, message, input }: AggregatedError): string {
  const general = input === undefined ? message : message.replaceAll(input, '…');
  return JSON.stringify([detector, code, general.replace(/\d+/g, '#')]);
}

function placeOf({ root, input, range }: AggregatedError): readonly ErrorPlace[] {
  if (root === undefined || input === undefined) return [];
  return [{ root, file: input, ...(range === undefined ? {} : { line: range.start.line }) }];
}
