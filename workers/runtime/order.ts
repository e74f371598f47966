import type { Unit } from '../protocol/detector-protocol.ts';

/** Units of the wanted files first, in the order of the request; the others keep theirs. */
export function prioritized(units: readonly Unit[], wanted: readonly string[]): readonly Unit[] {
  const rank = new Map(wanted.map((file, index) => [file, index]));
  const rankOf = ({ file }: Unit): number => rank.get(file) ?? wanted.length;
  return units.toSorted((one, other) => rankOf(one) - rankOf(other));
}
