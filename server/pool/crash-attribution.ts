/**
 * Counts how often an input was in work when its worker died, and decides what follows. Lives as long as the pool, within
 * bounds, so that a suspected input runs alone in later tasks too. A success or a change of the input clears its count.
 *
 * Invariant: external kills never quarantine an input, however many. After a series of them it is postponed: other work
 * goes on, and it is tried again later.
 */
import { backoffDelay, type Backoff } from '../../workers/protocol/backoff.ts';

/** What happens with an input after its worker died: `retry` in a batch, `alone` in a process of its own. */
export type CrashConsequence = 'retry' | 'alone' | 'postpone' | 'quarantine';

interface CrashCount {
  /** Crashes that the input may have caused. */
  readonly own: number;
  /** Kills by other processes while it was in work. */
  readonly external: number;
  /** How often in a row it was postponed. */
  readonly postponed: number;
}

const NONE: CrashCount = { own: 0, external: 0, postponed: 0 };
const MAX_ENTRIES = 1_000;

/** An input that crashed its worker this often goes to quarantine. */
const OWN_CRASHES = 2;
/** A few external kills may be chance. From the third on the input runs alone. */
const EXTERNAL_CRASHES_ALONE = 3;
/** After this many the input is postponed: something kills every worker, or this input kills its own without a trace. */
export const EXTERNAL_SERIES = 8;

/** Between the attempts at a postponed input. */
const PAUSES: Backoff = { delayMs: 30_000, maxDelayMs: 300_000, jitter: 0 };

export class CrashAttribution {
  readonly #counts = new Map<string, CrashCount>();

  get size(): number {
    return this.#counts.size;
  }

  /** @param external another process killed the worker */
  add(key: string, external: boolean): CrashConsequence {
    const before = this.#counts.get(key) ?? NONE;
    const after = external ? { ...before, external: before.external + 1 } : { ...before, own: before.own + 1 };
    if (after.own >= OWN_CRASHES) {
      this.#counts.delete(key);
      return 'quarantine';
    }
    const series = after.external >= EXTERNAL_SERIES;
    this.#set(key, series ? { ...after, external: EXTERNAL_CRASHES_ALONE, postponed: after.postponed + 1 } : after);
    if (series) return 'postpone';
    return this.isSuspected(key) ? 'alone' : 'retry';
  }

  /** It must run alone. */
  isSuspected(key: string): boolean {
    const count = this.#counts.get(key) ?? NONE;
    return count.own > 0 || count.external >= EXTERNAL_CRASHES_ALONE;
  }

  /** Milliseconds until a postponed input is worth another try. */
  pauseOf(key: string): number {
    const { postponed } = this.#counts.get(key) ?? NONE;
    return backoffDelay(PAUSES, Math.max(0, postponed - 1));
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
