/**
 * Sockets that nobody was left to remove: host, worker and guard were all killed in the same instant. The next host
 * tidies up, once per process, behind its first worker.
 */
import { lstat, readdir } from 'node:fs/promises';
import path from 'node:path';
import { isListening } from './socket-adapter.ts';
import { removeSocket } from './socket-path.ts';

/** A directory this young may belong to somebody who is about to listen. Milliseconds. */
const YOUNG_MS = 60_000;

/**
 * Removes the socket directories in `base` whose host is dead and where nobody answers any more: a detached worker
 * outlives its host and does. Never throws.
 * @param base the directory of private directories
 * @param now milliseconds since the epoch
 * @returns how many were removed
 */
export async function removeStaleSockets(base: string, now: number = Date.now()): Promise<number> {
  let removed = 0;
  const names = await readdir(base).catch((): string[] => []);
  for (const name of names) {
    const host = Number(/^iw-(\d+)-\w{6}$/.exec(name)?.[1]);
    if (!Number.isSafeInteger(host) || isAlive(host)) continue;
    const directory = path.join(base, name);
    const socketPath = path.join(directory, 's');
    if (!(await isOldAndOurs(directory, now)) || (await isListening(socketPath))) continue;
    removeSocket(socketPath, true);
    removed += 1;
  }
  return removed;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: alive, and somebody else's.
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

async function isOldAndOurs(directory: string, now: number): Promise<boolean> {
  try {
    const { mtimeMs, uid } = await lstat(directory);
    return now - mtimeMs > YOUNG_MS && uid === process.getuid?.();
  } catch {
    return false;
  }
}
