/** Processes of a tree, as the system sees them (Linux /proc, else ps). A zombie counts as gone. */
import { execFileSync } from 'node:child_process';
import { patienceMs } from './patience.ts';

interface ProcessLine {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
}

function allProcesses(): readonly ProcessLine[] {
  const text = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,stat=,args='], { encoding: 'utf8', maxBuffer: 1 << 26 });
  return text.split('\n').flatMap((line) => {
    const match = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line);
    if (!match || match[3]?.startsWith('Z')) return [];
    return [{ pid: Number(match[1]), parent: Number(match[2]), command: match[4] ?? '' }];
  });
}

/** All below a process. */
export function descendantsOf(pid: number): readonly ProcessLine[] {
  const all = allProcesses();
  const found: ProcessLine[] = [];
  const visit = (parent: number): void => {
    for (const process of all) {
      if (process.parent !== parent || found.some((known) => known.pid === process.pid)) continue;
      found.push(process);
      visit(process.pid);
    }
  };
  visit(pid);
  return found;
}

/** The ids of those with this text on their command line, but for this one. */
export function processesWith(text: string): readonly number[] {
  return allProcesses()
    .filter(({ pid, command }) => pid !== process.pid && command.includes(text))
    .map(({ pid }) => pid);
}

export function alive(pid: number): boolean {
  return allProcesses().some((process) => process.pid === pid);
}

/** Polls, because the end of another process is not announced to us. @throws when the time is over */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  timeoutMs = patienceMs,
): Promise<void> {
  const end = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`Waited ${timeoutMs} ms in vain for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
