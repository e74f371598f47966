/** Programs by name, as the search path has them. Stateless. */
import { accessSync, constants, statSync } from 'node:fs';
import path from 'node:path';

/**
 * What a relative entry of a search path leads to depends on the folder that is open, so it does not count.
 * @param searchPath as in `PATH`
 * @param others folders that are looked at last, absolute
 * @returns the absolute path; undefined: there is none
 */
export function findExecutable(name: string, searchPath: string, others: readonly string[] = []): string | undefined {
  const folders = searchPath.split(path.delimiter).filter((folder) => path.isAbsolute(folder));
  return [...folders, ...others].map((folder) => path.join(folder, name)).find(isExecutable);
}

export function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
