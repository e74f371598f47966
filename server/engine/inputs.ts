/**
 * What results depend on, as it is on disk at one moment: names of all files of the root, contents of sources and
 * configurations, and what is installed. Taken at the start and when results are kept; lives as long as it is compared.
 */
import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { walkFiles } from '../../workers/files.ts';
import type { Store } from '../store/store.ts';
import { isInput } from './interest.ts';

/** Says what is installed, beside the manifests of the packages themselves. */
const installMarkers = ['.package-lock.json', '.modules.yaml', '.yarn-state.yml'];
/** Configurations that reach down from folders above the root. */
const inherited = [
  'package.json',
  'package-lock.json',
  'yarn.lock',
  'pnpm-lock.yaml',
  'pnpm-workspace.yaml',
  'bun.lock',
  '.pnp.cjs',
  '.gitignore',
  'tsconfig.json',
  'jsconfig.json',
  ...['js', 'mjs', 'cjs', 'ts', 'mts', 'cts'].map((extension) => `eslint.config.${extension}`),
  ...['', '.js', '.cjs', '.json', '.yml', '.yaml'].map((extension) => `.eslintrc${extension}`),
];

export interface Inputs {
  /** Milliseconds since the epoch, before the first file was looked at. */
  readonly takenAt: number;
  /** By file of the root: hash of its content; empty for files of which only the name matters. */
  readonly files: ReadonlyMap<string, string>;
  /** Hash of what lies outside: installed packages, configurations of folders above. */
  readonly installed: string;
  /** The root is part of something larger, of which files may be read that are not in `files`. */
  readonly nested: boolean;
}

type Hasher = Pick<Store, 'hashInputs'>;

export async function takeInputs(root: string, store: Hasher): Promise<Inputs> {
  const takenAt = Date.now();
  const names: string[] = [];
  // Compilers read what git ignores (generated sources), so it counts here.
  for await (const file of walkFiles(root, { gitignore: false })) names.push(file);
  const contents = await store.hashInputs(root, names.filter(isInput));
  const packageFolders = names.flatMap((file) =>
    path.posix.basename(file) === 'package.json' ? [path.posix.dirname(file)] : [],
  );
  const above = foldersAbove(root);
  const outside = [
    ...above.flatMap((folder) => inherited.map((name) => path.posix.join(folder, name))),
    ...(await installedManifests(root, new Set(['.', ...packageFolders, ...above]))),
  ];
  const outsideHashes = await store.hashInputs(root, outside);
  return {
    takenAt,
    files: new Map(names.map((file) => [file, contents.get(file) ?? ''])),
    installed: hashLines([...outsideHashes].map(([file, hash]) => `${file} ${hash}`)),
    nested: above.some((folder) => outsideHashes.has(path.posix.join(folder, 'package.json'))),
  };
}

/** Order does not matter. */
export function hashLines(lines: Iterable<string>): string {
  const hash = createHash('sha256');
  for (const line of [...lines].sort()) hash.update(line).update('\n');
  return hash.digest('hex').slice(0, 32);
}

/** `..`, `../..` and so on, up to the file system's root. */
function foldersAbove(root: string): readonly string[] {
  const folders: string[] = [];
  for (let folder = path.dirname(root), up = '..'; ; folder = path.dirname(folder), up = `../${up}`) {
    folders.push(up);
    if (path.dirname(folder) === folder) return folders;
  }
}

async function installedManifests(root: string, folders: ReadonlySet<string>): Promise<readonly string[]> {
  const lists = await Promise.all(
    [...folders].map(async (folder) => {
      const modules = path.posix.join(folder, 'node_modules');
      const packages = await packagesIn(path.join(root, modules));
      return [
        ...installMarkers.map((name) => path.posix.join(modules, name)),
        ...packages.map((name) => path.posix.join(modules, name, 'package.json')),
      ];
    }),
  );
  return lists.flat();
}

async function packagesIn(modules: string): Promise<readonly string[]> {
  const names = await readdir(modules).catch((): string[] => []);
  const scoped = await Promise.all(
    names
      .filter((name) => name.startsWith('@'))
      .map(async (scope) => (await packagesIn(path.join(modules, scope))).map((name) => `${scope}/${name}`)),
  );
  return [...names.filter((name) => !name.startsWith('@') && !name.startsWith('.')), ...scoped.flat()];
}
