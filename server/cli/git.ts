/**
 * Git, asked about a repository that may be anybody's. Its own configuration names programs that git starts by itself: a
 * file system monitor, hooks, filters, external diffs, a helper of a remote. None of them runs here. Stateless.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
/** Bytes; enough for the file names of a very large change. */
const maxOutput = 1 << 28;

/** Whatever the repository says. */
const always: readonly Setting[] = [
  ['core.fsmonitor', 'false'],
  ['core.hooksPath', process.platform === 'win32' ? 'NUL' : '/dev/null'],
  ['diff.external', ''],
  ['protocol.allow', 'never'],
];

type Setting = readonly [name: string, value: string];

export type Git = (...argv: string[]) => Promise<string>;

/** @param root a folder of a repository; each command rejects with git's error */
export async function gitIn(root: string): Promise<Git> {
  const bare = ask(root, always);
  const filters = await Promise.all([filtersOf(bare, '--local'), filtersOf(bare, '--worktree')]);
  return ask(root, [...always, ...filters.flat()]);
}

function ask(root: string, settings: readonly Setting[]): Git {
  return async (...argv) => {
    const running = run('git', ['--no-pager', ...argv], {
      cwd: root,
      env: { ...process.env, ...environmentOf(settings), GIT_OPTIONAL_LOCKS: '0', GIT_NO_LAZY_FETCH: '1' },
      maxBuffer: maxOutput,
      windowsHide: true,
    });
    running.child.stdin?.end();
    return (await running).stdout.replace(/\r?\n$/, '');
  };
}

/** Overrides all files of configuration. Names may have any character, so they are not given as arguments. */
function environmentOf(settings: readonly Setting[]): NodeJS.ProcessEnv {
  const before = Number(process.env['GIT_CONFIG_COUNT'] ?? 0) || 0;
  const entries = settings.flatMap(([name, value], index) => [
    [`GIT_CONFIG_KEY_${before + index}`, name],
    [`GIT_CONFIG_VALUE_${before + index}`, value],
  ]);
  const variables = Object.fromEntries(entries) as Record<string, string>;
  return { ...variables, GIT_CONFIG_COUNT: String(before + settings.length) };
}

/** Filters that the repository brings along do nothing; those of the user's own configuration stay. */
async function filtersOf(git: Git, scope: '--local' | '--worktree'): Promise<readonly Setting[]> {
  const names = await git('config', scope, '--includes', '--null', '--name-only', '--get-regexp', FILTER).catch(
    // It has none, or it is no repository, which the next command says better.
    () => '',
  );
  const filters = new Set(names.split('\0').flatMap((name) => /^(filter\..*)\.[^.]*$/s.exec(name)?.[1] ?? []));
  return [...filters].flatMap((name): Setting[] => [
    [`${name}.clean`, ''],
    [`${name}.smudge`, ''],
    [`${name}.process`, ''],
    [`${name}.required`, 'false'],
  ]);
}

const FILTER = String.raw`^filter\..*\.(clean|smudge|process|required)$`;
