/** What the editor suite opens: each scenario is one window on one workspace. Read by the host only. */
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { workspaces } from './support/workspaces.ts';
import type { GeneratedWorkspace } from './support/workspaces.ts';

export interface Scenario {
  readonly name: keyof typeof workspaces;
  readonly title: string;
  /** False: the window opens in Restricted Mode. */
  readonly trusted: boolean;
  readonly settings?: Readonly<Record<string, unknown>>;
}

export const scenarios: readonly Scenario[] = [
  { name: 'workspace', title: 'a folder of 1,000 files', trusted: true },
  { name: 'fault', title: 'an ESLint configuration that kills its process', trusted: true },
  { name: 'poison', title: 'a file that kills ESLint', trusted: true },
  { name: 'folders', title: 'a workspace of two folders', trusted: true },
  {
    name: 'beside',
    title: 'a folder beside the built-in TypeScript features and an ESLint extension',
    trusted: true,
    settings: { 'typescript.validate.enable': true, 'javascript.validate.enable': true, 'git.enabled': true },
  },
  { name: 'windows', title: 'a folder in two windows and a terminal', trusted: true },
  {
    name: 'restricted',
    title: 'a workspace that is not trusted',
    trusted: false,
    settings: { 'security.workspace.trust.startupPrompt': 'never', 'security.workspace.trust.banner': 'always' },
  },
];

/**
 * Fills the folder of a scenario before its window opens.
 * @param folder absolute path of an existing, empty folder
 * @returns what to open: the folder, or the file of a workspace of several folders in it
 */
export async function createWorkspace({ name }: Scenario, folder: string): Promise<string> {
  const { files, folders }: GeneratedWorkspace = workspaces[name]();
  const parents = new Set([...files.keys()].map((file) => dirname(join(folder, file))));
  await Promise.all([...parents].map((path) => mkdir(path, { recursive: true })));
  await Promise.all([...files].map(([file, text]) => writeFile(join(folder, file), text)));
  for (const root of folders ?? ['']) {
    const modules = join(folder, root, 'node_modules');
    await mkdir(modules);
    // The ESLint of this repository as the workspace's own; a junction on Windows, where links need a privilege.
    await symlink(resolve(import.meta.dirname, '../../node_modules/eslint'), join(modules, 'eslint'), 'junction');
  }
  if (!folders) {
    return folder;
  }
  const file = join(folder, 'both.code-workspace');
  await writeFile(file, JSON.stringify({ folders: folders.map((path) => ({ path })) }));
  return file;
}
