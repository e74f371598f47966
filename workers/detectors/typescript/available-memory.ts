/** Whether there is enough memory to run TypeScript 7 beside the TypeScript in this process. Stateless. */
import { getHeapStatistics } from 'node:v8';

/** Reserved for everything else on the machine or in the control group. */
const RESERVE_BYTES = 512 * 1024 * 1024;

/** Memory of this process relative to that of TypeScript 7 for the same project; measured. */
const OURS_TO_NATIVE = 1.5;

/** Estimates the memory of TypeScript 7 from that of this process, which has loaded the same projects. */
export function estimatedBytes(): number {
  return process.memoryUsage.rss() / OURS_TO_NATIVE;
}

/** @param bytes the expected size of TypeScript 7; this process may still grow too */
export function hasMemoryFor(bytes: number): boolean {
  const now = process.memoryUsage.rss();
  const ours = Math.max(now, bytes * OURS_TO_NATIVE);
  // The heap limit is three quarters of the memory limit of the worker; above that limit, idle workers are replaced.
  if (ours + bytes > getHeapStatistics().heap_size_limit) return false;
  return ours - now + bytes + RESERVE_BYTES <= process.availableMemory();
}
