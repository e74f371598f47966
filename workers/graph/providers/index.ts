/**
 * Names that no file and no installed package has: those of frameworks, and those that the configurations of bundlers,
 * compilers and test runners define. The resolver asks here for all detectors alike. Reads on demand; lives until a
 * manifest or a configuration that it read changes.
 */
import path from 'node:path';
import { parse as parseJson } from 'jsonc-parser';
import { readTextSync } from '../../protocol/read-file.ts';
import type { FileIndex } from '../file-index.ts';
import { DEPENDENCY_SECTIONS } from '../installed.ts';
import { directoryOf, isRecord, type Manifest, type Manifests } from '../manifests.ts';
import { recordHash } from '../record.ts';
import { nearest } from '../spelling.ts';
import { matchesWildcard } from '../wildcards.ts';
import { aliasesOfTable, type Alias, type AliasTarget } from './aliases.ts';
import type { Framework, FrameworkProject } from './framework.ts';
import { FRAMEWORKS } from './frameworks.ts';
import { aliasesOfImports, isToolConfig, mayDefineNames, readToolConfig, type ToolConfig } from './tool-config.ts';

/** What a name means to a framework. */
export type FrameworkAnswer =
  | { readonly kind: 'given' }
  /** The name is one that only the framework could give, and it does not. */
  | { readonly kind: 'mistake'; readonly by: string; readonly meant: string | undefined };

/** What counts for the modules of a directory: it adds to what counts in the directories around it. */
export interface Environment {
  /** Nearest first. */
  readonly aliases: readonly Alias[];
  /** Folders in which bare names are looked up; relative to the root. */
  readonly roots: readonly string[];
  /** Parts of file names before the extension, and whole extensions, that are tried after the usual ones. */
  readonly suffixes: readonly string[];
  readonly extensions: readonly string[];
  /** A configuration that may define more names: only running it tells. */
  readonly unclear: string | undefined;
  readonly frameworks: readonly FrameworkNames[];
  readonly provided: readonly (string | RegExp)[];
}

export interface ProvidersSource {
  /** Absolute. */
  readonly root: string;
  readonly index: FileIndex;
  readonly manifests: Manifests;
  readonly textOf: (file: string) => string | undefined;
}

export class Providers {
  readonly #source: ProvidersSource;
  readonly #environments = new Map<string, Environment>();
  /** Configurations by the directory for which they count. */
  readonly #configs: ReadonlyMap<string, readonly string[]>;
  readonly #configured = new Map<string, ToolConfig>();
  /** Configurations of the root. */
  readonly #known: ReadonlySet<string>;
  /** What was read, with its fingerprint. */
  readonly #read = new Map<string, string>();
  #byDirectory: ReadonlyMap<string, readonly string[]> | undefined;

  constructor(source: ProvidersSource) {
    this.#source = source;
    this.#configs = configsByDirectory(source);
    this.#known = new Set([...source.index.files].filter(isConfiguration));
  }

  /** Whether the file, as it is now, may change an answer: a configuration, or a script that one imports. */
  isOutdated(file: string): boolean {
    if (!this.#known.has(file)) return this.#read.has(file) ? this.#differs(file) : isConfiguration(file);
    return !this.#source.index.has(file) || (this.#read.has(file) && this.#differs(file));
  }

  #differs(file: string): boolean {
    return this.#read.get(file) !== fingerprintOf(file, this.#source.textOf(file));
  }

  /** Files came or went. */
  forget(): void {
    this.#environments.clear();
    this.#byDirectory = undefined;
  }

  of(directory: string): Environment {
    let environment = this.#environments.get(directory);
    if (!environment) {
      const around = directory === '' ? NOTHING : this.of(directoryOf(directory));
      environment = this.#extended(around, directory);
      this.#environments.set(directory, environment);
    }
    return environment;
  }

  #extended(around: Environment, directory: string): Environment {
    const manifest = this.#source.manifests.all.get(directory);
    const configs = (this.#configs.get(directory) ?? []).map((file) => this.#config(file));
    const used = declaredNames(manifest);
    const frameworks = FRAMEWORKS.filter((one) => this.#isUsed(one, directory, used));
    const inManifest = manifest && this.#inManifest(manifest);
    if (frameworks.length + configs.length === 0 && !inManifest) return around;
    const all = inManifest ? [...configs, inManifest] : configs;
    const own = frameworks.map((one) => this.#namesOf(one, directory));
    const isOwn = new Set(frameworks.map(({ name }) => name));
    return {
      aliases: [
        ...all.flatMap(({ aliases }) => aliases),
        ...frameworks.flatMap((one) => this.#frameworkAliases(one, directory)),
        ...around.aliases.filter(({ by }) => !isOwn.has(by)),
      ],
      roots: unique([...all.flatMap(({ roots }) => roots), ...around.roots]),
      suffixes: unique([
        ...frameworks.flatMap(({ suffixes = [] }) => suffixes),
        ...all.flatMap(({ extensions }) => extensions).flatMap((one) => /^(\.[\w-]+)\.\w+$/.exec(one)?.[1] ?? []),
        ...around.suffixes,
      ]).filter((suffix) => suffix !== '.d'),
      extensions: unique([
        ...all.flatMap(({ extensions }) => extensions).filter((one) => /^\.[\w-]+$/.test(one)),
        ...around.extensions,
      ]),
      unclear: all.find(({ isUnclear }) => isUnclear)?.file ?? around.unclear,
      frameworks: [...own, ...around.frameworks],
      provided: [...all.flatMap(({ provided }) => provided), ...around.provided],
    };
  }

  #isUsed({ packages, configFile }: Framework, directory: string, used: ReadonlySet<string>): boolean {
    if (packages.length === 0) return directory === '';
    for (const pattern of packages) {
      if (used.has(pattern)) return true;
      if (pattern.includes('*') && [...used].some((name) => matchesWildcard(pattern, name))) return true;
    }
    return configFile !== undefined && this.#hasConfig(configFile, directory);
  }

  #hasConfig(name: RegExp, directory: string): boolean {
    const files = this.#named();
    return (files.get(directory) ?? []).some((file) => name.test(path.posix.basename(file)));
  }

  /** Files that may mark a framework, by directory. */
  #named(): ReadonlyMap<string, readonly string[]> {
    if (!this.#byDirectory) {
      const byDirectory = new Map<string, string[]>();
      for (const file of this.#source.index.files) {
        if (!FRAMEWORK_FILE.test(path.posix.basename(file))) continue;
        append(byDirectory, directoryOf(file), file);
      }
      this.#byDirectory = byDirectory;
    }
    return this.#byDirectory;
  }

  #frameworkAliases(framework: Framework, directory: string): readonly Alias[] {
    const { name, aliases, configFile } = framework;
    if (!aliases) return [];
    // A manifest at the top of a workspace may declare a framework for the packages below.
    const isElsewhere =
      configFile !== undefined &&
      !this.#hasConfig(configFile, directory) &&
      [...this.#named().values()].flat().some((file) => configFile.test(path.posix.basename(file)));
    return isElsewhere ? [] : aliasesOfTable(aliases(this.#project(framework, directory)), name);
  }

  #project({ configFile }: Framework, directory: string): FrameworkProject {
    const { index } = this.#source;
    const config = (this.#configs.get(directory) ?? []).find(
      (file) => directoryOf(file) === directory && (configFile ?? /^svelte\.config\./).test(path.posix.basename(file)),
    );
    return {
      directory,
      config: config === undefined ? undefined : this.#config(config),
      hasDirectory: (one) => index.hasDirectory(one),
      foldersIn: (one) =>
        [...index.directories].filter((folder) => folder !== '' && directoryOf(folder) === one).map((folder) => path.posix.basename(folder)), // prettier-ignore
    };
  }

  #namesOf(framework: Framework, directory: string): FrameworkNames {
    const { declarations, names = [] } = framework;
    const declared = declarations === undefined ? [] : this.#declaredIn(declarations, directory);
    return new FrameworkNames(framework, [...names, ...declared]);
  }

  /** The modules that an installed declaration file declares, which may be newer than the table. */
  #declaredIn(file: string, directory: string): readonly string[] {
    for (let at = path.join(this.#source.root, directory); ; at = path.dirname(at)) {
      try {
        const text = readTextSync(path.join(at, 'node_modules', file));
        return [...text.matchAll(/^declare module ['"]([^'"\n]+)['"]/gm)].map((match) => match[1] ?? '');
      } catch {
        if (path.dirname(at) === at) return [];
      }
    }
  }

  #config(file: string): ToolConfig {
    let config = this.#configured.get(file);
    if (!config) {
      config = this.#readConfig(file);
      this.#configured.set(file, config);
    }
    return config;
  }

  /** A configuration that cannot be followed costs what it says, and nothing else. */
  #readConfig(file: string): ToolConfig {
    try {
      return isDeno(file) ? this.#deno(file) : readToolConfig(this.#reading, file);
    } catch {
      return { file, aliases: [], roots: [], provided: [], extensions: [], isUnclear: true };
    }
  }

  get #reading(): Parameters<typeof readToolConfig>[0] {
    const { root, index, manifests } = this.#source;
    return {
      root,
      textOf: (file) => this.#text(file),
      complete: (base) => index.complete(base, true),
      packageDirectoryOf: (file) => manifests.packageOf(file)?.directory ?? directoryOf(file),
    };
  }

  #text(file: string): string | undefined {
    const text = this.#source.textOf(file);
    this.#read.set(file, fingerprintOf(file, text));
    return text;
  }

  /** Jest, Babel, Parcel and module-alias are configured in package.json too. */
  #inManifest({ file, data }: Manifest): ToolConfig | undefined {
    const parts = ['jest', 'babel', 'alias', '_moduleAliases'].filter((name) => data[name] !== undefined);
    if (parts.length === 0) return undefined;
    const content = Object.fromEntries(parts.map((name) => [name, data[name]]));
    return readToolConfig(this.#reading, file, content);
  }

  /** `imports` of a Deno configuration or of its import map. */
  #deno(file: string): ToolConfig {
    const directory = directoryOf(file);
    const content: unknown = parseJson(this.#text(file) ?? '', [], { allowTrailingComma: true });
    const { imports, importMap, scopes } = isRecord(content) ? content : {};
    const map = typeof importMap === 'string' ? path.posix.join(directory, importMap) : undefined;
    const mapped: unknown =
      map === undefined || !this.#source.index.has(map) ? undefined : parseJson(this.#text(map) ?? '');
    const scoped = isRecord(scopes) ? Object.values(scopes) : [];
    const aliases = [
      ...[imports, ...scoped].flatMap((one) => aliasesOfImports(one, directory, file)),
      ...(isRecord(mapped) && map !== undefined ? aliasesOfImports(mapped['imports'], directoryOf(map), map) : []),
    ];
    const isUnclear = importMap !== undefined && map !== undefined && !this.#source.index.has(map);
    return { file, aliases, roots: [], provided: [], extensions: [], isUnclear };
  }
}

/** The names of one framework in one project. */
export class FrameworkNames {
  readonly #framework: Framework;
  readonly #exact: ReadonlySet<string>;
  readonly #patterns: readonly string[];

  constructor(framework: Framework, names: readonly string[]) {
    this.#framework = framework;
    this.#exact = new Set(names.filter((name) => !name.includes('*')));
    this.#patterns = names.filter((name) => name.includes('*'));
  }

  get name(): string {
    return this.#framework.name;
  }

  mayGive(specifier: string): boolean {
    return this.#framework.open?.some((prefix) => specifier.startsWith(prefix)) === true;
  }

  answer(specifier: string): FrameworkAnswer | undefined {
    if (this.#exact.has(specifier) || this.#patterns.some((pattern) => matchesWildcard(pattern, specifier)))
      return GIVEN;
    const { name: by, open = [], closed = [] } = this.#framework;
    const isOnlyOurs = closed.some((prefix) => specifier.startsWith(prefix));
    if (!isOnlyOurs && !open.some((prefix) => specifier.startsWith(prefix))) return undefined;
    const meant = nearest(specifier, this.#exact);
    return isOnlyOurs || meant !== undefined ? { kind: 'mistake', by, meant } : undefined;
  }
}

/** Whether a package is a framework that runs the project, which need not import it. */
export function isFramework(name: string): boolean {
  return FRAMEWORKS.some(({ configFile, packages }) => configFile !== undefined && packages.includes(name));
}

/** The answer of the nearest framework that knows the name. */
export function frameworkAnswer(environment: Environment, specifier: string): FrameworkAnswer | undefined {
  const { frameworks, provided } = environment;
  if (provided.some((one) => isProvided(one, specifier))) return GIVEN;
  const answers = frameworks.flatMap((one) => one.answer(specifier) ?? []);
  return answers.find(({ kind }) => kind === 'given') ?? answers[0];
}

/** A framework whose plug-ins may give the name. */
export function mayBeNamed({ frameworks }: Environment, specifier: string): string | undefined {
  return frameworks.find((one) => one.mayGive(specifier))?.name;
}

/** Where the aliases lead that match a name, the nearest alias first. */
export function aliasTargets(
  { aliases }: Environment,
  specifier: string,
): readonly (AliasTarget & { readonly by: string })[] {
  // prettier-ignore
  return aliases.flatMap(({ targetsOf, by }) => (targetsOf(specifier) ?? []).map((target) => ({ ...target, by })));
}

export type { AliasTarget } from './aliases.ts';

const GIVEN: FrameworkAnswer = { kind: 'given' };

const NOTHING: Environment = {
  aliases: [],
  roots: [],
  suffixes: [],
  extensions: [],
  unclear: undefined,
  frameworks: [],
  provided: [],
};

function isProvided(one: string | RegExp, specifier: string): boolean {
  if (typeof one === 'string') return specifier === one || specifier.startsWith(`${one}/`) || (one.includes('*') && matchesWildcard(one, specifier)); // prettier-ignore
  return specifier.length <= 300 && one.source.length <= 200 && !/[*+]\)[*+]/.test(one.source) && new RegExp(one.source, one.flags.replace(/[gy]/g, '')).test(specifier); // prettier-ignore
}

/** Most scripts that a configuration imports define no names, so their edits do not matter. */
function fingerprintOf(file: string, text = ''): string {
  return isConfiguration(file) || mayDefineNames(text) ? recordHash(text) : '';
}

function isConfiguration(file: string): boolean {
  return isToolConfig(file) || isDeno(file) || FRAMEWORK_FILE.test(path.posix.basename(file));
}

const FRAMEWORK_FILE = new RegExp(FRAMEWORKS.flatMap(({ configFile }) => configFile?.source ?? []).join('|'));

function isDeno(file: string): boolean {
  return /(^|\/)(deno\.jsonc?|import[_-]map\.json)$/.test(file);
}

/** A configuration counts for its folder and for its whole package, unless it belongs to a test or an example. */
function configsByDirectory({ index, manifests }: ProvidersSource): ReadonlyMap<string, readonly string[]> {
  const configs = new Map<string, string[]>();
  for (const file of index.files) {
    if (!isToolConfig(file) && !isDeno(file)) continue;
    const own = directoryOf(file);
    append(configs, own, file);
    const around = manifests.packageOf(file)?.directory ?? own;
    const between = own.slice(around === '' ? 0 : around.length + 1);
    if (around !== own && !isDeno(file) && !OF_ITS_FOLDER.test(between)) append(configs, around, file);
  }
  return configs;
}

const OF_ITS_FOLDER =
  /(^|\/)(__\w+__|fixtures?|tests?|specs?|e2e|examples?|playgrounds?|demos?|samples?|templates?|sandbox(es)?|benchmarks?)(\/|$)/;

function declaredNames(manifest: Manifest | undefined): ReadonlySet<string> {
  const names = new Set<string>();
  if (!manifest) return names;
  for (const section of DEPENDENCY_SECTIONS) {
    const entries = manifest.data[section];
    if (isRecord(entries)) for (const name of Object.keys(entries)) names.add(name);
  }
  const { packageManager } = manifest.data;
  if (typeof packageManager === 'string') names.add(packageManager.split('@', 1)[0] ?? '');
  return names;
}

function append(map: Map<string, string[]>, key: string, value: string): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}

function unique(list: readonly string[]): readonly string[] {
  return [...new Set(list)];
}
