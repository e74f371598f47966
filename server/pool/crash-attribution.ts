/**
 * How often an input was in work when its worker died, and what follows from it. Lives as long as the pool,
 * bounded, so that an input met again in a later task runs alone from the start. A success or a change of the input
 * clears its count.
 *
 * Invariant: deaths from outside never quarantine an input, however many. After a series of them it is put off: other
 * work goes on, and it is tried again later.
 */
import { backoffDelay, type Backoff } from '../../workers/protocol/backoff.ts';

/** What happens with an input after a death. */
export type CrashConsequence = 'again' | 'alone' | 'put-off' | 'quarantine';

interface CrashCount {
  /** Deaths that speak against the input. */
  readonly own: number;
  /** Deaths from outside while it was in work. */
  readonly external: number;
  /** How often in a row it was put off. */
  readonly putOff: number;
}

const NONE: CrashCount = { own: 0, external: 0, putOff: 0 };
const MAX_ENTRIES = 1_000;

/** The second death of its own ends it. */
const OWN_CRASHES = 2;
/** Deaths from outside are chance, until they are not: from the third on the input runs alone. */
const EXTERNAL_CRASHES_ALONE = 3;
/** Longer series are interrupted: something here kills what it can, or this input in a way that leaves no trace. */
export const EXTERNAL_SERIES = 8;

/** Between the attempts at an input that was put off. */
const PAUSES: Backoff = { delayMs: 30_000, maxDelayMs: 300_000, jitter: 0 };

export class CrashAttribution {
  readonly #counts = new Map<string, CrashCount>();

  get size(): number {
    return this.#counts.size;
  }

  /** @param external nobody in the worker caused the death */
  add(key: string, external: boolean): CrashConsequence {
    const before = this.#counts.get(key) ?? NONE;
    const after = external ? { ...before, external: before.external + 1 } : { ...before, own: before.own + 1 };
    if (after.own >= OWN_CRASHES) {
      this.#counts.delete(key);
      return 'quarantine';
    }
    const series = after.external >= EXTERNAL_SERIES;
    this.#set(key, series ? { ...after, external: EXTERNAL_CRASHES_ALONE, putOff: after.putOff + 1 } : after);
    if (series) return 'put-off';
    return this.isSuspected(key) ? 'alone' : 'again';
  }

  /** It shall run alone. */
  isSuspected(key: string): boolean {
    const count = this.#counts.get(key) ?? NONE;
    return count.own > 0 || count.external >= EXTERNAL_CRASHES_ALONE;
  }

  /** Milliseconds until an input that was put off is worth another try. */
  pauseOf(key: string): number {
    const { putOff } = this.#counts.get(key) ?? NONE;
    return backoffDelay(PAUSES, Math.max(0, putOff - 1));
  }

  clear(key: string): void {
    this.#counts.delete(key);
  }

  #set(key: string, count: CrashCount): void {
    this.#counts.delete(key);
    this.#counts.set(key, count);
    if (this.#counts.size <= MAX_ENTRIES) return;
    const oldest = this.#counts.keys().next();
    if (oldest.done !== true) this.#counts.delete(oldest.value);
  }
}
