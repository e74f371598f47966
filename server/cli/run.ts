/** What every command that analyses a folder works with: an engine, its workers, what is remembered. Lives for one command. */
import { opendir, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { readConfiguration } from '../configuration/read.ts';
import { detectorSettings } from '../engine/detector-settings.ts';
import { Engine, type EngineSettings } from '../engine/engine.ts';
import { listInputs } from '../engine/inputs.ts';
import { createPool } from '../pool/pool.ts';
import type { Pool } from '../pool/types.ts';
import { visit } from '../sharing/visitor.ts';
import { storeDirFor } from '../store/location.ts';
import { runEntry } from '../store/run-history.ts';
import { openStore } from '../store/store.ts';
import { UsageError, type AnalysisArguments } from './arguments.ts';

export interface Run extends AsyncDisposable {
  /** Absolute, without symbolic links. */
  readonly root: string;
  readonly engine: Engine;
  readonly pool: Pool;
  /** Remembers what was found, and notes that it was. */
  keep(): Promise<void>;
}

/**
 * @param live whether the run goes on: then what is said first may be corrected, and the results of an editor that has
 *   the folder open are not taken, as they hold for one analysis
 * @throws ConfigurationError for a broken `bulkhead.config.json`
 */
export async function openRun(root: string, argumentsOf: AnalysisArguments, live = false): Promise<Run> {
  const listing = argumentsOf.cache ? listInputs(root) : undefined;
  listing?.catch(() => {});
  const settings = await settingsFor(root, argumentsOf, live);
  const storageDir = argumentsOf.cache ? await storeDirFor(root) : undefined;
  const store = storageDir === undefined ? undefined : await openStore({ dir: storageDir });
  const pool = createPool({
    ...(argumentsOf.maxWorkers === undefined ? {} : { maxWorkers: argumentsOf.maxWorkers }),
    ...(storageDir === undefined ? {} : { storageDir }),
  });
  if (store) pool.openQuarantine(root, store.quarantine);
  const visited = !live && storageDir !== undefined ? await visit(storageDir, pool) : undefined;
  const engine = new Engine(root, visited?.pool ?? pool, settings, store, listing);
  return {
    root,
    engine,
    pool,
    async keep() {
      await engine.keep();
      const work = engine.takeWork();
      if (work.length > 0) store?.history.append(runEntry('terminal', work));
    },
    async [Symbol.asyncDispose]() {
      engine.dispose();
      visited?.close();
      await Promise.all([pool.dispose(), pool.closeQuarantine(root).then(() => store?.close())]);
    },
  };
}

/** The repository's configuration, then the command line. @throws ConfigurationError */
export async function settingsFor(root: string, argumentsOf: AnalysisArguments, live = false): Promise<EngineSettings> {
  const detectors = detectorSettings(await readConfiguration(root), {
    ...(argumentsOf.detectors === undefined ? {} : { only: argumentsOf.detectors }),
    ...(argumentsOf.tsconfigs.length === 0 ? {} : { options: { typescript: { projects: argumentsOf.tsconfigs } } }),
  });
  return { ...detectors, trusted: true, live };
}

/** @throws UsageError for a folder that cannot be analysed */
export async function rootFolder(folder: string): Promise<string> {
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

export interface StopReason extends Disposable {
  readonly reached: Promise<void>;
  reason(): string | undefined;
}

/** Why a run ends before its time: the user, or the clock. */
export function stopReason(timeoutMs: number | undefined, stop: AbortSignal): StopReason {
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
    [Symbol.dispose]: () => {
      clearTimeout(timer);
      stop.removeEventListener('abort', onAbort);
    },
  };
}
