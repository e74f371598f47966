/**
 * The TypeScript projects of a root, as far as module resolution needs them: the tsconfig of a file, its `paths`, and
 * the source of an output. Immutable; configuration files are read on demand.
 */
import path from 'node:path';
import { UnreadableFile } from '../protocol/read-file.ts';
import { START } from '../reading/config-file.ts';
import { TsconfigReader, type CompilerOptions, type TsconfigFlaw, type TsconfigHost } from '../reading/tsconfig.ts';
import { directoryOf } from './manifests.ts';

export type { CompilerOptions } from '../reading/tsconfig.ts';

export interface Project {
  /** The tsconfig, relative to the root; `directory` is its folder. */
  readonly file: string;
  readonly directory: string;
  /** With absolute paths. */
  readonly options: CompilerOptions;
  /** Tsconfig files of its references, relative to the root. */
  readonly references: readonly string[];
  /** Whether `files`, `include` and `exclude` select a file; imports may add more. */
  includes(file: string): boolean;
  /** Candidates that `paths` and `baseUrl` give for a bare name; relative to the root, extension as written. */
  pathsOf(specifier: string): readonly string[];
  readonly hasPaths: boolean;
  /** Whether a pattern of `paths` other than `*` matches a name, whether or not the target exists. */
  isAlias(specifier: string): boolean;
  /** Imports without a value use are kept: `verbatimModuleSyntax` and its predecessors. */
  readonly keepsUnusedImports: boolean;
}

export function isProjectFile(file: string): boolean {
  return /(^|\/)(ts|js)config(\.[^/]+)?\.json$/.test(file);
}

export class Projects {
  readonly #root: string;
  readonly #configs: ReadonlySet<string>;
  readonly #reader: TsconfigReader;
  readonly #flaws = new Map<string, readonly TsconfigFlaw[]>();
  readonly #parsed = new Map<string, Project | undefined>();
  readonly #nearest = new Map<string, string | undefined>();
  readonly #owners = new Map<string, Project | undefined>();
  #outputs: readonly OutputFolder[] | undefined;
  #referenced: ReadonlySet<string> | undefined;

  /**
   * @param root absolute
   * @param configs tsconfig files under it, relative
   */
  constructor(root: string, configs: Iterable<string>, host: TsconfigHost) {
    this.#root = root;
    this.#configs = new Set(configs);
    this.#reader = new TsconfigReader(host);
  }

  /**
   * The project whose options resolve the imports of a file: the closest one; solutions are followed to their
   * references. A file that none of these includes is most likely bundled as those that the first one includes.
   */
  projectOf(file: string): Project | undefined {
    const nearest = this.#nearestConfig(directoryOf(file));
    if (nearest === undefined) return undefined;
    const project = this.project(nearest);
    if (!project || project.references.length === 0) return project;
    const withPaths = (): Project | undefined =>
      project.references.map((reference) => this.project(reference)).find((one) => one?.hasPaths === true);
    return this.programOf(file) ?? (project.hasPaths ? project : (withPaths() ?? project));
  }

  /** The project whose patterns include the file. */
  programOf(file: string): Project | undefined {
    if (this.#owners.has(file)) return this.#owners.get(file);
    let owner: Project | undefined;
    for (let config = this.#nearestConfig(directoryOf(file)); config !== undefined && !owner;) {
      owner = this.#owning(config, file, new Set());
      const above = directoryOf(config);
      config = above === '' ? undefined : this.#nearestConfig(directoryOf(above));
    }
    this.#owners.set(file, owner);
    return owner;
  }

  /** What is wrong with each configuration and with what it extends; files are relative to the root. */
  get flawsByProject(): readonly (readonly [project: string, flaws: readonly TsconfigFlaw[]])[] {
    for (const config of this.#configs) this.project(config);
    return [...this.#flaws].filter(([, flaws]) => flaws.length > 0);
  }

  /** Whether another configuration refers to it as a project. */
  isReferenced(config: string): boolean {
    this.#referenced ??= new Set(this.all.flatMap(({ references }) => references));
    return this.#referenced.has(config);
  }

  /** Undefined: it cannot be read. */
  project(config: string): Project | undefined {
    if (this.#parsed.has(config)) return this.#parsed.get(config);
    const project = this.#parse(config);
    this.#parsed.set(config, project);
    return project;
  }

  get all(): readonly Project[] {
    return [...this.#configs].sort().flatMap((config) => this.project(config) ?? []);
  }

  /**
   * Candidates for the source of an output, most likely first, without extension for scripts and declarations.
   * @param file an output, relative to the root; it need not exist
   */
  sourcesOf(file: string): readonly string[] {
    this.#outputs ??= this.all.flatMap((project) => outputFoldersOf(this.#root, project));
    const stem = file.replace(/(\.d)?\.[cm]?[jt]sx?$/, '');
    const candidates = this.#outputs
      .filter(({ output }) => stem === output || isWithin(stem, output))
      .sort((one, other) => other.output.length - one.output.length)
      .flatMap(({ output, sources }) => sources.map((source) => joined(source, below(stem, output))));
    return [...new Set(candidates)];
  }

  #nearestConfig(directory: string): string | undefined {
    if (this.#nearest.has(directory)) return this.#nearest.get(directory);
    const own = ['tsconfig.json', 'jsconfig.json']
      .map((name) => joined(directory, name))
      .find((config) => this.#configs.has(config));
    const found = own ?? (directory === '' ? undefined : this.#nearestConfig(directoryOf(directory)));
    this.#nearest.set(directory, found);
    return found;
  }

  #owning(config: string, file: string, seen: Set<string>): Project | undefined {
    if (seen.has(config)) return undefined;
    seen.add(config);
    const project = this.project(config);
    if (!project) return undefined;
    if (project.includes(file)) return project;
    for (const reference of project.references) {
      const owner = this.#owning(reference, file, seen);
      if (owner) return owner;
    }
    return undefined;
  }

  #parse(config: string): Project | undefined {
    let read;
    try {
      read = this.#reader.read(path.join(this.#root, config));
    } catch (error) {
      if (!(error instanceof UnreadableFile)) throw error;
      // A reference that does not exist is TypeScript's to report.
      const message = `This configuration cannot be read: ${error.message}. Replace it by a readable file.`;
      if (this.#configs.has(config))
        this.#flaws.set(config, [{ file: config, range: START, kind: 'blocking', message }]);
      return undefined;
    }
    const { options, references, pathsOf, includes } = read;
    const flaws = read.flaws.map((flaw) => ({ ...flaw, file: relativeTo(this.#root, flaw.file) }));
    this.#flaws.set(config, flaws.filter(({ file }) => !/^\.\.\/|(^|\/)node_modules\//.test(file))); // prettier-ignore
    return {
      file: config,
      directory: directoryOf(config),
      options,
      references: references.map(({ file }) => relativeTo(this.#root, file)),
      includes: (file) => includes(slashed(path.join(this.#root, file))),
      pathsOf: (specifier) => (pathsOf?.(specifier) ?? []).map((target) => relativeTo(this.#root, target)),
      hasPaths: pathsOf !== undefined,
      isAlias: (specifier) => Object.keys(options.paths ?? {}).some((pattern) => isMatch(pattern, specifier)),
      keepsUnusedImports: keepsUnusedImports(options),
    };
  }
}

function isMatch(pattern: string, specifier: string): boolean {
  const [before = '', after] = pattern.split('*');
  if (after === undefined) return pattern === specifier;
  return before + after !== '' && specifier.startsWith(before) && specifier.endsWith(after);
}

/** TypeScript 6 dropped the old names, but tsconfig files still contain them. */
function keepsUnusedImports(options: Readonly<Record<string, unknown>>): boolean {
  const { verbatimModuleSyntax, preserveValueImports, importsNotUsedAsValues = 'remove' } = options;
  return verbatimModuleSyntax === true || preserveValueImports === true || importsNotUsedAsValues !== 'remove';
}

interface OutputFolder {
  readonly output: string;
  /** Source folders that the output may mirror, most likely first. */
  readonly sources: readonly string[];
}

function outputFoldersOf(root: string, project: Project): readonly OutputFolder[] {
  const { outDir, declarationDir, rootDir, rootDirs } = project.options;
  const at = (folder: string): string => relativeTo(root, folder);
  const sources = new Set([rootDir, ...(rootDirs ?? [])].filter((folder) => folder !== undefined).map(at));
  // Without rootDir TypeScript uses the common folder of the inputs, which is usually one of these two.
  if (sources.size === 0) sources.add(joined(project.directory, 'src')).add(project.directory);
  return [outDir, declarationDir]
    .filter((folder) => folder !== undefined)
    .map(at)
    .filter((output) => !sources.has(output))
    .map((output) => ({ output, sources: [...sources] }));
}

function isWithin(file: string, folder: string): boolean {
  return folder === '' || file.startsWith(`${folder}/`);
}

function below(file: string, folder: string): string {
  return folder === '' ? file : file.slice(folder.length + 1);
}

export function joined(directory: string, name: string): string {
  return directory === '' || name === '' ? directory + name : `${directory}/${name}`;
}

export function slashed(file: string): string {
  return path.sep === '\\' ? file.replaceAll('\\', '/') : file;
}

/** Relative to the root with forward slashes; starts with `../` when outside. */
export function relativeTo(root: string, absolute: string): string {
  return slashed(path.relative(root, absolute));
}
