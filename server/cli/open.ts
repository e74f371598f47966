/** Opens the folder that a command analyses, and decides when a command stops early. */
import { opendir, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { detectorNames } from '../../workers/detectors/manifests.ts';
import { declaredTools } from '../configuration/read.ts';
import { Folder } from '../folder/folder.ts';
import type { FolderOptions, FolderSettings } from '../folder/options.ts';
import { confinementOf } from '../pool/sandbox.ts';
import { requiredOf } from '../pool/sandbox-settings.ts';
import { UsageError, type AnalysisArguments } from './arguments.ts';
import { baselineFileOf } from './baseline-file.ts';
import { InternalFault } from './interruption.ts';

export interface OpenOptions {
  /** Hide the issues of the baseline. */
  readonly hideBaseline?: boolean;
  /** Follow changes. The results of an editor are then not used, because they are valid for a single analysis only. */
  readonly watch?: boolean;
  /** Attaches listeners, which miss nothing that happens while the folder opens. */
  readonly listen?: (folder: Folder) => void;
  /** Tells of what does not work, such as a cache that cannot be written. Each once. */
  readonly warn?: (message: string) => void;
}

/**
 * @param root absolute path, without symbolic links
 * @throws UsageError when the given baseline does not exist; ConfigurationError, BaselineError, WatchError
 */
export async function openFolder(
  root: string,
  argumentsOf: AnalysisArguments,
  options: OpenOptions = {},
): Promise<Folder> {
  const { watch = false, listen, warn } = options;
  const { cache, detectors = [], maxWorkers, sandbox } = argumentsOf;
  await expectKnown(root, [...detectors, ...sandbox.except, ...Object.keys(sandbox.network)]);
  const folderOptions: FolderOptions = {
    settings: folderSettings(root, argumentsOf, options),
    strict: true,
    live: watch,
    watch,
    poolSettings: {
      ...(maxWorkers === undefined ? {} : { maxWorkers }),
      sandbox,
    },
    ...(cache ? { storage: 'user-cache' } : {}),
  };
  const folder = await Folder.open(root, folderOptions, (opening) => {
    const told = new Set<string>();
    opening.on('log', (level, message) => {
      if (level !== 'warn' || told.has(message)) return;
      told.add(message);
      warn?.(message);
    });
    listen?.(opening);
  });
  const { baselineFile } = argumentsOf;
  if (options.hideBaseline === true && baselineFile !== undefined && folder.baseline === undefined) {
    await folder.dispose();
    throw new UsageError(
      `Baseline not found: ${path.resolve(baselineFile)}. Create it with: bulkhead baseline --baseline ${baselineFile}`,
    );
  }
  return folder;
}

/** A detector whose name is misspelled would find nothing, as if nothing were wrong. */
export async function expectKnown(root: string, detectors: readonly string[]): Promise<void> {
  const own = new Set<string>(detectorNames);
  if (detectors.every((name) => own.has(name))) return;
  const known = [...detectorNames, ...(await declaredTools(root))];
  const unknown = detectors.find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw new UsageError(`Unknown detector "${unknown}". The detectors are ${known.join(', ')}.`);
}

/** The command line overrides the configuration of the repository. */
export function folderSettings(
  root: string,
  argumentsOf: AnalysisArguments,
  { hideBaseline = false, watch = false }: OpenOptions = {},
): FolderSettings {
  const { detectors, tsconfigs, baselineFile, showConsequences, trusted, sandbox } = argumentsOf;
  return {
    trusted,
    confined: confinementOf(sandbox),
    detectors: {
      ...(detectors === undefined ? {} : { only: detectors }),
      ...(tsconfigs.length === 0 ? {} : { options: { typescript: { projects: tsconfigs } } }),
    },
    showConsequences,
    baseline: hideBaseline ? baselineFileOf(root, baselineFile) : undefined,
    sharing: watch ? undefined : { role: 'visitor', ...requiredOf(sandbox) },
  };
}

/** @throws UsageError for a folder that cannot be analysed */
export async function rootFolder(folder: string): Promise<string> {
  const absolute = path.resolve(folder);
  try {
    if (!(await stat(absolute)).isDirectory()) {
      throw new UsageError(
        `${absolute} is a file. Name the folder that contains it: bulkhead check ${path.dirname(folder)}`,
      );
    }
    const directory = await opendir(absolute);
    await directory.close();
    return await realpath(absolute);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT') throw new UsageError(`Folder not found: ${absolute}`, { cause: error });
    if (code === 'EACCES' || code === 'EPERM') {
      throw new UsageError(`No permission to read ${absolute}. Bulkhead needs read and search permission.`, {
        cause: error,
      });
    }
    throw new UsageError(`Cannot read ${absolute}: ${String(error)}`, { cause: error });
  }
}

/** Why the results of a folder that was deleted meanwhile count for nothing; undefined: it is still there. */
export async function deletion(root: string): Promise<string | undefined> {
  const isThere = await stat(root).then(
    () => true,
    (error: unknown) => !(error instanceof Error && 'code' in error && error.code === 'ENOENT'),
  );
  return isThere ? undefined : `the folder ${root} was deleted during the check`;
}

/** The reason of a check that was interrupted. */
export const stoppedByUser = 'stopped by the user';

export interface StopReason extends Disposable {
  readonly reached: Promise<void>;
  reason(): string | undefined;
}

/** Why a check stops early: the user, or `--timeout`. */
export function stopReason(timeoutMs: number | undefined, stop: AbortSignal): StopReason {
  const { promise, resolve } = Promise.withResolvers<void>();
  let reason: string | undefined;
  const settle = (text: string): void => {
    reason ??= text;
    resolve();
  };
  const onAbort = (): void => settle(stop.reason instanceof InternalFault ? stop.reason.message : stoppedByUser);
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
