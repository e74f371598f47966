/**
 * Who holds a lock, and whether that process still lives. Cheap enough to be asked every second: where the start time
 * of a process is told by a program, that program is started rarely. Lives as long as the locks that use it.
 */
import { readFile, readlink } from 'node:fs/promises';
import os from 'node:os';
import { systemProcesses } from '../processes.ts';
import type { LockOwner } from './lock-table.ts';

export interface LockProcesses {
  /** Names the machine, its boot and the process namespace. */
  host(): Promise<string>;
  /** False: there is no process of this number. True: there is one, or it cannot be told. */
  exists(pid: number): boolean;
  /** Undefined: there is none, or it cannot be told. */
  startTimeOf(pid: number): Promise<string | undefined>;
  /** How long an answer of {@link startTimeOf} is good for, milliseconds. */
  readonly startTimeMaxAgeMs: number;
}

/** On Linux the kernel tells in microseconds; elsewhere `ps` or PowerShell has to be started. */
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

  /** True only when the process is certainly gone; a stranger that got its number does not stand for it. */
  async isGone(owner: LockOwner): Promise<boolean> {
    if (owner.host !== this.#host) return false;
    if (!this.#processes.exists(owner.pid)) return true;
    if (owner.startTime === '') return false;
    const key = `${owner.pid} ${owner.startTime}`;
    const confirmedAt = this.#confirmed.get(key);
    if (confirmedAt !== undefined && this.#now() - confirmedAt < this.#processes.startTimeMaxAgeMs) return false;
    const startTime = await this.#processes.startTimeOf(owner.pid);
    // Also when it has ended since and only waits to be reaped. Where it cannot be told, the lease decides.
    if (startTime === undefined) return this.#processes.startTimeMaxAgeMs === 0 || !this.#processes.exists(owner.pid);
    if (startTime !== owner.startTime) return true;
    this.#confirmed.set(key, this.#now());
    return false;
  }
}

/** Process numbers mean nothing on another machine, after another boot, or in another container. */
async function hostIdentity(): Promise<string> {
  if (process.platform !== 'linux') return os.hostname();
  const [boot, namespace] = await Promise.all([
    readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => ''),
    readlink('/proc/self/ns/pid').catch(() => ''),
  ]);
  return [os.hostname(), boot.trim(), namespace].join(' ');
}
