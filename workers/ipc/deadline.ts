/** A deadline against which only time counts in which this thread could look. */

/** Calls `expired` after `limitMs`, later by as much as this thread stood still. `current` is the timer to clear. */
export function startDeadline(limitMs: number, expired: () => void): { current: NodeJS.Timeout } {
  const deadline = { current: arm(limitMs) };
  function arm(ms: number): NodeJS.Timeout {
    const due = performance.now() + ms;
    return setTimeout(() => {
      const late = performance.now() - due;
      if (late > 100) deadline.current = arm(late);
      else expired();
    }, ms);
  }
  return deadline;
}
