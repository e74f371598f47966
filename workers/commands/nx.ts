/** The commands of Nx projects: targets in `project.json`, and those that Nx infers from an ESLint configuration. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { isRecord } from '../graph/manifests.ts';
import { parseOrUndefined, type ProjectPackages } from './packages.ts';

/** A command of a target: a line for the shell, or arguments of ESLint. */
export type TargetCommand =
  | { readonly text: string; readonly folder: string; readonly file: string }
  | { readonly eslint: readonly string[]; readonly folder: string; readonly file: string };

const ESLINT_EXECUTORS = new Set(['@nx/eslint:lint', '@nx/linter:eslint', '@nrwl/linter:eslint', '@nx/eslint:eslint']);
const FLAT = ['js', 'mjs', 'cjs', 'ts', 'mts', 'cts'].map((extension) => `eslint.config.${extension}`);
const ESLINTRC = ['.js', '.cjs', '.yaml', '.yml', '.json', ''].map((extension) => `.eslintrc${extension}`);

/** @param folder absolute, of the project */
export function nxCommands(folder: string, target: string, packages: ProjectPackages): readonly TargetCommand[] {
  const { root } = packages;
  const nx = dataIn(path.join(root, 'nx.json'), packages);
  if (!nx) return [];
  const file = path.join(folder, 'project.json');
  const project = dataIn(file, packages);
  const own = isRecord(project?.['targets']) ? project['targets'][target] : undefined;
  if (isRecord(own) && (own['executor'] !== undefined || own['command'] !== undefined)) {
    return ofTarget(own, folder, root, file);
  }
  // The root is a project only if it says so.
  const isProject = folder !== root || project !== undefined;
  return isProject && infersEslint(nx, target) && hasConfiguration(folder, root)
    ? [{ eslint: [folder === root ? sourceOf(root) : '.'], folder, file: path.join(root, 'nx.json') }]
    : [];
}

function ofTarget(
  own: Readonly<Record<string, unknown>>,
  folder: string,
  root: string,
  file: string,
): readonly TargetCommand[] {
  const { executor, command } = own;
  const options = isRecord(own['options']) ? own['options'] : {};
  const filled = (text: string): string =>
    text.replaceAll('{projectRoot}', path.relative(root, folder) || '.').replaceAll('{workspaceRoot}', '.');
  if (typeof executor === 'string' && ESLINT_EXECUTORS.has(executor)) {
    const named = [options['lintFilePatterns']].flat().filter((pattern) => typeof pattern === 'string');
    const patterns = (named.length === 0 ? ['{projectRoot}'] : named).map(filled);
    const config =
      typeof options['eslintConfig'] === 'string' ? filled(options['eslintConfig']) : nearestFlat(folder, root);
    return [{ eslint: [...(config === undefined ? [] : ['--config', config]), ...(options['quiet'] === true ? ['--quiet'] : []), ...patterns], folder: root, file }]; // prettier-ignore
  }
  const cwd = typeof options['cwd'] === 'string' ? path.resolve(root, filled(options['cwd'])) : root;
  const listed = Array.isArray(options['commands']) ? options['commands'] : [];
  const texts = [
    command,
    options['command'],
    ...listed.map((each: unknown) => (isRecord(each) ? each['command'] : each)),
  ];
  return texts.flatMap((text) => (typeof text === 'string' ? [{ text: filled(text), folder: cwd, file }] : []));
}

/** The executor runs ESLint in the root, with the flat configuration nearest to the project. */
function nearestFlat(folder: string, root: string): string | undefined {
  for (const current of foldersUpTo(folder, root)) {
    const name = FLAT.find((each) => existsSync(path.join(current, each)));
    if (name !== undefined) return path.relative(root, path.join(current, name)).split(path.sep).join('/');
  }
  return undefined;
}

function infersEslint(nx: Readonly<Record<string, unknown>>, target: string): boolean {
  const plugins = Array.isArray(nx['plugins']) ? (nx['plugins'] as readonly unknown[]) : [];
  return plugins.some((plugin) => {
    if (plugin === '@nx/eslint/plugin') return target === 'lint';
    if (!isRecord(plugin) || plugin['plugin'] !== '@nx/eslint/plugin') return false;
    const name = isRecord(plugin['options']) ? plugin['options']['targetName'] : undefined;
    return target === (typeof name === 'string' ? name : 'lint');
  });
}

function hasConfiguration(folder: string, root: string): boolean {
  return foldersUpTo(folder, root).some((current) =>
    [...FLAT, ...ESLINTRC].some((name) => existsSync(path.join(current, name))),
  );
}

/** A project that is the whole repository is linted in its source folder. */
function sourceOf(root: string): string {
  return ['src', 'lib'].find((name) => existsSync(path.join(root, name))) ?? '.';
}

function foldersUpTo(folder: string, root: string): readonly string[] {
  return folder === root || path.dirname(folder) === folder
    ? [folder]
    : [folder, ...foldersUpTo(path.dirname(folder), root)];
}

function dataIn(file: string, packages: ProjectPackages): Readonly<Record<string, unknown>> | undefined {
  const text = packages.textOf(file);
  const data = text === undefined ? undefined : parseOrUndefined(text);
  return isRecord(data) ? data : undefined;
}
