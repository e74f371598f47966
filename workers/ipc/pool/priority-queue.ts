/** What waits, most urgent first; of the equally urgent, what has waited longest. Adding and removing cost little. */

export class PriorityQueue<T extends object> {
  readonly #rankOf: (item: T) => number;
  /** The ranks that have items, lowest first. */
  readonly #ranks: number[] = [];
  /** By rank, in the order of arrival. */
  readonly #items = new Map<number, Set<T>>();
  /** The rank that an item was added with. */
  readonly #added = new Map<T, number>();

  /** @param rankOf lower comes first; asked once, when an item is added */
  constructor(rankOf: (item: T) => number) {
    this.#rankOf = rankOf;
  }

  get length(): number {
    return this.#added.size;
  }

  get head(): T | undefined {
    const [rank] = this.#ranks;
    if (rank === undefined) return undefined;
    return this.#items.get(rank)?.values().next().value;
  }

  /** An item that is waiting already keeps its place. */
  add(item: T): void {
    if (this.#added.has(item)) return;
    const rank = this.#rankOf(item);
    const equals = this.#items.get(rank);
    if (equals === undefined) {
      this.#items.set(rank, new Set([item]));
      this.#ranks.splice(this.#ranks.findLastIndex((other) => other < rank) + 1, 0, rank);
    } else {
      equals.add(item);
    }
    this.#added.set(item, rank);
  }

  /** @returns false when it was not waiting */
  remove(item: T): boolean {
    const rank = this.#added.get(item);
    if (rank === undefined) return false;
    this.#added.delete(item);
    const equals = this.#items.get(rank);
    equals?.delete(item);
    if (equals?.size === 0) {
      this.#items.delete(rank);
      this.#ranks.splice(this.#ranks.indexOf(rank), 1);
    }
    return true;
  }

  /** Takes the head. */
  shift(): T | undefined {
    const { head } = this;
    if (head !== undefined) this.remove(head);
    return head;
  }

  /** Empties the queue. */
  drain(): readonly T[] {
    const all = this.#ranks.flatMap((rank) => [...(this.#items.get(rank) ?? [])]);
    this.#ranks.length = 0;
    this.#items.clear();
    this.#added.clear();
    return all;
  }
}
