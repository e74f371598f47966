/** Whether this machine has room for another container. Stateless; the figures are read anew each time. */
import { readFile } from 'node:fs/promises';
import { ContainerError } from './failures.ts';
import type { ContainerLimits } from './policy.ts';

/** What the machine has; undefined where it does not tell. */
export interface MachineRoom {
  readonly memory: { readonly totalBytes: number; readonly freeBytes: number } | undefined;
  /** Processes and threads. */
  readonly pids: { readonly most: number; readonly used: number } | undefined;
}

/** Stays free. */
const FREE_MEMORY = 0.2;
const FREE_PIDS = 0.1;

/** Elsewhere than on Linux, containers run in a virtual machine that shares neither with this one. */
export async function machineRoom(
  platform: NodeJS.Platform = process.platform,
  read: (file: string) => Promise<string> = (file) => readFile(file, 'utf8'),
): Promise<MachineRoom> {
  if (platform !== 'linux') return { memory: undefined, pids: undefined };
  const [memory, most, load] = await Promise.all(
    ['/proc/meminfo', '/proc/sys/kernel/pid_max', '/proc/loadavg'].map((file) => read(file).catch(() => '')),
  );
  const total = Number(/^MemTotal:\s+(\d+) kB$/m.exec(memory ?? '')?.[1] ?? 0) * 1024;
  const available = Number(/^MemAvailable:\s+(\d+) kB$/m.exec(memory ?? '')?.[1] ?? Number.NaN) * 1024;
  const used = Number(/^\S+ \S+ \S+ \d+\/(\d+)/.exec(load ?? '')?.[1] ?? Number.NaN);
  return {
    memory: total > 0 && available >= 0 ? { totalBytes: total, freeBytes: available } : undefined,
    pids: Number(most) > 0 && used >= 0 ? { most: Number(most), used } : undefined,
  };
}

/** @throws ContainerError when the container could use what has to stay free */
export function checkRoom(
  { memory, pids }: MachineRoom,
  limits: Pick<ContainerLimits, 'memory' | 'pids'>,
  engineBytes: number | undefined,
): void {
  const whole = engineBytes ?? memory?.totalBytes;
  if (whole !== undefined && limits.memory > whole * (1 - FREE_MEMORY))
    fail(
      `A container with ${size(limits.memory)} of memory does not fit: the engine has ${size(whole)}, of which 20 % stay free.`,
      'memory',
    );
  if (memory !== undefined && memory.freeBytes - limits.memory < memory.totalBytes * FREE_MEMORY)
    fail(
      `There is no room for a container with ${size(limits.memory)} of memory: of ${size(memory.totalBytes)}, ${size(memory.freeBytes)} are free, and 20 % stay so.`,
      'memory',
    );
  if (pids !== undefined && pids.most - pids.used - limits.pids < pids.most * FREE_PIDS)
    fail(
      `There is no room for a container with ${limits.pids} processes: of ${pids.most}, ${pids.used} are in use, and 10 % stay free.`,
      'pids',
    );
}

function fail(what: string, limit: 'memory' | 'pids'): never {
  const message = `${what} Close programs, or give it less ('sandbox.${limit}').`;
  throw new ContainerError({ cause: 'no-room', message, said: '' });
}

function size(bytes: number): string {
  return `${(bytes / 1024 ** 3).toFixed(1)} GB`;
}
