import type { Ship } from './ship.js';

// Planted: the same code as in moorage.ts (duplication/duplicated-code).
export function rewardsOf(ships: readonly Ship[], rates: ReadonlyMap<string, number>): number {
  let total = 0;
  for (const { name, length, cargo } of ships) {
    const rate = rates.get(name);
    if (rate === undefined) throw new Error(`Nobody saved ${name}`);
    const isLong = length > 200;
    const base = isLong ? length * rate * 2 : length * rate;
    const goods = cargo.filter((one) => one !== 'ballast');
    const handling = goods.length > 10 ? goods.length * 80 : goods.length * 100;
    total += Math.round((base + handling) * 100) / 100;
  }
  return total;
}
