/** Random changes of a folder of scripts, one issue per line that begins with `var`, and where these are at any moment. */
import { execFileSync } from 'node:child_process';
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';

export type RandomBelow = (below: number) => number;

export function randomFrom(start: number): RandomBelow {
  let state = start;
  return (below) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
}

export const scripts = ['src/0.js', 'src/1.js', 'lib/2.js', 'lib/deep/3.js', 'src/4.js'] as const;

/** ESLint warns of each `var` that begins a line. */
export const scriptFiles: Readonly<Record<string, string>> = {
  'package.json': '{ "name": "w", "private": true, "type": "module" }\n',
  'eslint.config.js': "export default [{ files: ['**/*.js'], rules: { 'no-var': 'warn' } }];\n",
  '.gitignore': 'node_modules\n',
  'src/0.js': 'var a0;\n',
  'src/1.js': 'let a0;\n',
  'lib/2.js': 'var a0;\nvar a1;\n',
};

export function git(root: string, ...argv: readonly string[]): string {
  return execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@t', ...argv], { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }); // prettier-ignore
}

export function commitAll(root: string): void {
  git(root, 'init', '-q');
  git(root, 'add', '.');
  git(root, 'commit', '-qm', 'one');
}

export function randomText(random: RandomBelow): string {
  return Array.from({ length: 1 + random(4) }, (_, line) => `${random(2) === 0 ? 'var' : 'let'} a${line};\n`).join('');
}

/** Edits, writes by a shell, deletions, renames and checkouts. */
export function changesOf(root: string, random: RandomBelow): () => Promise<void> {
  const at = (file: string): string => path.join(root, file);
  const write = async (file: string, content = randomText(random)): Promise<void> => {
    await mkdir(path.dirname(at(file)), { recursive: true });
    await writeFile(at(file), content);
  };
  const any = (): string => scripts[random(scripts.length)] ?? '';
  const steps: readonly (() => Promise<void>)[] = [
    () => write(any()),
    () => rm(at(any()), { force: true }),
    // As long as before, and with the times of before.
    async () => {
      const file = any();
      const before = await stat(at(file)).catch(() => undefined);
      if (!before) return write(file);
      const old = await readFile(at(file), 'utf8');
      await write(
        file,
        old.replaceAll(/^(?:var|let)/gm, (word) => (word === 'var' ? 'let' : 'var')),
      );
      await utimes(at(file), before.atime, before.mtime);
    },
    // Away and back, so that nothing differs in the end.
    async () => {
      const file = any();
      const old = await readFile(at(file), 'utf8').catch(() => undefined);
      await write(file);
      if (old !== undefined) await write(file, old);
    },
    async () => {
      await mkdir(at('lib/deep'), { recursive: true });
      await rename(at(any()), at(any())).catch(() => {});
    },
    async () => {
      await rename(at('lib'), at('src/moved')).catch(() => {});
      await rename(at('src/moved'), at('lib')).catch(() => {});
    },
    () => Promise.resolve(void git(root, 'checkout', '-qf', '.')),
    () => Promise.resolve(void git(root, 'stash', '-uq')),
    () => Promise.resolve(void git(root, 'add', '-A')),
  ];
  return () => steps[random(steps.length)]?.() ?? Promise.resolve();
}

/** @param unsaved texts that count instead of those of files on disk */
export async function issuesIn(root: string, unsaved: ReadonlyMap<string, string> = new Map()): Promise<readonly string[]> {
  const files = (await readdir(root, { recursive: true, encoding: 'utf8' })).map((file) => file.split(path.sep).join('/'));
  const named = files.filter((file) => /^(?:src|lib).*\.js$/.test(file));
  const found = await Promise.all(
    named.map(async (file) => {
      const lines = (unsaved.get(file) ?? (await readFile(path.join(root, file), 'utf8'))).split('\n');
      return lines.flatMap((line, index) => (line.startsWith('var') ? [`${file}:${index + 1}:1`] : []));
    }),
  );
  return found.flat().sort();
} // prettier-ignore
