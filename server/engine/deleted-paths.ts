/** What a set of deletions takes with it. Pure. */
import type { FileChange } from './change-triggers.ts';

/** @returns whether a file is one of the deleted, or lies below one; its cost does not grow with how many there are */
export function deletedBy(changes: readonly FileChange[]): ((file: string) => boolean) | undefined {
  const paths = new Set(changes.flatMap(({ file, kind }) => (kind === 'deleted' ? [file] : [])));
  if (paths.size === 0) return undefined;
  return (file) => {
    if (paths.has(file)) return true;
    for (let end = file.lastIndexOf('/'); end > 0; end = file.lastIndexOf('/', end - 1)) {
      if (paths.has(file.slice(0, end))) return true;
    }
    return false;
  };
}
