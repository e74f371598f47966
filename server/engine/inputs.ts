/**
 * A snapshot of everything on disk that results depend on: the names of all files of the root, the contents of sources
 * and configurations, and the installed packages. Taken at the start and whenever results are persisted.
 */
import { hash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { installationMarkers } from '../../workers/protocol/file-patterns.ts';
import { walkFiles } from '../../workers/protocol/files.ts';
import type { Store } from '../store/store.ts';
import { isConfiguration, isInput } from './change-triggers.ts';

/** Files that show which packages are installed, and what was generated there, besides the manifests of the packages. */
const installedFiles = [...installationMarkers, '.prisma/client/index.d.ts'];
/** Configurations that also apply when they are in a folder above the root. */
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

/** Which files exist, before any is read. */
export interface Listing {
  /** All files of the root. */
  readonly files: readonly string[];
  /** Relative paths of files that may be outside: installed packages, configurations in folders above. */
  readonly outside: readonly string[];
}

export interface Inputs {
  /** Hash of the content of each file of the root; empty for files of which only the name matters. */
  readonly files: ReadonlyMap<string, string>;
  /** Those among them that configure a detector. */
  readonly configurations: readonly (readonly [file: string, hash: string])[];
  /** Hash of the files outside: installed packages, configurations in folders above. */
  readonly installed: string;
  /** Whether the root is inside of a larger project, whose files detectors may read although they are not in `files`. */
  readonly nested: boolean;
  /** Hash of the names of all files. */
  names(): string;
  /** Hash of the names of all files whose content may matter to a detector: an import can mean no other. */
  inputNames(): string;
  /** Hash of the names and contents of all files. */
  tree(): string;
}

type Hasher = Pick<Store, 'hashInputs'>;

/** Does not need the store, which may be opening meanwhile. */
export async function listInputs(root: string): Promise<Listing> {
  const files: string[] = [];
  // Compilers read files that git ignores, such as generated sources.
  for await (const file of walkFiles(root, { gitignore: false })) files.push(file);
  const packageFolders = files.flatMap((file) =>
    path.posix.basename(file) === 'package.json' ? [path.posix.dirname(file)] : [],
  );
  const above = foldersAbove(root);
  const outside = [
    ...above.flatMap((folder) => inherited.map((name) => path.posix.join(folder, name))),
    ...(await installedManifests(root, new Set(['.', ...packageFolders, ...above]))),
  ];
  return { files, outside };
}

/** @param listing of the root as it is now; absent: the root is listed */
export async function takeInputs(root: string, store: Hasher, listing?: Listing): Promise<Inputs> {
  const { files: all, outside } = listing ?? (await listInputs(root));
  const [contents, outsideHashes] = await Promise.all([
    store.hashInputs(root, all.filter(isInput)),
    store.hashInputs(root, outside),
  ]);
  const files = new Map(all.map((file) => [file, contents.get(file) ?? '']));
  let names: string | undefined;
  let inputNames: string | undefined;
  let tree: string | undefined;
  return {
    files,
    configurations: [...files].filter(([file]) => isConfiguration(file)),
    installed: hashLines([...outsideHashes].map(([file, hash]) => `${file} ${hash}`)),
    nested: foldersAbove(root).some((folder) => outsideHashes.has(path.posix.join(folder, 'package.json'))),
    names: () => (names ??= hashLines(all.map((file) => `name ${file}`))),
    inputNames: () => (inputNames ??= hashLines(all.filter(isInput).map((file) => `name ${file}`))),
    tree: () => (tree ??= hashLines([...files].map(([file, hash]) => `file ${file} ${hash}`))),
  };
}

/** The hash does not depend on the order of the lines. */
export function hashLines(lines: Iterable<string>): string {
  const text = [...lines].sort().map((line) => `${line}\n`);
  return hash('sha256', text.join(''), 'hex').slice(0, 32);
}

/** `..`, `../..` and so on, up to the root of the file system. */
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
        ...installedFiles.map((name) => path.posix.join(modules, name)),
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
