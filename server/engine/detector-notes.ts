/**
 * What detectors note about a root: a few short texts each, which only they understand. Between sessions
 * the store keeps them; without a store they live as long as their engine.
 */
import type { JsonValue, Store } from '../store/store.ts';

type Texts = Readonly<Record<string, string>>;

/** Of one detector; the oldest go first. */
const MOST_TEXTS = 500;
/** Of a key and of a text. */
const LONGEST = 500;

export class DetectorNotes {
  readonly #store: Pick<Store, 'meta'> | undefined;
  readonly #texts = new Map<string, ReadonlyMap<string, string>>();

  constructor(store: Pick<Store, 'meta'> | undefined) {
    this.#store = store;
  }

  /** Reads what earlier sessions left, once. */
  async load(detector: string): Promise<void> {
    if (!this.#store || this.#texts.has(detector)) return;
    const note = (await this.#store.meta.list().catch(() => undefined))?.get(keyOf(detector));
    // Meanwhile the detector may have noted something.
    const newer = this.#texts.get(detector) ?? [];
    this.#texts.set(detector, new Map([...soundTexts(note), ...newer]));
  }

  of(detector: string): Texts | undefined {
    const texts = this.#texts.get(detector);
    return texts === undefined || texts.size === 0 ? undefined : Object.fromEntries(texts);
  }

  add(detector: string, news: Texts): void {
    const texts = new Map(this.#texts.get(detector));
    for (const [key, text] of soundTexts(news)) {
      texts.delete(key);
      texts.set(key, text);
    }
    const kept = new Map([...texts].slice(-MOST_TEXTS));
    this.#texts.set(detector, kept);
    this.#store?.meta.put(keyOf(detector), Object.fromEntries(kept) satisfies JsonValue);
  }
}

/** The note may be damaged, and detectors may be anybody's. */
function soundTexts(value: unknown): readonly (readonly [string, string])[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
  const sound = Object.entries(value).filter(
    (entry): entry is [string, string] =>
      entry[0].length <= LONGEST && typeof entry[1] === 'string' && entry[1].length <= LONGEST,
  );
  return sound.slice(-MOST_TEXTS);
}

function keyOf(detector: string): string {
  return `notes ${detector}`;
}
