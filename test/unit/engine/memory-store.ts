/** A store that keeps results in memory, for several sessions of one test. Files are read, and never remembered. */
import { InputHasher } from '../../../server/store/input-hash.ts';
import type { ResultStore } from '../../../server/engine/result-cache.ts';
import type { Fact } from '../../../server/store/operations.ts';
import type { JsonValue, StoredUnit } from '../../../server/store/store.ts';

export class MemoryStore implements ResultStore {
  readonly #notes = new Map<string, JsonValue>();
  readonly #units = new Map<string, StoredUnit>();
  readonly #facts = new Map<string, Fact & { readonly kind: string }>();

  /** Runs after files were read, and before it is told what was in them. */
  whenHashed: () => Promise<void> = () => Promise.resolve();

  readonly meta: { -readonly [Key in keyof ResultStore['meta']]: ResultStore['meta'][Key] } = {
    list: () => Promise.resolve(new Map(this.#notes)),
    get: (key) => Promise.resolve(this.#notes.get(key)),
    put: (key, value) => void this.#notes.set(key, value),
    remove: (key) => void this.#notes.delete(key),
  };

  putUnit(result: Parameters<ResultStore['putUnit']>[0]): void {
    this.#units.set(`${result.detector}\n${result.unit}`, { ...result, revision: 1 });
  }

  async *loadUnits({ detector }: Parameters<ResultStore['loadUnits']>[0] = {}): AsyncGenerator<StoredUnit, void, void> {
    for (const unit of this.#units.values()) if (unit.detector === detector) yield await Promise.resolve(unit);
  }

  putFact(kind: string, fact: Fact): void {
    this.#facts.set(`${kind}\n${fact.file}`, { ...fact, kind });
  }

  dropFact(kind: string, file: string): void {
    this.#facts.delete(`${kind}\n${file}`);
  }

  async *loadFacts(kind: string): AsyncGenerator<Fact, void, void> {
    for (const fact of this.#facts.values()) if (fact.kind === kind) yield await Promise.resolve(fact);
  }

  async hashInputs(root: string, files: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const hasher = new InputHasher({ load: () => [], save: () => {}, now: () => 0 });
    const hashes = hasher.hashAll(root, files);
    await this.whenHashed();
    return new Map(files.flatMap((file, index) => (hashes[index] ? [[file, hashes[index]]] : [])));
  }
}
