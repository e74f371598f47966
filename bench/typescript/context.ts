/** Receives the findings of a detector that is only measured. */
import type { CheckContext } from '../../workers/protocol/detector.ts';

/** @param listened what is listened to; problems are printed, the rest is for nobody */
export function contextFor(listened: Partial<CheckContext>): CheckContext {
  const nothing = (): void => {};
  return {
    signal: new AbortController().signal,
    log: nothing,
    begin: nothing,
    report: nothing,
    progress: nothing,
    problem: ({ message }) => console.error(message),
    done: () => Promise.resolve(),
    ...listened,
  };
}
