import type { Unit } from '../protocol/detector-protocol.ts';

/** Units of the files in `first` come first, in that order; the others keep their order. */
export function prioritized(units: readonly Unit[], first: readonly string[]): readonly Unit[] {
  const rank = new Map(first.map((file, index) => [file, index]));
  const rankOf = ({ file }: Unit): number => rank.get(file) ?? first.length;
  return units.toSorted((one, other) => rankOf(one) - rankOf(other));
}
