// Planted: ship.ts imports this file, and this file imports ship.ts (import-cycle).
import { describe, type Ship } from './ship.js';
import { tideAt } from './tide.js';

const berths = [40, 120, 300];

export function berthFor(ship: Ship): number {
  return berths.findIndex((length) => ship.length <= length);
}

export function arrive(ship: Ship, hour: number): string {
  // Planted: == where === is asked for (eqeqeq).
  if (tideAt(hour) == 0) {
    return `${ship.name} waits for the tide`;
  }
  // Planted: a property that does not exist (TS2339).
  return `${describe(ship)}, ${ship.crew} on board`;
}
