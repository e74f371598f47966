/** Cuts stale units into the batches that go to the pool: one group and lane each, wanted files first. */
import path from 'node:path';
import type { Unit } from '../../workers/protocol/detector-protocol.ts';
import type { Priority } from '../pool/types.ts';

/**
 * Files per batch. At 1.5 to 2.3 ms a file, 25 keep a worker busy for about 50 ms: long beside the round trip,
 * short beside the wait of a file that was just opened.
 */
const filesPerBatch = 25;
/** With type information a file takes ten times as long. */
const typedFilesPerBatch = 5;

export interface Batch {
  readonly units: readonly Unit[];
  readonly priority: Priority;
}

/**
 * @param wanted files open in the editor
 * @param recent files that just changed
 * @param leisurely nobody waits for it
 */
export function batchesOf(
  units: readonly Unit[],
  wanted: ReadonlySet<string>,
  recent: ReadonlySet<string>,
  leisurely = false,
): readonly Batch[] {
  const buckets = new Map<string, { priority: Priority; units: Unit[] }>();
  const [projects, others] = [true, false].map((is) => units.filter(({ kind }) => (kind === 'project') === is));
  for (const unit of others ?? []) {
    const priority: Priority = wanted.has(unit.file) ? 'open' : recent.has(unit.file) ? 'recent' : 'background';
    // A graph holds open files as well as others: it is one piece of work, and its detector orders it.
    const level = unit.kind === 'file' ? priority : wanted.size > 0 && !leisurely ? 'open' : 'background';
    const key = [level, unit.kind, unit.lane ?? 'light', unit.group].join('\n');
    const bucket = buckets.get(key);
    if (bucket) bucket.units.push(unit);
    else buckets.set(key, { priority: level, units: [unit] });
  }
  const order: readonly Priority[] = ['open', 'recent', 'background'];
  return [
    ...projectBatches(projects ?? [], leisurely ? new Set() : wanted),
    ...[...buckets.values()]
      .sort((a, b) => order.indexOf(a.priority) - order.indexOf(b.priority))
      .flatMap(({ priority, units: members }) =>
        members[0]?.kind === 'file'
          ? chunks(members, members[0].lane === 'heavy' ? typedFilesPerBatch : filesPerBatch).map((chunk) => ({
              priority,
              units: chunk,
            }))
          : [{ priority, units: members }],
      ),
  ];
}

/**
 * One each: what has its answer keeps it when the others are interrupted. First those in whose folders wanted files
 * are, the nearest before those further up.
 */
function projectBatches(projects: readonly Unit[], wanted: ReadonlySet<string>): readonly Batch[] {
  const depths = new Map(projects.map((unit) => [unit, depthAbove(path.posix.dirname(unit.file), wanted)]));
  const depthOf = (unit: Unit): number => depths.get(unit) ?? -1;
  return projects
    .toSorted((one, other) => depthOf(other) - depthOf(one))
    .map((unit) => ({ priority: depthOf(unit) < 0 ? 'background' : 'open', units: [unit] }));
}

/** @returns how deep the folder is; -1: no wanted file is in it */
function depthAbove(folder: string, wanted: ReadonlySet<string>): number {
  if (folder === '.') return wanted.size > 0 ? 0 : -1;
  return [...wanted].some((file) => file.startsWith(`${folder}/`)) ? folder.split('/').length : -1;
}

function chunks<Item>(items: readonly Item[], size: number): readonly (readonly Item[])[] {
  const parts: Item[][] = [];
  for (let start = 0; start < items.length; start += size) parts.push(items.slice(start, start + size));
  return parts;
}
