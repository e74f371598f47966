/** The handlers of a worker, found by the type of a message. One per worker. */
import type { HandlerContext, MessageDefinitions } from './messages.ts';

export type UncheckedHandler = (
  payload: unknown,
  context: HandlerContext<unknown, unknown, MessageDefinitions>,
) => unknown;

/** Also an instance of a class, whose methods are those of its prototypes: all of them but those of `Object` itself. */
export class HandlerTable {
  /** `this` of every handler. */
  readonly owner: object;
  readonly #found = new Map<string, UncheckedHandler>();

  constructor(owner: object) {
    this.owner = owner;
  }

  find(type: string): UncheckedHandler | undefined {
    // Names beginning with `$` are the library's own.
    if (type.startsWith('$')) return undefined;
    const known = this.#found.get(type);
    if (known !== undefined) return known;
    if (!this.#has(type)) return undefined;
    const handler: unknown = (this.owner as Record<string, unknown>)[type];
    if (typeof handler !== 'function') return undefined;
    this.#found.set(type, handler as UncheckedHandler);
    return handler as UncheckedHandler;
  }

  /** The last prototype is `Object.prototype`, of whichever realm. */
  #has(type: string): boolean {
    if (Object.hasOwn(this.owner, type)) return true;
    let prototype: unknown = Object.getPrototypeOf(this.owner);
    while (typeof prototype === 'object' && prototype !== null) {
      const next: unknown = Object.getPrototypeOf(prototype);
      if (next === null) return false;
      if (type !== 'constructor' && Object.hasOwn(prototype, type)) return true;
      prototype = next;
    }
    return false;
  }
}
