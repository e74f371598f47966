/** Finds and ends other processes by their ids, which the system reuses: the start time identifies a process. Stateless. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

export interface ProcessTable {
  /** Undefined: there is no such process, or it is a zombie. */
  startTimeOf(pid: number): Promise<string | undefined>;
  /** Ends the process and the group it leads. */
  kill(pid: number): void;
}

export const systemProcesses: ProcessTable = {
  async startTimeOf(pid) {
    try {
      if (process.platform === 'linux') return await linuxStartTime(pid);
      process.kill(pid, 0);
      const [command, ...args] = startTimeCommand(process.platform, pid);
      const { stdout } = await promisify(execFile)(command, args, { timeout: 10_000, windowsHide: true });
      return stdout.trim() === '' ? undefined : stdout.trim();
    } catch {
      return undefined;
    }
  },
  kill(pid) {
    for (const target of process.platform === 'win32' ? [pid] : [-pid, pid]) {
      try {
        process.kill(target, 'SIGKILL');
      } catch {
        // It has ended already, or leads no group.
      }
    }
  },
};

/** Also true for a zombie, and for another process that has got the id. */
export function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid)) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

export function startTimeCommand(platform: NodeJS.Platform, pid: number): readonly [string, ...string[]] {
  return platform === 'win32'
    ? [
        'powershell.exe',
        '-NoProfile',
        '-NonInteractive',
        '-Command',
        `(Get-Process -Id ${pid}).StartTime.ToFileTimeUtc()`,
      ]
    : ['ps', '-o', 'lstart=', '-p', String(pid)];
}

/** Ticks since boot, with the id of the boot. */
async function linuxStartTime(pid: number): Promise<string | undefined> {
  const [stat, boot] = await Promise.all([
    readFile(`/proc/${pid}/stat`, 'utf8'),
    readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => ''),
  ]);
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, ticks] = [fields[0], fields[19]];
  return state === 'Z' || ticks === undefined ? undefined : `${boot.trim()}:${ticks}`;
}
