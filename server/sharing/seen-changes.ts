/**
 * Which changes another process has already reported: several processes watch the same folder and inform each other.
 * Changes are compared by the state of the file on disk, before they enter the journal, because revisions mean nothing
 * in other processes. Lives as long as the folder is shared.
 *
 * Invariant: a state counts as seen only if this process and the other know it. What the other told describes what the other
 * saw, not what is there by the time it is read.
 * Invariant: the last change of a file that is passed on is true: it does not say that a file is gone that is there.
 */
import { lstat } from 'node:fs/promises';
import path from 'node:path';
import { walkFiles } from '../../workers/protocol/files.ts';
import { isInUnreadFolder } from '../engine/change-triggers.ts';
import { deletedBy } from '../engine/deleted-paths.ts';
import { clockToleranceMs } from '../engine/moment.ts';
import type { ChangeKind, FileChange } from '../journal.ts';

const ABSENT = 'absent';

/** A change, and the state in which the process that tells it saw the file. */
export interface ToldChange extends FileChange {
  /** Absent: the file was written so recently that another write could leave the same state. */
  readonly state?: string | undefined;
}

interface OnDisk {
  readonly state: string | undefined;
  readonly isFolder: boolean;
}

interface Seen {
  readonly state: string;
  /** Whether the file's coming or going was reported. */
  readonly isListed: boolean;
}

export class SeenChanges {
  readonly #root: string;
  readonly #seen = new Map<string, Seen>();
  /** One after another: an older state must not be passed on after a newer one. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(root: string) {
    this.#root = root;
  }

  /**
   * Takes changes that this process saw.
   * @param isFound a comparison with the disk found them: whatever was reported, something lacks them
   * @returns those that left a file in a state not seen before. From now on those states count as seen. That a file came
   *   or went is more than that it changed: whoever heard only of a change may not know the file
   */
  takeNew(changes: readonly FileChange[], isFound = false): Promise<readonly ToldChange[]> {
    return this.#inTurn(async () => this.#newOf(await this.#asOnDisk(changes), isFound));
  }

  /** Takes changes that another process told. @returns those that are new to this one, as the files are now */
  receive(told: readonly ToldChange[], isFound = false): Promise<readonly ToldChange[]> {
    return this.#inTurn(async () => {
      const news = this.#newOf(told, isFound);
      const states = new Map(news.map(({ file, kind, state }) => [keyOf(file, kind), state]));
      return (await this.#asOnDisk(news)).map(({ file, kind, state: now }): ToldChange => {
        const state = states.get(keyOf(file, kind));
        if (state !== undefined && (state === ABSENT) === (now === ABSENT)) return { file, kind, state };
        // It came or went since: nobody has told that.
        this.#seen.delete(file);
        return { file, kind };
      });
    });
  }

  /** Forgets everything, because there is no other process. */
  clear(): void {
    this.#seen.clear();
  }

  /** The next change of the file counts as new, because the editor has, or had, unsaved text of it. */
  forget(file: string): void {
    this.#seen.delete(file);
  }

  #inTurn<Value>(work: () => Promise<Value>): Promise<Value> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => {});
    return done;
  }

  #newOf(changes: readonly ToldChange[], isFound: boolean): readonly ToldChange[] {
    const isGone = deletedBy(changes);
    // What comes back with its folder looks as it did.
    if (isGone) for (const file of this.#seen.keys()) if (isGone(path.posix.dirname(file))) this.#seen.delete(file);
    return changes.filter((change) => this.#isNew(change) || isFound);
  }

  #isNew({ file, kind, state }: ToldChange): boolean {
    const before = this.#seen.get(file);
    const isSame = state !== undefined && before?.state === state;
    const isListed = kind !== 'changed' || (isSame && before.isListed);
    if (state === undefined) this.#seen.delete(file);
    else this.#seen.set(file, { state, isListed });
    if (kind !== 'deleted') this.#forgetAbsenceAbove(file);
    return !isSame || isListed !== before.isListed;
  }

  /** Nobody tells that a folder is back, only its files. */
  #forgetAbsenceAbove(file: string): void {
    for (let end = file.lastIndexOf('/'); end > 0; end = file.lastIndexOf('/', end - 1)) {
      const folder = file.slice(0, end);
      if (this.#seen.get(folder)?.state === ABSENT) this.#seen.delete(folder);
    }
  }

  /** A file may have gone, or come back, since somebody saw its change. */
  async #asOnDisk(changes: readonly FileChange[]): Promise<readonly ToldChange[]> {
    const all = await Promise.all(
      changes.map(async ({ file, kind }): Promise<readonly ToldChange[]> => {
        const { state, isFolder } = await this.#onDisk(file);
        const isGone = state === ABSENT;
        if (isGone === (kind === 'deleted') || isInUnreadFolder(file)) return [{ file, kind, state }];
        if (isGone) return [{ file, kind: 'deleted', state }];
        return isFolder
          ? [{ file, kind: 'deleted' }, ...(await this.#filesIn(file))]
          : [{ file, kind: 'created', state }];
      }),
    );
    return all.flat();
  }

  async #filesIn(folder: string): Promise<readonly ToldChange[]> {
    const files: ToldChange[] = [];
    for await (const file of walkFiles(path.join(this.#root, folder), { gitignore: false }))
      files.push({ file: `${folder}/${file}`, kind: 'created' });
    return files;
  }

  async #onDisk(file: string): Promise<OnDisk> {
    const status = await lstat(path.join(this.#root, file), { bigint: true }).catch(() => undefined);
    if (status === undefined) return { state: ABSENT, isFolder: false };
    const isFolder = status.isDirectory();
    // A second write at nearly the same time could leave the same times.
    if (Math.abs(Date.now() - Number(status.ctimeMs)) < clockToleranceMs) return { state: undefined, isFolder };
    return { state: [status.ino, status.size, status.mtimeNs, status.ctimeNs].join(':'), isFolder };
  }
}

function keyOf(file: string, kind: ChangeKind): string {
  return `${kind} ${file}`;
}
