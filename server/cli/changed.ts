/** `--changed`: which files differ from a commit, and which depend on them. Stateless. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Unit } from '../../workers/protocol/detector-protocol.ts';
import { isConfiguration } from '../engine/change-triggers.ts';
import type { Pool } from '../pool/types.ts';
import { UsageError } from './arguments.ts';
import type { ChangedSummary } from './result.ts';

const run = promisify(execFile);
/** Names of files of a very large change. */
const maxOutput = 1 << 28;

export interface Scope {
  readonly summary: ChangedSummary;
  includes(file: string): boolean;
}

/**
 * Committed since the commit, staged, not staged, or not tracked; deleted ones too.
 * @param ref absent: the last commit; else where the present branch left it
 * @returns relative to the root, forward slashes
 * @throws UsageError without git, outside of a repository, or for something that is no commit
 */
export async function changedFiles(root: string, ref: string | undefined): Promise<readonly string[]> {
  await topLevel(root);
  const base = await baseOf(root, ref);
  const [changed, untracked] = await Promise.all([
    git(root, 'diff', '--name-only', '--no-renames', '--relative', '-z', base, '--'),
    git(root, 'ls-files', '--others', '--exclude-standard', '-z'),
  ]);
  return [...new Set([...changed.split('\0'), ...untracked.split('\0')])].filter((file) => file !== '').sort();
}

/** @throws Error when the module graph could not be built */
export async function scopeOf(
  pool: Pool,
  root: string,
  { since, files }: { readonly since: string; readonly files: readonly string[] },
  signal: AbortSignal,
): Promise<Scope> {
  const everything = files.some(isConfiguration);
  const dependents = everything || files.length === 0 ? [] : await dependentsOf(pool, root, files, signal);
  const all = new Set([...files, ...dependents]);
  return {
    // A change of a configuration may concern anything.
    summary: { since, files: files.length, dependents: dependents.length, everything },
    includes: (file) => everything || all.has(file),
  };
}

async function dependentsOf(
  pool: Pool,
  root: string,
  files: readonly string[],
  signal: AbortSignal,
): Promise<readonly string[]> {
  const unit: Unit = { id: 'graph', kind: 'graph', group: 'graph', file: '.' };
  const found: string[] = [];
  const outcome = await pool.check({
    request: {
      ...{ detector: 'dependents', root, options: { of: files }, generation: 0 },
      ...{ units: [unit], overlays: [], first: [] },
    },
    priority: 'open',
    signal,
    onEvent: (event) => {
      if (event.kind === 'begin') found.length = 0;
      if (event.kind === 'done') found.push(event.file);
    },
  });
  if (outcome.kind === 'cancelled') return found;
  const reason = outcome.kind === 'failed' ? outcome.message : outcome.quarantined[0]?.reason.message;
  if (reason === undefined) return found;
  throw new Error(`What depends on the changed files could not be found out: ${reason}`);
}

async function topLevel(root: string): Promise<void> {
  try {
    await git(root, 'rev-parse', '--show-toplevel');
  } catch (error) {
    if (isMissing(error)) {
      throw new UsageError('--changed asks git, which was not found. Install git, or leave --changed out.', {
        cause: error,
      });
    }
    throw new UsageError(
      `--changed needs a git repository, and ${root} is in none that git would use: ${said(error)} ` +
        'Leave --changed out to check everything.',
      { cause: error },
    );
  }
}

/** Without any commit yet, every file is new. */
async function baseOf(root: string, ref: string | undefined): Promise<string> {
  if (ref === undefined) {
    return git(root, 'rev-parse', '--verify', '--quiet', 'HEAD^{commit}').catch(() =>
      git(root, 'hash-object', '-t', 'tree', '--stdin'),
    );
  }
  const commit = await git(root, 'rev-parse', '--verify', '--quiet', '--end-of-options', `${ref}^{commit}`).catch(
    (error: unknown) => {
      throw new UsageError(
        `--changed: "${ref}" is no commit of this repository. Fetch it first, or name another one. ` +
          `To check a folder: bulkhead check ${ref} --changed`,
        { cause: error },
      );
    },
  );
  return git(root, 'merge-base', commit, 'HEAD').catch((error: unknown) => {
    throw new UsageError(
      `--changed: "${ref}" and the present branch have no common commit. In a shallow clone: git fetch --unshallow`,
      { cause: error },
    );
  });
}

async function git(root: string, ...argv: string[]): Promise<string> {
  const env = { ...process.env, GIT_OPTIONAL_LOCKS: '0' };
  const running = run('git', argv, { cwd: root, env, maxBuffer: maxOutput, windowsHide: true });
  running.child.stdin?.end();
  return (await running).stdout.replace(/\r?\n$/, '');
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

function said(error: unknown): string {
  const text = error instanceof Error && 'stderr' in error ? String(error.stderr) : String(error);
  const line = text.trim().split('\n')[0] ?? '';
  return line === '' ? 'it gave no reason.' : /[.!?]$/.test(line) ? line : `${line}.`;
}
