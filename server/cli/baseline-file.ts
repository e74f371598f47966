/** The baseline file of a command, and its name for users. Stateless. */
import path from 'node:path';
import { baselineName } from '../store/baseline.ts';

/** @param given as the user wrote it; absent: the default file in the root. @returns an absolute path */
export function baselineFileOf(root: string, given: string | undefined): string {
  return given === undefined ? path.join(root, baselineName) : path.resolve(given);
}

/** The name to show: relative to the root if the file is inside of it. */
export function baselineNameOf(root: string, given: string | undefined): string {
  const file = baselineFileOf(root, given);
  const relative = path.relative(root, file);
  return relative.startsWith('..') || path.isAbsolute(relative) ? file : relative.split(path.sep).join('/');
}
