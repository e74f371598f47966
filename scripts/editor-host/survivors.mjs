// Finds processes of a run that are still alive. All of them carry a mark in their environment.
import { readdirSync, readFileSync } from 'node:fs';

export const markVariable = 'BULKHEAD_EDITOR_RUN';

/**
 * Returns the processes that inherited the mark, except the caller. Linux only: on other systems the environment of a
 * process cannot be read, and the list is empty.
 * @param {string} mark
 * @returns {{ pid: number, command: string }[]}
 */
export function markedProcesses(mark) {
  if (process.platform !== 'linux') return [];
  const found = [];
  for (const entry of readdirSync('/proc')) {
    const pid = Number(entry);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    try {
      const environment = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
      if (!environment.includes(`${markVariable}=${mark}`)) continue;
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
      // A zombie process has no command line.
      if (command) found.push({ pid, command });
    } catch {
      // It has just ended, or it belongs to another user.
    }
  }
  return found;
}

/** Waits until all of them are gone, at most until the deadline; returns the remaining ones. */
export async function survivors(mark, deadlineMs) {
  const deadline = Date.now() + deadlineMs;
  for (;;) {
    const left = markedProcesses(mark);
    if (left.length === 0 || Date.now() > deadline) return left;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
