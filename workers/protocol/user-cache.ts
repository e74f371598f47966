/** Where Bulkhead keeps what it can make again, for all folders of a user. Stateless. */
import os from 'node:os';
import path from 'node:path';

export interface CacheOptions {
  readonly platform?: NodeJS.Platform;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly home?: string;
}

/** By the conventions of the platform; it may not exist yet. */
export function userCacheDir({
  platform = process.platform,
  env = process.env,
  home = os.homedir(),
}: CacheOptions = {}): string {
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
