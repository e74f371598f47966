/** Stores the results of a folder, and records in its history how much was analysed. Lives as long as the folder. */
import type { Engine } from '../engine/engine.ts';
import type { FileChange } from '../journal.ts';
import { runEntry, type RunEntry } from '../store/run-history.ts';
import type { Store } from '../store/store.ts';

/** Delay after the last analysis: an edit before then would make the stored results useless. */
const quietMs = 2000;

export interface PersistenceOptions {
  readonly engine: Engine;
  readonly store: Store;
  /** Recorded in the history. */
  readonly frontEnd: RunEntry['by'];
  /** Called with changes on disk that were not reported. */
  readonly onMissed: (changes: readonly FileChange[]) => void;
  readonly onError: (error: unknown) => void;
}

export class Persistence {
  readonly #options: PersistenceOptions;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: PersistenceOptions) {
    this.#options = options;
  }

  /** Stores the results once the engine has been settled for a while. Call it whenever the engine's status changes. */
  persistWhenQuiet(): void {
    clearTimeout(this.#timer);
    if (this.#options.engine.settled) this.#timer = setTimeout(() => void this.#persistAndReport(), quietMs);
  }

  /** @returns changes on disk that were not reported to the engine */
  async persist(): Promise<readonly FileChange[]> {
    const { engine, store, frontEnd } = this.#options;
    const missed = await engine.persist();
    const work = engine.takeWork();
    if (work.length > 0) store.history.append(runEntry(frontEnd, work));
    return missed;
  }

  dispose(): void {
    clearTimeout(this.#timer);
  }

  async #persistAndReport(): Promise<void> {
    const { onMissed, onError } = this.#options;
    try {
      const missed = await this.persist();
      if (missed.length > 0) onMissed(missed);
    } catch (error) {
      onError(error);
    }
  }
}
