/** `bulkhead baseline`, and what `bulkhead check` does with the file. Lives for one command. */
import path from 'node:path';
import type { Engine } from '../engine/engine.ts';
import {
  baselineName,
  baselineOf,
  compare,
  readBaseline,
  writeBaseline,
  type Baseline,
  type BaselineEntry,
} from '../store/baseline.ts';
import { UsageError, type AnalysisArguments, type BaselineArguments, type CheckArguments } from './arguments.ts';
import type { Output } from './output.ts';
import { isIncomplete, reportOf, type BaselineSummary } from './result.ts';
import { openRun, rootFolder } from './run.ts';

export interface OpenBaseline {
  /** Absolute. */
  readonly file: string;
  /** Relative to the root where it lies inside: as it is told. */
  readonly name: string;
  readonly content: Baseline;
}

const incompleteCode = 3;

/**
 * @param given as the user wrote it; absent: the file in the root, if there is one
 * @throws BaselineError; UsageError when the given file is not there
 */
export async function baselineFor(root: string, given: string | undefined): Promise<OpenBaseline | undefined> {
  const file = fileFor(root, given);
  const content = await readBaseline(file);
  if (content) return { file, name: nameOf(root, file), content };
  if (given === undefined) return undefined;
  throw new UsageError(`There is no baseline ${file}. Write it with: bulkhead baseline --baseline ${given}`);
}

/**
 * Removes what is fixed from the file, if this run looked everywhere and may write.
 * @returns what to tell of it
 */
export async function shrink(
  { file, name, content }: OpenBaseline,
  engine: Engine,
  argumentsOf: CheckArguments,
): Promise<BaselineSummary> {
  const complete = completeDetectors(engine, argumentsOf);
  const { known, gone, rest } = compare(engine.allIssues(), content, { complete });
  const summary = { file: name, known: known.length, fixed: gone.length };
  if (gone.length === 0 || argumentsOf.frozen || inCI()) return { ...summary, removed: false };
  try {
    await writeBaseline(file, rest);
    return { ...summary, removed: true };
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    return { ...summary, removed: false, note: `${file} cannot be written: ${cause}` };
  }
}

/**
 * Writes down the issues of today. Entries of detectors that were not asked stay.
 * @returns the exit code
 * @throws UsageError, ConfigurationError, BaselineError
 */
export async function baseline(argumentsOf: BaselineArguments, out: Output, stop: AbortSignal): Promise<number> {
  const root = await rootFolder(argumentsOf.folder);
  const file = fileFor(root, argumentsOf.baselineFile);
  const before = await readBaseline(file);
  if (!before && argumentsOf.check) {
    throw new UsageError(`There is no baseline ${file}. Write it with: bulkhead baseline`);
  }
  await using run = await openRun(root, argumentsOf);
  const { engine, pool } = run;
  const cancel = (): void => engine.cancel();
  stop.addEventListener('abort', cancel, { once: true });
  engine.analyzeAll();
  await engine.idle();
  const { summary } = reportOf(engine, pool, { durationMs: 0, failOn: 'never', stopped: 'stopped by the user' });
  if (summary.incomplete.length > 0) {
    out.write(`Not everything was analysed, and the baseline is left as it is:\n`);
    for (const line of summary.incomplete) out.write(`  ${line}\n`);
    return incompleteCode;
  }
  await run.keep();
  const issues = engine.allIssues();
  const old = before ?? { entries: [] };
  const complete = completeDetectors(engine, argumentsOf);
  const { known, fresh, gone } = compare(issues, old, { complete });
  const name = nameOf(root, file);
  if (argumentsOf.check) {
    tellFixed(gone, name, out);
    return gone.length > 0 ? 1 : 0;
  }
  const others = old.entries.filter(({ detector }) => !complete.has(detector));
  const next = { entries: [...others, ...baselineOf(issues).entries] };
  await writeBaseline(file, next);
  const changes = before ? ` (${fresh.length} added, ${gone.length} removed, ${known.length} as before)` : '';
  out.write(`${name}: ${next.entries.length} issues${changes}\n`);
  return 0;
}

function tellFixed(gone: readonly BaselineEntry[], name: string, out: Output): void {
  for (const { file, detector, rule, message } of gone) out.write(`${file}  ${detector}/${rule}  ${message}\n`);
  const verdict =
    gone.length === 0
      ? 'nothing to remove'
      : `${gone.length} fixed ${gone.length === 1 ? 'issue' : 'issues'} to remove: run "bulkhead check"`;
  out.write(`${name}: ${verdict}\n`);
}

/** Those that have answered for everything: of the others, no entry is known to be fixed. */
function completeDetectors(
  engine: Engine,
  { tsconfigs, changed }: AnalysisArguments & Pick<CheckArguments, 'changed'>,
): ReadonlySet<string> {
  if (changed) return new Set();
  const statuses = engine.status();
  if (statuses.some(({ state }) => isIncomplete(state))) return new Set();
  const partial = tsconfigs.length > 0 ? ['typescript'] : [];
  return new Set(statuses.flatMap(({ name, state }) => (state === 'done' && !partial.includes(name) ? [name] : [])));
}

/** Where the baseline is: as the user wrote it, or in the root. */
export function fileFor(root: string, given: string | undefined): string {
  return given === undefined ? path.join(root, baselineName) : path.resolve(given);
}

function nameOf(root: string, file: string): string {
  const relative = path.relative(root, file);
  return relative.startsWith('..') || path.isAbsolute(relative) ? file : relative.split(path.sep).join('/');
}

/** Build services set it. A file that they change is lost, and nobody reviews it. */
function inCI(): boolean {
  const { CI = '' } = process.env;
  return CI !== '' && CI !== '0' && CI.toLowerCase() !== 'false';
}
