/** Which files a set of deletions removes. Pure. */
import type { FileChange } from '../journal.ts';

/** @returns whether a file was deleted itself or with a folder above it; takes the same time for any number of deletions */
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
