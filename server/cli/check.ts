/** `bulkhead check`: one run of the engine over one folder, told to a reporter. */
import { opendir, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Issue } from '../../workers/protocol.ts';
import { readConfigFile } from '../engine/config-file.ts';
import { detectorSettings, knownDetectors } from '../engine/detector-settings.ts';
import { Engine } from '../engine/engine.ts';
import { isSettled, type DetectorStatus } from '../engine/status.ts';
import { createPool } from '../pool/pool.ts';
import { storeDirFor } from '../store/location.ts';
import { openStore } from '../store/store.ts';
import { UsageError, type CheckArguments } from './arguments.ts';
import { reporterFor, type Output, type Reporter } from './reporters.ts';
import { reportOf } from './result.ts';

/** Often enough to look alive, rarely enough to cost nothing. */
const progressIntervalMs = 100;

/**
 * @returns the exit code
 * @throws UsageError for a folder that cannot be analysed; ConfigFileError for a broken `bulkhead.config.json`
 */
export async function check(argumentsOf: CheckArguments, out: Output, err: Output, stop: AbortSignal): Promise<number> {
  const startedAt = performance.now();
  const root = await rootFolder(argumentsOf.folder);
  const detectors = detectorSettings(await readConfigFile(root, knownDetectors), {
    ...(argumentsOf.detectors === undefined ? {} : { only: argumentsOf.detectors }),
    ...(argumentsOf.tsconfigs.length === 0 ? {} : { options: { typescript: { projects: argumentsOf.tsconfigs } } }),
  });
  const storageDir = argumentsOf.cache ? await storeDirFor(root) : undefined;
  const store = storageDir === undefined ? undefined : await openStore({ dir: storageDir });
  const pool = createPool({
    ...(argumentsOf.maxWorkers === undefined ? {} : { maxWorkers: argumentsOf.maxWorkers }),
    ...(storageDir === undefined ? {} : { storageDir }),
  });
  const engine = new Engine(root, pool, { ...detectors, trusted: true }, store);
  const reporter = reporterFor(argumentsOf.format, out, err, root);
  const deadline = stopReason(argumentsOf.timeoutMs, stop);
  try {
    follow(engine, reporter);
    engine.analyzeAll();
    await Promise.race([engine.idle(), deadline.reached]);
    const stopped = deadline.reason();
    if (stopped !== undefined) engine.cancel();
    await engine.idle();
    engine.removeAllListeners();
    const report = reportOf(engine, pool, performance.now() - startedAt, argumentsOf.failOn, stopped);
    reporter.end(report);
    await engine.keep();
    return report.summary.exitCode;
  } finally {
    deadline.dispose();
    engine.dispose();
    await Promise.all([pool.dispose(), store?.close()]);
  }
}

/** Tells the reporter each issue once, each detector's end once, and progress now and then. */
function follow(engine: Engine, reporter: Reporter): void {
  const told = new Map<string, Set<string>>();
  const completed = new Set<string>();
  let lastProgress = 0;
  engine.on('files', (files) => {
    for (const file of files) {
      const known = told.get(file) ?? new Set<string>();
      const fresh = engine.issuesOf(file).filter((issue) => !known.has(keyOf(issue)));
      for (const issue of fresh) known.add(keyOf(issue));
      told.set(file, known);
      reporter.issues(file, fresh);
    }
  });
  engine.on('status', () => {
    const statuses = engine.status();
    for (const status of statuses) {
      if (!isSettled(status.state) || completed.has(status.name)) continue;
      completed.add(status.name);
      reporter.complete(status, engine.issues());
    }
    const now = performance.now();
    if (now - lastProgress < progressIntervalMs) return;
    lastProgress = now;
    reporter.progress(meanFraction(statuses), statuses);
  });
}

function meanFraction(statuses: readonly DetectorStatus[]): number {
  if (statuses.length === 0) return 1;
  return statuses.reduce((sum, status) => sum + status.fraction, 0) / statuses.length;
}

function keyOf(issue: Issue): string {
  return `${issue.fingerprint} ${issue.detector} ${issue.rule} ${issue.range.start.line}:${issue.range.start.character} ${issue.message}`;
}

async function rootFolder(folder: string): Promise<string> {
  const absolute = path.resolve(folder);
  try {
    if (!(await stat(absolute)).isDirectory()) {
      throw new UsageError(
        `${absolute} is a file. Name the folder that holds it: bulkhead check ${path.dirname(folder)}`,
      );
    }
    const directory = await opendir(absolute);
    await directory.close();
    return await realpath(absolute);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT') throw new UsageError(`There is no folder ${absolute}.`, { cause: error });
    if (code === 'EACCES' || code === 'EPERM') {
      throw new UsageError(`No permission to read ${absolute}. Give yourself read and search permission on it.`, {
        cause: error,
      });
    }
    throw new UsageError(`Cannot read ${absolute}: ${String(error)}`, { cause: error });
  }
}

interface StopReason {
  readonly reached: Promise<void>;
  reason(): string | undefined;
  dispose(): void;
}

function stopReason(timeoutMs: number | undefined, stop: AbortSignal): StopReason {
  const { promise, resolve } = Promise.withResolvers<void>();
  let reason: string | undefined;
  const settle = (text: string): void => {
    reason ??= text;
    resolve();
  };
  const onAbort = (): void => settle('stopped by the user');
  const timer =
    timeoutMs === undefined
      ? undefined
      : setTimeout(() => settle(`stopped after ${timeoutMs / 1000} s (--timeout)`), timeoutMs);
  if (stop.aborted) onAbort();
  stop.addEventListener('abort', onAbort, { once: true });
  return {
    reached: promise,
    reason: () => reason,
    dispose: () => {
      clearTimeout(timer);
      stop.removeEventListener('abort', onAbort);
    },
  };
}
