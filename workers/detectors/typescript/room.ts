/** Whether a second TypeScript may run beside the one in this process. Stateless. */
import { getHeapStatistics } from 'node:v8';

/** What the pool allows us, all our processes together, is a little more than our heap; idle, three quarters of it. */
const SHARE_OF_LIMIT = 0.75;
/** Left to everything else on the machine, or in its control group. */
const RESERVE_BYTES = 512 * 1024 * 1024;

/** @param bytes what it grows to; ours is taken to grow to as much, if it has not yet */
export function hasRoomFor(bytes: number): boolean {
  const now = process.memoryUsage.rss();
  const ours = Math.max(now, bytes);
  if (ours + bytes > getHeapStatistics().heap_size_limit * SHARE_OF_LIMIT) return false;
  return ours - now + bytes + RESERVE_BYTES <= process.availableMemory();
}
