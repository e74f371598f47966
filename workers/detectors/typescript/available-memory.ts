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

/**
 * Idle workers are ended above three quarters of their limit, give or take a tenth of that. V8's limit is as high, or
 * higher where the machine has memory to spare, which an idle worker is not to keep.
 */
const IDLE_BYTES = 3072 * 1024 * 1024;
const SAFE_SHARE = 0.8;

/** What a process of TypeScript 7 may take without its worker being ended for it. */
export function budgetBytes(): number {
  const idle = Math.min(getHeapStatistics().heap_size_limit, IDLE_BYTES);
  return Math.max(0, idle * SAFE_SHARE - process.memoryUsage.rss());
}

/** @param bytes the expected size of TypeScript 7; this process may still grow too */
export function hasMemoryFor(bytes: number): boolean {
  const now = process.memoryUsage.rss();
  const ours = Math.max(now, bytes * OURS_TO_NATIVE);
  // The heap limit is three quarters of the memory limit of the worker; above that limit, idle workers are replaced.
  if (ours + bytes > getHeapStatistics().heap_size_limit) return false;
  return ours - now + bytes + RESERVE_BYTES <= process.availableMemory();
}
