/**
 * The files that a configuration consists of: what it names by a quoted relative path, or by the name of a package that is
 * linked from the workspace, transitively. A false match is harmless; changes to installed packages show in the lockfile.
 * Keeps nothing.
 */
import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { entryAt, readTextSync } from '../../protocol/read-file.ts';
import { isRecord, jsonOf } from '../../reading/config-file.ts';
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
  return [...manifests, ...withDependencies([...configs, ...tsconfigs])];
}

/** Configuration files and all files that they consist of, absolute. */
export function withDependencies(configs: readonly string[]): ReadonlySet<string> {
  const packages = new LinkedPackages();
  const seen = new Set<string>();
  const pending = [...configs];
  for (let file = pending.pop(); file !== undefined; file = pending.pop()) {
    if (seen.has(file)) continue;
    seen.add(file);
    const text = configurationIn(file);
    const isYaml = /\.ya?ml$|\.eslintrc$/.test(file);
    const matches = (pattern: RegExp, inYaml: RegExp): readonly string[] =>
      [...text.matchAll(pattern), ...(isYaml ? text.matchAll(inYaml) : [])].map(([, name = '']) => name);
    const named = [
      ...matches(RELATIVE, RELATIVE_IN_YAML).flatMap((name) => filesNamed(path.resolve(path.dirname(file), name))),
      ...[...new Set(matches(BARE, BARE_IN_YAML).flatMap(spellingsOf))].flatMap(
        (name) => packages.fileOf(name, file) ?? [],
      ),
    ];
    // A tsconfig names sources too.
    const isCompilerConfig = TSCONFIG.test(path.basename(file));
    pending.push(...named.filter((each) => !isCompilerConfig || each.endsWith('.json')));
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
  const found = candidates.find((candidate) => entryAt(candidate) === 'file');
  return found === undefined ? scriptsIn(target) : [found];
}

/** A folder of local rules, which are loaded one by one. */
function scriptsIn(folder: string): readonly string[] {
  if (!/rule|plugin|config|lint/i.test(path.basename(folder))) return [];
  try {
    const names = readdirSync(folder).filter((name) => EXTENSIONS.includes(path.extname(name)));
    return names.length > MOST_FILES ? [] : names.map((name) => path.join(folder, name));
  } catch {
    return [];
  }
}

/** The text of a configuration; of a package.json only what is for ESLint. */
function configurationIn(file: string): string {
  const text = readText(file);
  if (path.basename(file) !== MANIFEST) return text;
  const manifest = jsonOf(text);
  return JSON.stringify((isRecord(manifest) ? manifest['eslintConfig'] : undefined) ?? '');
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
    return readTextSync(file);
  } catch {
    return '';
  }
}
