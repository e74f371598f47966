/**
 * The kernel's own count of out-of-memory kills, the only evidence a process gets that a SIGKILL nobody here sent was
 * one. Linux only; it counts the whole machine, so it is evidence, not proof.
 */
import { readFile } from 'node:fs/promises';

/** Undefined where the system does not tell. */
export async function outOfMemoryKills(
  platform: NodeJS.Platform = process.platform,
  read: (file: string) => Promise<string> = (file) => readFile(file, 'utf8'),
): Promise<number | undefined> {
  if (platform !== 'linux') return undefined;
  try {
    const count = /^oom_kill (\d+)$/m.exec(await read('/proc/vmstat'))?.[1];
    return count === undefined ? undefined : Number(count);
  } catch {
    return undefined;
  }
}
