// Which processes of a run are still there: all of them carry a mark in their environment.
import { readdirSync, readFileSync } from 'node:fs';

export const markVariable = 'BULKHEAD_EDITOR_RUN';

/**
 * Processes that inherited the mark, apart from the caller. Linux only: elsewhere the environment of a process cannot
 * be read, and the list is empty.
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
      // A process that has ended but is not collected yet has no command line.
      if (command) found.push({ pid, command });
    } catch {
      // Ended while we looked, or not ours.
    }
  }
  return found;
}

/** Waits up to the deadline for all of them to be gone; returns those that are not. */
export async function survivors(mark, deadlineMs) {
  const deadline = Date.now() + deadlineMs;
  for (;;) {
    const left = markedProcesses(mark);
    if (left.length === 0 || Date.now() > deadline) return left;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
