/** Which baseline file a command means, and how it is shown. Stateless. */
import path from 'node:path';
import { baselineName } from '../store/baseline.ts';

/** @param given as the user wrote it; absent: the default file in the root. @returns an absolute path */
export function baselineFileOf(root: string, given: string | undefined): string {
  return given === undefined ? path.join(root, baselineName) : path.resolve(given);
}

/** As it is shown: relative to the root if it lies inside. */
export function baselineNameOf(root: string, given: string | undefined): string {
  const file = baselineFileOf(root, given);
  const relative = path.relative(root, file);
  return relative.startsWith('..') || path.isAbsolute(relative) ? file : relative.split(path.sep).join('/');
}
