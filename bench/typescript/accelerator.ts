/**
 * Measures what a project on an older TypeScript gains if TypeScript 7 answers first, and what that costs, from a cold start:
 *
 *     node bench/typescript/accelerator.ts <folder> [--project tsconfig.json] [--rounds 3]
 *
 * The folder needs its own typescript 5 or 6. First both versions are compared on it. If their results differ, there is nothing
 * to measure, and the result of the comparison is printed. Otherwise sessions with and without TypeScript 7 alternate, with the
 * detector alone in a process. Shows time and CPU time until every file has its first result and until that is confirmed, and
 * the resident memory of the process and the compilers it started. Linux only (/proc).
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { detector } from '../../workers/detectors/typescript/index.ts';
import type { CheckRequest, CheckResult } from '../../workers/protocol/detector-protocol.ts';
import { contextFor } from './context.ts';

interface Session {
  readonly answered: Spent;
  readonly confirmed: Spent;
  readonly peakBytes: number;
  readonly restBytes: number;
  /** Who gave the first answers, if not the project's own version. */
  readonly spoke?: string;
  readonly remembered: Remembered;
}

interface Spent {
  readonly ms: number;
  readonly cpuMs: number;
}

type Remembered = Readonly<Record<string, string>>;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    project: { type: 'string', default: 'tsconfig.json' },
    rounds: { type: 'string', default: '3' },
    /** How one session is asked for: what is remembered, as JSON. */
    session: { type: 'string' },
  },
});
const root = path.resolve(positionals[0] ?? '.');
if (values.session !== undefined) console.log(JSON.stringify(await session(readSession(values.session))));
else main();

function main(): void {
  const { remembered } = inProcess({ provisional: true, remembered: {} });
  const check = inProcess({ provisional: true, remembered });
  if (check.spoke === undefined) {
    console.log(`Nothing speaks first for ${values.project}: ${JSON.stringify(remembered)}`);
    return;
  }
  const sessions = { with: [] as Session[], without: [] as Session[] };
  for (let round = 0; round < Number(values.rounds); round += 1) {
    sessions.with.push(inProcess({ provisional: true, remembered }));
    sessions.without.push(inProcess({ provisional: false, remembered }));
  }
  console.log(`${root}, ${values.project}, medians of ${values.rounds}: ${check.spoke} first, and without`);
  const row = (what: string, of: (one: Session) => number, unit: string): void => {
    const [one, other] = [median(sessions.with.map(of)), median(sessions.without.map(of))];
    console.log(
      `  ${what.padEnd(28)} ${one.toFixed(1)} ${unit}  ${other.toFixed(1)} ${unit}  ${(one / other).toFixed(2)}x`,
    );
  };
  row('all files answered', ({ answered }) => answered.ms / 1000, 's');
  row('  CPU time', ({ answered }) => answered.cpuMs / 1000, 's');
  row('confirmed', ({ confirmed }) => confirmed.ms / 1000, 's');
  row('  CPU time', ({ confirmed }) => confirmed.cpuMs / 1000, 's');
  row('memory, at most', ({ peakBytes }) => peakBytes / 2 ** 20, 'MB');
  row('memory, at rest', ({ restBytes }) => restBytes / 2 ** 20, 'MB');
}

interface Asked {
  readonly provisional: boolean;
  readonly remembered: Remembered;
}

function inProcess(asked: Asked): Session {
  const file = import.meta.filename;
  const args = [file, root, '--project', values.project, '--session', JSON.stringify(asked)];
  const { stdout, status } = spawnSync(process.execPath, ['--max-old-space-size=3072', ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (status !== 0) throw new Error(`A session ended with ${String(status)}.`);
  return JSON.parse(stdout) as Session;
}

async function session({ provisional, remembered: known }: Asked): Promise<Session> {
  const remembered = { ...known };
  let spoke: string | undefined;
  let peakBytes = 0;
  const watch = setInterval(() => (peakBytes = Math.max(peakBytes, resident())), 100);
  const context = contextFor({ answeredBy: (_unit, engine) => (spoke = engine) });
  const options = { projects: [values.project] };
  const started = performance.now();
  const { units } = await detector.plan({ detector: 'typescript', root, options }, context);
  let revision = 0;
  const check = async (extra: Partial<CheckRequest>): Promise<CheckResult> => {
    revision += 1;
    const base = { detector: 'typescript', root, options, revision, units, overlays: [], first: [] };
    const result = await detector.check(
      { ...base, allowProvisional: provisional, notes: remembered, ...extra },
      context,
    );
    Object.assign(remembered, result.notes);
    return result;
  };
  const spent = (): Spent => ({ ms: performance.now() - started, cpuMs: cpuMs() });
  let result = await check({});
  const answered = spent();
  while ((result.provisional ?? []).length > 0) {
    const since = Object.fromEntries(units.map(({ id }) => [id, revision]));
    result = await check({ changed: [], revalidate: true, since });
  }
  const confirmed = spent();
  clearInterval(watch);
  await sleep(1500);
  const restBytes = resident();
  await detector.dispose?.();
  return { answered, confirmed, peakBytes, restBytes, remembered, ...(spoke === undefined ? {} : { spoke }) };
}

function readSession(text: string): Asked {
  return JSON.parse(text) as Asked;
}

/** A compiler starts none of its own. */
function processes(): readonly number[] {
  const threads = readdirSync('/proc/self/task');
  const children = threads.flatMap((thread) => read(`self/task/${thread}/children`).split(' '));
  return [process.pid, ...children.filter(Boolean).map(Number)];
}

function resident(): number {
  return processes().reduce(
    (sum, pid) => sum + Number(/VmRSS:\s+(\d+)/.exec(read(`${pid}/status`))?.[1] ?? 0) * 1024,
    0,
  );
}

/** Of processes that are there now, and of those that this one has waited for. */
function cpuMs(): number {
  return processes().reduce((sum, pid) => {
    const stat = read(`${pid}/stat`);
    const fields = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    const waited = pid === process.pid ? (fields[13] ?? 0) + (fields[14] ?? 0) : 0;
    return sum + ((fields[11] ?? 0) + (fields[12] ?? 0) + waited) * 10;
  }, 0);
}

function read(name: string): string {
  try {
    return readFileSync(`/proc/${name}`, 'utf8');
  } catch {
    // It has ended in the meantime.
    return '';
  }
}

function median(all: readonly number[]): number {
  return [...all].sort((one, other) => one - other)[Math.floor(all.length / 2)] ?? Number.NaN;
}
