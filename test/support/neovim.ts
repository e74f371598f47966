/**
 * A real Neovim for tests: the one that is installed, or one of Debian's, whose packages are unpacked into a folder of their
 * own. Nothing is installed, and the machine's lists of packages stay as they are.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { repository } from './workspace.ts';

const run = promisify(execFile);

export interface Neovim {
  readonly command: readonly [program: string, ...argv: string[]];
  /** Besides those of this process. */
  readonly env: Readonly<Record<string, string>>;
  readonly version: string;
  /** It has `vim.lsp.config`, so it is 0.11 or newer. */
  readonly isNew: boolean;
}

const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';

/**
 * The one that is installed, or that of the machine's Linux distribution.
 * @throws Error when there is none to be had; the message says why
 */
export async function findNeovim(): Promise<Neovim> {
  const installed = await neovimOf(['nvim'], {});
  return installed ?? unpacked((await osRelease()).get('VERSION_CODENAME') ?? '');
}

/** One of 0.11 or newer: that of {@link findNeovim}, or of the next Debian. @throws Error as there */
export async function findNewNeovim(): Promise<Neovim> {
  const ordinary = await findNeovim();
  if (ordinary.isNew) return ordinary;
  if ((await osRelease()).get('ID') !== 'debian') throw new Error(`only ${ordinary.version} is to be had`);
  const next = await unpacked('testing');
  if (!next.isNew) throw new Error(`Debian's next release has ${next.version}`);
  return next;
}

/** @param suite of the distribution */
async function unpacked(suite: string): Promise<Neovim> {
  const folder = path.join(repository, 'out', `neovim-${suite}`);
  if (!existsSync(folder)) await unpack(folder, suite);
  const libraries = await librariesIn(folder);
  // Another release has another C library, which only its own loader loads. The server must not get it.
  const loader = libraries.flatMap(({ dir, names }) => names.filter((name) => name.startsWith('ld-linux')).map((name) => path.join(dir, name)))[0] ?? ''; // prettier-ignore
  const searched = libraries.map(({ dir }) => dir).join(path.delimiter);
  const found = await neovimOf([loader, '--library-path', searched, path.join(folder, 'usr', 'bin', 'nvim')], {
    VIMRUNTIME: path.join(folder, 'usr', 'share', 'nvim', 'runtime'),
  });
  if (!found) throw new Error(`Neovim in ${folder} does not start. Remove the folder and try again.`);
  return found;
}

/** Folders of libraries; older releases have those of the system apart. */
async function librariesIn(
  folder: string,
): Promise<readonly { readonly dir: string; readonly names: readonly string[] }[]> {
  const above = [path.join(folder, 'usr', 'lib'), path.join(folder, 'lib')].filter((dir) => existsSync(dir));
  const dirs = await Promise.all(
    above.map(async (dir) => (await readdir(dir)).filter((name) => name.includes('linux-gnu')).map((name) => path.join(dir, name))), // prettier-ignore
  );
  return Promise.all(dirs.flat().map(async (dir) => ({ dir, names: await readdir(dir) })));
}

/** Neovim's package and all that it needs. */
async function unpack(folder: string, suite: string): Promise<void> {
  const apt = `${folder}-apt`;
  const draft = `${folder}-draft`;
  for (const each of [apt, draft]) await rm(each, { recursive: true, force: true });
  for (const each of ['lists/partial', 'archives/partial']) await mkdir(path.join(apt, each), { recursive: true });
  const sources = path.join(apt, 'sources.list');
  await writeFile(sources, await sourceOf(suite));
  const options = {
    'Dir::Etc::sourcelist': sources,
    'Dir::Etc::sourceparts': '/dev/null',
    'Dir::State': apt,
    // As if nothing were installed.
    'Dir::State::status': '/dev/null',
    'Dir::Cache': apt,
    'Acquire::Languages': 'none',
    'APT::Sandbox::User': '',
    'Debug::NoLocking': 'true',
  };
  const aptGet = async (...argv: string[]): Promise<void> => {
    const settings = Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
    await run('apt-get', [...settings, ...argv], { timeout: 300_000 });
  };
  await aptGet('update');
  await aptGet('install', '--yes', '--download-only', '--no-install-recommends', 'neovim');
  const archives = (await readdir(path.join(apt, 'archives'))).filter((name) => name.endsWith('.deb'));
  for (const name of archives) await run('dpkg', ['--extract', path.join(apt, 'archives', name), draft]);
  await rename(draft, folder);
  await rm(apt, { recursive: true });
}

/** A line for apt: the same mirror and components as for the machine's own release. */
async function sourceOf(suite: string): Promise<string> {
  const codename = (await osRelease()).get('VERSION_CODENAME');
  const targets = ['indextargets', '--format', '$(RELEASE) $(REPO_URI) $(COMPONENT)', 'Created-By: Packages'];
  const { stdout } = await run('apt-get', targets);
  const own = stdout
    .trim()
    .split('\n')
    .map((line) => line.split(' '))
    .filter(([release]) => release === codename);
  const [, uri] = own[0] ?? [];
  if (uri === undefined) throw new Error('this machine gets no packages of its distribution');
  const components = own.flatMap(([, each, component = '']) => (each === uri ? [component] : []));
  const signed = existsSync(keyring) && uri.includes('debian') ? `[signed-by=${keyring}] ` : '';
  return `deb ${signed}${uri} ${suite} ${[...new Set(components)].join(' ')}\n`;
}

async function osRelease(): Promise<ReadonlyMap<string, string>> {
  const text = await readFile('/etc/os-release', 'utf8').catch(() => '');
  return new Map([...text.matchAll(/^(\w+)="?([^"\n]*)"?$/gm)].map(([, name = '', value = '']) => [name, value]));
}

async function neovimOf(
  command: Neovim['command'],
  env: Readonly<Record<string, string>>,
): Promise<Neovim | undefined> {
  const [program, ...argv] = command;
  try {
    const { stdout } = await run(program, [...argv, '--version'], { env: { ...process.env, ...env } });
    const [, version, major, minor] = /^NVIM v((\d+)\.(\d+)\.\d+)/.exec(stdout) ?? [];
    if (version === undefined) return undefined;
    return { command, env, version, isNew: Number(major) > 0 || Number(minor) >= 11 };
  } catch {
    return undefined;
  }
}
