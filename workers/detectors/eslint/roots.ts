/**
 * Finds the folders in which ESLint runs, and the files that configure it there. Stateless.
 *
 * An ESLint root is a folder where `eslint .` makes sense: the workspace's root when ESLint, started there, finds a
 * configuration (in it or above it); else each topmost folder that has one.
 */
import { existsSync, readdirSync, statSync } from 'node:fs';
import type { Dirent } from 'node:fs';
import path from 'node:path';
import type { ConfigType } from './installation.ts';
import type { ListedFile } from './listed.ts';
import { entryAt, readTextSync } from '../../protocol/read-file.ts';
import { isRecord, jsonOf } from '../../reading/config-file.ts';

const FLAT_CONFIGS = ['js', 'mjs', 'cjs', 'ts', 'mts', 'cts'].map((extension) => `eslint.config.${extension}`);
/** In ESLint's order of preference. */
const ESLINTRC_CONFIGS = ['.js', '.cjs', '.yaml', '.yml', '.json', ''].map((extension) => `.eslintrc${extension}`);
const MANIFEST = 'package.json';
export const SUPPRESSIONS = 'eslint-suppressions.json';

/** Files whose appearance, change or disappearance at an ESLint root changes what ESLint does there. */
const ROOT_FILES = [...FLAT_CONFIGS, ...ESLINTRC_CONFIGS, MANIFEST, '.eslintignore', SUPPRESSIONS];

/** Files that package managers write during an install, which may change ESLint and its plugins. */
const INSTALL_FILES = [
  'package-lock.json',
  'npm-shrinkwrap.json',
  'yarn.lock',
  'pnpm-lock.yaml',
  'bun.lock',
  'bun.lockb',
  'node_modules/.package-lock.json',
  'node_modules/.modules.yaml',
  'node_modules/.yarn-state.yml',
];

const TSCONFIG = /^[jt]sconfig.*\.json$/;

/** The configuration files of one folder, absolute. */
export interface FolderConfigs {
  readonly flat?: string;
  readonly eslintrc?: string;
}

export interface ConfigFolder extends FolderConfigs {
  /** Absolute. */
  readonly folder: string;
}

export function configsIn(folder: string): FolderConfigs {
  const flat = firstExisting(folder, FLAT_CONFIGS);
  const eslintrc = firstExisting(folder, ESLINTRC_CONFIGS) ?? manifestWithConfig(folder);
  return { ...(flat === undefined ? {} : { flat }), ...(eslintrc === undefined ? {} : { eslintrc }) };
}

/** The nearest configuration of each kind in a folder or above it. */
export function configsFor(folder: string): FolderConfigs {
  let found: FolderConfigs = {};
  for (let current = folder; ; current = path.dirname(current)) {
    found = { ...configsIn(current), ...found };
    if (path.dirname(current) === current) return found;
  }
}

/** Every folder under a root (not the root itself) that has a configuration, parents before children. */
export function nestedConfigFolders(root: string): readonly ConfigFolder[] {
  const found: ConfigFolder[] = [];
  const visit = (folder: string): void => {
    for (const child of subfoldersOf(folder)) {
      const configs = configsIn(child);
      if (configs.flat !== undefined || configs.eslintrc !== undefined) found.push({ folder: child, ...configs });
      visit(child);
    }
  };
  visit(root);
  return found;
}

/**
 * The group of a root's units. It names the version, as results depend on it, and the root's folder relative to the
 * workspace, as that is what a check needs.
 */
export function groupOf(version: string, folder: string): string {
  return `eslint@${version} in ${folder}`;
}

/** The folder that {@link groupOf} was given. */
export function folderOf(group: string): string {
  return group.slice(group.indexOf(' in ') + ' in '.length);
}

/** The files under a folder, absolute, without those of dependencies and of dot folders. */
export function filesUnder(folder: string): string[] {
  const files: string[] = [];
  const visit = (current: string): void => {
    for (const entry of entriesOf(current)) {
      if (entry.isFile()) files.push(path.join(current, entry.name));
      else if (isProjectFolder(entry)) visit(path.join(current, entry.name));
    }
  };
  visit(folder);
  return files;
}

/** Pipes and devices under a folder, absolute: who reads one waits for ever. */
export function irregularFiles(folder: string): readonly string[] {
  const found: string[] = [];
  const visit = (current: string): void => {
    for (const entry of entriesOf(current)) {
      const file = path.join(current, entry.name);
      if (isProjectFolder(entry)) visit(file);
      else if (!entry.isFile() && !entry.isDirectory() && entryAt(file) === 'other') found.push(file);
    }
  };
  visit(folder);
  return found;
}

export function isUnder(folder: string, ancestor: string): boolean {
  return folder.startsWith(ancestor.endsWith(path.sep) ? ancestor : ancestor + path.sep);
}

/**
 * Absolute paths of the files that decide whether and how ESLint runs in a folder, including configurations that do not
 * exist yet.
 */
export function rootFiles(folder: string): string[] {
  const files = ROOT_FILES.map((name) => path.join(folder, name));
  for (let current = folder; ; current = path.dirname(current)) {
    files.push(...INSTALL_FILES.map((name) => path.join(current, name)).filter((file) => existsSync(file)));
    if (path.dirname(current) === current) return files;
  }
}

/**
 * The existing files whose change makes the list of files or the loaded configuration of an ESLint root stale,
 * absolute.
 */
export function configurationFiles(
  root: string,
  configType: ConfigType,
  files: readonly ListedFile[],
): readonly string[] {
  const manifests: string[] = [];
  const configs: string[] = [];
  const tsconfigs: string[] = [];
  const above = configsFor(root)[configType];
  if (above !== undefined) configs.push(above);
  const typed = files.some((file) => file.typed);
  for (const folder of foldersOf(files, root)) {
    for (const { name } of entriesOf(folder)) {
      const file = path.join(folder, name);
      if (name === MANIFEST) manifests.push(file);
      else if (FLAT_CONFIGS.includes(name) || ESLINTRC_CONFIGS.includes(name)) configs.push(file);
      else if (typed && TSCONFIG.test(name)) tsconfigs.push(file);
    }
  }
  // A tsconfig names other tsconfigs and sources; only the former are configuration.
  const extended = [...withRelativeDependencies(tsconfigs)].filter((file) => file.endsWith('.json'));
  return [...manifests, ...withRelativeDependencies(configs), ...extended];
}

/** Whether a change to this file may change the configuration of ESLint. */
export function affectsConfiguration(file: string): boolean {
  const name = path.basename(file);
  return (
    ROOT_FILES.includes(name) ||
    INSTALL_FILES.some((installed) => path.posix.basename(installed) === name) ||
    TSCONFIG.test(name)
  );
}

/**
 * Configuration files and all files that they name by a quoted relative path, transitively: imported or extended parts,
 * local rules, tsconfig files. A false match is harmless; changes to packages show in the lockfile.
 */
function withRelativeDependencies(configs: readonly string[]): ReadonlySet<string> {
  const seen = new Set<string>();
  const pending = [...configs];
  for (let file = pending.pop(); file !== undefined; file = pending.pop()) {
    if (seen.has(file)) continue;
    seen.add(file);
    for (const [, relative = ''] of readText(file).matchAll(/['"`](\.{1,2}\/[^'"`\r\n*]+)['"`]/g)) {
      const target = fileNamed(path.resolve(path.dirname(file), relative));
      if (target !== undefined) pending.push(target);
    }
  }
  return seen;
}

/** What `import` or `require` of a path without extension, or of the `.js` of a TypeScript file, may mean. */
function fileNamed(target: string): string | undefined {
  const extensions = ['.js', '.cjs', '.mjs', '.ts', '.cts', '.mts', '.json'];
  const candidates = [
    target,
    ...extensions.map((extension) => target + extension),
    target.replace(/\.([cm]?)js$/, '.$1ts'),
    ...extensions.map((extension) => path.join(target, `index${extension}`)),
  ];
  return candidates.find((candidate) => statSync(candidate, { throwIfNoEntry: false })?.isFile() === true);
}

/** The folders of some files and those between them and the root, the root included. */
function foldersOf(files: readonly ListedFile[], root: string): ReadonlySet<string> {
  const folders = new Set([root]);
  for (const file of files) {
    let folder = path.dirname(file.path);
    while (isUnder(folder, root) && !folders.has(folder)) {
      folders.add(folder);
      folder = path.dirname(folder);
    }
  }
  return folders;
}

function firstExisting(folder: string, names: readonly string[]): string | undefined {
  return names.map((name) => path.join(folder, name)).find((file) => entryAt(file) === 'file');
}

function manifestWithConfig(folder: string): string | undefined {
  const file = path.join(folder, MANIFEST);
  const text = readText(file);
  if (!text.includes('"eslintConfig"')) return undefined;
  const manifest = jsonOf(text);
  return isRecord(manifest) && isRecord(manifest['eslintConfig']) ? file : undefined;
}

function subfoldersOf(folder: string): readonly string[] {
  return entriesOf(folder)
    .filter(isProjectFolder)
    .map((entry) => path.join(folder, entry.name));
}

function isProjectFolder(entry: Dirent): boolean {
  return entry.isDirectory() && entry.name !== 'node_modules' && !entry.name.startsWith('.');
}

function entriesOf(folder: string): readonly Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

function readText(file: string): string {
  try {
    return readTextSync(file);
  } catch {
    return '';
  }
}
