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
const OWN_STRIKES = 2;
/** Deaths from outside are chance, until they are not: from the third on the input runs alone, the sixth ends it. */
const FOREIGN_STRIKES_ALONE = 3;
const FOREIGN_STRIKES = 6;
/** Where other inputs die from outside too, it is the surroundings: then only a long series speaks against one. */
const FOREIGN_STRIKES_HOSTILE = 24;
const HOSTILE_DEATHS = 3;

export class Strikes {
  readonly #counts = new Map<string, StrikeCount>();
  /** Inputs that ever were in work at a death from outside, and such deaths with nothing in work. */
  readonly #struckFromOutside = new Set<string>();
  #idleDeaths = 0;

  get size(): number {
    return this.#counts.size;
  }

  of(key: string): StrikeCount {
    return this.#counts.get(key) ?? NONE;
  }

  add(key: string, foreign: boolean): void {
    const before = this.of(key);
    const after = foreign ? { ...before, foreign: before.foreign + 1 } : { ...before, own: before.own + 1 };
    this.#counts.delete(key);
    this.#counts.set(key, after);
    if (foreign && this.#struckFromOutside.size < MAX_ENTRIES) this.#struckFromOutside.add(key);
    if (this.#counts.size > MAX_ENTRIES) {
      const oldest = this.#counts.keys().next();
      if (oldest.done !== true) this.#counts.delete(oldest.value);
    }
  }

  /** A compartment was ended from outside with no input in work: surely none is to blame. */
  addIdleDeath(): void {
    this.#idleDeaths = Math.min(this.#idleDeaths + 1, MAX_ENTRIES);
  }

  /** It shall run alone. */
  isSuspected(key: string): boolean {
    const count = this.of(key);
    return count.own > 0 || count.foreign >= FOREIGN_STRIKES_ALONE;
  }

  /** It shall run no more. */
  isOut(key: string): boolean {
    const count = this.of(key);
    const others = this.#struckFromOutside.size - (this.#struckFromOutside.has(key) ? 1 : 0);
    const enough = others + this.#idleDeaths >= HOSTILE_DEATHS ? FOREIGN_STRIKES_HOSTILE : FOREIGN_STRIKES;
    return count.own >= OWN_STRIKES || count.foreign >= enough;
  }

  clear(key: string): void {
    this.#counts.delete(key);
  }
}
