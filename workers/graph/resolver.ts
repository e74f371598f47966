/**
 * Resolves specifiers. Files of the root are looked up in the file index, so that unsaved and unbuilt files count and a
 * change invalidates precisely; oxc-resolver resolves node_modules. Lives until manifests or projects change.
 */
import { isBuiltin } from 'node:module';
import path from 'node:path';
import { ResolverFactory } from 'oxc-resolver';
import { resolveExports, resolveImports, type PathConditions } from 'resolve-pkg-maps';
import { entryAt } from '../protocol/read-file.ts';
import { stemOf, type FileIndex } from './file-index.ts';
import { typesPackageOf } from './installed.ts';
import { directoryOf, isRecord, type Manifest, type Manifests } from './manifests.ts';
import { PackageFolders } from './package-folders.ts';
import { PlugAndPlay } from './pnp.ts';
import { joined, relativeTo, type Project, type Projects } from './projects.ts';
import { isTypeScriptFile } from './record.ts';
import { isRelative, packageNameOf, type Missing, type Resolution, type Via } from './resolution.ts';

/** Modules whose specifiers resolve alike: those of one directory, project and language. */
export interface Scope {
  readonly directory: string;
  readonly project: Project | undefined;
  readonly isTypeScript: boolean;
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
  constructor(root: string, realRoot: string, index: FileIndex, manifests: Manifests, projects: Projects) {
    this.#root = root;
    this.#realRoot = realRoot;
    this.#packages = new PackageFolders(root);
    this.#index = index;
    this.#manifests = manifests;
    this.#projects = projects;
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
    const scope: Scope = { directory, project, isTypeScript, resolutions: new Map() };
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
    this.#packages = new PackageFolders(this.#root);
    this.#inPackages.clear();
    this.#files.clear();
    const gone = new Set(removed);
    const stems = new Set([...added, ...removed].map(stemOf));
    const isAffected = (
      specifier: string,
      resolution: Resolution,
      directory: string,
      project: Project | undefined,
    ): boolean => {
      if (resolution.kind === 'missing' || resolution.kind === 'outside') return true;
      if (resolution.kind === 'file') {
        if (gone.has(resolution.file)) return true;
        if (resolution.via !== 'relative') return added.length > 0;
        const base = pathFrom(directory, withoutQuery(specifier));
        return stems.has(stemOf(base)) || this.#manifests.all.has(base);
      }
      return resolution.kind === 'package' && added.length > 0 && project?.hasPaths === true;
    };
    for (const { directory, project, resolutions } of this.#scopes.values()) {
      for (const [specifier, resolution] of resolutions) {
        if (isAffected(specifier, resolution, directory, project)) resolutions.delete(specifier);
      }
    }
  }

  #resolve(scope: Scope, specifier: string): Resolution {
    if (specifier === '' || specifier.length > LONGEST || /^\0|!/.test(specifier)) return OPAQUE;
    if (isBuiltin(specifier)) return { kind: 'builtin', name: specifier };
    if (/^[a-z][a-z0-9+.-]+:/i.test(specifier)) return OPAQUE;
    if (isRelative(specifier)) return this.#relative(scope, specifier);
    if (path.posix.isAbsolute(specifier) || path.win32.isAbsolute(specifier)) return this.#absolute(scope, specifier);
    if (specifier.startsWith('#')) {
      const own = this.#imports(scope, specifier);
      if (own.kind !== 'missing') return own;
      return this.#paths(scope, specifier) ?? own;
    }
    const aliased = this.#paths(scope, specifier);
    if (aliased) return aliased;
    const bare = this.#bare(scope, specifier);
    const isAlias = bare.kind === 'missing' && bare.why !== 'exports' && scope.project?.isAlias(specifier) === true;
    return isAlias ? { kind: 'missing', why: 'file', via: 'paths' } : bare;
  }

  #relative(scope: Scope, specifier: string): Resolution {
    const base = pathFrom(scope.directory, specifier.includes('\\') ? specifier.replaceAll('\\', '/') : specifier);
    const isDirectory = /\/$|(^|\/)\.\.?$/.test(specifier);
    const locate = (candidate: string): Resolution | undefined =>
      this.#locate(candidate, scope.isTypeScript, 'relative', isDirectory);
    const found = locate(base) ?? (base.includes('?') ? locate(withoutQuery(base)) : undefined);
    return found ?? { kind: 'missing', why: 'file', via: 'relative' };
  }

  #absolute(scope: Scope, specifier: string): Resolution {
    if (specifier.startsWith(this.#root) || specifier.startsWith(this.#realRoot)) {
      const base = relativeTo(specifier.startsWith(this.#root) ? this.#root : this.#realRoot, specifier);
      return this.#locate(base, scope.isTypeScript, 'absolute') ?? { kind: 'missing', why: 'file', via: 'absolute' };
    }
    if (entryAt(specifier) !== 'nothing') return { kind: 'outside', path: specifier, via: 'absolute' };
    // `/logo.svg` and `/src/main.ts` are paths on a development server.
    return path.posix.isAbsolute(specifier) ? OPAQUE : { kind: 'missing', why: 'file', via: 'absolute' };
  }

  /** Undefined: no alias matches, or none of its targets exists. */
  #paths(scope: Scope, specifier: string): Resolution | undefined {
    for (const asked of specifier.includes('?') ? [specifier, withoutQuery(specifier)] : [specifier]) {
      for (const target of scope.project?.pathsOf(asked) ?? []) {
        const found = this.#locate(target, scope.isTypeScript, 'paths');
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
      if (!isRelative(target)) return this.#bare(scope, target);
      const found = this.#locate(path.posix.join(manifest.directory, target), scope.isTypeScript, 'imports');
      if (found) return found;
    }
    return targets.length > 0 ? { kind: 'missing', why: 'file', via: 'imports' } : missing;
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
        : { kind: 'package', name, typesOnly: true };
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
      const found = this.#locate(path.posix.join(member.directory, target), scope.isTypeScript, 'package');
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
      const found = this.#locate(relative, scope.isTypeScript, 'package');
      if (found) return found.kind === 'file' ? { ...found, package: name } : found;
    }
    return { kind: 'package', name, typesOnly: /\.d\.[cm]?ts$/.test(absolute) };
  }

  /**
   * Finds a path of the root: as a file, completed, as the source of an output, in another case, or at least on the
   * disk.
   */
  #locate(base: string, preferSource: boolean, via: Via, isDirectory = false): Resolution | undefined {
    const bare = base.endsWith('/') ? base.replace(/\/+$/, '') : base;
    const trimmed = bare === '.' ? '' : bare;
    if (trimmed.startsWith('..')) return this.#onDisk(trimmed, via);
    const inside = (file: string | undefined, wrongCase: boolean, fromOutput: boolean): Resolution | undefined =>
      file === undefined ? undefined : this.#fileAt(file, via, wrongCase, fromOutput);
    const exact =
      (isDirectory ? undefined : this.#index.completeFile(trimmed, preferSource)) ??
      this.#directoryMain(trimmed, preferSource) ??
      this.#index.completeDirectory(trimmed);
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
