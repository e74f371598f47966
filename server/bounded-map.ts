/** A map that forgets what was set longest ago. */
export class BoundedMap<Key, Value> extends Map<Key, Value> {
  readonly #maximum: number;

  /** @param maximum number of entries */
  constructor(maximum: number) {
    super();
    this.#maximum = maximum;
  }

  override set(key: Key, value: Value): this {
    this.delete(key);
    super.set(key, value);
    const [oldest] = this.keys();
    if (this.size > this.#maximum && oldest !== undefined) this.delete(oldest);
    return this;
  }
}
