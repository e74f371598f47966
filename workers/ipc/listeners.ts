/** Who wants to hear of what: sets of functions by the name of an event. Lives as long as its owner. */
import { callAll } from './callbacks.ts';

export class Listeners<Events extends object> {
  readonly #byEvent = new Map<keyof Events, Set<(value: never) => unknown>>();
  readonly #failed: (error: unknown) => void;

  /** `failed` hears of what a listener throws, or rejects with. */
  constructor(failed: (error: unknown) => void) {
    this.#failed = failed;
  }

  /** Returns the function that stops listening. */
  on<E extends keyof Events>(event: E, listener: (value: Events[E]) => unknown): () => void {
    const listeners = this.#byEvent.get(event) ?? new Set();
    this.#byEvent.set(event, listeners);
    // A function of its own for each call: whoever listens twice is called twice, and stops each for itself.
    const own = (value: Events[E]): unknown => listener(value);
    listeners.add(own);
    return () => void listeners.delete(own);
  }

  /** Those that are added meanwhile hear of the next one. */
  emit<E extends keyof Events>(event: E, value: Events[E]): void {
    const listeners = this.#byEvent.get(event) as ReadonlySet<(value: Events[E]) => unknown> | undefined;
    if (listeners !== undefined && listeners.size > 0) callAll([...listeners], value, this.#failed);
  }
}
