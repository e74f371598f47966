/**
 * Finds the folders in which ESLint runs, and the files that configure it there. Stateless.
 *
 * An ESLint root is a folder where `eslint .` makes sense: the workspace's root when ESLint, started there, finds a
 * configuration (in it or above it); else each topmost folder that has one.
 */
import { existsSync, readdirSync } from 'node:fs';
import type { Dirent } from 'node:fs';
import path from 'node:path';
import { entryAt, readTextSync } from '../../protocol/read-file.ts';
import { isRecord, jsonOf } from '../../reading/config-file.ts';

const FLAT_CONFIGS = ['js', 'mjs', 'cjs', 'ts', 'mts', 'cts'].map((extension) => `eslint.config.${extension}`);
/** In ESLint's order of preference. */
const ESLINTRC_CONFIGS = ['.js', '.cjs', '.yaml', '.yml', '.json', ''].map((extension) => `.eslintrc${extension}`);
export const MANIFEST = 'package.json';
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

export const TSCONFIG = /^[jt]sconfig.*\.json$/;

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

/** The nearest configuration of each kind in a folder or above it. @param top the uppermost folder to look in */
export function configsFor(folder: string, top?: string): FolderConfigs {
  let found: FolderConfigs = {};
  for (let current = folder; ; current = path.dirname(current)) {
    // bulkhead-ignore-next-line accumulating-spread -- there are few configurations
    found = { ...configsIn(current), ...found };
    if (current === top || path.dirname(current) === current) return found;
  }
}

/** The folder of the repository that a folder belongs to, or of its workspace of packages, if either can be told. */
export function repositoryOf(folder: string): string {
  let workspace: string | undefined;
  for (let current = folder; ; current = path.dirname(current)) {
    if (existsSync(path.join(current, '.git'))) return current;
    if (WORKSPACE_MARKS.some((name) => existsSync(path.join(current, name)))) workspace ??= current;
    if (path.dirname(current) === current) return workspace ?? folder;
  }
}

const WORKSPACE_MARKS = ['package-lock.json', 'npm-shrinkwrap.json', 'yarn.lock', 'pnpm-lock.yaml', 'pnpm-workspace.yaml', 'bun.lock', 'bun.lockb']; // prettier-ignore

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

/** With forward slashes; `.` for the workspace itself; outside the workspace it stays absolute. */
export function relativeTo(workspace: string, file: string): string {
  const relative = path.relative(workspace, file) || '.';
  const inside = relative !== '..' && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative);
  return (inside ? relative : file).split(path.sep).join('/');
}

/** Whether a file name is one that ESLint looks for. */
export function isConfigName(name: string): boolean {
  return FLAT_CONFIGS.includes(name) || ESLINTRC_CONFIGS.includes(name);
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

/** Whether a change to this file may change the configuration of ESLint. */
export function affectsConfiguration(file: string): boolean {
  const name = path.basename(file);
  return (
    ROOT_FILES.includes(name) ||
    INSTALL_FILES.some((installed) => path.posix.basename(installed) === name) ||
    TSCONFIG.test(name)
  );
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

export function isProjectFolder(entry: Dirent): boolean {
  return entry.isDirectory() && entry.name !== 'node_modules' && !entry.name.startsWith('.');
}

export function entriesOf(folder: string): readonly Dirent[] {
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
