/**
 * Ends a program and everything that it started. It shares its process group with the worker, so that it dies with the
 * worker; therefore the group cannot be used to end the program alone. Stateless.
 */
import { execFileSync, spawnSync } from 'node:child_process';
// eslint-disable-next-line no-restricted-imports -- It reads the kernel's list of processes, not files of a workspace.
import { readdirSync, readFileSync } from 'node:fs';

/** Kills the process and its descendants. Those that are gone already are no error. */
export function endProcessTree(pid: number): void {
  if (process.platform === 'win32') {
    spawnSync('taskkill', ['/pid', String(pid), '/T', '/F'], { windowsHide: true });
    return;
  }
  // The parent first, so that it starts no others; its children are known by then.
  for (const one of [pid, ...descendantsOf(pid)]) {
    try {
      process.kill(one, 'SIGKILL');
    } catch {
      // It has ended meanwhile.
    }
  }
}

function descendantsOf(pid: number): readonly number[] {
  const children = childrenByParent();
  const found: number[] = [];
  const pending = [pid];
  for (let parent = pending.pop(); parent !== undefined; parent = pending.pop()) {
    const own = children.get(parent) ?? [];
    found.push(...own);
    pending.push(...own);
  }
  return found;
}

function childrenByParent(): ReadonlyMap<number, readonly number[]> {
  const rows = process.platform === 'linux' ? rowsOfKernel() : rowsOfPs();
  const children = new Map<number, number[]>();
  for (const [pid, parent] of rows) {
    const own = children.get(parent);
    if (own) own.push(pid);
    else children.set(parent, [pid]);
  }
  return children;
}

type Row = readonly [pid: number, parent: number];

function rowsOfKernel(): readonly Row[] {
  return readdirSync('/proc').flatMap((name): Row[] => {
    if (!/^\d+$/.test(name)) return [];
    try {
      // The name of the program, in parentheses, may contain anything.
      const [, parent] = /^.*\) \S (\d+) /s.exec(readFileSync(`/proc/${name}/stat`, 'utf8')) ?? [];
      return parent === undefined ? [] : [[Number(name), Number(parent)]];
    } catch {
      return [];
    }
  });
}

function rowsOfPs(): readonly Row[] {
  const text = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8', timeout: 10_000 });
  return text.split('\n').flatMap((line): Row[] => {
    const [pid, parent] = line.trim().split(/\s+/).map(Number);
    return pid === undefined || parent === undefined || Number.isNaN(pid + parent) ? [] : [[pid, parent]];
  });
}
