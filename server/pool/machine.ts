/** How much memory there is: the machine's, or less if a control group limits it. Stateless. */
import { readFile, statfs } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';

export interface MachineMemory {
  readonly totalBytes: number;
  readonly freeBytes: number;
  readonly source: 'machine' | 'cgroup';
}

export interface MachineSources {
  readonly platform: NodeJS.Platform;
  readonly totalBytes: () => number;
  readonly freeBytes: () => number;
  /** A file's text; undefined when it cannot be read. */
  readonly read: (file: string) => Promise<string | undefined>;
}

const system: MachineSources = {
  platform: process.platform,
  totalBytes: os.totalmem,
  freeBytes: os.freemem,
  read: async (file) => {
    try {
      return await readFile(file, 'utf8');
    } catch {
      return undefined;
    }
  },
};

export async function machineMemory(sources: MachineSources = system): Promise<MachineMemory> {
  const totalBytes = sources.totalBytes();
  const whole: MachineMemory = { totalBytes, freeBytes: sources.freeBytes(), source: 'machine' };
  if (sources.platform !== 'linux') return whole;
  const available = /^MemAvailable:\s+(\d+) kB$/m.exec((await sources.read('/proc/meminfo')) ?? '')?.[1];
  const freeBytes = available === undefined ? whole.freeBytes : Number(available) * 1024;
  const groups = (await Promise.all((await controlGroups(sources)).map((group) => usageOf(group, sources)))).filter(
    (usage) => usage !== undefined,
  );
  // Limits nest: the lowest limit and the least free memory count.
  let result: MachineMemory = { totalBytes, freeBytes, source: 'machine' };
  for (const { limitBytes, usedBytes } of groups) {
    if (limitBytes >= totalBytes) continue;
    result = {
      totalBytes: Math.min(result.totalBytes, limitBytes),
      freeBytes: Math.min(result.freeBytes, Math.max(0, limitBytes - usedBytes)),
      source: 'cgroup',
    };
  }
  return result;
}

/** Free bytes on the disk of a folder; undefined when unknown. */
export async function diskFree(folder: string): Promise<number | undefined> {
  try {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  } catch {
    return undefined;
  }
}

interface ControlGroup {
  readonly version: 1 | 2;
  readonly folder: string;
}

/** Our own control group and all above it. In a container perhaps only the root of the mount is visible; it is included. */
async function controlGroups({ read }: MachineSources): Promise<readonly ControlGroup[]> {
  const text = (await read('/proc/self/cgroup')) ?? '';
  const groups: ControlGroup[] = [];
  for (const line of text.split('\n')) {
    const [, controllers, own] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (controllers === undefined || own === undefined) continue;
    if (controllers === '') addUpwards(groups, 2, '/sys/fs/cgroup', own);
    else if (controllers.split(',').includes('memory')) addUpwards(groups, 1, '/sys/fs/cgroup/memory', own);
  }
  return groups;
}

function addUpwards(groups: ControlGroup[], version: 1 | 2, mount: string, own: string): void {
  let group = path.posix.normalize(`/${own}`);
  for (;;) {
    groups.push({ version, folder: path.posix.join(mount, group) });
    if (group === '/') return;
    group = path.posix.dirname(group);
  }
}

async function usageOf(
  { version, folder }: ControlGroup,
  { read }: MachineSources,
): Promise<{ limitBytes: number; usedBytes: number } | undefined> {
  const [limitFile, usageFile, cache] =
    version === 2
      ? ['memory.max', 'memory.current', 'inactive_file']
      : ['memory.limit_in_bytes', 'memory.usage_in_bytes', 'total_inactive_file'];
  const limit = (await read(path.posix.join(folder, limitFile)))?.trim();
  // Version 2 writes `max`, version 1 a number next to 2^63, for `no limit`.
  if (limit === undefined || !/^\d+$/.test(limit)) return undefined;
  const [usage, statistics] = await Promise.all([
    read(path.posix.join(folder, usageFile)),
    read(path.posix.join(folder, 'memory.stat')),
  ]);
  const cached = new RegExp(`^${cache} (\\d+)$`, 'm').exec(statistics ?? '')?.[1];
  const usedBytes = Math.max(0, Number(usage?.trim() ?? 0) - Number(cached ?? 0));
  return { limitBytes: Number(limit), usedBytes };
}
