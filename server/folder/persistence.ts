/**
 * Stores the results of a folder: soon after the analysis has settled, and now and then while it lasts, so that the end of
 * the process costs little work. Records in the history how much was analysed. Lives as long as the folder.
 */
import { systemClock, type Clock } from '../clock.ts';
import type { Engine } from '../engine/engine.ts';
import type { FileChange } from '../journal.ts';
import { runEntry, type RunEntry } from '../store/run-history.ts';
import type { Store } from '../store/store.ts';

/** Pause before results are stored. Storing lists the folder, so it may take only a share of the time. */
const pauses = {
  settled: { minMs: 250, maxMs: 2000, timesAsLong: 5 },
  running: { minMs: 5000, maxMs: 120_000, timesAsLong: 20 },
} as const;

export interface PersistenceOptions {
  readonly engine: Pick<Engine, 'atRest' | 'persist' | 'takeWork'>;
  readonly store: Pick<Store, 'flush'> & { readonly history: Pick<Store['history'], 'append'> };
  /** Recorded in the history. */
  readonly frontEnd: RunEntry['by'];
  /** Called with changes on disk that were not reported. */
  readonly onMissed: (changes: readonly FileChange[]) => void;
  readonly onError: (error: unknown) => void;
  /** {@link Persistence.pending} has changed. */
  readonly onChange: () => void;
  /** For tests. */
  readonly clock?: Clock;
}

export class Persistence {
  readonly #options: PersistenceOptions;
  readonly #clock: Clock;
  #cancelTimer: (() => void) | undefined;
  /** For which state of the engine the timer was set. */
  #timerFor: keyof typeof pauses = 'running';
  /** There was work since the results were stored last. */
  #dirty = true;
  #storing = false;
  #lastMs = 0;
  /** The last comparison with the disk found changes: some tool writes all the time, or the editor's watcher is late. */
  #foundChanges = false;
  #disposed = false;

  constructor(options: PersistenceOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  /** Results are not stored yet, or not compared with the disk. */
  get pending(): boolean {
    return this.#dirty || this.#storing;
  }

  /** Call it whenever the engine's status changes. */
  statusChanged(): void {
    const { atRest } = this.#options.engine;
    if (!atRest) this.#dirty = true;
    if (this.#disposed || this.#storing || !this.#dirty) return;
    const kind = atRest ? 'settled' : 'running';
    if (this.#cancelTimer && this.#timerFor === kind) return;
    this.#cancelTimer?.();
    this.#timerFor = kind;
    this.#cancelTimer = this.#clock.after(this.#pauseOf(kind), () => {
      this.#cancelTimer = undefined;
      void this.#persistAndReport();
    });
  }

  /**
   * Resolves when the results are on disk: whatever kills the process from then on, the next session has them.
   * @param ifNew see {@link Engine.persist}
   * @returns changes on disk that were not reported to the engine
   */
  async persist(ifNew = false): Promise<readonly FileChange[]> {
    const { engine, store, frontEnd } = this.#options;
    const missed = await engine.persist([], ifNew);
    const work = engine.atRest ? engine.takeWork() : [];
    if (work.length > 0) store.history.append(runEntry(frontEnd, work));
    await store.flush();
    return missed;
  }

  dispose(): void {
    this.#disposed = true;
    this.#cancelTimer?.();
  }

  #pauseOf(kind: keyof typeof pauses): number {
    const { minMs, maxMs, timesAsLong } = pauses[kind];
    return this.#foundChanges ? maxMs : Math.min(maxMs, Math.max(minMs, timesAsLong * this.#lastMs));
  }

  async #persistAndReport(): Promise<void> {
    const { engine, onMissed, onError, onChange } = this.#options;
    const startedAt = this.#clock.now();
    this.#storing = true;
    this.#dirty = !engine.atRest;
    let missed: readonly FileChange[] = [];
    try {
      missed = await this.persist();
    } catch (error) {
      onError(error);
    }
    this.#lastMs = this.#clock.now() - startedAt;
    this.#storing = false;
    if (this.#disposed) return;
    this.#foundChanges = missed.length > 0;
    if (missed.length > 0) onMissed(missed);
    onChange();
    // Something may have happened meanwhile.
    this.statusChanged();
  }
}
