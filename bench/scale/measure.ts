/** What a command and all processes below it cost (Linux). */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

export interface Cost {
  /** Seconds of all processes together, user and system. */
  readonly cpu: number;
  readonly wall: number;
  /** Of all processes at the same time. */
  readonly peakMb: number;
  readonly exitCode: number | null;
}

/** Between two looks at the memory, and at processes that nobody waits for. */
const LOOK_MS = 25;
const TICKS_PER_SECOND = 100;
const PAGE = 4096;

interface Row {
  readonly pid: number;
  readonly parent: number;
  readonly ticks: number;
  readonly pages: number;
}

export async function costOf(
  argv: readonly string[],
  cwd: string,
  output: 'ignore' | 'inherit' = 'ignore',
): Promise<Cost> {
  const startedAt = performance.now();
  const waitedBefore = waitedTicks();
  const child = spawn(process.execPath, argv, { cwd, stdio: ['ignore', output, output] });
  const ticks = new Map<number, number>();
  let peak = 0;
  const look = (): void => {
    const rows = below(child.pid ?? 0, ticks);
    for (const row of rows) ticks.set(row.pid, row.ticks);
    peak = Math.max(
      peak,
      rows.reduce((sum, { pages }) => sum + pages, 0),
    );
  };
  const timer = setInterval(look, LOOK_MS);
  const exitCode = await new Promise<number | null>((resolve) => child.on('exit', resolve));
  clearInterval(timer);
  // What processes did after the last look counts for who waited for them; those that lost their parent were looked at.
  const seen = [...ticks.values()].reduce((total, own) => total + own, 0);
  const sum = Math.max(seen, waitedTicks() - waitedBefore);
  const wall = (performance.now() - startedAt) / 1000;
  return { cpu: sum / TICKS_PER_SECOND, wall, peakMb: (peak * PAGE) / 1024 / 1024, exitCode };
}

/** Of all processes below this one that have ended and were waited for. */
function waitedTicks(): number {
  const stat = readFileSync('/proc/self/stat', 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(fields[13]) + Number(fields[14]);
}

/** Processes below one, also those that were when they were last seen and lost their parent. */
function below(root: number, seen: ReadonlyMap<number, number>): readonly Row[] {
  const rows = readdirSync('/proc').flatMap((entry) => (/^\d+$/.test(entry) ? (rowOf(entry) ?? []) : []));
  const found = new Map(rows.filter(({ pid }) => pid === root || seen.has(pid)).map((row) => [row.pid, row]));
  for (let size = -1; size !== found.size;) {
    size = found.size;
    for (const row of rows) if (found.has(row.parent)) found.set(row.pid, row);
  }
  return [...found.values()];
}

function rowOf(pid: string): Row | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    const [parent = 0, user = 0, system = 0, pages = 0] = [fields[1], fields[11], fields[12], fields[21]];
    return { pid: Number(pid), parent, ticks: user + system, pages };
  } catch {
    return undefined;
  }
}
