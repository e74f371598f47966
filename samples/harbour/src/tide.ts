// Planted: the module does not exist (TS2307).
import { moonPhase } from './moon.js';

export function tideAt(hour: number): number {
  // Planted: never reassigned (prefer-const).
  let phase = moonPhase(hour);
  return Math.round(Math.sin(phase) * 3);
}
