/** Collects what the editor and its watchers say has changed, so that a checkout of a thousand files is one change. */
import type { ChangeKind } from '../engine/change-triggers.ts';

/**
 * Saves are felt at once. Watchers report the same save again a little later, and bursts come in bursts. Typing is
 * waited out: text in the middle of a word is nobody's opinion.
 */
const delayMs = { save: 50, watcher: 250, type: 300 } as const;

export type ChangeSource = keyof typeof delayMs;

export class ChangeCollector {
  readonly #deliver: (changes: ReadonlyMap<string, ChangeKind>) => void;
  #changes = new Map<string, ChangeKind>();
  #timer: NodeJS.Timeout | undefined;
  #due = Number.POSITIVE_INFINITY;
  #onlyTyped = true;

  constructor(deliver: (changes: ReadonlyMap<string, ChangeKind>) => void) {
    this.#deliver = deliver;
  }

  add(absolute: string, kind: ChangeKind, source: ChangeSource): void {
    this.#changes.set(absolute, merged(this.#changes.get(absolute), kind));
    const due = performance.now() + delayMs[source];
    const waits = source === 'type' && this.#onlyTyped;
    if (source !== 'type') this.#onlyTyped = false;
    if (due >= this.#due && !waits) return;
    this.#due = due;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#flush(), delayMs[source]);
  }

  /** Delivers what has been collected, without waiting for more. */
  flush(): void {
    clearTimeout(this.#timer);
    if (this.#changes.size > 0) this.#flush();
  }

  dispose(): void {
    clearTimeout(this.#timer);
  }

  #flush(): void {
    const changes = this.#changes;
    this.#changes = new Map();
    this.#due = Number.POSITIVE_INFINITY;
    this.#onlyTyped = true;
    this.#deliver(changes);
  }
}

function merged(before: ChangeKind | undefined, now: ChangeKind): ChangeKind {
  // A file deleted and made again (many tools save so) may have other content, and it is there.
  if (before === 'deleted' && now === 'created') return 'changed';
  if (before === 'created' && now === 'changed') return 'created';
  return now;
}
