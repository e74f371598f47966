/**
 * Memory and CPU time of process trees, measured without blocking. Trees, because workers start other programs, such as a
 * native compiler. Stateless.
 */
import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

export interface TreeUsage {
  readonly memoryBytes: number;
  /** User and system time since each process started. */
  readonly cpuMs: number;
  readonly processes: number;
  /** A process of the tree is stopped, as by SIGSTOP. */
  readonly stopped?: true;
}

/** @returns usage by the process id of each tree's root, without those that are gone */
export type SampleTrees = (pids: readonly number[]) => Promise<ReadonlyMap<number, TreeUsage>>;

export interface ProcessRow {
  readonly pid: number;
  readonly parent: number;
  readonly memoryBytes: number;
  readonly cpuMs: number;
  readonly stopped?: true;
}

/** On Linux it reads files of the kernel; elsewhere it starts `ps` or PowerShell. */
export const sampleTrees: SampleTrees = async (pids) => {
  if (pids.length === 0) return new Map();
  if (process.platform === 'linux') return sampleLinux(pids);
  return usageOfTrees(await listProcesses(process.platform), pids);
};

/** USER_HZ is 100 on every Linux that Node.js supports. */
const TICK_MS = 10;

/** Reads only the requested trees, through the kernel's lists of children. */
async function sampleLinux(pids: readonly number[]): Promise<ReadonlyMap<number, TreeUsage>> {
  const usages = await Promise.all(pids.map(async (pid) => [pid, await linuxTree(pid)] as const));
  return new Map(usages.filter((entry): entry is readonly [number, TreeUsage] => entry[1] !== undefined));
}

async function linuxTree(pid: number): Promise<TreeUsage | undefined> {
  const [stat, status] = await Promise.all([readText(`/proc/${pid}/stat`), readText(`/proc/${pid}/status`)]);
  const row = parseLinuxStat(stat, status);
  if (row === undefined) return undefined;
  const subtrees = await Promise.all((await linuxChildren(pid)).map(linuxTree));
  const sum = { memoryBytes: row.memoryBytes, cpuMs: row.cpuMs, processes: 1 };
  let stopped = row.stopped;
  for (const subtree of subtrees) {
    if (subtree === undefined) continue;
    stopped ??= subtree.stopped;
    sum.memoryBytes += subtree.memoryBytes;
    sum.cpuMs += subtree.cpuMs;
    sum.processes += subtree.processes;
  }
  return { ...sum, ...(stopped && { stopped }) };
}

async function linuxChildren(pid: number): Promise<readonly number[]> {
  const threads = await readdir(`/proc/${pid}/task`).catch(() => []);
  const lists = await Promise.all(threads.map((thread) => readText(`/proc/${pid}/task/${thread}/children`)));
  return lists.flatMap((list) =>
    list
      .split(' ')
      .map(Number)
      .filter((child) => child > 0),
  );
}

/**
 * @param stat `/proc/<pid>/stat`; the program's name may contain spaces and parentheses
 * @param status `/proc/<pid>/status`, which states memory in kilobytes instead of pages
 */
export function parseLinuxStat(stat: string, status: string): ProcessRow | undefined {
  const [, pid, rest] = /^(\d+) \(.*\) (.*)/s.exec(stat) ?? [];
  if (pid === undefined || rest === undefined) return undefined;
  const fields = rest.split(' ');
  const numberAt = (index: number): number => Number(fields[index] ?? 0);
  if (fields[0] === 'Z') return undefined;
  return {
    pid: Number(pid),
    parent: numberAt(1),
    cpuMs: (numberAt(11) + numberAt(12)) * TICK_MS,
    memoryBytes: Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024,
    ...(fields[0] === 'T' && { stopped: true }),
  };
}

async function listProcesses(platform: NodeJS.Platform): Promise<readonly ProcessRow[]> {
  const run = promisify(execFile);
  const options = { maxBuffer: 16 * 1024 * 1024, timeout: 10_000, windowsHide: true };
  try {
    if (platform === 'win32') {
      const { stdout } = await run(
        'powershell.exe',
        ['-NoProfile', '-NonInteractive', '-Command', WINDOWS_QUERY],
        options,
      );
      return parseWindowsList(stdout);
    }
    const { stdout } = await run('ps', ['-A', '-o', 'pid=,ppid=,rss=,time=,state='], options);
    return parsePs(stdout);
  } catch {
    return [];
  }
}

const WINDOWS_QUERY =
  'Get-CimInstance Win32_Process -Property ProcessId,ParentProcessId,WorkingSetSize,KernelModeTime,UserModeTime | ' +
  'ForEach-Object { "$($_.ProcessId) $($_.ParentProcessId) $($_.WorkingSetSize) $($_.KernelModeTime + $_.UserModeTime)" }';

/** Lines of `pid parent bytes time`, time in units of 100 ns. */
export function parseWindowsList(text: string): readonly ProcessRow[] {
  return text.split(/\r?\n/).flatMap((line) => {
    const [pid, parent, bytes, time] = line.trim().split(/\s+/).map(Number);
    if (pid === undefined || parent === undefined || bytes === undefined || time === undefined) return [];
    return Number.isNaN(pid) ? [] : [{ pid, parent, memoryBytes: bytes, cpuMs: time / 10_000 }];
  });
}

/** Lines of `ps -o pid=,ppid=,rss=,time=,state=`: kilobytes, `[[dd-]hh:]mm:ss[.cc]`, and `T` if it is stopped. */
export function parsePs(text: string): readonly ProcessRow[] {
  return text.split('\n').flatMap((line) => {
    const [pid, parent, kilobytes, time, state = ''] = line.trim().split(/\s+/);
    if (pid === undefined || parent === undefined || kilobytes === undefined || time === undefined) return [];
    const usage = { memoryBytes: Number(kilobytes) * 1024, cpuMs: parseCpuTime(time) };
    return [
      { pid: Number(pid), parent: Number(parent), ...usage, ...(state.startsWith('T') && { stopped: true as const }) },
    ];
  });
}

function parseCpuTime(text: string): number {
  const [days, clock] = text.includes('-') ? (text.split('-', 2) as [string, string]) : ['0', text];
  const seconds = clock.split(':').reduce((sum, part) => sum * 60 + Number(part), 0);
  return (Number(days) * 86_400 + seconds) * 1_000;
}

/** Sums the usage of each root and its descendants. */
export function usageOfTrees(rows: readonly ProcessRow[], pids: readonly number[]): ReadonlyMap<number, TreeUsage> {
  const children = new Map<number, ProcessRow[]>();
  for (const row of rows) {
    const siblings = children.get(row.parent);
    if (siblings === undefined) children.set(row.parent, [row]);
    else siblings.push(row);
  }
  const roots = new Map(rows.map((row) => [row.pid, row]));
  const usages = new Map<number, TreeUsage>();
  for (const pid of pids) {
    const root = roots.get(pid);
    if (root === undefined) continue;
    const sum = { memoryBytes: 0, cpuMs: 0, processes: 0 };
    let stopped: true | undefined;
    // Windows reuses ids quickly, so a stale parent id could make a cycle.
    const seen = new Set<number>();
    const open = [root];
    for (let row = open.pop(); row !== undefined; row = open.pop()) {
      if (seen.has(row.pid)) continue;
      seen.add(row.pid);
      sum.memoryBytes += row.memoryBytes;
      sum.cpuMs += row.cpuMs;
      sum.processes += 1;
      stopped ??= row.stopped;
      open.push(...(children.get(row.pid) ?? []));
    }
    usages.set(pid, { ...sum, ...(stopped && { stopped }) });
  }
  return usages;
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch {
    return '';
  }
}
