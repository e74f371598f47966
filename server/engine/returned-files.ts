/**
 * Files that were deleted and are there again, although nobody reported that they were created: where an editor closes or saves
 * a document at that moment, the report says that it changed. Lives as long as its detector's scheduler.
 */
import path from 'node:path';
import type { FileChange } from '../journal.ts';

export class ReturnedFiles {
  /** Files and folders. */
  readonly #deleted = new Set<string>();
  /** Files that were reported since, so that each deletion has one consequence for a file that no plan has. */
  readonly #told = new Set<string>();

  /**
   * Takes notice of a change.
   * @param isPlanned whether the plan has a unit for the file
   * @returns whether a file may have come back that the plan lacks
   */
  changed({ file, kind }: FileChange, isPlanned: boolean): boolean {
    if (kind === 'deleted') {
      this.#deleted.add(file);
      for (const told of this.#told) if (told === file || told.startsWith(`${file}/`)) this.#told.delete(told);
      return false;
    }
    if (kind === 'created' || isPlanned || this.#told.has(file) || !this.#wasDeleted(file)) return false;
    this.#told.add(file);
    return true;
  }

  #wasDeleted(file: string): boolean {
    for (let each = file; each !== '.' && each !== '/'; each = path.posix.dirname(each)) {
      if (this.#deleted.has(each)) return true;
    }
    return false;
  }
}
