/**
 * Walks the files of a folder, without files that git ignores, installed packages and version control folders. Keeps no
 * state between walks.
 */
import { readdir, stat } from 'node:fs/promises';
import type { Dirent } from 'node:fs';
import path from 'node:path';
import ignore, { type Ignore } from 'ignore';
import { expandBraces } from './file-patterns.ts';
import { readText, searchRefusal, whyNotFile } from './read-file.ts';

/** A directory that could not be read, or a file that is none. */
export interface UnreadableEntry {
  /** Relative to the root, forward slashes; empty for the root itself. */
  readonly path: string;
  /** Such as `EACCES`; `ENOTFILE`: a file is expected there. */
  readonly code: string;
  readonly message: string;
}

export interface WalkOptions {
  /** Extensions with their dot, such as `.ts`; absent: all files. */
  readonly extensions?: readonly string[];
  /** Called for files that match `extensions`; `file` is relative to the root. */
  readonly accept?: (name: string, file: string) => boolean;
  /** Patterns of more files to omit, in the syntax of .gitignore, with braces; relative to the root. */
  readonly exclude?: readonly string[];
  /** False: includes files that git ignores. Default: true. */
  readonly gitignore?: boolean;
  readonly signal?: AbortSignal;
  /** Called for each directory that cannot be read, and for what is no file but has to be; the walk goes on. */
  readonly onUnreadable?: (entry: UnreadableEntry) => void;
  /** Names that only make sense for files: a configuration that is a folder or a pipe is a mistake. */
  readonly mustBeFile?: RegExp;
}

/**
 * Yields the files under a root, relative to it with forward slashes, breadth first and sorted within a directory, so
 * the order is always the same. Symbolic links to files count as files. Links to directories are not followed: a target
 * inside the root is walked under its real name, and one outside does not belong to the root.
 * @param root absolute path; .gitignore files between it and the top of its git repository count too
 * @throws the reason of `options.signal` when aborted
 */
export async function* walkFiles(root: string, options: WalkOptions = {}): AsyncGenerator<string, void, undefined> {
  const { signal, onUnreadable = () => {} } = options;
  const top = options.gitignore === false ? [] : await rulesAbove(root);
  const excluded = excludedBy(options);
  let pending: Directory[] = [{ path: '', rules: top }];
  while (pending.length > 0) {
    const found: Directory[] = [];
    for (let start = 0; start < pending.length; start += PARALLEL) {
      signal?.throwIfAborted();
      const wave = pending.slice(start, start + PARALLEL);
      const contents = await Promise.all(
        wave.map((directory) => readDirectory(root, directory, excluded, options, onUnreadable)),
      );
      for (const { files, directories } of contents) {
        found.push(...directories);
        yield* files;
      }
    }
    pending = found;
  }
  signal?.throwIfAborted();
}

/** Whether {@link walkFiles} walks a directory. @param directory relative to the root, forward slashes */
export async function isWalked(root: string, directory: string, options: WalkOptions = {}): Promise<boolean> {
  const top = options.gitignore === false ? [] : await rulesAbove(root);
  let current: Directory | undefined = { path: '', rules: top };
  for (const name of directory.split('/')) {
    const { directories }: Contents = await readDirectory(root, current, excludedBy(options), options, () => {});
    const wanted: string = current.path === '' ? name : `${current.path}/${name}`;
    current = directories.find((candidate) => candidate.path === wanted);
    if (!current) return false;
  }
  const absolute = path.join(root, directory);
  return !(await isCopyOf(root, absolute, await readdir(absolute, { withFileTypes: true }).catch(() => [])));
}

/** Number of directories read at a time. */
const PARALLEL = 16;

/** Never walked into: installed packages and version control. */
const SKIPPED_DIRECTORIES: ReadonlySet<string> = new Set([
  'node_modules',
  'bower_components',
  'jspm_packages',
  '.git',
  '.hg',
  '.svn',
  '.jj',
  '.sl',
  'CVS',
]);

/** Git asks the file system whether case matters. These are the defaults. */
const IGNORE_CASE = process.platform === 'win32' || process.platform === 'darwin';

/** The patterns of one .gitignore. */
interface Rules {
  /** From a path relative to the root of the walk to one relative to the directory of the patterns. */
  readonly localize: (file: string) => string;
  readonly matcher: Ignore;
}

interface Directory {
  readonly path: string;
  /** Outermost first. */
  readonly rules: readonly Rules[];
}

interface Contents {
  readonly files: readonly string[];
  readonly directories: readonly Directory[];
}

function excludedBy({ exclude = [] }: WalkOptions): Rules | undefined {
  const patterns = exclude.flatMap(expandBraces);
  return patterns.length === 0 ? undefined : { localize: (file) => file, matcher: matcherOf(patterns) };
}

async function readDirectory(
  root: string,
  directory: Directory,
  excluded: Rules | undefined,
  options: WalkOptions,
  onUnreadable: (entry: UnreadableEntry) => void,
): Promise<Contents> {
  const absolute = path.join(root, directory.path);
  let entries: Dirent[];
  try {
    entries = await readdir(absolute, { withFileTypes: true });
    const refusal = entries.length > 0 ? searchRefusal(absolute) : undefined;
    if (refusal) throw refusal;
  } catch (error) {
    const code = errorCode(error);
    const gone = code === 'ENOENT' || code === 'ENOTDIR';
    // It was deleted after its parent was read, so the walk misses nothing.
    if (!gone || directory.path === '') onUnreadable({ path: directory.path, code, message: String(error) });
    return { files: [], directories: [] };
  }
  if (directory.path !== '' && (await isCopyOf(root, absolute, entries))) return { files: [], directories: [] };
  entries.sort((one, other) => (one.name < other.name ? -1 : one.name > other.name ? 1 : 0));
  const rules = options.gitignore === false ? [] : await rulesOf(absolute, directory, entries);

  const files: string[] = [];
  const directories: Directory[] = [];
  for (const entry of entries) {
    const { name } = entry;
    const relative = directory.path === '' ? name : `${directory.path}/${name}`;
    if (!entry.isFile() && options.mustBeFile?.test(name) === true && isWanted(name, relative, options)) {
      const message = isIgnored(relative, false, rules, excluded) ? undefined : whyNotFile(path.join(absolute, name));
      if (message !== undefined) onUnreadable({ path: relative, code: 'ENOTFILE', message });
    }
    if (entry.isDirectory()) {
      if (SKIPPED_DIRECTORIES.has(name) || isIgnored(relative, true, rules, excluded)) continue;
      directories.push({ path: relative, rules });
    } else if (entry.isFile() || entry.isSymbolicLink()) {
      if (!isWanted(name, relative, options) || isIgnored(relative, false, rules, excluded)) continue;
      if (entry.isSymbolicLink() && !(await isFile(path.join(absolute, name)))) continue;
      files.push(relative);
    }
  }
  return { files, directories };
}

function isWanted(name: string, file: string, { extensions, accept }: WalkOptions): boolean {
  return (
    (extensions === undefined || extensions.some((extension) => name.endsWith(extension))) &&
    (accept === undefined || accept(name, file))
  );
}

function isIgnored(file: string, directory: boolean, rules: readonly Rules[], excluded: Rules | undefined): boolean {
  if (excluded && verdict(file, directory, excluded) === true) return true;
  // The innermost .gitignore with a matching pattern decides.
  for (let index = rules.length - 1; index >= 0; index--) {
    const rule = rules[index];
    const answer = rule && verdict(file, directory, rule);
    if (answer !== undefined) return answer;
  }
  return false;
}

/** True: ignored; false: explicitly included; undefined: no pattern matches. */
function verdict(file: string, directory: boolean, { localize, matcher }: Rules): boolean | undefined {
  const { ignored, unignored } = matcher.test(directory ? `${localize(file)}/` : localize(file));
  return ignored ? true : unignored ? false : undefined;
}

/**
 * Whether a directory is another working tree (`git worktree add`) of a repository whose main one is walked too: everything
 * would be found twice. Submodules and other repositories are no copies.
 */
async function isCopyOf(root: string, absolute: string, entries: readonly Dirent[]): Promise<boolean> {
  if (!entries.some((entry) => entry.name === '.git' && entry.isFile())) return false;
  const text = await readPatterns(path.join(absolute, '.git'));
  const gitDir = /^gitdir:\s*(.+?)\s*$/m.exec(text ?? '')?.[1];
  if (gitDir === undefined) return false;
  const [, main] = /^(.*)[/\\]\.git[/\\]worktrees[/\\][^/\\]+$/.exec(path.resolve(absolute, gitDir)) ?? [];
  return main !== undefined && isSameOrWithin(root, main);
}

function isSameOrWithin(folder: string, file: string): boolean {
  const relative = path.relative(folder, file);
  return relative.split(path.sep)[0] !== '..' && !path.isAbsolute(relative);
}

async function rulesOf(absolute: string, directory: Directory, entries: readonly Dirent[]): Promise<readonly Rules[]> {
  // Patterns of this repository do not apply in another repository inside it.
  const nested = directory.path !== '' && entries.some(({ name }) => name === '.git');
  const inherited = nested ? [] : directory.rules;
  if (!entries.some(({ name }) => name === '.gitignore')) return inherited;
  const patterns = await readPatterns(path.join(absolute, '.gitignore'));
  if (patterns === undefined) return inherited;
  const prefix = directory.path === '' ? 0 : directory.path.length + 1;
  return [...inherited, { localize: (file) => file.slice(prefix), matcher: matcherOf(patterns) }];
}

/** The patterns of the directories above the root, up to the top of its repository, and the repository's own. */
async function rulesAbove(root: string): Promise<readonly Rules[]> {
  const found: Rules[] = [];
  const add = async (directory: string, ...name: readonly string[]): Promise<boolean> => {
    const patterns = await readPatterns(path.join(directory, ...name));
    if (patterns === undefined) return false;
    const below = path.relative(directory, root).split(path.sep).join('/');
    const matcher = matcherOf(patterns);
    found.unshift({ localize: (file) => (below === '' ? file : `${below}/${file}`), matcher });
    return below !== '' && matcher.ignores(`${below}/`);
  };
  for (let directory = root; ; directory = path.dirname(directory)) {
    // If git ignores the folder itself, the user opened it nevertheless and wants its files.
    if (directory !== root && (await add(directory, '.gitignore'))) return [];
    if (await exists(path.join(directory, '.git'))) {
      return (await add(directory, '.git', 'info', 'exclude')) ? [] : found;
    }
    if (path.dirname(directory) === directory) return [];
  }
}

function matcherOf(patterns: string | readonly string[]): Ignore {
  return ignore({ ignorecase: IGNORE_CASE }).add(patterns);
}

async function readPatterns(file: string): Promise<string | undefined> {
  try {
    return await readText(file);
  } catch {
    return undefined;
  }
}

async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}

async function isFile(file: string): Promise<boolean> {
  return stat(file).then(
    (found) => found.isFile(),
    () => false,
  );
}

function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'UNKNOWN';
}
