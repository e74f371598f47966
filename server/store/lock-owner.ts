/**
 * Whether the process that holds a lock is still alive. Cheap enough to ask every second: where only a program can tell
 * the start time of a process, that program runs rarely. Lives as long as the locks that use it.
 */
import { readFile, readlink } from 'node:fs/promises';
import os from 'node:os';
import { systemProcesses } from '../processes.ts';
import type { LockOwner } from './lock-table.ts';

export interface LockProcesses {
  /** Identifies the machine, its boot and the process namespace. */
  host(): Promise<string>;
  /** False: no process has this id. True: one has, or it is unknown. */
  exists(pid: number): boolean;
  /** Undefined: there is no such process, or its start time is unknown. */
  startTimeOf(pid: number): Promise<string | undefined>;
  /** How long a result of {@link startTimeOf} may be reused, milliseconds. */
  readonly startTimeMaxAgeMs: number;
}

/** Linux answers within microseconds; elsewhere `ps` or PowerShell must be started. */
export const lockProcesses: LockProcesses = {
  host: hostIdentity,
  exists: (pid) => {
    try {
      process.kill(pid, 0);
      return true;
    } catch (error) {
      return !(error instanceof Error && 'code' in error && error.code === 'ESRCH');
    }
  },
  startTimeOf: (pid) => systemProcesses.startTimeOf(pid),
  startTimeMaxAgeMs: process.platform === 'linux' ? 0 : 10_000,
};

/** This process. */
export async function ownIdentity(processes: LockProcesses, label: string): Promise<LockOwner> {
  const [host, startTime] = await Promise.all([processes.host(), processes.startTimeOf(process.pid)]);
  return { host, pid: process.pid, startTime: startTime ?? '', label };
}

export class OwnerWatch {
  readonly #processes: LockProcesses;
  readonly #host: string;
  readonly #now: () => number;
  readonly #confirmed = new Map<string, number>();

  /** @param host our own; @param now monotonic milliseconds */
  constructor(processes: LockProcesses, host: string, now: () => number) {
    this.#processes = processes;
    this.#host = host;
    this.#now = now;
  }

  /** True only when the process is certainly gone; another process that reuses its id does not count. */
  async isGone(owner: LockOwner): Promise<boolean> {
    if (owner.host !== this.#host) return false;
    if (!this.#processes.exists(owner.pid)) return true;
    if (owner.startTime === '') return false;
    const key = `${owner.pid} ${owner.startTime}`;
    const confirmedAt = this.#confirmed.get(key);
    if (confirmedAt !== undefined && this.#now() - confirmedAt < this.#processes.startTimeMaxAgeMs) return false;
    const startTime = await this.#processes.startTimeOf(owner.pid);
    // Where start times are always known, it has ended and only waits to be reaped. Elsewhere the lease decides.
    if (startTime === undefined) return this.#processes.startTimeMaxAgeMs === 0 || !this.#processes.exists(owner.pid);
    if (startTime !== owner.startTime) return true;
    this.#confirmed.set(key, this.#now());
    return false;
  }
}

/** Process ids mean nothing on another machine, after a reboot, or in another container. */
async function hostIdentity(): Promise<string> {
  if (process.platform !== 'linux') return os.hostname();
  const [boot, namespace] = await Promise.all([
    readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => ''),
    readlink('/proc/self/ns/pid').catch(() => ''),
  ]);
  return [os.hostname(), boot.trim(), namespace].join(' ');
}
