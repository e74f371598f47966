/** Where a root's store lives. Stateless. */
import { createHash } from 'node:crypto';
import { realpath } from 'node:fs/promises';
import path from 'node:path';
import { userCacheDir, type CacheOptions } from '../../workers/protocol/user-cache.ts';

export interface LocationOptions extends CacheOptions {
  /** The editor's storage folder for the workspace, when there is one. */
  readonly storageDir?: string | undefined;
}

/** Long enough to avoid collisions between a user's folders, short enough for paths on Windows. */
const HASH_LENGTH = 16;

/**
 * Each root has a folder, named after the root and the hash of its real path, in the editor's storage folder or the user's
 * cache folder. It is the same whatever path leads to the root.
 * @param root absolute path
 */
export async function storeDirFor(root: string, options: LocationOptions = {}): Promise<string> {
  const { platform = process.platform } = options;
  const paths = platform === 'win32' ? path.win32 : path.posix;
  const real = await realpath(root).catch(() => paths.resolve(root));
  return paths.join(options.storageDir ?? userCacheDir(options), nameOf(real, platform));
}

/** @param real the root's real path */
export function nameOf(real: string, platform: NodeJS.Platform): string {
  const paths = platform === 'win32' ? path.win32 : path.posix;
  // Windows compares paths without case, and writes drive letters in either case.
  const key = platform === 'win32' ? real.toLowerCase() : real;
  const label = paths
    .basename(real)
    .replaceAll(/[^\w.-]+/g, '_')
    .slice(0, 40);
  const hash = createHash('sha256').update(key).digest('hex').slice(0, HASH_LENGTH);
  return label === '' ? hash : `${label}-${hash}`;
}
