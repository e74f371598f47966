/** Whether a second TypeScript may run beside the one in this process. Stateless. */
import { getHeapStatistics } from 'node:v8';

/** Left to everything else on the machine, or in its control group. */
const RESERVE_BYTES = 512 * 1024 * 1024;

/** What we need for a project, by what TypeScript 7 needs for it; measured. */
const OURS_TO_NATIVE = 1.5;

/** What TypeScript 7 will need, where it has not been measured: our own projects are loaded. */
export function estimatedBytes(): number {
  return process.memoryUsage.rss() / OURS_TO_NATIVE;
}

/** @param bytes what it grows to; we may have our own growth still before us */
export function hasMemoryFor(bytes: number): boolean {
  const now = process.memoryUsage.rss();
  const ours = Math.max(now, bytes * OURS_TO_NATIVE);
  // Our heap may have three quarters of what all our processes may have. With more than that, idle ones are replaced.
  if (ours + bytes > getHeapStatistics().heap_size_limit) return false;
  return ours - now + bytes + RESERVE_BYTES <= process.availableMemory();
}
