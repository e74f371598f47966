/** What happens to a worker and to the line to it, for those who want to hear of it. Types only. */
import type { WorkerExit } from './exit.ts';

/** By name of the event: what its listeners are given. */
export interface LifecycleEvents {
  /** The line is there and takes messages: when the worker is ready, and each time after it had been gone. */
  readonly connect: undefined;
  /** The line is gone. With an error unless that was asked for; the worker may live on. Always before `exit`. */
  readonly disconnect: Error | undefined;
  /**
   * What went wrong with the line or the worker as a whole, whether a request waits or not: the connection broke, could
   * not be taken up again, or the worker ended unasked (CrashedError). Nothing happens when nobody listens.
   */
  readonly error: Error;
  /** The worker is gone; the same as `exited`. Nothing comes after it. */
  readonly exit: WorkerExit;
}

/** Hears of one event. What it throws is logged and otherwise ignored. */
export type LifecycleListener<E extends keyof LifecycleEvents> = (value: LifecycleEvents[E]) => unknown;

/** Listeners by event, for those that have to be there from the very start. */
export type LifecycleListeners = { readonly [E in keyof LifecycleEvents]?: LifecycleListener<E> | undefined };
