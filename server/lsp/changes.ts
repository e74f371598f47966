/** Collects what the editor and its watchers say has changed, so that a checkout of a thousand files is one change. */
import type { ChangeKind } from '../engine/interest.ts';

/** Saves are felt at once; watchers report the same save again a little later, and bursts come in bursts. */
const delayMs = { save: 50, watcher: 250 } as const;

export type ChangeSource = keyof typeof delayMs;

export class ChangeCollector {
  readonly #deliver: (changes: ReadonlyMap<string, ChangeKind>) => void;
  #changes = new Map<string, ChangeKind>();
  #timer: NodeJS.Timeout | undefined;
  #due = Number.POSITIVE_INFINITY;

  constructor(deliver: (changes: ReadonlyMap<string, ChangeKind>) => void) {
    this.#deliver = deliver;
  }

  add(absolute: string, kind: ChangeKind, source: ChangeSource): void {
    const before = this.#changes.get(absolute);
    // A file deleted and made again (many tools save so) may have other content, and it is there.
    this.#changes.set(absolute, before === 'deleted' && kind === 'created' ? 'changed' : before === 'created' && kind === 'changed' ? 'created' : kind);
    const due = performance.now() + delayMs[source];
    if (due >= this.#due) return;
    this.#due = due;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#flush(), delayMs[source]);
  }

  dispose(): void {
    clearTimeout(this.#timer);
  }

  #flush(): void {
    const changes = this.#changes;
    this.#changes = new Map();
    this.#due = Number.POSITIVE_INFINITY;
    this.#deliver(changes);
  }
}
