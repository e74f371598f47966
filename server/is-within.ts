import path from 'node:path';

/** Whether a file is in the folder, or is the folder. Both absolute. Pure: links are not followed. */
export function isWithin(folder: string, absolute: string): boolean {
  const relative = path.relative(folder, absolute);
  return relative !== '..' && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative);
}
