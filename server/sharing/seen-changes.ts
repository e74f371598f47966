/**
 * Which changes another process has already reported: several processes watch the same folder and inform each other.
 * Changes are compared by the state of the file on disk, before they enter the journal, because revisions mean nothing
 * in other processes. Lives as long as the folder is shared.
 */
import { lstat } from 'node:fs/promises';
import path from 'node:path';
import type { FileChange } from '../journal.ts';

/** A second write within the resolution of the file system's clock could leave the same times. */
const RACY_MS = 20;
const ABSENT = 'absent';

export class SeenChanges {
  readonly #root: string;
  /** The state of each file, and whether its coming or going was reported. */
  readonly #seen = new Map<string, { readonly state: string; readonly isListed: boolean }>();

  constructor(root: string) {
    this.#root = root;
  }

  /**
   * Returns the changes that left a file in a state not seen before. From now on those states count as seen. That a file came
   * or went is more than that it changed: whoever heard only of a change may not know the file.
   */
  async takeNew(changes: readonly FileChange[]): Promise<readonly FileChange[]> {
    const states = await Promise.all(changes.map(({ file }) => this.#stateOf(file)));
    return changes.filter(({ file, kind }, index) => {
      const [state, before] = [states[index], this.#seen.get(file)];
      const isSame = state !== undefined && before?.state === state;
      const isListed = kind !== 'changed' || (isSame && before.isListed);
      if (state === undefined) this.#seen.delete(file);
      else this.#seen.set(file, { state, isListed });
      return !isSame || isListed !== before.isListed;
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

  /** Undefined: the file was written so recently that another write could leave the same state. */
  async #stateOf(file: string): Promise<string | undefined> {
    const status = await lstat(path.join(this.#root, file), { bigint: true }).catch(() => undefined);
    if (status === undefined) return ABSENT;
    if (Math.abs(Date.now() - Number(status.ctimeMs)) < RACY_MS) return undefined;
    return [status.ino, status.size, status.mtimeNs, status.ctimeNs].join(':');
  }
}
