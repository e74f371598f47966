/**
 * Notes that detectors make about a root: a few short texts each, which only the detector understands. The store keeps
 * them between sessions; without a store they live as long as their engine.
 */
import type { JsonValue, Store } from '../store/store.ts';

type Texts = Readonly<Record<string, string>>;

/** Per detector; the oldest are dropped first. */
const MOST_TEXTS = 500;
/** Maximum length of a key and of a text. */
const LONGEST = 500;

export class DetectorNotes {
  readonly #store: Pick<Store, 'meta'> | undefined;
  readonly #texts = new Map<string, ReadonlyMap<string, string>>();

  constructor(store: Pick<Store, 'meta'> | undefined) {
    this.#store = store;
  }

  /** Reads the notes of earlier sessions. Does nothing the second time. */
  async load(detector: string): Promise<void> {
    if (!this.#store || this.#texts.has(detector)) return;
    const note = await this.#store.meta.get(keyOf(detector)).catch(() => undefined);
    // The detector may have made notes meanwhile.
    const newer = this.#texts.get(detector) ?? [];
    this.#texts.set(detector, new Map([...validTexts(note), ...newer]));
  }

  of(detector: string): Texts | undefined {
    const texts = this.#texts.get(detector);
    return texts === undefined || texts.size === 0 ? undefined : Object.fromEntries(texts);
  }

  add(detector: string, news: Texts): void {
    const texts = new Map(this.#texts.get(detector));
    for (const [key, text] of validTexts(news)) {
      texts.delete(key);
      texts.set(key, text);
    }
    const kept = new Map([...texts].slice(-MOST_TEXTS));
    this.#texts.set(detector, kept);
    this.#store?.meta.put(keyOf(detector), Object.fromEntries(kept) satisfies JsonValue);
  }
}

/** The stored note may be damaged, and a third-party detector may return anything. */
function validTexts(value: unknown): readonly (readonly [string, string])[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
  const valid = Object.entries(value).filter(
    (entry): entry is [string, string] =>
      entry[0].length <= LONGEST && typeof entry[1] === 'string' && entry[1].length <= LONGEST,
  );
  return valid.slice(-MOST_TEXTS);
}

function keyOf(detector: string): string {
  return `notes ${detector}`;
}
