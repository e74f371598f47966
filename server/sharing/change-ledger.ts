/**
 * Which changes of files are known already: several processes watch the same folder and tell each other. Lives as long
 * as the folder is shared.
 */
import { lstat } from 'node:fs/promises';
import path from 'node:path';
import type { FileChange } from '../engine/change-triggers.ts';

/** Within the granularity of a file system's clock a second write would leave the same times. */
const RACY_MS = 20;
const ABSENT = 'absent';

export class ChangeLedger {
  readonly #root: string;
  readonly #known = new Map<string, string>();

  constructor(root: string) {
    this.#root = root;
  }

  /** Those of which this very state of the file has not been told before; they are known from now on. */
  async news(changes: readonly FileChange[]): Promise<readonly FileChange[]> {
    const states = await Promise.all(changes.map(({ file }) => this.#stateOf(file)));
    return changes.filter(({ file }, index) => {
      const state = states[index];
      const known = state !== undefined && this.#known.get(file) === state;
      if (state === undefined) this.#known.delete(file);
      else this.#known.set(file, state);
      return !known;
    });
  }

  /** Nobody else tells us anything. */
  clear(): void {
    this.#known.clear();
  }

  /** What the next change of the file says is news, whatever is on the disk: it has, or had, unsaved text. */
  forget(file: string): void {
    this.#known.delete(file);
  }

  /** Undefined: it was written just now, and may be written again without looking different. */
  async #stateOf(file: string): Promise<string | undefined> {
    const status = await lstat(path.join(this.#root, file), { bigint: true }).catch(() => undefined);
    if (status === undefined) return ABSENT;
    if (Math.abs(Date.now() - Number(status.ctimeMs)) < RACY_MS) return undefined;
    return [status.ino, status.size, status.mtimeNs, status.ctimeNs].join(':');
  }
}
