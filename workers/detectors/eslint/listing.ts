/**
 * The files that `eslint .` would lint, without linting them.
 *
 * ESLint's rules about this (default patterns, global ignores, `.eslintignore`, file patterns of overrides, dot files,
 * symbolic links, nested configurations) differ between versions and kinds of configuration, so ESLint itself is asked:
 * it walks the folder for `lintFiles('.')`, and the one method that would lint a file, `Linter#verifyAndFix`, notes
 * the file and finds nothing. Should a later version not go through that method, the list is still right, only slow.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { scriptLike } from '../../protocol/file-patterns.ts';
import { UnreadableFile, whyNotFile } from '../../protocol/read-file.ts';
import { isTyped } from './installation.ts';
import type { EslintInstallation, Eslint, LinterPrototype } from './installation.ts';
import type { ListedFile, Listing, SkippedPath } from './listed.ts';
import { irregularFiles, isUnder } from './roots.ts';

/**
 * Lists what `eslint .` in a directory lints. Where `eslint .` gives up because of one place (an unreadable folder, a
 * broken configuration in a subfolder), that place is skipped and named in the result.
 * @param directory absolute, the working directory
 * @param nestedConfigFolders finds the absolute folders under it that have a configuration of their own
 * @throws what ESLint throws when the directory's own configuration cannot be used
 * @throws {DOMException} AbortError
 */
export async function listFiles(
  engine: EslintInstallation,
  directory: string,
  nestedConfigFolders: () => readonly string[],
  signal: AbortSignal,
): Promise<Listing> {
  replaceLinting(engine.linter);
  // ESLint opens whatever has the right name. Others than scripts are nothing that it would miss.
  const irregular = irregularFiles(directory);
  const reasonOf = (file: string): UnreadableFile => new UnreadableFile('ENOTFILE', whyNotFile(file) ?? '');
  const skipped = new Map<string, unknown>(irregular.map((file) => [file, reasonOf(file)]));
  const isMissed = (place: string): boolean => scriptLike.test(place) || !irregular.includes(place);
  for (;;) {
    signal.throwIfAborted();
    const eslint = engine.create(listingOptions(engine, directory, [...skipped.keys()]));
    try {
      const files = await listOnce(eslint, signal);
      const missed = [...skipped].filter(([place]) => isMissed(place));
      return { files, skipped: missed.map(([place, error]) => ({ path: place, error })) };
    } catch (error) {
      signal.throwIfAborted();
      const places = await placesToSkip(error, eslint, directory, nestedConfigFolders);
      const before = skipped.size;
      for (const place of places) skipped.set(place.path, skipped.get(place.path) ?? place.error);
      if (skipped.size === before) throw error;
    }
  }
}

/** The file or folder was deleted meanwhile, which is no problem to report. */
export function isGone(error: unknown): boolean {
  return codeOf(error) === 'ENOENT';
}

interface ListingStore {
  readonly signal: AbortSignal;
  readonly configs: Map<string, unknown>;
}

/** Set while a listing runs, and in async work that it started: that must not lint either. */
const listing = new AsyncLocalStorage<ListingStore>();
const replaced = new WeakSet<LinterPrototype>();

function replaceLinting(linter: LinterPrototype): void {
  if (replaced.has(linter)) return;
  replaced.add(linter);
  const { verifyAndFix } = linter;
  linter.verifyAndFix = function (text, config, options) {
    const store = listing.getStore();
    if (!store) return verifyAndFix.call(this, text, config, options);
    store.signal.throwIfAborted();
    store.configs.set(options.filename, configIn(config, options.filename));
    return { fixed: false, messages: [], output: text };
  };
}

async function listOnce(eslint: Eslint, signal: AbortSignal): Promise<readonly ListedFile[]> {
  const configs = new Map<string, unknown>();
  const results = await listing.run({ signal, configs }, () => eslint.lintFiles(['.']));
  return results.map(({ filePath }) => {
    const config = configs.get(filePath);
    return { path: filePath, typed: isTyped(config), config };
  });
}

function listingOptions(
  engine: EslintInstallation,
  directory: string,
  ignored: readonly string[],
): Record<string, unknown> {
  const patterns = ignored.map((place) => patternFor(path.relative(directory, place)));
  return {
    cwd: directory,
    errorOnUnmatchedPattern: false,
    // ESLint deletes the cache file it is not to use; the user's own must stay.
    cacheLocation: path.join(tmpdir(), `bulkhead-${randomUUID()}`),
    ...(patterns.length === 0
      ? {}
      : engine.configType === 'flat'
        ? { ignorePatterns: patterns }
        : { overrideConfig: { ignorePatterns: patterns.map((pattern) => `/${pattern}`) } }),
  };
}

/** A pattern that matches one relative path, file or folder, literally. */
function patternFor(relativePath: string): string {
  return relativePath
    .split(path.sep)
    .join('/')
    .replaceAll(/[\\*?[\]{}()!+@|#]/g, '\\$&');
}

async function placesToSkip(
  error: unknown,
  eslint: Eslint,
  directory: string,
  nestedConfigFolders: () => readonly string[],
): Promise<readonly SkippedPath[]> {
  const place = pathOf(error);
  if (place !== undefined && isUnder(place, directory)) return [{ path: place, error }];
  const broken: SkippedPath[] = [];
  for (const folder of nestedConfigFolders()) {
    try {
      await eslint.calculateConfigForFile(path.join(folder, 'file.js'));
    } catch (cause) {
      broken.push({ path: folder, error: cause });
    }
  }
  return broken;
}

const UNREADABLE = new Set(['EACCES', 'EPERM', 'EBUSY', 'EIO', 'ELOOP', 'ENAMETOOLONG', 'ENOENT', 'ENOTDIR', 'EISDIR']);

function pathOf(error: unknown): string | undefined {
  const code = codeOf(error);
  if (code === undefined || !UNREADABLE.has(code)) return undefined;
  return error instanceof Error && 'path' in error && typeof error.path === 'string'
    ? path.resolve(error.path)
    : undefined;
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** Both kinds of config array; the flat one has `getConfig`, eslintrc's has `extractConfig`. */
interface ConfigArray {
  getConfig?(file: string): unknown;
  extractConfig?(file: string): unknown;
}

function configIn(config: unknown, file: string): unknown {
  const configs = config as ConfigArray;
  return configs.getConfig?.(file) ?? configs.extractConfig?.(file);
}
