/**
 * What a worker of a folder has to read beyond that folder, so that it finds what it finds without a sandbox. A folder may
 * be anybody's, so what lies in it opens nothing but packages. Stateless; the file system is read anew each time.
 */
import { lstat, readdir, realpath, stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import {
  anyOf,
  bulkheadConfig,
  compilerConfig,
  eslintConfig,
  ignoreFile,
  knipConfig,
  lockfile,
  packageManifest,
  toolConfig,
} from '../../workers/protocol/file-patterns.ts';
import { isWithin } from '../../workers/ipc/sandbox/policy.ts';

/** Looked up from a folder upwards by compilers, linters and package managers. Those that may hold tokens are not here. */
const LOOKED_UP = anyOf(
  bulkheadConfig,
  compilerConfig,
  eslintConfig,
  ignoreFile,
  knipConfig,
  lockfile,
  packageManifest,
  toolConfig,
  /^(?:\.pnp\.(?:loader\.mjs|data\.json)|\.editorconfig|\.browserslistrc|\.prettierrc(?:\.\w+)?|prettier\.config\.[cm]?[jt]s|(?:nx|turbo|lerna|rush)\.json|babel\.config\.[cm]?[jt]s|biome\.jsonc?|deno\.json)$/,
);
/** Which files Git ignores for this user; no names, no tokens. */
const GIT_IGNORES = ['.config/git/ignore', '.gitignore_global', '.gitignore'];
/** Folders of a workspace that are searched for `node_modules`. */
const MOST_FOLDERS = 20_000;
const MOST_PACKAGES = 20_000;

/** Where package managers keep the packages of all projects, beside folders with the name `node_modules`. */
const STORES = /^.*?\/(?:(?:\.pnpm-store|pnpm\/store)\/v\d+|\.bun\/install\/cache|\.yarn\/berry)(?=\/)/;
/** Every sandbox has them. */
const SYSTEM = ['/usr', '/nix/store', '/gnu/store'];

/** What is around a folder. */
export interface Surroundings {
  readonly read: readonly string[];
  /** Links to packages that are not in a place of a package manager, by their place: what they lead to is not read. */
  readonly unread: ReadonlyMap<string, string>;
}

/** @param home folders that hold it are never read as a whole */
export async function pathsAround(root: string, home: string = os.homedir()): Promise<Surroundings> {
  const repository = await repositoryOf(root, home);
  const found = new Set([root, repository, ...GIT_IGNORES.map((name) => path.join(home, name))]);
  for (const folder of foldersAbove(repository)) for (const name of await lookedUpIn(folder)) found.add(name);
  const { stores, others } = await linkedPackages(root, repository, home);
  for (const store of stores) found.add(store);
  return { read: [...found], unread: others };
}

function foldersAbove(folder: string): readonly string[] {
  const parent = path.dirname(folder);
  return parent === folder ? [] : [parent, ...foldersAbove(parent)];
}

/** The folder of the repository that it is in, or the folder itself. */
async function repositoryOf(root: string, home: string): Promise<string> {
  for (const folder of [root, ...foldersAbove(root)]) {
    if (isWithin(home, folder)) break;
    if (await isThere(path.join(folder, '.git'))) return folder;
  }
  return root;
}

async function lookedUpIn(folder: string): Promise<readonly string[]> {
  return (await entriesOf(folder))
    .filter(({ name, isFolder }) => isModules(name) || (!isFolder && LOOKED_UP.test(path.basename(name))))
    .map(({ name }) => name);
}

interface LinkedPackages {
  readonly stores: ReadonlySet<string>;
  readonly others: ReadonlyMap<string, string>;
}

/**
 * What links in `node_modules` lead to. The folder may have come with them, and whoever made it may know where other code
 * of its user lies; so they open what package managers made, and nothing else.
 */
async function linkedPackages(root: string, repository: string, home: string): Promise<LinkedPackages> {
  const stores = new Set<string>();
  const others = new Map<string, string>();
  const open = [...(await modulesFolders(root))];
  for (const folder of foldersAbove(root)) open.push(path.join(folder, 'node_modules'));
  const searched = new Set<string>();
  let packages = 0;
  for (let folder = open.pop(); folder !== undefined; folder = open.pop()) {
    const real = await realpath(folder).catch(() => undefined);
    if (real === undefined || searched.has(real)) continue;
    searched.add(real);
    if (!isWithin(real, repository) && isModules(real)) stores.add(real);
    for (const entry of await packagesIn(real)) {
      packages += 1;
      if (packages > MOST_PACKAGES) return { stores, others };
      const target = await realpath(entry).catch(() => undefined);
      if (target === undefined || [repository, ...SYSTEM].some((place) => isWithin(target, place))) continue;
      const store = storeOf(target);
      if (store === undefined || isWithin(home, store)) {
        if (isWithin(entry, root)) others.set(entry, target);
        continue;
      }
      stores.add(store);
      open.push(isModules(store) ? store : path.join(target, 'node_modules'));
    }
  }
  return { stores, others };
}

function isModules(folder: string): boolean {
  return path.basename(folder) === 'node_modules';
}

/** The store of a package manager, or the outermost `node_modules`, that a package is in. */
function storeOf(target: string): string | undefined {
  const store = STORES.exec(target)?.[0];
  if (store !== undefined) return store;
  const components = target.split(path.sep);
  const at = components.indexOf('node_modules');
  return at < 0 ? undefined : components.slice(0, at + 1).join(path.sep);
}

/** Packages that are links, those in scopes too. */
async function packagesIn(modules: string): Promise<readonly string[]> {
  const entries = await entriesOf(modules);
  const scopes = entries.filter(({ name, isFolder }) => isFolder && path.basename(name).startsWith('@'));
  const inner = await Promise.all(scopes.map(({ name }) => entriesOf(name)));
  return [entries, ...inner].flat().flatMap(({ name, isLink }) => (isLink ? [name] : []));
}

/** Every `node_modules` of a workspace that is not in another one. */
async function modulesFolders(root: string): Promise<readonly string[]> {
  const found: string[] = [];
  let left = MOST_FOLDERS;
  // One level after the other: a worker waits for this.
  for (let level = [root]; level.length > 0;) {
    left -= level.length;
    const entries = (await Promise.all(level.map(entriesOf))).flat();
    const isModulesFolder = ({ name }: Entry): boolean => isModules(name);
    found.push(...entries.filter(isModulesFolder).map(({ name }) => name));
    const folders = entries.filter(({ name, isFolder }) => isFolder && !path.basename(name).startsWith('.'));
    level = folders.filter((entry) => !isModulesFolder(entry)).slice(0, Math.max(0, left)).map(({ name }) => name); // prettier-ignore
  }
  return found;
}

interface Entry {
  readonly name: string;
  readonly isFolder: boolean;
  readonly isLink: boolean;
}

/** With absolute names. */
async function entriesOf(folder: string): Promise<readonly Entry[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries.map((entry) => ({
    name: path.join(folder, entry.name),
    isFolder: entry.isDirectory(),
    isLink: entry.isSymbolicLink(),
  }));
}

/** The package that a script of ours is in, with the packages beside it. */
export async function installationOfScript(script: string): Promise<string> {
  const store = storeOf(script);
  if (store !== undefined) return store;
  const folders = foldersAbove(script);
  for (const folder of folders) if (await isThere(path.join(folder, 'package.json'))) return folder;
  return folders[0] ?? script;
}

/** Folders of the search path, which programs are found in. */
export async function programFolders(searchPath: string = process.env['PATH'] ?? ''): Promise<readonly string[]> {
  const folders = searchPath.split(path.delimiter).filter((folder) => path.isAbsolute(folder));
  const real = await Promise.all(
    folders.map(async (folder) => ((await stat(folder).catch(() => undefined))?.isDirectory() ? folder : undefined)),
  );
  return real.filter((folder) => folder !== undefined && !isWithin(os.homedir(), folder)) as string[];
}

async function isThere(name: string): Promise<boolean> {
  return lstat(name).then(
    () => true,
    () => false,
  );
}
