/** Where a root's store lives. Stateless. */
import { createHash } from 'node:crypto';
import { realpath } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';

export interface LocationOptions {
  /** The editor's storage folder for the workspace, when there is one. */
  readonly storageDir?: string | undefined;
  readonly platform?: NodeJS.Platform;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly home?: string;
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
  return paths.join(baseDir(options), nameOf(real, platform));
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

/** The folder of the user for all that Bulkhead stores, or that of an editor's workspace. */
export function baseDir({
  storageDir,
  platform = process.platform,
  env = process.env,
  home = os.homedir(),
}: LocationOptions = {}): string {
  if (storageDir !== undefined) return storageDir;
  if (platform === 'win32') {
    const local = env['LOCALAPPDATA'];
    return path.win32.join(
      local !== undefined && local !== '' ? local : path.win32.join(home, 'AppData', 'Local'),
      'bulkhead',
      'Cache',
    );
  }
  if (platform === 'darwin') return path.posix.join(home, 'Library', 'Caches', 'bulkhead');
  const cache = env['XDG_CACHE_HOME'];
  // The specification says to ignore a relative path: https://specifications.freedesktop.org/basedir-spec/latest/
  const base = cache !== undefined && path.posix.isAbsolute(cache) ? cache : path.posix.join(home, '.cache');
  return path.posix.join(base, 'bulkhead');
}

/** Reports of servers for agents that ended without notice. */
export function crashReportsDir(): string {
  return path.join(baseDir(), 'crashes');
}
