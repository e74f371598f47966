/** `--changed`: which files differ from a commit, and which depend on them. Stateless. */
import { isConfiguration } from '../engine/change-triggers.ts';
import type { Folder } from '../folder/folder.ts';
import { UsageError } from './arguments.ts';
import { gitIn, type Git } from './git.ts';
import type { ChangedSummary } from './result.ts';

export interface Scope {
  readonly summary: ChangedSummary;
  includes(file: string): boolean;
}

/**
 * Files that differ from a commit, including staged, unstaged and untracked changes.
 * @param ref absent: the last commit; else the commit where the current branch left it
 * @returns relative to the root, forward slashes
 * @throws UsageError without git, outside of a repository, or when `ref` is not a commit
 */
export async function changedFiles(root: string, ref: string | undefined): Promise<readonly string[]> {
  const git = await gitIn(root);
  await topLevel(git, root);
  const base = await baseOf(git, ref);
  const [changed, untracked] = await Promise.all([
    git('diff', ...PLAIN, '--name-only', '--no-renames', '--relative', '-z', base, '--'),
    git('ls-files', '--others', '--exclude-standard', '-z'),
  ]);
  return [...new Set([...changed.split('\0'), ...untracked.split('\0')])].filter((file) => file !== '').sort();
}

/** Nothing of the repository's own, and no second git in its submodules. */
const PLAIN = ['--no-ext-diff', '--no-textconv', '--ignore-submodules=dirty'];

/** @throws Error when the module graph could not be built */
export async function scopeOf(
  folder: Folder,
  { since, files }: { readonly since: string; readonly files: readonly string[] },
  signal: AbortSignal,
): Promise<Scope> {
  // A change of a configuration may affect any file.
  const everything = files.some(isConfiguration);
  const dependents = everything || files.length === 0 ? [] : await folder.dependentsOf(files, signal);
  const all = new Set([...files, ...dependents]);
  return {
    summary: { since, files: files.length, dependents: dependents.length, everything },
    includes: (file) => everything || all.has(file),
  };
}

async function topLevel(git: Git, root: string): Promise<void> {
  try {
    await git('rev-parse', '--show-toplevel');
  } catch (error) {
    if (isMissing(error)) {
      throw new UsageError('--changed needs git, which was not found. Install git, or run without --changed.', {
        cause: error,
      });
    }
    throw new UsageError(
      `--changed needs a git repository, and git does not accept ${root} as one: ${reasonOf(error)} ` +
        'Run without --changed to check everything.',
      { cause: error },
    );
  }
}

/** In a repository without commits every file is new. */
async function baseOf(git: Git, ref: string | undefined): Promise<string> {
  if (ref === undefined) {
    return git('rev-parse', '--verify', '--quiet', 'HEAD^{commit}').catch(() =>
      git('hash-object', '-t', 'tree', '--stdin'),
    );
  }
  const commit = await git('rev-parse', '--verify', '--quiet', '--end-of-options', `${ref}^{commit}`).catch(
    (error: unknown) => {
      throw new UsageError(
        `--changed: "${ref}" is not a commit in this repository. Fetch it, or name another one. ` +
          `If it is a folder: bulkhead check ${ref} --changed`,
        { cause: error },
      );
    },
  );
  return git('merge-base', commit, 'HEAD').catch((error: unknown) => {
    throw new UsageError(
      `--changed: "${ref}" and the current branch have no common ancestor. In a shallow clone: git fetch --unshallow`,
      { cause: error },
    );
  });
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

function reasonOf(error: unknown): string {
  const text = error instanceof Error && 'stderr' in error ? String(error.stderr) : String(error);
  const line = text.trim().split('\n')[0] ?? '';
  return line === '' ? 'no reason given.' : /[.!?]$/.test(line) ? line : `${line}.`;
}
