/** Collects changes from the editor and its watchers, so that a checkout of a thousand files is delivered as one change. */
import { systemClock, type Clock } from '../clock.ts';
import { mergeKinds, type ChangeKind } from '../journal.ts';

/**
 * Users notice delays after a save most. A watcher reports the same save again a little later, and a checkout reports
 * changes in bursts. The first key is followed at once; from then on a pause in typing avoids checking half-written words.
 */
const delayMs = { save: 50, watcher: 250, type: 150 } as const;

export type ChangeSource = keyof typeof delayMs;

export class ChangeCollector {
  readonly #deliver: (changes: ReadonlyMap<string, ChangeKind>) => void;
  #changes = new Map<string, ChangeKind>();
  readonly #clock: Clock;
  #cancelTimer: () => void = () => {};
  #due = Number.POSITIVE_INFINITY;
  #onlyTyped = true;
  /** When the last key was pressed. */
  #typedAt = Number.NEGATIVE_INFINITY;

  constructor(deliver: (changes: ReadonlyMap<string, ChangeKind>) => void, clock: Clock = systemClock) {
    this.#deliver = deliver;
    this.#clock = clock;
  }

  add(absolute: string, kind: ChangeKind, source: ChangeSource): void {
    const delay = this.#delayOf(source);
    this.#changes.set(absolute, mergeKinds(this.#changes.get(absolute), kind));
    const due = this.#clock.now() + delay;
    const waits = source === 'type' && this.#onlyTyped;
    if (source !== 'type') this.#onlyTyped = false;
    if (due >= this.#due && !waits) return;
    this.#due = due;
    this.#cancelTimer();
    this.#cancelTimer = this.#clock.after(delay, () => this.#flush());
  }

  #delayOf(source: ChangeSource): number {
    if (source !== 'type') return delayMs[source];
    const now = this.#clock.now();
    const isFirst = !this.pending && now - this.#typedAt >= delayMs.type;
    this.#typedAt = now;
    return isFirst ? 0 : delayMs.type;
  }

  /** Delivers the collected changes at once. */
  flush(): void {
    this.#cancelTimer();
    if (this.#changes.size > 0) this.#flush();
  }

  /** Whether changes wait to be delivered. */
  get pending(): boolean {
    return this.#changes.size > 0;
  }

  dispose(): void {
    this.#cancelTimer();
  }

  #flush(): void {
    const changes = this.#changes;
    this.#changes = new Map();
    this.#due = Number.POSITIVE_INFINITY;
    this.#onlyTyped = true;
    this.#deliver(changes);
  }
}
