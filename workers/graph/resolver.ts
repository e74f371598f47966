/**
 * Resolves specifiers. Files of the root are looked up in the file index, so that unsaved and unbuilt files count and a
 * change invalidates precisely; oxc-resolver resolves node_modules. Lives until manifests or projects change.
 */
import { existsSync, statSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import path from 'node:path';
import picomatch from 'picomatch';
import { ResolverFactory } from 'oxc-resolver';
import { resolveExports, resolveImports, type PathConditions } from 'resolve-pkg-maps';
import { stemOf, type FileIndex } from './file-index.ts';
import { typesPackageOf } from './installed.ts';
import { directoryOf, isRecord, type Manifest, type Manifests } from './manifests.ts';
import { PackageFolders } from './package-folders.ts';
import { PlugAndPlay } from './pnp.ts';
import { joined, relativeTo, type Project, type Projects } from './projects.ts';
import { aliasTargets, frameworkAnswer, mayBeNamed, type Environment, type Providers } from './providers/index.ts';
import { isTypeScriptFile, type ModuleRequest } from './record.ts';
import { isPackageName, isRelative, packageNameOf, type Missing, type Resolution, type Via } from './resolution.ts';

/** Modules whose specifiers resolve alike: those of one directory, project and language. */
export interface Scope {
  readonly directory: string;
  readonly project: Project | undefined;
  readonly isTypeScript: boolean;
  /** Parts of file names before the extension that are tried, preferred first; `''` stands for none. */
  readonly suffixes: readonly string[];
  /** Extensions that are tried after the usual ones. */
  readonly extensions: readonly string[];
  readonly resolutions: Map<string, Resolution>;
}

interface NativeResult {
  readonly path?: string | undefined;
  readonly error?: string | undefined;
}

export class Resolver {
  readonly #root: string;
  readonly #realRoot: string;
  readonly #index: FileIndex;
  readonly #manifests: Manifests;
  readonly #projects: Projects;
  readonly #providers: Providers;
  readonly #native: ResolverFactory;
  readonly #scopes = new Map<string, Scope>();
  #packages: PackageFolders;
  /** Read when the first package is resolved. */
  #pnp: { readonly state: PlugAndPlay | undefined } | undefined;
  /** Results within installed packages, by package directory and specifier. */
  readonly #inPackages = new Map<string, NativeResult>();
  /** Shared resolutions of files, by `via` and file: many specifiers lead to the same file. */
  readonly #files = new Map<Via, Map<string, Resolution>>();

  /**
   * @param root absolute
   * @param realRoot the same without symbolic links
   */
  constructor(
    root: string,
    realRoot: string,
    index: FileIndex,
    manifests: Manifests,
    projects: Projects,
    providers: Providers,
  ) {
    this.#root = root;
    this.#realRoot = realRoot;
    this.#packages = new PackageFolders(root);
    this.#index = index;
    this.#manifests = manifests;
    this.#projects = projects;
    this.#providers = providers;
    this.#native = new ResolverFactory({
      extensions: ['.ts', '.tsx', '.js', '.jsx', '.mjs', '.cjs', '.json', '.node', '.d.ts', '.d.mts', '.d.cts'],
      extensionAlias: {
        '.js': ['.js', '.ts', '.tsx', '.d.ts'],
        '.jsx': ['.jsx', '.tsx'],
        '.mjs': ['.mjs', '.mts', '.d.mts'],
        '.cjs': ['.cjs', '.cts', '.d.cts'],
      },
      conditionNames: [...CONDITIONS, 'types'],
      mainFields: ['module', 'main', 'browser', 'types', 'typings'],
      nodePath: false,
    });
  }

  scopeOf(file: string): Scope {
    const directory = directoryOf(file);
    const project = this.#projects.projectOf(file);
    const isTypeScript = isTypeScriptFile(file);
    const key = `${directory}\n${project?.file ?? ''}\n${String(isTypeScript)}`;
    const known = this.#scopes.get(key);
    if (known) return known;
    const { suffixes, extensions } = this.#providers.of(directory);
    const ofProject = project?.options.moduleSuffixes ?? [''];
    const scope: Scope = {
      directory,
      project,
      isTypeScript,
      suffixes: [...new Set([...ofProject, '', ...suffixes])],
      extensions,
      resolutions: new Map(),
    };
    this.#scopes.set(key, scope);
    return scope;
  }

  resolve(scope: Scope, specifier: string): Resolution {
    const known = scope.resolutions.get(specifier);
    if (known) return known;
    const resolution = this.#resolve(scope, specifier);
    scope.resolutions.set(specifier, resolution);
    return resolution;
  }

  /** Drops resolutions that added and removed files may change. */
  invalidate(added: readonly string[], removed: readonly string[]): void {
    this.#native.clearCache();
    this.#providers.forget();
    this.#packages = new PackageFolders(this.#root);
    this.#inPackages.clear();
    this.#files.clear();
    const gone = new Set(removed);
    const stems = new Set([...added, ...removed].map(stemOf));
    const isAffected = (
      specifier: string,
      resolution: Resolution,
      { directory, project, suffixes }: Scope,
    ): boolean => {
      if (resolution.kind === 'missing' || resolution.kind === 'outside') return true;
      // Names that a framework gives, unless a file has them.
      if (resolution.kind === 'opaque') return added.length > 0;
      if (resolution.kind === 'file') {
        if (gone.has(resolution.file)) return true;
        const isPlain = suffixes.length === 1 && project?.options.rootDirs === undefined;
        if (resolution.via !== 'relative' || !isPlain) return added.length > 0;
        const base = pathFrom(directory, withoutQuery(specifier));
        return stems.has(stemOf(base)) || this.#manifests.all.has(base);
      }
      return resolution.kind === 'package' && added.length > 0 && project?.hasPaths === true;
    };
    for (const scope of this.#scopes.values()) {
      for (const [specifier, resolution] of scope.resolutions) {
        if (isAffected(specifier, resolution, scope)) scope.resolutions.delete(specifier);
      }
    }
  }

  /** Whether a framework, a tool or the host gives this name, whether or not a package of the name is installed. */
  isGiven(directory: string, specifier: string): boolean {
    return frameworkAnswer(this.#providers.of(directory), specifier)?.kind === 'given';
  }

  /** More files that a request leads to: matches of its patterns, and variants of its file for other platforms. */
  moreOf(scope: Scope, { patterns, filter }: ModuleRequest, resolution: Resolution): readonly string[] {
    if (patterns) return this.#matching(scope, patterns, filter);
    if (scope.suffixes.length === 1 || resolution.kind !== 'file') return NONE;
    const [, stem, extension = ''] = /^(.*?)(\.[cm]?[jt]sx?)$/.exec(resolution.file) ?? [];
    if (stem === undefined) return NONE;
    const own = scope.suffixes.find((suffix) => suffix !== '' && stem.endsWith(suffix)) ?? '';
    const plain = stem.slice(0, stem.length - own.length);
    return scope.suffixes
      .filter((suffix) => suffix !== own)
      .map((suffix) => plain + suffix + extension)
      .filter((file) => this.#index.has(file));
  }

  #matching(scope: Scope, patterns: readonly string[], filter: string | undefined): readonly string[] {
    const rooted = patterns.flatMap((pattern) => {
      const isUnwanted = pattern.startsWith('!');
      return this.#rooted(scope, isUnwanted ? pattern.slice(1) : pattern).map((one) => ({ isUnwanted, pattern: one }));
    });
    const wanted = rooted.filter(({ isUnwanted }) => !isUnwanted).map(({ pattern }) => pattern);
    const unwanted = rooted.filter(({ isUnwanted }) => isUnwanted).map(({ pattern }) => pattern);
    if (wanted.length === 0 || wanted.some((pattern) => pattern.startsWith('..'))) return NONE;
    const start = commonStart(wanted.map((pattern) => picomatch.scan(pattern).base));
    const isMatch = picomatch(wanted, { ignore: unwanted });
    const folder = start === '' || start === '.' ? '' : `${start}/`;
    const passes = filter === undefined ? undefined : safeExpression(filter);
    if (filter !== undefined && !passes) return NONE;
    const found: string[] = [];
    for (const file of this.#index.files) {
      if (!file.startsWith(folder) && file !== start) continue;
      if (isMatch(file) && (!passes || passes.test(`./${file.slice(folder.length)}`))) found.push(file);
    }
    return found;
  }

  /** A pattern from the root. */
  #rooted(scope: Scope, pattern: string): readonly string[] {
    if (isRelative(pattern)) return [path.posix.join(scope.directory, pattern)];
    if (pattern.startsWith('**')) return [path.posix.join(scope.directory, pattern), pattern];
    if (pattern.startsWith('/')) {
      const manifest = this.#manifests.packageOf(joined(scope.directory, 'x'));
      return [path.posix.join(manifest?.directory ?? '', pattern.slice(1))];
    }
    const targets = aliasTargets(this.#providers.of(scope.directory), pattern);
    const paths = targets.flatMap((target) => (target.kind === 'path' ? [target.path] : []));
    return [...paths, ...(scope.project?.pathsOf(pattern) ?? [])];
  }

  #resolve(scope: Scope, specifier: string): Resolution {
    if (specifier === '' || specifier.includes('!') || specifier.startsWith('\0')) return OPAQUE;
    // Bundlers prefer their aliases to modules of Node.js, such as `constants`.
    if (isBuiltin(specifier)) return this.#aliasedFile(scope, specifier) ?? { kind: 'builtin', name: specifier };
    if (/^[a-z][a-z0-9+.-]+:/i.test(specifier)) return this.#misnamed(scope, specifier) ?? OPAQUE;
    if (isRelative(specifier)) {
      const found = this.#relative(scope, specifier);
      return found.kind === 'missing' && this.isGiven(scope.directory, specifier) ? OPAQUE : found;
    }
    if (path.posix.isAbsolute(specifier) || path.win32.isAbsolute(specifier)) return this.#absolute(scope, specifier);
    if (specifier.startsWith('#')) {
      const own = this.#imports(scope, specifier);
      if (own.kind !== 'missing') return own;
      return this.#paths(scope, specifier) ?? this.#named(scope, specifier, own);
    }
    const aliased = this.#paths(scope, specifier);
    if (aliased) return aliased;
    const bare = this.#bare(scope, specifier);
    if (bare.kind === 'missing') return this.#named(scope, specifier, bare);
    const isOnlyDeclared = bare.kind === 'package' && bare.isDeclaredElsewhere === true;
    if (!isOnlyDeclared) return bare;
    const replaced = this.#aliasedFile(scope, specifier) ?? this.#aliasedName(scope, specifier);
    return replaced ?? (this.isGiven(scope.directory, specifier) ? OPAQUE : bare);
  }

  /** A name that no package has: an alias of a tool or of the tsconfig, or a name that a framework gives. */
  #named(scope: Scope, specifier: string, otherwise: Missing): Resolution {
    const environment = this.#providers.of(scope.directory);
    const asked = withoutQuery(specifier);
    const found = this.#aliasedFile(scope, asked) ?? this.#aliasedName(scope, asked);
    if (found) return found;
    const answer = frameworkAnswer(environment, specifier) ?? frameworkAnswer(environment, asked);
    if (answer?.kind === 'given') return OPAQUE;
    if (answer) return this.#misnamed(scope, specifier) ?? otherwise;
    const missing = this.#missingAlias(asked, environment);
    if (missing) return missing;
    if (otherwise.why !== 'exports' && scope.project?.isAlias(specifier) === true)
      return { kind: 'missing', why: 'file', via: 'paths', tried: scope.project.pathsOf(specifier) };
    if (otherwise.why !== 'package' && otherwise.why !== 'imports') return otherwise;
    const by = environment.unclear ?? mayBeNamed(environment, specifier);
    const isNoPackage = otherwise.why === 'package' && !isPackageName(packageNameOf(asked));
    return by === undefined && !isNoPackage ? otherwise : { ...otherwise, isUnclear: true, ...(by === undefined ? {} : { by }) };
  }

  /** Undefined: no alias matches, or none of its targets exists. */
  #aliasedFile(scope: Scope, specifier: string): Resolution | undefined {
    const environment = this.#providers.of(scope.directory);
    for (const target of aliasTargets(environment, specifier)) {
      if (target.kind === 'unknown') return OPAQUE;
      const found = target.kind === 'path' ? this.#locate(target.path, scope, 'alias') : undefined;
      if (found) return found;
    }
    for (const folder of environment.roots) {
      const found = this.#locate(joined(folder, specifier), scope, 'alias');
      if (found) return found;
    }
    return undefined;
  }

  #aliasedName(scope: Scope, specifier: string): Resolution | undefined {
    for (const target of aliasTargets(this.#providers.of(scope.directory), specifier)) {
      if (target.kind !== 'name' || target.name === specifier || isRelative(target.name)) continue;
      if (isBuiltin(target.name)) return { kind: 'builtin', name: target.name };
      const found = this.#bare(scope, target.name);
      if (found.kind !== 'missing') return found;
    }
    return undefined;
  }

  /** An alias without a target, or a folder that is looked up by name. */
  #missingAlias(specifier: string, environment: Environment): Missing | undefined {
    const targets = aliasTargets(environment, specifier);
    const tried = targets.flatMap((target) => (target.kind === 'path' ? [target.path] : []));
    const named = targets.find((target) => target.kind === 'name');
    const isFolder = tried.some((file) => this.#index.hasDirectory(directoryOf(file)) && directoryOf(file) !== '');
    if (named?.kind === 'name' && !isFolder)
      return { kind: 'missing', why: 'package', via: 'package', package: packageNameOf(named.name), by: named.by };
    const [first] = targets;
    if (first && tried.length > 0) return { kind: 'missing', why: 'file', via: 'alias', by: first.by, tried };
    const [top = '', ...rest] = specifier.split('/');
    const folder = environment.roots.find((root) => rest.length > 0 && this.#index.hasDirectory(joined(root, top)));
    if (folder === undefined) return undefined;
    return { kind: 'missing', why: 'file', via: 'alias', by: joined(folder, top), tried: [joined(folder, specifier)] };
  }

  /** Undefined: the name is no misspelt one of a framework. */
  #misnamed(scope: Scope, specifier: string): Missing | undefined {
    const answer = frameworkAnswer(this.#providers.of(scope.directory), specifier);
    if (answer?.kind !== 'mistake') return undefined;
    const { by, meant } = answer;
    return { kind: 'missing', why: 'name', via: 'alias', by, ...(meant === undefined ? {} : { meant }) };
  }

  #relative(scope: Scope, specifier: string): Resolution {
    const base = pathFrom(scope.directory, specifier.includes('\\') ? specifier.replaceAll('\\', '/') : specifier);
    const isDirectory = /\/$|(^|\/)\.\.?$/.test(specifier);
    const locate = (candidate: string): Resolution | undefined =>
      this.#locate(candidate, scope, 'relative', isDirectory);
    const found = locate(base) ?? (base.includes('?') ? locate(withoutQuery(base)) : undefined);
    if (found) return found;
    const tried = this.#inRootDirs(scope, withoutQuery(base));
    for (const candidate of tried) {
      const there = locate(candidate);
      if (there) return there;
    }
    return { kind: 'missing', why: 'file', via: 'relative', ...(tried.length === 0 ? {} : { tried }) };
  }

  /** Where a relative path may lead as well: TypeScript treats the folders of `rootDirs` as one. */
  #inRootDirs({ project }: Scope, base: string): readonly string[] {
    const rootDirs = project?.options.rootDirs;
    if (!project || !Array.isArray(rootDirs)) return NONE;
    const folders = rootDirs
      .filter((one) => typeof one === 'string')
      .map((one) => path.posix.join(project.directory, one.replaceAll('\\', '/')).replace(/\/+$/, ''))
      .map((one) => (one === '.' ? '' : one));
    const inside = folders
      .filter((folder) => folder === '' || base.startsWith(`${folder}/`))
      .sort((one, other) => other.length - one.length)[0];
    if (inside === undefined) return NONE;
    const rest = inside === '' ? base : base.slice(inside.length + 1);
    return folders.filter((folder) => folder !== inside).map((folder) => joined(folder, rest));
  }

  #absolute(scope: Scope, specifier: string): Resolution {
    if (specifier.startsWith(this.#root) || specifier.startsWith(this.#realRoot)) {
      const base = relativeTo(specifier.startsWith(this.#root) ? this.#root : this.#realRoot, specifier);
      return this.#locate(base, scope, 'absolute') ?? { kind: 'missing', why: 'file', via: 'absolute' };
    }
    if (existsSync(specifier)) return { kind: 'outside', path: specifier, via: 'absolute' };
    // `/logo.svg` and `/src/main.ts` are paths on a development server.
    return path.posix.isAbsolute(specifier) ? OPAQUE : { kind: 'missing', why: 'file', via: 'absolute' };
  }

  /** Undefined: no alias matches, or none of its targets exists. */
  #paths(scope: Scope, specifier: string): Resolution | undefined {
    for (const asked of specifier.includes('?') ? [specifier, withoutQuery(specifier)] : [specifier]) {
      for (const target of scope.project?.pathsOf(asked) ?? []) {
        const found = this.#locate(target, scope, 'paths');
        if (found) return found;
      }
    }
    return undefined;
  }

  #imports(scope: Scope, specifier: string): Resolution {
    const missing: Missing = { kind: 'missing', why: 'imports', via: 'imports' };
    const manifest = this.#manifests.scopeOf(joined(scope.directory, 'x'));
    if (!manifest || !isRecord(manifest.data.imports)) return missing;
    const targets = this.#mapped(scope, (conditions) =>
      resolveImports(manifest.data.imports as Parameters<typeof resolveImports>[0], specifier, conditions),
    );
    for (const target of targets) {
      if (isBuiltin(target)) return { kind: 'builtin', name: target };
      if (!isRelative(target)) return this.#importedPackage(scope, manifest, target);
      const found = this.#locate(path.posix.join(manifest.directory, target), scope, 'imports');
      if (found) return found;
    }
    return targets.length > 0 ? { kind: 'missing', why: 'file', via: 'imports' } : missing;
  }

  /** A target without `./` is a package, even if it is meant as a path. */
  #importedPackage(scope: Scope, manifest: Manifest, target: string): Resolution {
    const found = this.#bare(scope, target);
    if (found.kind !== 'missing') return found;
    const isPath = this.#locate(joined(manifest.directory, target), scope, 'imports') !== undefined;
    return isPath ? { kind: 'missing', why: 'target', via: 'imports', meant: `./${target}` } : found;
  }

  #bare(scope: Scope, specifier: string): Resolution {
    const name = packageNameOf(specifier);
    const member = this.#manifests.members.get(name);
    if (member && this.#reaches(scope, member, name)) return this.#member(scope, member, specifier, name);
    const plugged = this.#plugAndPlay(scope, name);
    if (plugged) return plugged;
    const bare = withoutQuery(specifier);
    const installed = this.#packages.find(scope.directory, name);
    const result = this.#inPackage(scope, name, bare, installed);
    if (result.path !== undefined) return this.#installedAt(scope, result.path, name);
    if (installed === undefined) {
      const types = this.#packages.find(scope.directory, typesPackageOf(name));
      return types === undefined
        ? { kind: 'missing', why: 'package', via: 'package', package: name }
        : { kind: 'package', name, typesOnly: true, isDeclaredElsewhere: true };
    }
    if (bare === name) return { kind: 'package', name, typesOnly: true };
    const why = /is not exported|not defined by "exports"/.test(result.error ?? '') ? 'exports' : 'subpath';
    return { kind: 'missing', why, via: 'package', package: name };
  }

  /** With Yarn's Plug'n'Play, node_modules folders do not count. */
  #plugAndPlay({ directory }: Scope, name: string): Resolution | undefined {
    this.#pnp ??= { state: PlugAndPlay.of(this.#root) };
    const folder = path.join(this.#root, directory);
    const isProvided = this.#pnp.state?.provides(folder, name);
    if (isProvided === undefined) return undefined;
    if (isProvided) return { kind: 'package', name, typesOnly: false };
    return this.#pnp.state?.provides(folder, typesPackageOf(name)) === true
      ? { kind: 'package', name, typesOnly: true }
      : { kind: 'missing', why: 'package', via: 'package', package: name };
  }

  /**
   * The same package directory gives the same result, except for a package that imports itself and for Yarn's
   * Plug'n'Play.
   */
  #inPackage(scope: Scope, name: string, bare: string, installed: string | undefined): NativeResult {
    const isSpecial =
      this.#index.has('.pnp.cjs') || this.#manifests.scopeOf(joined(scope.directory, 'x'))?.data.name === name;
    if (isSpecial) return this.#native.sync(path.join(this.#root, scope.directory), bare);
    if (installed === undefined) return {};
    const key = `${installed}\n${bare}`;
    let result = this.#inPackages.get(key);
    if (!result) {
      const { path: found, error } = this.#native.sync(path.join(this.#root, scope.directory), bare);
      result = { ...(found === undefined ? {} : { path: found }), ...(error === undefined ? {} : { error }) };
      this.#inPackages.set(key, result);
    }
    return result;
  }

  /** The name of a member means that member, unless another package of that name is installed closer. */
  #reaches(scope: Scope, member: Manifest, name: string): boolean {
    const installed = this.#packages.find(scope.directory, name);
    if (installed === undefined) return true;
    const relative = this.#insideRoot(installed);
    return relative === undefined ? false : relative === member.directory;
  }

  #member(scope: Scope, member: Manifest, specifier: string, name: string): Resolution {
    const rest = withoutQuery(specifier).slice(name.length).replace(/\/+$/, '');
    const missing = (why: Missing['why']): Missing => ({ kind: 'missing', why, via: 'package', package: name });
    const { exports } = member.data;
    if (exports !== undefined && exports !== null) {
      let targets: readonly string[];
      try {
        targets = this.#mapped(scope, (conditions) =>
          resolveExports(exports as PathConditions, rest.replace(/^\//, ''), conditions),
        );
      } catch {
        targets = [];
      }
      if (targets.length === 0) return missing('exports');
      return this.#firstOf(scope, member, name, targets) ?? missing('output');
    }
    if (rest !== '') return this.#firstOf(scope, member, name, [`.${rest}`]) ?? missing('subpath');
    const mains = ['source', 'types', 'typings', 'module', 'main']
      .map((field) => member.data[field])
      .filter((target): target is string => typeof target === 'string');
    return this.#firstOf(scope, member, name, [...mains, './index', './src/index']) ?? missing('output');
  }

  #firstOf(scope: Scope, member: Manifest, name: string, targets: readonly string[]): Resolution | undefined {
    for (const target of targets) {
      const found = this.#locate(path.posix.join(member.directory, target), scope, 'package');
      if (found) return found.kind === 'file' ? { ...found, package: name } : found;
    }
    return undefined;
  }

  /** Targets of an exports or imports map: runtime conditions first, then `types`. */
  #mapped(scope: Scope, resolveMap: (conditions: readonly string[]) => readonly string[]): readonly string[] {
    const custom = scope.project?.options.customConditions ?? [];
    const targets: string[] = [];
    for (const conditions of [
      [...custom, 'source', ...CONDITIONS],
      [...custom, ...CONDITIONS, 'types'],
    ]) {
      try {
        targets.push(...resolveMap(conditions));
      } catch {
        // Not exported under these conditions.
      }
    }
    return [...new Set(targets)];
  }

  #installedAt(scope: Scope, absolute: string, name: string): Resolution {
    const relative = this.#insideRoot(absolute);
    if (relative !== undefined && !/(^|\/)node_modules\//.test(relative)) {
      const found = this.#locate(relative, scope, 'package');
      if (found) return found.kind === 'file' ? { ...found, package: name } : found;
    }
    return { kind: 'package', name, typesOnly: /\.d\.[cm]?ts$/.test(absolute) };
  }

  /**
   * Finds a path of the root: as a file, completed, as the source of an output, in another case, or at least on the
   * disk.
   */
  #locate(base: string, scope: Scope, via: Via, isDirectory = false): Resolution | undefined {
    const preferSource = scope.isTypeScript;
    const bare = base.endsWith('/') ? base.replace(/\/+$/, '') : base;
    const trimmed = bare === '.' ? '' : bare;
    if (trimmed.startsWith('..')) return this.#onDisk(trimmed, via);
    const inside = (file: string | undefined, wrongCase: boolean, fromOutput: boolean): Resolution | undefined =>
      file === undefined ? undefined : this.#fileAt(file, via, wrongCase, fromOutput);
    const exact = this.#complete(trimmed, scope, isDirectory);
    if (exact !== undefined) return inside(exact, false, false);

    const source = this.#projects
      .sourcesOf(trimmed)
      .concat(guessedSources(trimmed))
      .map((stem) => this.#index.complete(stem, true))
      .find((file) => file !== undefined);
    if (source !== undefined) return inside(source, false, true);

    const spelt = this.#index.complete(trimmed, preferSource, (file) => this.#index.spellingOf(file) !== undefined);
    if (spelt !== undefined) return inside(this.#index.spellingOf(spelt), true, false);
    return this.#onDisk(trimmed, via);
  }

  #complete(base: string, scope: Scope, isDirectory: boolean): string | undefined {
    const preferSource = scope.isTypeScript;
    for (const suffix of scope.suffixes) {
      const has = (file: string): boolean => this.#index.has(suffix === '' ? file : withSuffix(file, suffix));
      const found =
        (isDirectory ? undefined : this.#index.completeFile(base, preferSource, has)) ??
        (suffix === '' ? this.#directoryMain(base, preferSource) : undefined) ??
        this.#index.completeDirectory(base, has);
      if (found !== undefined) return suffix === '' ? found : withSuffix(found, suffix);
    }
    const more = isDirectory ? [] : scope.extensions.map((extension) => base + extension);
    return more.concat(scope.extensions.map((one) => joined(base, `index${one}`))).find((file) => this.#index.has(file));
  }

  #fileAt(found: string, via: Via, wrongCase: boolean, fromOutput: boolean): Resolution {
    const file = this.#index.interned(found);
    if (wrongCase || fromOutput) return { kind: 'file', file, via, wrongCase, fromOutput };
    let files = this.#files.get(via);
    if (!files) this.#files.set(via, (files = new Map<string, Resolution>()));
    let resolution = files.get(file);
    if (!resolution) files.set(file, (resolution = { kind: 'file', file, via, wrongCase, fromOutput }));
    return resolution;
  }

  /** The `main` of the package.json in a directory that is imported by path. */
  #directoryMain(directory: string, preferSource: boolean): string | undefined {
    const manifest = this.#manifests.all.get(directory);
    const mains = [manifest?.data.module, manifest?.data.main].filter((main) => main !== undefined);
    for (const main of mains) {
      const found = this.#index.complete(path.posix.join(directory, main).replace(/\/+$/, ''), preferSource);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #onDisk(relative: string, via: Via): Resolution | undefined {
    const result = this.#native.sync(this.#root, relative.startsWith('..') ? relative : `./${relative}`);
    if (result.path !== undefined) return { kind: 'outside', path: result.path, via };
    const absolute = path.join(this.#root, relative);
    const isFile = statSync(absolute, { throwIfNoEntry: false })?.isFile() ?? false;
    return isFile ? { kind: 'outside', path: absolute, via } : undefined;
  }

  #insideRoot(absolute: string): string | undefined {
    for (const root of [this.#root, this.#realRoot]) {
      const relative = relativeTo(root, absolute);
      if (!relative.startsWith('..') && !path.isAbsolute(relative)) return relative;
    }
    return undefined;
  }
}

const OPAQUE: Resolution = { kind: 'opaque' };

const NONE: readonly never[] = [];

/** `a.ios.ts` for `a.ts`. */
function withSuffix(file: string, suffix: string): string {
  return file.replace(/((?:\.d)?\.[cm]?[jt]sx?|\.\w+)$/, `${suffix}$1`);
}

function commonStart(folders: readonly string[]): string {
  const [first = '', ...others] = folders;
  let start = first;
  while (start !== '' && !others.every((one) => one === start || one.startsWith(`${start}/`))) start = directoryOf(start);
  return start;
}

/** Undefined: the expression is invalid, or may take very long. */
function safeExpression(source: string): RegExp | undefined {
  if (source.length > 200 || /[*+}][^()]*\)\s*[*+{]/.test(source)) return undefined;
  try {
    return new RegExp(source);
  } catch {
    return undefined;
  }
}

/** All common conditions: a subpath counts as exported if any condition exports it. */
const CONDITIONS = [
  'import', 'require', 'node', 'module', 'module-sync', 'browser', 'development', 'production', 'default',
]; // prettier-ignore

function withoutQuery(specifier: string): string {
  const query = specifier.indexOf('?');
  return query === -1 ? specifier : specifier.slice(0, query);
}

/** `path.posix.join`, but much faster for the usual specifier, which needs no normalization after `./` or `../../`. */
function pathFrom(directory: string, specifier: string): string {
  let base = directory;
  let start = specifier.startsWith('./') ? 2 : 0;
  for (; base !== '' && specifier.startsWith('../', start); start += 3) base = directoryOf(base);
  const isTidy = start > 0 && start < specifier.length && !/(?:^|\/)[./]/.test(specifier.slice(start));
  return isTidy ? joined(base, specifier.slice(start)) : path.posix.join(directory, specifier);
}

/** Candidates for the source of an output without a tsconfig: its folder replaced by `src`, or removed. */
function guessedSources(output: string): readonly string[] {
  const match = /^(.*?\/|)(?:dist|lib|build|out|output|es|esm|cjs|umd)\/(.*)$/.exec(
    /(^|\/)(?:dist|lib|build|out|es|esm|cjs)$/.test(output) ? `${output}/index` : output,
  );
  if (!match) return [];
  const [, before = '', after = ''] = match;
  const inner = after.replace(/^(?:dist|lib|es|esm|cjs|umd|types|src|commonjs|module)\//, '');
  const stems = [after, inner].map((file) => file.replace(/(\.d)?\.[cm]?[jt]sx?$/, ''));
  return [...new Set(stems.flatMap((stem) => [`${before}src/${stem}`, `${before}${stem}`]))];
}
