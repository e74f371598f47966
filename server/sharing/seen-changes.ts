/**
 * Which changes another process has already reported: several processes watch the same folder and tell each other. It
 * decides before a change enters the journal, by what the file system says of the file, because revisions mean nothing
 * outside of their process. Lives as long as the folder is shared.
 */
import { lstat } from 'node:fs/promises';
import path from 'node:path';
import type { FileChange } from '../journal.ts';

/** Within the granularity of a file system's clock a second write would leave the same times. */
const RACY_MS = 20;
const ABSENT = 'absent';

export class SeenChanges {
  readonly #root: string;
  readonly #seen = new Map<string, string>();

  constructor(root: string) {
    this.#root = root;
  }

  /** Those changes that left a file in a state not reported before. From now on that state counts as seen. */
  async takeNew(changes: readonly FileChange[]): Promise<readonly FileChange[]> {
    const states = await Promise.all(changes.map(({ file }) => this.#stateOf(file)));
    return changes.filter(({ file }, index) => {
      const state = states[index];
      const isSeen = state !== undefined && this.#seen.get(file) === state;
      if (state === undefined) this.#seen.delete(file);
      else this.#seen.set(file, state);
      return !isSeen;
    });
  }

  /** No other process is there to report anything. */
  clear(): void {
    this.#seen.clear();
  }

  /** The next change of the file is news, whatever is on disk: the editor has, or had, unsaved text of it. */
  forget(file: string): void {
    this.#seen.delete(file);
  }

  /** Undefined: the file was written just now, so another write may leave the same state. */
  async #stateOf(file: string): Promise<string | undefined> {
    const status = await lstat(path.join(this.#root, file), { bigint: true }).catch(() => undefined);
    if (status === undefined) return ABSENT;
    if (Math.abs(Date.now() - Number(status.ctimeMs)) < RACY_MS) return undefined;
    return [status.ino, status.size, status.mtimeNs, status.ctimeNs].join(':');
  }
}
