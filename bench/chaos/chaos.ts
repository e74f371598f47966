/**
 * Analyses a real project while its workers are killed, stopped and starved at random. Afterwards the issues must be
 * byte-identical to those of a run without faults.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Engine } from '../../server/engine/engine.ts';
import { isSettled, type DetectorState } from '../../server/engine/status.ts';
import { detectorTable } from '../../server/pool/detectors.ts';
import { createPool, type PoolOptions } from '../../server/pool/pool.ts';
import type { PoolNotice, SupervisedPool } from '../../server/pool/types.ts';
import type { Random } from './project.ts';

export interface ChaosOptions {
  readonly root: string;
  readonly random: Random;
  readonly faults: number;
  /** Absent: the product's own number. */
  readonly maxWorkers?: number;
  /**
   * Mean milliseconds between two faults; absent: a sixth of the run without faults, so that work gets done between
   * faults even on a slow machine.
   */
  readonly pauseMs?: number;
  /** Script of the workers; absent: the one in the sources. */
  readonly host?: string;
  readonly say: (line: string) => void;
}

export interface ChaosReport {
  /** Issues of the run without faults. */
  readonly issues: number;
  /** Whether the issues were byte-identical once the faults had stopped and Bulkhead had caught up on its own. */
  readonly equal: boolean;
  /** First difference, as text for a person. */
  readonly difference: string;
  readonly faults: Readonly<Record<string, number>>;
  /** Analyses that began and ended under faults, and how many of those were complete. */
  readonly analyses: number;
  readonly complete: number;
  /** From the last fault until every detector had finished successfully on its own. */
  readonly recoveryMs: number;
  readonly restarts: number;
  /**
   * Milliseconds from the detection of a death until a process for the same work was ready, including deliberate waits and
   * the wait for a free slot.
   */
  readonly restartP50: number;
  readonly restartP95: number;
  /** The same without the waits: from launch to ready. */
  readonly startP95: number;
  /** Lag of the server's event loop, milliseconds. */
  readonly lagP99: number;
  readonly lagMax: number;
  /** Bytes by worker group: peak of the process tree while working, and size of the largest one while idle. */
  readonly busyBytes: Readonly<Record<string, number>>;
  readonly idleBytes: Readonly<Record<string, number>>;
  /** Inputs quarantined by mistake, with the reason. */
  readonly quarantined: readonly string[];
  /** Detectors that had not succeeded by the end of the last analysis. */
  readonly incomplete: readonly string[];
  readonly failures: readonly string[];
  readonly notices: readonly PoolNotice[];
  /** Processes left 5 s after the end. */
  readonly orphans: readonly number[];
  readonly durationMs: number;
}

const DETECTORS = ['typescript', 'eslint', 'circular'];
const SIGNALS = ['SIGKILL', 'SIGKILL', 'SIGKILL', 'SIGTERM', 'SIGSTOP'] as const;
const TOKEN = 'BULKHEAD_CHAOS_RUN';
/** A postponed input waits for at most five minutes; the work itself takes additional time. */
const RECOVERY_MS = 900_000;

export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const { random, say, faults } = options;
  const token = `${process.pid}-${Date.now()}`;
  process.env[TOKEN] = token;
  const startedAt = performance.now();
  const expected = await analyseOnce(options);
  const pauseMs = options.pauseMs ?? Math.max(300, (performance.now() - startedAt) / 6);
  say(`without faults: ${expected.split('\n').length - 1} issues; a fault every ${Math.round(pauseMs)} ms`);

  const notices: PoolNotice[] = [];
  const pool = createPool({
    ...poolOptions(options),
    limits: { heartbeatMs: 3_000 },
    onNotice: (notice) => notices.push(notice),
  });
  const engine = engineOf(options.root, pool);
  const starts = new Map<number, number>();
  const busyBytes: Record<string, number> = {};
  pool.onHealth(() => {
    for (const { pid, startedInMs, detector, peakMemoryBytes } of pool.health()) {
      if (pid !== undefined && startedInMs !== undefined) starts.set(pid, startedInMs);
      busyBytes[detector] = Math.max(busyBytes[detector] ?? 0, peakMemoryBytes);
    }
  });
  const lag = monitorEventLoopDelay({ resolution: 5 });
  lag.enable();
  const counts: Record<string, number> = {};
  let analyses = 0;
  let complete = 0;
  let difference = '';
  let done = 0;
  while (done < faults && difference === '') {
    engine.analyzeAll();
    analyses += 1;
    await nextStatus(engine);
    do {
      await pause(pauseMs * 2 * random());
      const name = strike(pool, random);
      if (name === undefined) continue;
      counts[name] = (counts[name] ?? 0) + 1;
      done += 1;
    } while (done < faults && !engine.settled);
    await engine.idle();
    if (!isComplete(engine)) continue;
    complete += 1;
    difference = firstDifference(expected, snapshot(engine));
  }
  const lastFaultAt = performance.now();
  await completion(engine);
  const recoveryMs = performance.now() - lastFaultAt;
  difference ||= firstDifference(expected, snapshot(engine));
  lag.disable();
  await pool.machine();
  const idleBytes: Record<string, number> = {};
  for (const { detector, memoryBytes } of pool.health()) {
    idleBytes[detector] = Math.max(idleBytes[detector] ?? 0, memoryBytes);
  }
  say(`${done} faults in ${analyses} analyses`);
  const restarts = pool.health().reduce((sum, health) => sum + health.restarts, 0);
  const quarantined = pool.quarantined().map(({ detector, file, reason }) => `${detector} ${file}: ${reason.message}`);
  const incomplete = engine
    .status()
    .filter(({ state }) => !isWell(state))
    .map(({ name, state, error }) => `${name} ${state}: ${error ?? ''}`);
  engine.dispose();
  await pool.dispose();
  const times = ordered(pool.restartTimes());
  const startTimes = ordered(starts.values());
  return {
    issues: expected.split('\n').length - 1,
    equal: difference === '',
    difference,
    faults: counts,
    analyses,
    complete,
    recoveryMs,
    restarts,
    restartP50: percentile(times, 0.5),
    restartP95: percentile(times, 0.95),
    startP95: percentile(startTimes, 0.95),
    lagP99: lag.percentile(99) / 1e6,
    lagMax: lag.max / 1e6,
    busyBytes,
    idleBytes,
    quarantined,
    incomplete,
    failures: pool
      .errors()
      .map(({ detector, code, message, input, count }) => `${count} × ${detector} ${code} ${input ?? ''} ${message}`),
    notices,
    orphans: await orphans(token),
    durationMs: performance.now() - startedAt,
  };
}

function poolOptions({ maxWorkers, host }: ChaosOptions): PoolOptions {
  const workers = maxWorkers === undefined ? {} : { maxWorkers };
  if (host === undefined) return workers;
  const entries = Object.entries(detectorTable).map(([name, entry]) => [name, { ...entry, script: host }] as const);
  return { ...workers, detectors: Object.fromEntries(entries) };
}

async function analyseOnce(options: ChaosOptions): Promise<string> {
  const pool = createPool(poolOptions(options));
  const engine = engineOf(options.root, pool);
  engine.analyzeAll();
  await engine.idle();
  const incomplete = engine.status().filter(({ state }) => !isWell(state));
  if (incomplete.length > 0) throw new Error(`The run without faults is not complete: ${JSON.stringify(incomplete)}`);
  const result = snapshot(engine);
  engine.dispose();
  await pool.dispose();
  return result;
}

function isComplete(engine: Engine): boolean {
  return engine.status().every(({ state }) => isWell(state));
}

/** A detector with nothing to do counts as successful. */
function isWell(state: DetectorState): boolean {
  return state === 'done' || state === 'not-applicable';
}

/** Resolves when every detector has succeeded, or after {@link RECOVERY_MS}. */
async function completion(engine: Engine): Promise<void> {
  const tooLate = new AbortController();
  const timer = setTimeout(() => tooLate.abort(), RECOVERY_MS);
  const { signal } = tooLate;
  while (!isComplete(engine) && !signal.aborted) await once(engine, 'status', { signal }).catch(() => {});
  clearTimeout(timer);
}

function engineOf(root: string, pool: SupervisedPool): Engine {
  const detectors = new Map(DETECTORS.map((name) => [name, {}]));
  return new Engine(root, pool, { detectors, trusted: true, exclude: [] });
}

function snapshot(engine: Engine): string {
  return engine
    .issues()
    .map((issue) => `${JSON.stringify(issue)}\n`)
    .join('');
}

/** @returns the first difference, or the empty string if there is none */
function firstDifference(expected: string, actual: string): string {
  if (expected === actual) return '';
  const [a, b] = [expected.split('\n'), actual.split('\n')];
  const at = a.findIndex((line, index) => line !== b[index]);
  return `${a.length - 1} issues expected, ${b.length - 1} found; first: ${a[at] ?? 'none'} / ${b[at] ?? 'none'}`;
}

/** Inflicts one fault on a live worker. @returns the name of the fault; undefined if there was no worker */
function strike(pool: SupervisedPool, random: Random): string | undefined {
  const targets = pool.health().filter(({ pid }) => pid !== undefined);
  const target = targets[Math.floor(random() * targets.length)];
  if (target?.pid === undefined) return undefined;
  if (random() < 0.15) {
    starve(target.pid);
    return 'starvations';
  }
  const signal = SIGNALS[Math.floor(random() * SIGNALS.length)] ?? 'SIGKILL';
  try {
    process.kill(target.pid, signal);
  } catch {
    return undefined;
  }
  return signal;
}

/** Competes for every core for half a second, and stops the worker meanwhile. */
function starve(pid: number): void {
  const burn = 'const end = Date.now() + 500; while (Date.now() < end);';
  for (let count = 0; count < 4; count += 1) spawn(process.execPath, ['-e', burn], { stdio: 'ignore' });
  try {
    process.kill(pid, 'SIGSTOP');
    setTimeout(() => {
      try {
        process.kill(pid, 'SIGCONT');
      } catch {
        // It has ended meanwhile.
      }
    }, 400);
  } catch {
    // It has ended meanwhile.
  }
}

/** Processes of this run that are still alive after five seconds. Linux only; on other systems it finds none. */
async function orphans(token: string): Promise<readonly number[]> {
  for (let round = 0; ; round += 1) {
    const left = await findRun(token);
    if (left.length === 0 || round >= 50) return left;
    await pause(100);
  }
}

async function findRun(token: string): Promise<readonly number[]> {
  const found: number[] = [];
  for (const name of await readdir('/proc').catch(() => [])) {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) continue;
    const environment = await readFile(`/proc/${name}/environ`, 'latin1').catch(() => '');
    if (environment.split('\0').includes(`${TOKEN}=${token}`)) found.push(Number(name));
  }
  return found;
}

function ordered(numbers: Iterable<number>): readonly number[] {
  return [...numbers].sort((a, b) => a - b);
}

export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

function nextStatus(engine: Engine): Promise<void> {
  if (engine.status().some(({ state }) => !isSettled(state))) return Promise.resolve();
  return new Promise((resolve) => void engine.once('status', () => resolve()));
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms));
}
