/** `bulkhead baseline`, and how `bulkhead check` removes fixed issues from the file. Stateless. */
import { isIncomplete } from '../engine/status.ts';
import type { Folder } from '../folder/folder.ts';
import { baselineOf, compare, readBaseline, writeBaseline, type BaselineEntry } from '../store/baseline.ts';
import { baselineFileOf, baselineNameOf } from './baseline-file.ts';
import { UsageError, type AnalysisArguments, type BaselineArguments, type CheckArguments } from './arguments.ts';
import type { Output } from './output.ts';
import { reportOf, type BaselineSummary } from './result.ts';
import { openFolder, rootFolder, stoppedByUser } from './open.ts';
import { printable, printableLine } from '../printable.ts';

const incompleteCode = 3;

/**
 * Removes fixed issues from the file of the baseline in force, if everything was checked and the file may be written.
 * @returns a summary for the report; undefined: no baseline is in force
 */
export async function shrink(folder: Folder, argumentsOf: CheckArguments): Promise<BaselineSummary | undefined> {
  if (!folder.baseline) return undefined;
  const file = baselineFileOf(folder.root, argumentsOf.baselineFile);
  const complete = completeDetectors(folder, argumentsOf);
  const { known, gone, rest } = compare(folder.allIssues(), folder.baseline, { complete });
  const name = baselineNameOf(folder.root, argumentsOf.baselineFile);
  const summary = { file: name, known: known.length, fixed: gone.length };
  if (gone.length === 0 || argumentsOf.frozen || inCI()) return { ...summary, removed: false };
  try {
    await writeBaseline(file, rest);
    return { ...summary, removed: true };
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    return { ...summary, removed: false, note: `Cannot write ${file}: ${cause}` };
  }
}

/**
 * Writes all current issues to the baseline. Entries of detectors that did not run stay.
 * @returns the exit code
 * @throws UsageError, ConfigurationError, BaselineError
 */
export async function baseline(argumentsOf: BaselineArguments, out: Output, stop: AbortSignal): Promise<number> {
  const root = await rootFolder(argumentsOf.folder);
  const file = baselineFileOf(root, argumentsOf.baselineFile);
  const before = await readBaseline(file);
  if (!before && argumentsOf.check) {
    throw new UsageError(`Baseline not found: ${file}. Create it with: bulkhead baseline`);
  }
  await using folder = await openFolder(root, argumentsOf);
  const cancel = (): void => folder.cancel();
  stop.addEventListener('abort', cancel, { once: true });
  await folder.analyze();
  await folder.idle();
  const { summary } = reportOf(folder, { durationMs: 0, failOn: 'never', stopped: stoppedByUser });
  if (summary.incomplete.length > 0) {
    out.write('The analysis is incomplete, so the baseline was not changed:\n');
    for (const line of summary.incomplete) out.write(`  ${printable(line)}\n`);
    return incompleteCode;
  }
  await folder.persist();
  const issues = folder.allIssues();
  const old = before ?? { entries: [] };
  const complete = completeDetectors(folder, argumentsOf);
  const { known, fresh, gone } = compare(issues, old, { complete });
  const name = baselineNameOf(root, argumentsOf.baselineFile);
  if (argumentsOf.check) {
    listFixed(gone, name, out);
    return gone.length > 0 ? 1 : 0;
  }
  const others = old.entries.filter(({ detector }) => !complete.has(detector));
  const next = { entries: [...others, ...baselineOf(issues).entries] };
  await writeBaseline(file, next);
  const changes = before ? ` (${fresh.length} added, ${gone.length} removed, ${known.length} unchanged)` : '';
  out.write(`${name}: ${next.entries.length} ${next.entries.length === 1 ? 'issue' : 'issues'}${changes}\n`);
  return 0;
}

function listFixed(gone: readonly BaselineEntry[], name: string, out: Output): void {
  for (const { file, detector, rule, message } of gone)
    out.write(`${printableLine(`${file}  ${detector}/${rule}  ${message}`)}\n`);
  const result =
    gone.length === 0
      ? 'no fixed issues'
      : `${gone.length} fixed ${gone.length === 1 ? 'issue' : 'issues'}. Run "bulkhead check" to remove ${gone.length === 1 ? 'it' : 'them'}.`;
  out.write(`${name}: ${result}\n`);
}

/** Detectors that have checked everything. For the others, nobody knows whether a missing issue is fixed. */
function completeDetectors(
  folder: Folder,
  { tsconfigs, changed }: AnalysisArguments & Pick<CheckArguments, 'changed'>,
): ReadonlySet<string> {
  if (changed) return new Set();
  const statuses = folder.status();
  if (statuses.some(({ state }) => isIncomplete(state))) return new Set();
  const partial = tsconfigs.length > 0 ? ['typescript'] : [];
  return new Set(statuses.flatMap(({ name, state }) => (state === 'done' && !partial.includes(name) ? [name] : [])));
}

/** Build services set `CI`. Nobody would review or commit a file that they change. */
export function inCI(): boolean {
  const { CI = '' } = process.env;
  return CI !== '' && CI !== '0' && CI.toLowerCase() !== 'false';
}
