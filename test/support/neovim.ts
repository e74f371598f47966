/**
 * A real Neovim for tests: the one that is installed, or Debian's, whose packages are unpacked into a folder of their own.
 * Nothing is installed.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { repository } from './workspace.ts';

const run = promisify(execFile);

export interface Neovim {
  readonly program: string;
  /** Besides those of this process. */
  readonly env: Readonly<Record<string, string>>;
  /** Such as `0.11`. */
  readonly version: string;
}

/** @throws Error when there is none to be had; the message says why */
export async function findNeovim(): Promise<Neovim> {
  return (await versionOf('nvim', {})) ?? (await unpackedNeovim());
}

async function unpackedNeovim(): Promise<Neovim> {
  const folder = path.join(repository, 'out', 'neovim');
  if (!existsSync(folder)) await unpack(folder);
  const [triplet = ''] = (await readdir(path.join(folder, 'usr', 'lib'))).filter((name) => name.includes('linux'));
  const found = await versionOf(path.join(folder, 'usr', 'bin', 'nvim'), {
    LD_LIBRARY_PATH: path.join(folder, 'usr', 'lib', triplet),
    VIMRUNTIME: path.join(folder, 'usr', 'share', 'nvim', 'runtime'),
  });
  if (!found) throw new Error(`Neovim in ${folder} does not start. Remove the folder and try again.`);
  return found;
}

/** The packages of Neovim that are not installed. */
async function unpack(folder: string): Promise<void> {
  const archives = `${folder}-archives`;
  const draft = `${folder}-draft`;
  for (const each of [archives, draft]) await rm(each, { recursive: true, force: true });
  for (const each of [archives, draft]) await mkdir(each, { recursive: true });
  const only = ['recommends', 'suggests', 'conflicts', 'breaks', 'replaces', 'enhances'].map((kind) => `--no-${kind}`);
  const list = async (): Promise<string> =>
    (await run('apt-cache', ['depends', '--recurse', ...only, 'neovim'])).stdout;
  // The lists of a new machine are empty.
  const names = await list().catch(async () => {
    await run('apt-get', ['update'], { timeout: 120_000 });
    return list();
  });
  const needed = names.split('\n').filter((name) => /^[a-z0-9]/.test(name));
  const { stdout } = await run('dpkg-query', ['--show', '--showformat', '${Package}\n']);
  const installed = new Set(stdout.split('\n'));
  const missing = needed.filter((name) => !installed.has(name) && !name.includes(':'));
  await run('apt-get', ['download', ...missing], { cwd: archives, timeout: 120_000 });
  for (const name of await readdir(archives)) await run('dpkg', ['--extract', path.join(archives, name), draft]);
  await rename(draft, folder);
  await rm(archives, { recursive: true });
}

async function versionOf(program: string, env: Readonly<Record<string, string>>): Promise<Neovim | undefined> {
  try {
    const { stdout } = await run(program, ['--version'], { env: { ...process.env, ...env } });
    const version = /^NVIM v(\d+\.\d+)/.exec(stdout)?.[1];
    return version === undefined ? undefined : { program, env, version };
  } catch {
    return undefined;
  }
}
