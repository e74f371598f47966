/**
 * Reads tsconfigs with what they extend. Nothing of it is all or nothing: of what cannot be read or found, only that is
 * missing, and a flaw says so. Lives until a configuration may have changed.
 */
import { realpathSync } from 'node:fs';
import path from 'node:path';
import { createFilesMatcher, createPathsMatcher, type PathsMatcher, type TsConfigJson } from 'get-tsconfig';
import { resolveExports, type PathConditions } from 'resolve-pkg-maps';
import type { Range } from '../protocol/detector-protocol.ts';
import { UnreadableFile, type entryAt } from '../protocol/read-file.ts';
import { ConfigFile, isRecord, jsonOf, START, type Flaw, type Setting } from './config-file.ts';

export type CompilerOptions = Readonly<TsConfigJson.CompilerOptions>;

export interface TsconfigHost {
  /** @throws {UnreadableFile} */
  read(file: string): string;
  entryAt(file: string): ReturnType<typeof entryAt>;
  /** The folder of a package of the workspace, whether or not it is linked. */
  memberFolder(name: string): string | undefined;
}

/**
 * `content`: the file has an error, which TypeScript reports too; `base`: it extends what is not there; `package`: it
 * extends a package that is not installed; `cycle`: it extends itself; `blocking`: a compiler would wait for the file, or
 * fail because of it.
 */
export type TsconfigFlawKind = 'content' | 'base' | 'package' | 'cycle' | 'blocking';

export interface TsconfigFlaw extends Flaw {
  readonly kind: TsconfigFlawKind;
}

export interface Reference {
  /** Absolute path of the configuration, which need not exist. */
  readonly file: string;
  readonly range: Range;
}

/** All paths are absolute. */
export interface Tsconfig {
  readonly file: string;
  /** Of the file and of what it extends. Paths are absolute; `null` has removed what was inherited. */
  readonly options: CompilerOptions;
  readonly references: readonly Reference[];
  /** It lists no files and only references others. */
  readonly isSolution: boolean;
  /** It, or what it extends, says which files it includes. */
  readonly selectsFiles: boolean;
  /** Configurations that it extends, directly or not. */
  readonly bases: readonly string[];
  /** Paths at which a missing base would be found. */
  readonly awaited: readonly string[];
  readonly flaws: readonly TsconfigFlaw[];
  /** Whether `files`, `include` and `exclude` select a file; imports may add more. Components count by what names them. */
  includes(file: string): boolean;
  /** Candidates that `paths` and `baseUrl` give for a bare name; undefined: it has neither. */
  readonly pathsOf: PathsMatcher | undefined;
}

/** What one file says, with what it extends. */
interface Layer {
  readonly options: Readonly<Record<string, unknown>>;
  /** The folder that `paths` are relative to without a `baseUrl`. */
  readonly pathsFolder?: string | undefined;
  readonly files?: readonly string[] | undefined;
  readonly include?: readonly string[] | undefined;
  readonly exclude?: readonly string[] | undefined;
  readonly bases: readonly string[];
  readonly awaited: readonly string[];
  readonly flaws: readonly TsconfigFlaw[];
}

export class TsconfigReader {
  readonly #host: TsconfigHost;
  readonly #files = new Map<string, ConfigFile | UnreadableFile>();
  /** Of files that are not part of a cycle. */
  readonly #layers = new Map<string, Layer>();

  constructor(host: TsconfigHost) {
    this.#host = host;
  }

  /** @param file absolute @throws {UnreadableFile} only for the file itself */
  read(file: string): Tsconfig {
    const config = this.#open(file);
    if (config instanceof UnreadableFile) throw config;
    const { root } = config;
    const layer = this.#layerOf(file, config, []);
    const references = this.#referencesOf(root.get('references'), path.dirname(file));
    const ownFiles: unknown = root.get('files').value;
    const isSolution =
      Array.isArray(ownFiles) && ownFiles.length === 0 && !root.get('include').isSet && references.length > 0;
    return tsconfigOf(file, layer, references, isSolution, flawsOf(config, layer.flaws));
  }

  #open(file: string): ConfigFile | UnreadableFile {
    let config = this.#files.get(file);
    if (!config) {
      try {
        config = ConfigFile.json(file, this.#host.read(file), 'jsonc');
        // TypeScript takes an empty file for an empty configuration.
        if (config.text.trim() === '') config = ConfigFile.json(file, '{}', 'jsonc');
      } catch (error) {
        config = error instanceof UnreadableFile ? error : new UnreadableFile('UNKNOWN', String(error));
      }
      this.#files.set(file, config);
    }
    return config;
  }

  #layerOf(file: string, config: ConfigFile, open: readonly string[]): Layer {
    const known = this.#layers.get(file);
    if (known) return known;
    const { root } = config;
    if (root.value === null) root.flaw('The file must be an object, but it is null. Write {}.');
    root.entries();
    let layer: Layer = { options: {}, bases: [], awaited: [], flaws: [] };
    for (const base of basesOf(root.get('extends'))) layer = merged(layer, this.#baseOf(base, config, [...open, file]));
    layer = merged(layer, ownLayer(root, path.dirname(file)));
    layer = { ...layer, flaws: flawsOf(config, layer.flaws) };
    const isInCycle = layer.flaws.some(({ kind }) => kind === 'cycle');
    if (!isInCycle) this.#layers.set(file, layer);
    return layer;
  }

  #baseOf(base: Setting, config: ConfigFile, open: readonly string[]): Layer {
    const name = String(base.value);
    const nothing: Layer = { options: {}, bases: [], awaited: [], flaws: [] };
    const flaw = (kind: TsconfigFlawKind, message: string): readonly TsconfigFlaw[] => [
      { file: config.file, range: base.range, kind, message },
    ];
    const candidates = this.#candidatesOf(name, path.dirname(config.file));
    const found =
      candidates.find((candidate) => this.#host.entryAt(candidate) === 'file') ??
      candidates.find((candidate) => ['other', 'blocked'].includes(this.#host.entryAt(candidate)));
    if (found === undefined) {
      const isPackage = !isPath(name);
      const message = isPackage
        ? `'${name}' is not installed, so only what this file says itself counts. Install the dependencies, or correct the name.`
        : `'${name}' does not exist, so only what this file says itself counts. Create it, or correct the path.`;
      return { ...nothing, awaited: candidates, flaws: flaw(isPackage ? 'package' : 'base', message) };
    }
    if (open.includes(found)) {
      const way = [...open.slice(open.indexOf(found)), found].map((one) => path.basename(one)).join(' → ');
      return { ...nothing, bases: [found], flaws: flaw('cycle', `This configuration extends itself (${way}). Remove one 'extends'.`) }; // prettier-ignore
    }
    const read = this.#open(found);
    if (read instanceof UnreadableFile) {
      const message = `'${name}' cannot be read: ${read.message}. Only what this file says itself counts. Replace it by a readable file, or extend another.`;
      return { ...nothing, bases: [found], flaws: flaw('blocking', message) };
    }
    const layer = this.#layerOf(found, read, open);
    return { ...layer, bases: [found, ...layer.bases] };
  }

  /** Where TypeScript looks for a base, in this order. */
  #candidatesOf(name: string, folder: string): readonly string[] {
    if (isPath(name)) {
      const base = path.resolve(folder, name);
      return /(^|[\\/])\.\.?$/.test(name) ? [path.join(base, 'tsconfig.json')] : withExtension(base);
    }
    const [first = '', second = '', ...others] = name.split('/');
    const isScoped = first.startsWith('@');
    const packageName = isScoped ? `${first}/${second}` : first;
    const rest = (isScoped ? others : [second, ...others]).join('/');
    const packageFolder = this.#packageFolder(packageName, folder);
    if (packageFolder === undefined) return [];
    const manifest = this.#manifestOf(packageFolder);
    const exported = exportedFile(manifest['exports'], rest);
    if (exported !== undefined) return [path.join(packageFolder, exported)];
    if (rest === '') {
      const named = manifest['tsconfig'];
      return [path.join(packageFolder, typeof named === 'string' ? named : 'tsconfig.json')];
    }
    const base = path.join(packageFolder, rest);
    return [...withExtension(base), path.join(base, 'tsconfig.json')];
  }

  #packageFolder(name: string, folder: string): string | undefined {
    for (let at = folder; ; at = path.dirname(at)) {
      const candidate = path.join(at, 'node_modules', name);
      if (this.#host.entryAt(candidate) === 'directory') return realPath(candidate);
      if (path.dirname(at) === at) return this.#host.memberFolder(name);
    }
  }

  #manifestOf(folder: string): Readonly<Record<string, unknown>> {
    try {
      const manifest = jsonOf(this.#host.read(path.join(folder, 'package.json')));
      return isRecord(manifest) ? manifest : {};
    } catch {
      return {};
    }
  }

  #referencesOf(references: Setting, folder: string): readonly Reference[] {
    return (references.list() ?? []).flatMap((reference) => {
      if (reference.value === null) reference.flaw('A reference must be an object with a "path", but it is null. Correct it, or remove it.'); // prettier-ignore
      if (!reference.entries()) return [];
      const target = reference.get('path');
      const name = target.name();
      if (name === undefined) return target.isSet ? [] : (reference.flaw('A reference needs a "path". Add it, or remove the reference.') ?? []); // prettier-ignore
      const absolute = path.resolve(folder, name);
      const file = name.endsWith('.json') ? absolute : path.join(absolute, 'tsconfig.json');
      return [{ file, range: target.range }];
    });
  }
}

/** What an error is about comes first: a file that cannot be read at all has no other. */
function flawsOf(config: ConfigFile, others: readonly TsconfigFlaw[]): readonly TsconfigFlaw[] {
  const isTooDeep = config.value === undefined && !config.isComplete;
  const own = config.flaws.map((flaw) => ({ ...flaw, kind: isTooDeep && flaw.range === START ? 'blocking' : 'content' }) as const); // prettier-ignore
  const all = [...others, ...own];
  const key = ({ file, range, message }: Flaw): string => JSON.stringify([file, range, message]);
  return [...new Map(all.map((flaw) => [key(flaw), flaw])).values()];
}

function basesOf(setting: Setting): readonly Setting[] {
  if (typeof setting.value === 'string') return setting.name() === undefined ? [] : [setting];
  return (setting.list() ?? []).filter((base) => base.name() !== undefined);
}

function merged(base: Layer, other: Layer): Layer {
  const options: Record<string, unknown> = { ...base.options };
  for (const [name, value] of Object.entries(other.options)) {
    if (value === null) Reflect.deleteProperty(options, name);
    else options[name] = value;
  }
  return {
    options,
    pathsFolder: other.pathsFolder ?? base.pathsFolder,
    files: other.files ?? base.files,
    include: other.include ?? base.include,
    exclude: other.exclude ?? base.exclude,
    bases: [...new Set([...base.bases, ...other.bases])],
    awaited: [...base.awaited, ...other.awaited],
    flaws: [...base.flaws, ...other.flaws],
  };
}

const CONFIG_FOLDER = '${configDir}';

function ownLayer(root: Setting, folder: string): Layer {
  const options: Record<string, unknown> = {};
  const at = (place: string): string => (place.startsWith(CONFIG_FOLDER) ? place : path.resolve(folder, place));
  const pattern = (one: string): string => (one.startsWith(CONFIG_FOLDER) ? one : patternAt(folder, one));
  const own = root.get('compilerOptions');
  for (const [name, setting] of own.entries() ?? []) {
    const value = optionOf(name, setting, at);
    // `null` removes what is inherited.
    if (value !== undefined) options[name] = value;
  }
  const list = (name: string): readonly string[] | undefined => root.get(name).strings()?.map(pattern);
  return {
    options,
    ...(isRecord(options['paths']) ? { pathsFolder: folder } : {}),
    files: list('files'),
    include: list('include'),
    exclude: list('exclude'),
    bases: [],
    awaited: [],
    flaws: [],
  };
}

const PATHS: ReadonlySet<string> = new Set(['baseUrl', 'outDir', 'declarationDir', 'rootDir']);
const PATH_LISTS: ReadonlySet<string> = new Set(['rootDirs', 'typeRoots']);
const LISTS: ReadonlySet<string> = new Set(['lib', 'types', 'moduleSuffixes', 'customConditions']);
const STRINGS: ReadonlySet<string> = new Set([
  'target', 'module', 'moduleResolution', 'moduleDetection', 'jsx', 'jsxImportSource', 'importsNotUsedAsValues',
]); // prettier-ignore
const BOOLEANS: ReadonlySet<string> = new Set([
  'allowJs', 'checkJs', 'composite', 'declaration', 'noEmit', 'skipLibCheck', 'verbatimModuleSyntax',
  'preserveValueImports', 'isolatedModules', 'resolveJsonModule', 'allowImportingTsExtensions', 'noUncheckedSideEffectImports',
]); // prettier-ignore

/** Undefined: it does not count. Options that nobody reads stay as they are. */
function optionOf(name: string, setting: Setting, at: (place: string) => string): unknown {
  if (setting.value === null) return null;
  if (PATHS.has(name)) return mapped(setting.string(), at);
  if (PATH_LISTS.has(name)) return setting.strings()?.map(at);
  // An empty suffix is a suffix.
  if (name === 'moduleSuffixes') return setting.list()?.flatMap((entry) => entry.string() ?? []);
  if (LISTS.has(name)) return setting.strings();
  if (STRINGS.has(name)) return setting.name();
  if (BOOLEANS.has(name)) return setting.boolean();
  if (name === 'paths') return pathsIn(setting);
  return setting.value;
}

function pathsIn(setting: Setting): Readonly<Record<string, readonly string[]>> | undefined {
  const entries = setting.entries()?.flatMap(([pattern, targets]) => {
    const list = targets.strings()?.filter((target) => stars(target) < 2);
    return list === undefined || stars(pattern) > 1 ? [] : [[pattern, list] as const];
  });
  return entries && Object.fromEntries(entries);
}

function tsconfigOf(
  file: string,
  layer: Layer,
  references: readonly Reference[],
  isSolution: boolean,
  flaws: readonly TsconfigFlaw[],
): Tsconfig {
  const folder = path.dirname(file);
  const placed = (place: string): string =>
    place.startsWith(CONFIG_FOLDER) ? path.resolve(folder, `.${path.sep}${place.slice(CONFIG_FOLDER.length)}`) : place;
  const pattern = (one: string): string =>
    one.startsWith(CONFIG_FOLDER) ? patternAt(folder, `.${one.slice(CONFIG_FOLDER.length)}`) : one;
  const options: Record<string, unknown> = { ...layer.options };
  for (const name of PATHS) if (typeof options[name] === 'string') options[name] = placed(options[name]);
  for (const name of PATH_LISTS) {
    const list = options[name] as readonly string[] | undefined;
    if (list) options[name] = list.map(placed);
  }
  const { paths, baseUrl } = options as { paths?: Readonly<Record<string, readonly string[]>>; baseUrl?: string };
  if (paths) {
    const base = baseUrl ?? layer.pathsFolder ?? folder;
    const target = (one: string): string => (one.startsWith(CONFIG_FOLDER) ? placed(one) : path.resolve(base, one));
    options['paths'] = Object.fromEntries(Object.entries(paths).map(([name, targets]) => [name, targets.map(target)]));
  }
  const compilerOptions = options as TsConfigJson.CompilerOptions;
  const [files, include, exclude] = [layer.files, layer.include, layer.exclude].map((list) => list?.map(pattern));
  return {
    file,
    options: compilerOptions,
    references,
    isSolution,
    selectsFiles: files !== undefined || include !== undefined,
    bases: layer.bases.filter((base) => base !== file),
    awaited: layer.awaited,
    flaws,
    includes: inclusionOf(file, compilerOptions, files, include, exclude),
    pathsOf: createPathsMatcher({ path: file, config: { compilerOptions } }) ?? undefined,
  };
}

/** Files that TypeScript does not know, but the checkers of frameworks do. */
const COMPONENT = /\.(?:vue|svelte|astro|mdx)$/;
const EXPLICIT = /\.(?:[cm]?[jt]sx?|json)$/;

function inclusionOf(
  file: string,
  compilerOptions: TsConfigJson.CompilerOptions,
  files: string[] | undefined,
  include: string[] | undefined,
  exclude: string[] | undefined,
): (file: string) => boolean {
  const takesScripts = (compilerOptions.allowJs ?? compilerOptions.checkJs) === true || path.basename(file) === 'jsconfig.json'; // prettier-ignore
  const options: TsConfigJson.CompilerOptions = { ...compilerOptions, allowJs: takesScripts };
  const matcher = (own: readonly string[] | undefined): ((one: string) => boolean) => {
    const lists = { ...(files ? { files } : {}), ...(own ? { include: [...own] } : {}), ...(exclude ? { exclude } : {}) }; // prettier-ignore
    const matches = createFilesMatcher({ path: file, config: { compilerOptions: options, ...lists } }, CASE_SENSITIVE);
    return (one) => matches(one) !== undefined;
  };
  let scripts: ((one: string) => boolean) | undefined;
  let components: ((one: string) => boolean) | undefined;
  return (one) => {
    if (!COMPONENT.test(one)) return (scripts ??= matcher(include))(one);
    // The pattern `src/*.vue` means components; `src/*.ts` does not; `src/*` does where a checker knows them.
    components ??= matcher(include?.filter((pattern) => !EXPLICIT.test(pattern)).map((pattern) => (COMPONENT.test(pattern) ? `${pattern}.ts` : pattern))); // prettier-ignore
    return components(`${one}.ts`) || files?.includes(one) === true;
  };
}

/** The defaults of the file systems. */
const CASE_SENSITIVE = process.platform !== 'win32' && process.platform !== 'darwin';

/** With forward slashes; stars stay as they are. */
function patternAt(folder: string, pattern: string): string {
  return path.resolve(folder, pattern).replaceAll('\\', '/');
}

function exportedFile(exports: unknown, rest: string): string | undefined {
  if (exports === undefined || exports === null) return undefined;
  try {
    return resolveExports(exports as PathConditions, rest, ['require', 'node', 'types'])[0];
  } catch {
    return undefined;
  }
}

function withExtension(base: string): readonly string[] {
  return base.endsWith('.json') ? [base] : [base, `${base}.json`];
}

/** Package managers link packages of the workspace. */
function realPath(folder: string): string {
  try {
    return realpathSync.native(folder);
  } catch {
    return folder;
  }
}

function isPath(name: string): boolean {
  return name.startsWith('.') || path.isAbsolute(name) || path.win32.isAbsolute(name);
}

function stars(text: string): number {
  return text.split('*').length - 1;
}

function mapped<From, To>(value: From | undefined, change: (value: From) => To): To | undefined {
  return value === undefined ? undefined : change(value);
}
