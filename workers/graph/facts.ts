/** One finding for each fact, however many places show it. Pure. */
import type { Finding, RelatedPlace } from '../protocol/detector-protocol.ts';

/** A finding of one place. Of all findings with the same fact, one is reported; the other places are related to it. */
export interface PlaceFinding extends Finding {
  readonly fact?: string;
}

/** Maximum number of related places. */
const MAXIMUM_PLACES = 50;

const SEVERITIES = ['error', 'warning', 'info', 'hint'];

interface Place {
  readonly file: string;
  readonly finding: Finding;
  readonly fact: string;
}

/** Of each fact, keeps the most severe place, and the first of these in path order. */
export function onePerFact(found: ReadonlyMap<string, readonly Finding[]>): ReadonlyMap<string, readonly Finding[]> {
  const places: Place[] = [];
  const result = new Map<string, readonly Finding[]>();
  for (const [file, findings] of found) {
    const rest: Finding[] = [];
    for (const finding of findings) {
      const fact = factOf(finding);
      if (fact === undefined) rest.push(finding);
      else places.push({ file, finding, fact });
    }
    if (rest.length > 0) result.set(file, rest);
  }
  for (const same of Map.groupBy(places, ({ fact }) => fact).values()) {
    const [first, ...others] = same.sort(byWeight);
    if (first === undefined) continue;
    const { fact: _, ...finding } = first.finding as PlaceFinding;
    const related = [...(finding.related ?? []), ...others.slice(0, MAXIMUM_PLACES).map(toRelated)];
    const whole = related.length === 0 ? finding : { ...finding, related };
    result.set(first.file, [...(result.get(first.file) ?? []), whole]);
  }
  return result;
}

function factOf(finding: Finding): string | undefined {
  return 'fact' in finding && typeof finding.fact === 'string' ? finding.fact : undefined;
}

function toRelated({ file, finding: { range } }: Place): RelatedPlace {
  return { file, range, message: 'also here' };
}

function byWeight(one: Place, other: Place): number {
  const [a, b] = [one.finding, other.finding];
  return (
    SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) ||
    (one.file < other.file ? -1 : one.file > other.file ? 1 : 0) ||
    a.range.start.line - b.range.start.line ||
    a.range.start.character - b.range.start.character
  );
}
