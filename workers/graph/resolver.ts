/**
 * Resolves specifiers. Files of the root are looked up in the file index, so that unsaved and unbuilt files count and a
 * change invalidates precisely; oxc-resolver resolves node_modules. Lives until manifests or projects change.
 */
import { isBuiltin } from 'node:module';
import path from 'node:path';
import { entryAt } from '../protocol/read-file.ts';
import { usesBundler } from './bundlers.ts';
import { exportTargets, importTargets, type Asker, type Asking, type MapTargets } from './conditions.ts';
import { stemOf, type FileIndex } from './file-index.ts';
import { typesPackageOf } from './installed.ts';
import { directoryOf, isRecord, type Manifest, type Manifests } from './manifests.ts';
import { isLinked, isPresent, isWorkspaceMember, selfOf } from './members.ts';
import { NativeResolver, type NativeResult } from './native-resolver.ts';
import { PackageFolders } from './package-folders.ts';
import { PlugAndPlay } from './pnp.ts';
import { joined, relativeTo, type Project, type Projects } from './projects.ts';
import { filesMatching } from './globs.ts';
import { NamedResolver } from './named.ts';
import type { Providers } from './providers/index.ts';
import { isTypeScriptFile, type ModuleRequest } from './record.ts';
import type { Scope } from './scope.ts';
import { isComponentFile } from './scripts.ts';
import { isRelative, packageNameOf, type Missing, type Resolution, type Via } from './resolution.ts';

export class Resolver {
  readonly #root: string;
  readonly #realRoot: string;
  readonly #index: FileIndex;
  readonly #manifests: Manifests;
  readonly #projects: Projects;
  readonly #providers: Providers;
  readonly #named: NamedResolver;
  readonly #native = new NativeResolver();
  readonly #scopes = new Map<string, Scope>();
  #packages: PackageFolders;
  /** Read when the first package is resolved. */
  #pnp: { readonly state: PlugAndPlay | undefined } | undefined;
  /** Results within installed packages, by package directory and specifier. */
  readonly #inPackages = new Map<string, NativeResult>();
  readonly #mapTargets = new Map<string, MapTargets>();
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
    this.#named = new NamedResolver(providers, index, {
      locate: (base, scope, via) => this.#locate(base, scope, via),
      bare: (scope, specifier, asking) => this.#bare(scope, specifier, asking),
    });
  }

  scopeOf(file: string): Scope {
    const directory = directoryOf(file);
    const project = this.#projects.projectOf(file);
    const isTypeScript = isTypeScriptFile(file);
    const seesTypes = isTypeScript || isComponentFile(file);
    const key = `${directory}\n${project?.file ?? ''}\n${String(isTypeScript)}${String(seesTypes)}`;
    const known = this.#scopes.get(key);
    if (known) return known;
    const isBundled = usesBundler(this.#manifests, file);
    const custom = project?.options.customConditions ?? [];
    const askings: Scope['askings'] = {
      import: { asker: 'import', isBundled, custom, seesTypes },
      require: { asker: 'require', isBundled, custom, seesTypes },
    };
    const { suffixes, extensions } = this.#providers.of(directory);
    const scope: Scope = {
      directory,
      project,
      isTypeScript,
      suffixes: [...new Set([...(project?.options.moduleSuffixes ?? []), '', ...suffixes])],
      extensions,
      askings,
      resolutions: { import: new Map(), require: new Map() },
    };
    this.#scopes.set(key, scope);
    return scope;
  }

  resolve(scope: Scope, specifier: string, asker: Asker = 'import'): Resolution {
    const resolutions = scope.resolutions[asker];
    const known = resolutions.get(specifier);
    if (known) return known;
    const resolution = this.#resolve(scope, specifier, scope.askings[asker]);
    resolutions.set(specifier, resolution);
    return resolution;
  }

  /** Drops resolutions that added and removed files may change. */
  invalidate(added: readonly string[], removed: readonly string[]): void {
    this.#native.clear();
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
        if (resolution.via !== 'relative' || !isPlain) return true;
        const base = pathFrom(directory, withoutQuery(specifier));
        return stems.has(stemOf(base)) || this.#manifests.all.has(base);
      }
      return resolution.kind === 'package' && added.length > 0 && project?.hasPaths === true;
    };
    for (const scope of this.#scopes.values()) {
      for (const known of Object.values(scope.resolutions)) {
        for (const [specifier, resolution] of known) {
          if (isAffected(specifier, resolution, scope)) known.delete(specifier);
        }
      }
    }
  }

  /** Whether a framework, a tool or the host gives this name, whether or not a package of the name is installed. */
  isGiven(directory: string, specifier: string): boolean {
    return this.#named.isGiven(directory, specifier) || this.#named.isRedirected(directory, specifier);
  }

  /** More files that a request leads to: matches of its patterns, and variants of its file for other platforms. */
  moreOf(scope: Scope, request: ModuleRequest, resolution: Resolution): readonly string[] {
    if (request.patterns) {
      return filesMatching(
        { files: this.#index.files, manifests: this.#manifests, providers: this.#providers },
        scope,
        request,
      );
    }
    return scope.suffixes.length === 1 || resolution.kind !== 'file' ? NONE : this.#variantsOf(scope, resolution.file);
  }

  #variantsOf({ suffixes }: Scope, file: string): readonly string[] {
    const [, stem, extension = ''] = /^(.*?)(\.[cm]?[jt]sx?)$/.exec(file) ?? [];
    if (stem === undefined) return NONE;
    const own = suffixes.find((suffix) => suffix !== '' && stem.endsWith(suffix)) ?? '';
    const plain = stem.slice(0, stem.length - own.length);
    return suffixes
      .filter((suffix) => suffix !== own)
      .map((suffix) => plain + suffix + extension)
      .filter((variant) => this.#index.has(variant));
  }

  #resolve(scope: Scope, specifier: string, asking: Asking): Resolution {
    if (specifier === '' || specifier.length > LONGEST || /^\0|!/.test(specifier)) return OPAQUE;
    // Bundlers prefer their aliases to modules of Node.js, such as `constants`.
    if (isBuiltin(specifier))
      return this.#named.alias(scope, specifier, asking) ?? { kind: 'builtin', name: specifier };
    if (isNoBuiltin(specifier)) return { kind: 'missing', why: 'builtin', via: 'builtin' };
    if (/^[a-z][a-z0-9+.-]+:/i.test(specifier)) return this.#named.misnamed(scope, specifier) ?? OPAQUE;
    if (isRelative(specifier)) {
      const found = this.#relative(scope, specifier);
      return found.kind === 'missing' && this.#named.isGiven(scope.directory, specifier) ? OPAQUE : found;
    }
    if (path.posix.isAbsolute(specifier) || path.win32.isAbsolute(specifier)) return this.#absolute(scope, specifier);
    if (specifier.startsWith('#')) {
      const own = this.#imports(scope, specifier, asking);
      if (own.kind !== 'missing') return own;
      return this.#paths(scope, specifier) ?? this.#named.resolve(scope, specifier, asking, own);
    }
    const aliased = this.#paths(scope, specifier);
    if (aliased) return aliased;
    const bare = this.#bare(scope, specifier, asking);
    if (bare.kind === 'missing') return this.#named.resolve(scope, specifier, asking, bare);
    if (bare.kind !== 'package' || bare.isDeclaredElsewhere !== true) return bare;
    const replaced = this.#named.alias(scope, specifier, asking);
    return replaced ?? (this.#named.isGiven(scope.directory, specifier) ? OPAQUE : bare);
  }

  #relative(scope: Scope, specifier: string): Resolution {
    const base = pathFrom(scope.directory, specifier.includes('\\') ? specifier.replaceAll('\\', '/') : specifier);
    const isDirectory = /\/$|(^|\/)\.\.?$/.test(specifier);
    const locate = (candidate: string): Resolution | undefined =>
      this.#locate(candidate, scope, 'relative', isDirectory);
    const found = locate(base) ?? (base.includes('?') ? locate(withoutQuery(base)) : undefined);
    if (found?.kind === 'file') return found;
    const tried = virtualSiblings(this.#root, scope.project, withoutQuery(base));
    for (const other of tried) {
      const located = locate(other);
      if (located) return located;
    }
    const folder = this.#manifests.all.get(base.replace(/\/+$/, ''));
    const mains = folder ? mainsOf(folder) : NONE;
    const entry = folder && this.#locateAll(scope, folder, mains, 'relative');
    if (entry?.kind === 'file') return entry;
    // What its `main` names does not exist before it is built.
    if (!found && mains.length > 0) return { kind: 'missing', why: 'output', via: 'relative' };
    return found ?? { kind: 'missing', why: 'file', via: 'relative', ...(tried.length === 0 ? {} : { tried }) };
  }

  #absolute(scope: Scope, specifier: string): Resolution {
    if (specifier.startsWith(this.#root) || specifier.startsWith(this.#realRoot)) {
      const base = relativeTo(specifier.startsWith(this.#root) ? this.#root : this.#realRoot, specifier);
      return this.#locate(base, scope, 'absolute') ?? { kind: 'missing', why: 'file', via: 'absolute' };
    }
    if (entryAt(specifier) !== 'nothing') return { kind: 'outside', path: specifier, via: 'absolute' };
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

  #imports(scope: Scope, specifier: string, asking: Asking): Resolution {
    const missing: Missing = { kind: 'missing', why: 'imports', via: 'imports' };
    const manifest = this.#manifests.scopeOf(joined(scope.directory, 'x'));
    const imports = manifest?.data.imports;
    if (!manifest || !isRecord(imports)) return missing;
    const targets = this.#targets(manifest, specifier, asking, () => importTargets(imports, specifier, asking));
    const candidates = targets.own.length > 0 ? targets.own : targets.other();
    const [first] = candidates;
    if (first !== undefined && !isRelative(first)) {
      if (isBuiltin(first)) return { kind: 'builtin', name: first };
      const found = this.#bare(scope, first, asking);
      const isPath = found.kind === 'missing' && this.#index.has(path.posix.join(manifest.directory, first));
      if (isPath) return { kind: 'missing', why: 'target', via: 'imports', package: first };
      return found.kind === 'missing' ? { ...found, by: manifest.file } : found;
    }
    const onlyFor = targets.own.length > 0 ? undefined : targets.onlyFor;
    const located = this.#locateAll(scope, manifest, candidates.filter(isRelative), 'imports', onlyFor);
    if (located) return located;
    return candidates.length > 0 ? { kind: 'missing', why: 'file', via: 'imports' } : missing;
  }

  /** The first target that exists; the others are alternatives. */
  #locateAll(
    scope: Scope,
    { directory }: Manifest,
    targets: readonly string[],
    via: Via,
    onlyFor?: Asker,
  ): Resolution | undefined {
    let first: Resolution | undefined;
    const alternatives: string[] = [];
    for (const target of targets) {
      const found = this.#locate(path.posix.join(directory, target), scope, via);
      if (found?.kind === 'file' && first?.kind === 'file' && found.file !== first.file) alternatives.push(found.file);
      first ??= found;
    }
    if (first?.kind !== 'file' || (alternatives.length === 0 && onlyFor === undefined)) return first;
    return {
      ...first,
      ...(alternatives.length === 0 ? {} : { alternatives }),
      ...(onlyFor === undefined ? {} : { onlyFor }),
    };
  }

  #targets({ file }: Manifest, specifier: string, asking: Asking, read: () => MapTargets): MapTargets {
    const key = `${file}\n${specifier}\n${JSON.stringify(asking)}`;
    let targets = this.#mapTargets.get(key);
    if (!targets) this.#mapTargets.set(key, (targets = read()));
    return targets;
  }

  #bare(scope: Scope, specifier: string, asking: Asking): Resolution {
    const name = packageNameOf(specifier);
    const self = selfOf(this.#manifests.scopeOf(joined(scope.directory, 'x')), name);
    const member = self ?? this.#manifests.members.get(name);
    if (member && (self || this.#reaches(scope, member, name))) {
      return this.#member(scope, member, specifier, name, asking);
    }
    const plugged = this.#plugAndPlay(scope, name);
    if (plugged) return plugged;
    const bare = withoutQuery(specifier);
    const installed = this.#packages.find(scope.directory, name);
    const result = this.#inPackage(scope, name, bare, installed, asking);
    if (result.path !== undefined) return this.#installedAt(scope, result.path, name, result.onlyFor);
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
  #inPackage(scope: Scope, name: string, bare: string, installed: string | undefined, asking: Asking): NativeResult {
    const folder = path.join(this.#root, scope.directory);
    const isSpecial =
      this.#index.has('.pnp.cjs') || this.#manifests.scopeOf(joined(scope.directory, 'x'))?.data.name === name;
    if (isSpecial) return this.#native.resolve(folder, bare);
    if (installed === undefined) return {};
    const key = `${installed}\n${bare}\n${JSON.stringify(asking)}`;
    let result = this.#inPackages.get(key);
    if (!result) this.#inPackages.set(key, (result = this.#native.resolveFor(asking, folder, bare)));
    return result;
  }

  /** The name of a member means that member, unless another package of that name is installed closer. */
  #reaches(scope: Scope, member: Manifest, name: string): boolean {
    const installed = this.#packages.find(scope.directory, name);
    if (installed === undefined) {
      return isLinked(this.#manifests, this.#manifests.packageOf(joined(scope.directory, 'x')), member, name);
    }
    const relative = this.#insideRoot(installed);
    return relative === undefined ? false : relative === member.directory;
  }

  #member(scope: Scope, member: Manifest, specifier: string, name: string, asking: Asking): Resolution {
    const rest = withoutQuery(specifier).slice(name.length).replace(/\/+$/, '');
    const missing = (why: Missing['why']): Missing => ({ kind: 'missing', why, via: 'package', package: name });
    const { exports } = member.data;
    if (isPresent(exports)) {
      const subpath = rest.replace(/^\//, '');
      const { own, other, onlyFor } = this.#targets(member, `exports ${subpath}`, asking, () =>
        exportTargets(exports, subpath, asking),
      );
      const located =
        this.#firstOf(scope, member, name, asking.isBundled ? [...own, ...other()] : own) ??
        this.#firstOf(scope, member, name, other(), onlyFor);
      if (located) return located;
      // A folder that is no member may hold another version than the one that will be installed.
      const isKnown =
        isWorkspaceMember(this.#manifests, member) || member === this.#manifests.scopeOf(joined(scope.directory, 'x'));
      return missing(own.length + other().length > 0 || !isKnown ? 'output' : 'exports');
    }
    if (rest !== '') return this.#firstOf(scope, member, name, [`.${rest}`]) ?? missing('subpath');
    return this.#firstOf(scope, member, name, [...mainsOf(member), './index', './src/index']) ?? missing('output');
  }

  #firstOf(
    scope: Scope,
    member: Manifest,
    name: string,
    targets: readonly string[],
    onlyFor?: Asker,
  ): Resolution | undefined {
    const found = this.#locateAll(scope, member, targets, 'package', onlyFor);
    return found?.kind === 'file' ? { ...found, package: name } : found;
  }

  #installedAt(scope: Scope, absolute: string, name: string, onlyFor: Asker | undefined): Resolution {
    const flag = onlyFor === undefined ? {} : { onlyFor };
    const relative = this.#insideRoot(absolute);
    if (relative !== undefined && !/(^|\/)node_modules\//.test(relative)) {
      const found = this.#locate(relative, scope, 'package');
      if (found) return found.kind === 'file' ? { ...found, package: name, ...flag } : found;
    }
    return { kind: 'package', name, typesOnly: /\.d\.[cm]?ts$/.test(absolute), ...flag };
  }

  /**
   * Finds a path of the root: as a file, completed, as the source of an output, in another case, or at least on the
   * disk.
   */
  #locate(base: string, scope: Scope, via: Via, isDirectory = false): Resolution | undefined {
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

    const spelt = this.#index.complete(
      trimmed,
      scope.isTypeScript,
      (file) => this.#index.spellingOf(file) !== undefined,
    );
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
    const added = scope.extensions.flatMap((one) => [
      ...(isDirectory ? [] : [base + one]),
      joined(base, `index${one}`),
    ]);
    return added.find((file) => this.#index.has(file));
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
    const result = this.#native.resolve(this.#root, relative.startsWith('..') ? relative : `./${relative}`);
    if (result.path !== undefined) return { kind: 'outside', path: result.path, via };
    const absolute = path.join(this.#root, relative);
    return entryAt(absolute) === 'file' ? { kind: 'outside', path: absolute, via } : undefined;
  }

  #insideRoot(absolute: string): string | undefined {
    for (const root of [this.#root, this.#realRoot]) {
      const relative = relativeTo(root, absolute);
      if (!relative.startsWith('..') && !path.isAbsolute(relative)) return relative;
    }
    return undefined;
  }
}

/** No file system knows longer paths. UTF-16 code units. */
const LONGEST = 4_096;

const OPAQUE: Resolution = { kind: 'opaque' };

const NONE: readonly never[] = [];

/** The entries that a package names, sources first. */
function mainsOf({ data }: Manifest): readonly string[] {
  return ['source', 'types', 'typings', 'module', 'main']
    .map((field) => data[field])
    .filter((target): target is string => typeof target === 'string');
}

/** `a.ios.ts` for `a.ts`. */
function withSuffix(file: string, suffix: string): string {
  return file.replace(/((?:\.d)?\.[cm]?[jt]sx?|\.\w+)$/, `${suffix}$1`);
}

/** `node:fss`: the prefix admits built-in modules only. Later versions of Node.js have more than this one. */
function isNoBuiltin(specifier: string): boolean {
  return specifier.startsWith('node:') && !LATER_BUILTINS.has(specifier);
}

const LATER_BUILTINS: ReadonlySet<string> = new Set([
  'node:sqlite', 'node:quic', 'node:vfs', 'node:ffi', 'node:sea', 'node:test', 'node:test/reporters', 'node:stream/iter', 'node:zlib/iter',
]); // prettier-ignore

/** With `rootDirs`, a relative path continues in folders that the compiler merges. */
function virtualSiblings(root: string, project: Project | undefined, base: string): readonly string[] {
  const { rootDirs } = project?.options ?? {};
  if (!rootDirs) return NONE;
  const roots = rootDirs.map((folder) => relativeTo(root, folder));
  const own = roots
    .filter((one) => one === '' || base.startsWith(`${one}/`))
    .sort((one, other) => other.length - one.length)[0];
  if (own === undefined) return NONE;
  return roots.filter((one) => one !== own).map((one) => joined(one, own === '' ? base : base.slice(own.length + 1)));
}

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
