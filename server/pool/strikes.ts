/**
 * How often an input was in work when its compartment died. Lives as long as the pool, bounded, so that an input met
 * again in a later task runs alone from the start. A success or a change of the input wipes its strikes.
 */

export interface StrikeCount {
  /** Deaths that speak against the input. */
  readonly own: number;
  /** Deaths from outside while it was in work. */
  readonly foreign: number;
}

const NONE: StrikeCount = { own: 0, foreign: 0 };
const MAX_ENTRIES = 1_000;

/** The second death of its own ends it. */
export const OWN_STRIKES = 2;
/** Deaths from outside are chance, until they are not: from the third on the input runs alone, the sixth ends it. */
export const FOREIGN_STRIKES_ALONE = 3;
export const FOREIGN_STRIKES = 6;

export class Strikes {
  readonly #counts = new Map<string, StrikeCount>();

  get size(): number {
    return this.#counts.size;
  }

  of(key: string): StrikeCount {
    return this.#counts.get(key) ?? NONE;
  }

  /** @returns the new count */
  add(key: string, foreign: boolean): StrikeCount {
    const before = this.of(key);
    const after = foreign ? { ...before, foreign: before.foreign + 1 } : { ...before, own: before.own + 1 };
    this.#counts.delete(key);
    this.#counts.set(key, after);
    if (this.#counts.size > MAX_ENTRIES) {
      const oldest = this.#counts.keys().next();
      if (oldest.done !== true) this.#counts.delete(oldest.value);
    }
    return after;
  }

  clear(key: string): void {
    this.#counts.delete(key);
  }
}

export function isSuspected(count: StrikeCount): boolean {
  return count.own > 0 || count.foreign >= FOREIGN_STRIKES_ALONE;
}

export function isOut(count: StrikeCount): boolean {
  return count.own >= OWN_STRIKES || count.foreign >= FOREIGN_STRIKES;
}
