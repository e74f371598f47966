/**
 * Keeps what V8 compiled, in Bulkhead's cache folder, so that the next process need not compile it again. Node.js does the
 * rest: entries belong to a version and a text, several processes may write at once, and where nothing can be written it
 * does without.
 */
import { enableCompileCache, flushCompileCache } from 'node:module';
import path from 'node:path';
import { userCacheDir } from '../protocol/user-cache.ts';

/** Modules that are loaded from now on are taken from the cache. Does nothing if the user has chosen another folder. */
export function useCompiledCode(): void {
  enableCompileCache(path.join(userCacheDir(), 'compiled'));
}

/** Writes what was compiled since the last call. A worker is ended before Node.js would do so at its end. */
export function keepCompiledCode(): void {
  flushCompileCache();
}
