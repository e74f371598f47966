/** Temporary workspaces with a chosen ESLint. Each lives until {@link removeWorkspaces}, called after a suite. */
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** The packages in this repository that stand for an installed ESLint. */
export type EslintAlias = 'eslint7' | 'eslint8old' | 'eslint8' | 'eslint9' | 'eslint';

const PACKAGES = path.resolve(import.meta.dirname, '../../../node_modules');
const made: string[] = [];

/** Contents by path relative to the workspace. */
export type Files = Readonly<Record<string, string>>;

/** @returns the absolute path, with a space and a letter outside ASCII in it */
export function makeWorkspace(files: Files, eslint?: EslintAlias, packages: readonly string[] = []): string {
  const parent = realpathSync(mkdtempSync(path.join(tmpdir(), 'bulkhead-eslint-')));
  made.push(parent);
  const root = path.join(parent, 'wörk space');
  mkdirSync(root);
  write(root, files);
  if (eslint !== undefined) install(root, 'eslint', eslint);
  for (const name of packages) install(root, name);
  return root;
}

export function write(root: string, files: Files): void {
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(root, name);
    const before = statSync(file, { throwIfNoEntry: false })?.mtimeMs;
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
    // Tests edit faster than a file system's clock ticks, and ESLint tells versions of a configuration by their time.
    if (before !== undefined) utimesSync(file, new Date(), new Date(before + 1000));
  }
}

/** Links a package of this repository into a folder's node_modules. */
export function install(folder: string, name: string, from = name): void {
  const link = path.join(folder, 'node_modules', name);
  mkdirSync(path.dirname(link), { recursive: true });
  symlinkSync(path.join(PACKAGES, from), link, 'junction');
}

/** An ESLint that finds all packages of this repository but one, which something else here brings along. */
export function installWithout(folder: string, missing: string, eslint: EslintAlias): void {
  const modules = path.join(folder, 'node_modules');
  cpSync(path.join(PACKAGES, eslint), path.join(modules, 'eslint'), { recursive: true });
  for (const name of readdirSync(PACKAGES)) {
    if (!name.startsWith('.') && name !== missing && name !== 'eslint') install(folder, name);
  }
}

export function removeWorkspaces(): void {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true });
}
