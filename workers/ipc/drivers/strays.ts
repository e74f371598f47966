/**
 * Strays: processes that a worker started and that left its process group (`setsid`, `detached: true`), so that a signal to
 * the group does not reach them. A worker carries a mark in its environment, which all that it starts inherit; on Linux
 * the environment of a process can be read. Elsewhere there is no way to find them. Stateless.
 */
import { randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';

/** The marks of a process, with those of the workers around it. */
export const MARK_VARIABLE = 'ISOLATED_WORKER_MARK';

/** One that forks while it is looked for is found in the next round. */
const MOST_ROUNDS = 5;

export interface Mark {
  /** Tells the worker from all others. */
  readonly id: string;
  /** For the environment of the worker. */
  readonly value: string;
}

/** Undefined where strays cannot be found. */
export function newMark(around: string | undefined = process.env[MARK_VARIABLE]): Mark | undefined {
  if (process.platform !== 'linux') return undefined;
  const id = randomUUID();
  return { id, value: around === undefined ? id : `${around}:${id}` };
}

/** Ends all processes with the mark. Never throws. */
export async function endStrays({ id }: Mark): Promise<void> {
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const names = await readdir('/proc').catch(() => []);
    const found = await Promise.all(names.map((name) => endIfMarked(name, id)));
    if (!found.includes(true)) return;
  }
}

async function endIfMarked(name: string, id: string): Promise<boolean> {
  const pid = Number(name);
  if (!Number.isInteger(pid) || pid === process.pid) return false;
  try {
    if (!(await readFile(`/proc/${name}/environ`, 'latin1')).includes(id)) return false;
    process.kill(pid, 'SIGKILL');
    return true;
  } catch {
    // It has ended, or is another user's.
    return false;
  }
}
