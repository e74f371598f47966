import { manifest } from './manifest.js';
import type { Ship } from './ship.js';

/** Nothing planted here: a clean file stays silent. */
export function unload(ship: Ship): string {
  return `Unloading ${manifest([ship])}`;
}
