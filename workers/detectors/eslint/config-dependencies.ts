/**
 * The files that a configuration consists of: what it names by a quoted relative path, or by the name of a package that is
 * linked from the workspace, transitively. A false match is harmless; changes to installed packages show in the lockfile.
 * Keeps nothing.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { LinkedPackages } from '../../runtime/linked-packages.ts';
import type { ListedFile } from './listed.ts';
import { entriesOf, isConfigName, isUnder, MANIFEST, TSCONFIG } from './roots.ts';

const EXTENSIONS = ['.js', '.cjs', '.mjs', '.ts', '.cts', '.mts', '.json'];
const RELATIVE = /['"`](\.{1,2}\/[^'"`\r\n*]*)['"`]/g;
const BARE = /['"`]((?:plugin:)?@?[\w-][\w./-]*)['"`]/g;
/** In YAML strings need no quotes. */
const BARE_IN_YAML = /(?:^|[\s[,:-])((?:plugin:)?@?[\w-][\w./-]*)(?=[\s\],]|$)/gm;
const RELATIVE_IN_YAML = /(?:^|[\s[,:-])(\.{1,2}\/[^\s'"\],]+)/gm;
/** Folders with more files hold more than rules. */
const MOST_FILES = 500;

/**
 * The existing files whose change makes the list of files or the loaded configuration of an ESLint root stale,
 * absolute.
 * @param named configurations that are in force, wherever they are
 */
export function configurationFiles(
  root: string,
  named: readonly string[],
  files: readonly ListedFile[],
): readonly string[] {
  const manifests: string[] = [];
  const configs: string[] = [...named];
  const tsconfigs: string[] = [];
  const typed = files.some((file) => file.typed);
  for (const folder of foldersOf(files, root)) {
    for (const { name } of entriesOf(folder)) {
      const file = path.join(folder, name);
      if (name === MANIFEST) manifests.push(file);
      else if (isConfigName(name)) configs.push(file);
      else if (typed && TSCONFIG.test(name)) tsconfigs.push(file);
    }
  }
  // A tsconfig names other tsconfigs and sources; only the former are configuration.
  const extended = [...withDependencies(tsconfigs)].filter((file) => file.endsWith('.json'));
  return [...manifests, ...withDependencies(configs), ...extended];
}

/** Configuration files and all files that they consist of, absolute. */
export function withDependencies(configs: readonly string[]): ReadonlySet<string> {
  const packages = new LinkedPackages();
  const seen = new Set<string>();
  const pending = [...configs];
  for (let file = pending.pop(); file !== undefined; file = pending.pop()) {
    if (seen.has(file)) continue;
    seen.add(file);
    const text = readText(file);
    const isYaml = /\.ya?ml$|\.eslintrc$/.test(file);
    for (const [, relative = ''] of [...text.matchAll(RELATIVE), ...(isYaml ? text.matchAll(RELATIVE_IN_YAML) : [])]) {
      pending.push(...filesNamed(path.resolve(path.dirname(file), relative)));
    }
    const names = new Set(
      [...text.matchAll(BARE), ...(isYaml ? text.matchAll(BARE_IN_YAML) : [])].map(([, name = '']) => name),
    );
    for (const name of names) {
      const targets = spellingsOf(name).map((spelling) => packages.fileOf(spelling, file));
      pending.push(...targets.filter((target) => target !== undefined));
    }
  }
  return seen;
}

/** CommonJS modules of a folder that this process has loaded: names that are computed are found in no text. */
export function loadedModulesUnder(folder: string): readonly string[] {
  const installed = `${path.sep}node_modules${path.sep}`;
  return Object.keys(createRequire(import.meta.url).cache).filter(
    (file) => isUnder(file, folder) && !file.includes(installed),
  );
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

/** What `import` or `require` of a path without extension, of the `.js` of a TypeScript file or of a folder may mean. */
function filesNamed(target: string): readonly string[] {
  const candidates = [
    target,
    ...EXTENSIONS.map((extension) => target + extension),
    target.replace(/\.([cm]?)js$/, '.$1ts'),
    ...EXTENSIONS.map((extension) => path.join(target, `index${extension}`)),
  ];
  const found = candidates.find((candidate) => statSync(candidate, { throwIfNoEntry: false })?.isFile() === true);
  return found === undefined ? scriptsIn(target) : [found];
}

/** A folder that is named is often one of local rules. */
function scriptsIn(folder: string): readonly string[] {
  try {
    const names = readdirSync(folder).filter((name) => EXTENSIONS.includes(path.extname(name)));
    return names.length > MOST_FILES ? [] : names.map((name) => path.join(folder, name));
  } catch {
    return [];
  }
}

/** What a name may mean that an eslintrc file shortens. */
function spellingsOf(name: string): readonly string[] {
  const [, plugin] = /^plugin:(.+)\/[^/]+$/.exec(name) ?? [];
  const base = plugin ?? name;
  const kind = plugin === undefined ? 'config' : 'plugin';
  const [, scope, rest] = /^(@[^/]+)(?:\/(.+))?$/.exec(base) ?? [];
  if (scope === undefined) return [...(plugin === undefined ? [base] : []), `eslint-${kind}-${base}`];
  if (rest === undefined) return [`${scope}/eslint-${kind}`];
  return [base, `${scope}/eslint-${kind}-${rest}`];
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
