/** The next and the previous place of a problem, over all files. Pure. */

export interface Place {
  readonly uri: string;
  readonly line: number;
  readonly character: number;
}

/** The first place after another one; after the last comes the first. Undefined: there are none. */
export function placeAfter(places: readonly Place[], from: Place | undefined): Place | undefined {
  const sorted = places.toSorted(compare);
  return (from && sorted.find((place) => compare(place, from) > 0)) ?? sorted[0];
}

/** The last place before another one; before the first comes the last. Undefined: there are none. */
export function placeBefore(places: readonly Place[], from: Place | undefined): Place | undefined {
  const sorted = places.toSorted(compare);
  return (from && sorted.findLast((place) => compare(place, from) < 0)) ?? sorted.at(-1);
}

function compare(one: Place, other: Place): number {
  if (one.uri !== other.uri) {
    return one.uri < other.uri ? -1 : 1;
  }
  return one.line - other.line || one.character - other.character;
}
