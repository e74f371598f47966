/**
 * Finds files that were away for a moment, which nobody reported: they are as they were, and yet a check may have looked for them
 * in vain. Created for one comparison with the disk.
 */
import { lstat } from 'node:fs/promises';
import path from 'node:path';
import type { Unit } from '../../workers/protocol/detector-protocol.ts';
import type { FileChange, JournalChange } from '../journal.ts';
import { clockToleranceMs, type Moment } from './moment.ts';

export class BriefAbsences {
  readonly #root: string;
  readonly #files: ReadonlyMap<string, unknown>;
  readonly #differing: ReadonlySet<string>;
  readonly #reported: ReadonlyMap<string, JournalChange>;

  /**
   * @param files all that are there
   * @param differing files whose content is not as it was: the comparison knows them
   * @param reported since the last comparison
   */
  constructor(
    root: string,
    files: ReadonlyMap<string, unknown>,
    differing: ReadonlySet<string>,
    reported: ReadonlyMap<string, JournalChange>,
  ) {
    this.#root = root;
    this.#files = files;
    this.#differing = differing;
    this.#reported = reported;
  }

  /** Files whose folder was moved, and is back. On Windows the times of folders do not tell. @param since milliseconds since the epoch */
  async ofFolders(since: number, platform: NodeJS.Platform = process.platform): Promise<readonly FileChange[]> {
    if (platform === 'win32') return [];
    const moved = await this.#movedSince(since - clockToleranceMs);
    if (moved.size === 0) return [];
    return [...this.#files.keys()].flatMap((file) => {
      const at = Math.max(0, ...foldersOf([file]).map((folder) => moved.get(folder) ?? 0));
      return at === 0 ? [] : this.#unlessKnown(file, at);
    });
  }

  /** Files that changed after their check began. */
  async ofFiles(
    results: readonly { readonly unit: Unit; readonly startedAt: Moment }[],
  ): Promise<readonly FileChange[]> {
    const own = results.filter(({ unit: { kind, file } }) => kind === 'file' && this.#files.has(file));
    const found = await Promise.all(
      own.map(async ({ unit: { file }, startedAt }) => {
        const at = await changedOnDisk(this.#root, file);
        return at > startedAt.at - clockToleranceMs ? this.#unlessKnown(file, at) : [];
      }),
    );
    return found.flat();
  }

  #unlessKnown(file: string, at: number): readonly FileChange[] {
    const report = this.#reported.get(file);
    const isKnown = this.#differing.has(file) || (report !== undefined && !isYounger(at, report));
    return isKnown ? [] : [{ file, kind: 'changed' }];
  }

  /** When each of the folders was moved that was: its entries stay the same, but not what is known of itself. */
  async #movedSince(moment: number): Promise<ReadonlyMap<string, number>> {
    const found = await Promise.all(
      foldersOf(this.#files.keys()).map(async (folder): Promise<(readonly [string, number])[]> => {
        const status = await lstat(path.join(this.#root, folder), { bigint: true }).catch(() => undefined);
        const at = Number(status?.ctimeMs ?? 0n);
        return status && at > moment && status.ctimeNs > status.mtimeNs ? [[folder, at]] : [];
      }),
    );
    return new Map(found.flat());
  }
}

/** When a file changed last, by the clock of the file system. 0: it is not there. */
export async function changedOnDisk(root: string, file: string): Promise<number> {
  const status = await lstat(path.join(root, file)).catch(() => undefined);
  return Math.max(status?.ctimeMs ?? 0, status?.mtimeMs ?? 0);
}

/** Whether a change may have happened after it was reported. @param at of the change */
export function isYounger(at: number | undefined, report: JournalChange): boolean {
  return (at ?? 0) > report.at - clockToleranceMs;
}

/** The folders above these files, below the root. */
function foldersOf(files: Iterable<string>): readonly string[] {
  const folders = new Set<string>();
  for (const file of files) {
    let folder = path.posix.dirname(file);
    for (; folder !== '.' && !folders.has(folder); folder = path.posix.dirname(folder)) folders.add(folder);
  }
  return [...folders];
}
