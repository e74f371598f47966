import { startDeadline } from '../deadline.ts';

/** Waits for `promise`, but not longer than `ms`, nor less because this thread was too busy to look. */
export async function within(promise: Promise<unknown>, ms: number): Promise<void> {
  const late = Promise.withResolvers<void>();
  const deadline = startDeadline(ms, late.resolve);
  await Promise.race([promise, late.promise]);
  clearTimeout(deadline.current);
}
