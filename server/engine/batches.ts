/** Splits stale units into the batches that the pool runs: each has one group and one lane, and open files come first. */
import path from 'node:path';
import type { Unit } from '../../workers/protocol/detector-protocol.ts';
import type { Priority } from '../pool/types.ts';

/**
 * Files per batch. At 1.5 to 2.3 ms per file, 25 files keep a worker busy for about 50 ms: much longer than the round
 * trip, and short enough for a file that was just opened to wait.
 */
const filesPerBatch = 25;
/** A file that is linted with type information takes ten times as long. */
const typedFilesPerBatch = 5;
/** For a tool that is started for each batch. */
const filesPerProcess = 500;

export interface Batch {
  readonly units: readonly Unit[];
  readonly priority: Priority;
}

/**
 * @param open files open in the editor
 * @param recent files that just changed
 * @param isIdle the batches revalidate earlier results, and the user does not wait for them
 */
export function batchesOf(
  units: readonly Unit[],
  open: ReadonlySet<string>,
  recent: ReadonlySet<string>,
  isIdle = false,
): readonly Batch[] {
  const buckets = new Map<string, { priority: Priority; units: Unit[] }>();
  const [projects, others] = [true, false].map((is) => units.filter(({ kind }) => (kind === 'project') === is));
  for (const unit of others ?? []) {
    const priority: Priority = open.has(unit.file) ? 'open' : recent.has(unit.file) ? 'recent' : 'background';
    // A graph contains open and other files. It is one batch, and its detector decides which files come first.
    const level = unit.kind === 'file' ? priority : open.size > 0 && !isIdle ? 'open' : 'background';
    const key = [level, unit.kind, unit.lane ?? 'light', unit.group].join('\n');
    const bucket = buckets.get(key);
    if (bucket) bucket.units.push(unit);
    else buckets.set(key, { priority: level, units: [unit] });
  }
  const order: readonly Priority[] = ['open', 'recent', 'background'];
  return [
    ...projectBatches(projects ?? [], isIdle ? new Set() : open),
    ...[...buckets.values()]
      .sort((a, b) => order.indexOf(a.priority) - order.indexOf(b.priority))
      .flatMap(({ priority, units: members }) =>
        members[0]?.kind === 'file'
          ? chunks(members, sizeFor(members[0])).map((chunk) => ({
              priority,
              units: chunk,
            }))
          : [{ priority, units: members }],
      ),
  ];
}

/**
 * One batch per project, so that finished projects keep their results when an edit interrupts the rest. Projects whose
 * folder contains an open file come first, the innermost before the outer ones.
 */
function projectBatches(projects: readonly Unit[], open: ReadonlySet<string>): readonly Batch[] {
  const depths = new Map(projects.map((unit) => [unit, depthAbove(path.posix.dirname(unit.file), open)]));
  const depthOf = (unit: Unit): number => depths.get(unit) ?? -1;
  return projects
    .toSorted((one, other) => depthOf(other) - depthOf(one))
    .map((unit) => ({ priority: depthOf(unit) < 0 ? 'background' : 'open', units: [unit] }));
}

/** @returns the depth of the folder; -1: it contains no open file */
function depthAbove(folder: string, open: ReadonlySet<string>): number {
  if (folder === '.') return open.size > 0 ? 0 : -1;
  return [...open].some((file) => file.startsWith(`${folder}/`)) ? folder.split('/').length : -1;
}

function sizeFor({ lane, manyAtOnce }: Unit): number {
  if (manyAtOnce === true) return filesPerProcess;
  return lane === 'heavy' ? typedFilesPerBatch : filesPerBatch;
}

function chunks<Item>(items: readonly Item[], size: number): readonly (readonly Item[])[] {
  const parts: Item[][] = [];
  for (let start = 0; start < items.length; start += size) parts.push(items.slice(start, start + size));
  return parts;
}
