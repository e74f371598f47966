/** Makes folders. Stateless. */
import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';

/**
 * Makes a folder and those around it. Node's own way tries for ever where a file system takes no folders and says that
 * something does not exist, as `/proc` does.
 * @param mode of what is made; default: what the user's mask leaves
 * @throws the error of the file system
 */
export function makeDirectory(directory: string, mode?: number): void {
  try {
    mkdirSync(directory, mode);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    // Also what cannot be made may be there: a drive, a read-only file system.
    if (code !== 'ENOENT' && existsSync(directory)) return;
    const parent = path.dirname(directory);
    if (code !== 'ENOENT' || parent === directory || existsSync(parent)) throw error;
    makeDirectory(parent, mode);
    mkdirSync(directory, mode);
  }
}
