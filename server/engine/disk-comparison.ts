/**
 * One comparison of a folder with what it was at the last one: what changed, when, and what of that nobody has reported. Lives
 * as long as the comparison.
 */
import type { Unit } from '../../workers/protocol/detector-protocol.ts';
import type { FileChange, JournalChange, Revision } from '../journal.ts';
import { BriefAbsences, changedOnDisk, isYounger } from './brief-absences.ts';
import { installationOf, isConfiguration, isInput } from './change-triggers.ts';
import { deletedBy } from './deleted-paths.ts';
import type { Inputs } from './inputs.ts';
import { clockToleranceMs, type Moment } from './moment.ts';

/** Inputs at one moment. */
export interface Snapshot {
  readonly inputs: Inputs;
  /** Changes reported after this revision may be missing. */
  readonly revision: Revision;
  /** When it was begun; milliseconds since the epoch. */
  readonly at: number;
}

/** What results depend on besides {@link Inputs}. */
export interface OtherFiles {
  /** Whether a result depends on the content of a file of the root that is not an input, such as a style sheet. */
  readonly concerns: (file: string) => boolean;
  /** More files, relative to the root, such as those outside of it. */
  readonly outside: ReadonlySet<string>;
}

interface Result {
  readonly unit: Unit;
  /** When its check began. */
  readonly startedAt: Moment;
  readonly reads?: readonly string[] | undefined;
}

export class DiskComparison {
  /** What differs, by content. */
  readonly changes: readonly FileChange[];
  readonly #root: string;
  readonly #base: Snapshot;
  readonly #now: Inputs;
  readonly #reported: ReadonlyMap<string, JournalChange>;
  /** Files whose content is not as it was. */
  readonly #differing: ReadonlySet<string>;

  /** @param reported since the base, by file */
  constructor(root: string, base: Snapshot, now: Inputs, reported: ReadonlyMap<string, JournalChange>) {
    this.#root = root;
    this.#base = base;
    this.#now = now;
    this.#reported = reported;
    this.changes = differences(base.inputs, now);
    this.#differing = new Set(this.changes.map(({ file }) => file));
  }

  /** Changes that were not reported, or whose report may be older than they are. @param results made since the base */
  async missed(results: readonly Result[], others: OtherFiles): Promise<readonly FileChange[]> {
    const unhashed = await this.#changedSince(others);
    const absences = new BriefAbsences(this.#root, this.#now.files, this.#differing, this.#reported);
    return distinct([
      ...(await this.#unreported([...this.changes, ...unhashed])),
      ...(await this.#changedAgain()),
      ...(await absences.ofFolders(this.#base.at)),
      ...(await absences.ofFiles(results)),
    ]);
  }

  /**
   * When each file changed last, by the journal and by the file system. Unreported changes have an infinite revision.
   * @param results made since the base: files that they read and whose content is not compared have a time, too
   */
  async changeTimes(results: readonly Result[]): Promise<ReadonlyMap<string, Moment>> {
    const times = await Promise.all(
      this.changes.map(async ({ file }): Promise<[string, Moment]> => {
        const revision = this.#reported.get(file)?.revision ?? Number.POSITIVE_INFINITY;
        return [file, { revision, at: (await changedOnDisk(this.#root, file)) + clockToleranceMs }];
      }),
    );
    return new Map([...times, ...(await this.#untrackedTimes(results))]);
  }

  /** Changes that were not reported, or happened after they were reported. */
  async #unreported(changes: readonly FileChange[]): Promise<readonly FileChange[]> {
    const reported = this.#reported;
    const times = await Promise.all(changes.map(({ file }) => changedOnDisk(this.#root, file)));
    const missed = changes.filter(({ file, kind }, index) => {
      const report = reported.get(file);
      if (report === undefined) return true;
      if (kind === 'deleted' || report.kind === 'deleted') return report.kind !== kind;
      // Who reported a change of a new file did not know that it is new: plans may lack it.
      if (kind === 'created' && report.kind === 'changed') return true;
      return isYounger(times[index], report);
    });
    const isExplained = [...reported.keys(), ...missed.map(({ file }) => file)].some(
      (file) => isConfiguration(file) || installationOf(file) !== undefined,
    );
    if (this.#base.inputs.installed === this.#now.installed || isExplained) return missed;
    // Packages were installed, and nobody reported it.
    return [...missed, { file: 'node_modules', kind: 'changed' }];
  }

  /** Files whose content is as it was, although a change of them was reported: what was analysed since may be neither. */
  async #changedAgain(): Promise<readonly FileChange[]> {
    const { files } = this.#now;
    const differing = this.#differing;
    const reports = [...this.#reported.values()];
    const isGone = deletedBy(reports);
    const back = isGone ? [...files.keys()].filter((file) => isGone(file)) : [];
    const recreated = back.flatMap((file): FileChange[] => {
      const known = this.#reported.get(file);
      return !differing.has(file) && (known ?? { kind: 'deleted' }).kind === 'deleted'
        ? [{ file, kind: 'created' }]
        : [];
    });
    const rest = reports.filter(({ file, kind }) => kind !== 'deleted' && !differing.has(file));
    const changed = await Promise.all(
      rest.map(async (report): Promise<FileChange[]> => {
        const { file } = report;
        const at = await changedOnDisk(this.#root, file);
        if (at === 0) return [{ file, kind: 'deleted' }];
        return files.has(file) && isYounger(at, report) ? [{ file, kind: 'changed' }] : [];
      }),
    );
    return [...recreated, ...changed.flat()];
  }

  /** Files that results depend on, whose content is not compared, and that changed since the base. */
  async #changedSince({ concerns, outside }: OtherFiles): Promise<readonly FileChange[]> {
    const { inputs, at } = this.#base;
    const kept = [...this.#now.files].flatMap(([file, content]) =>
      content === '' && inputs.files.has(file) && concerns(file) ? [file] : [],
    );
    const changed = await Promise.all(
      [...kept, ...outside].map(async (file): Promise<FileChange[]> =>
        (await changedOnDisk(this.#root, file)) > at - clockToleranceMs ? [{ file, kind: 'changed' }] : [],
      ),
    );
    return changed.flat();
  }

  /** Times of files whose content is not among the inputs, such as a Markdown file that ESLint lints. */
  async #untrackedTimes(results: readonly Result[]): Promise<readonly (readonly [string, Moment])[]> {
    const { files: known } = this.#now;
    const files = new Set(results.map(({ unit }) => unit.file).filter((file) => !isInput(file)));
    for (const { reads = [] } of results) for (const file of reads) if (!known.get(file)) files.add(file);
    return Promise.all(
      [...files].map(async (file) => {
        return [file, { revision: 0, at: (await changedOnDisk(this.#root, file)) + clockToleranceMs }] as const;
      }),
    );
  }
}

/** The first change of each file. */
function distinct(changes: readonly FileChange[]): readonly FileChange[] {
  const files = new Set<string>();
  return changes.filter(({ file }) => !files.has(file) && files.add(file));
}

function differences(before: Inputs, now: Inputs): readonly FileChange[] {
  const changed = [...now.files].flatMap(([file, hash]): FileChange[] => {
    const known = before.files.get(file);
    if (known === hash) return [];
    return [{ file, kind: known === undefined ? 'created' : 'changed' }];
  });
  const gone = [...before.files.keys()].filter((file) => !now.files.has(file));
  return [...changed, ...gone.map((file): FileChange => ({ file, kind: 'deleted' }))];
}
