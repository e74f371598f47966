import type { Ship } from './ship.js';

// Planted: never used (no-unused-vars).
const customsOffice = 'Pier 4';

export function manifest(ships: readonly Ship[]): string {
  // Planted: an argument too many (TS2554).
  return ships.map((ship) => line(ship, true)).join('\n');
}

function line(ship: Ship): string {
  return `${ship.name}: ${ship.cargo.length === 0 ? 'in ballast' : ship.cargo.join(', ')}`;
}
