import { berthFor } from './harbour.js';

export interface Ship {
  readonly name: string;
  readonly length: number;
  readonly cargo: readonly string[];
}

export function describe(ship: Ship): string {
  // Planted: a number where a string is promised (TS2322).
  const label: string = ship.length;
  return `${ship.name} (${label} m) at berth ${berthFor(ship)}`;
}
