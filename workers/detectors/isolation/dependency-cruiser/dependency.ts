/**
 * An import as dependency-cruiser sees it: the resolved path and the dependency types. Undefined if dependency-cruiser
 * may see something else than the graph, so that rules report nothing. Pure over the graph.
 */
import path from 'node:path';
import type { Module, ModuleGraph } from '../../../graph/index.ts';
import { dependenciesOf, realPath, typesPackageOf } from '../../../graph/installed.ts';
import { directoryOf, type Manifest } from '../../../graph/manifests.ts';
import { isDeclarationFile, isLoading, isTypeScriptFile, type ModuleRequest } from '../../../graph/record.ts';
import { isRelative, packageNameOf } from '../../../graph/resolution.ts';
import { usesOf } from '../../../graph/uses-of.ts';
import type { Crossing } from '../boundary.ts';

export interface CruisedDependency {
  /** Relative to the root; the bare name of a builtin; the specifier if it cannot be resolved. */
  readonly resolved: string;
  readonly types: ReadonlySet<string>;
  /** The specifier is imported in several ways, and dependency-cruiser counts only the first one. */
  isAskedTwice(): boolean;
  /** Whether the import certainly survives compilation, if only compiled code is seen. Reads the syntax tree. */
  remains(): boolean;
  readonly isDynamic: boolean;
  readonly isResolved: boolean;
  readonly isBuiltin: boolean;
}

/** The options that affect it. */
export interface CruiseOptions {
  /** Imports that compilation removes are seen too. */
  readonly seesTypes: boolean;
  /** Aliases of tsconfig.json are followed. */
  readonly hasProject: boolean;
  /** All manifests from the file up to the root count, not only the nearest. */
  readonly combinesManifests: boolean;
}

export function dependencyOf(
  graph: ModuleGraph,
  crossing: Crossing,
  options: CruiseOptions,
): CruisedDependency | undefined {
  const { from, request } = crossing;
  if (!/\.[cm]?[jt]sx?$/.test(from) || !isSeen(graph, from, request, options)) return undefined;
  const target = targetOf(graph, crossing, options);
  if (!target) return undefined;
  const isResolved = !target.types.includes('unknown');
  return {
    resolved: target.resolved,
    types: new Set(isResolved ? [...target.types, ...typesOfRequest(graph, from, request)] : target.types),
    isAskedTwice: () => isAskedTwice(graph.modules.get(from), request),
    remains: () => options.seesTypes || isUsed(graph, graph.modules.get(from), request),
    isDynamic: request.kind === 'dynamic',
    isResolved,
    isBuiltin: target.types.includes('core'),
  };
}

function isAskedTwice(module: Module | undefined, { kind, specifier, typeOnly }: ModuleRequest): boolean {
  return (
    module?.record.requests.some(
      (one) =>
        one.specifier === specifier &&
        one.kind !== kind &&
        one.typeOnly === typeOnly &&
        (one.kind === 'require') === (kind === 'require'),
    ) === true
  );
}

/** If types are not seen, TypeScript is compiled first. */
function isSeen(graph: ModuleGraph, from: string, request: ModuleRequest, { seesTypes }: CruiseOptions): boolean {
  if (!isLoading(request)) return false;
  if (!isTypeScriptFile(from)) return request.kind !== 'type' && !request.typeOnly;
  if (seesTypes) return true;
  if (isDeclarationFile(from) || request.typeOnly || request.kind === 'type') return false;
  // The output of `import x = require()` depends on the module system.
  return !isImportEquals(graph, from, request);
}

function isUsed(graph: ModuleGraph, module: Module | undefined, { kind, names }: ModuleRequest): boolean {
  if (!module || !isTypeScriptFile(module.file) || kind !== 'import' || names.length === 0) return true;
  if (graph.projects.projectOf(module.file)?.keepsUnusedImports === true) return true;
  const values = usesOf(graph, module)?.values;
  return names.some(
    ({ local, typeOnly }) =>
      !typeOnly &&
      ((values?.get(local)?.length ?? 0) > 0 ||
        module.record.exports.some((entry) => entry.local === local && !entry.typeOnly) ||
        (local === 'React' && module.file.endsWith('x'))),
  );
}

function typesOfRequest(graph: ModuleGraph, from: string, request: ModuleRequest): readonly string[] {
  const { kind, typeOnly } = request;
  const type = isImportEquals(graph, from, request) ? 'import-equals' : (REQUEST_TYPES[kind] ?? kind);
  return typeOnly && kind !== 'type' ? [type, 'type-only'] : [type];
}

function isImportEquals(graph: ModuleGraph, from: string, { kind, start }: ModuleRequest): boolean {
  return kind === 'require' && isTypeScriptFile(from) && graph.textOf(from)?.startsWith('import', start) === true;
}

const REQUEST_TYPES: Readonly<Record<string, string>> = { dynamic: 'dynamic-import', type: 'type-import' };

interface Target {
  readonly resolved: string;
  readonly types: readonly string[];
}

function targetOf(graph: ModuleGraph, crossing: Crossing, options: CruiseOptions): Target | undefined {
  const { from, to, resolution, request } = crossing;
  switch (resolution.kind) {
    case 'builtin':
      return { resolved: request.specifier.replace(/^node:/, ''), types: ['core'] };
    case 'file':
      return to === undefined ? undefined : fileTarget(graph, from, to, request, resolution.via, options);
    case 'outside': {
      if (!isRelative(request.specifier)) return undefined;
      return { resolved: relativeTo(graph, resolution.path), types: ['local'] };
    }
    case 'package':
      return packageTarget(graph, crossing, resolution.name, resolution.typesOnly, options);
    case 'missing':
      return ['file', 'package'].includes(resolution.why) && !['paths', 'alias'].includes(resolution.via)
        ? { resolved: request.specifier, types: ['unknown'] }
        : undefined;
    default:
      return undefined;
  }
}

function fileTarget(
  graph: ModuleGraph,
  from: string,
  to: string,
  { specifier }: ModuleRequest,
  via: string,
  { hasProject }: CruiseOptions,
): Target | undefined {
  // If a declaration file is beside a script, dependency-cruiser sees the script.
  if (isDeclarationFile(to) && !isDeclarationFile(specifier)) return undefined;
  if (isRelative(specifier)) return { resolved: to, types: ['local'] };
  if (via === 'imports') return { resolved: to, types: ['aliased', 'aliased-subpath-import', 'local'] };
  if (via === 'paths') {
    if (!hasProject) return undefined;
    const isPath = graph.projects.projectOf(from)?.isAlias(specifier) === true;
    const how = isPath ? 'aliased-tsconfig-paths' : 'aliased-tsconfig-base-url';
    return { resolved: to, types: ['aliased', 'aliased-tsconfig', how, 'local'] };
  }
  if (via !== 'package') return undefined;
  // A workspace member is an alias if the manifest that is read declares the workspaces.
  const isAlias = graph.manifests.scopeOf(from)?.data['workspaces'] !== undefined;
  return { resolved: to, types: isAlias ? ['aliased', 'aliased-workspace', 'local'] : ['undetermined'] };
}

/** Its file follows from the specifier or from `main`; `exports` of a package is not followed. */
function packageTarget(
  graph: ModuleGraph,
  { from, request: { specifier } }: Crossing,
  name: string,
  typesOnly: boolean,
  { combinesManifests }: CruiseOptions,
): Target | undefined {
  const folder = typesOnly ? typesPackageOf(name) : name;
  const installed = graph.installed.find(folder, path.join(graph.root, directoryOf(from)));
  if (!installed) return undefined;
  const { main, types } = installed.data;
  const inside = specifier.slice(packageNameOf(specifier).length + 1);
  const entry = inside === '' ? ((typesOnly ? types : main) ?? 'index.js') : inside;
  const directory = relativeTo(graph, realPath(installed.directory));
  const kinds: string[] = [];
  if (installed.data['deprecated'] !== undefined && installed.data['deprecated'] !== false) kinds.push('deprecated');
  const manifests = manifestsOf(graph, from, combinesManifests);
  if (manifests.some((manifest) => isBundled(manifest, name))) kinds.push('npm-bundled');
  return {
    resolved: path.posix.join(directory, entry),
    types: [...declaredTypes(manifests, name), ...kinds],
  };
}

function declaredTypes(manifests: readonly Manifest[], name: string): readonly string[] {
  if (manifests.length === 0) return ['npm-unknown'];
  for (const asked of [name, `@types/${name}`]) {
    const found = manifests.flatMap((manifest) => dependenciesOf(manifest)).filter((one) => one.name === asked);
    if (found.length > 0) return [...new Set(found.map(({ section }) => SECTION_TYPES[section]))];
  }
  return ['npm-no-pkg'];
}

const SECTION_TYPES = {
  dependencies: 'npm',
  devDependencies: 'npm-dev',
  optionalDependencies: 'npm-optional',
  peerDependencies: 'npm-peer',
} as const;

function isBundled({ data }: Manifest, name: string): boolean {
  const bundled = data['bundledDependencies'] ?? data['bundleDependencies'];
  if (bundled === true)
    return dependenciesOf({ data }).some((one) => one.section === 'dependencies' && one.name === name);
  return Array.isArray(bundled) && bundled.includes(name);
}

function manifestsOf(graph: ModuleGraph, file: string, all: boolean): readonly Manifest[] {
  const nearest = graph.manifests.scopeOf(file);
  if (!all) return nearest ? [nearest] : [];
  return [...graph.manifests.all.values()].filter(
    ({ directory }) => directory === '' || file.startsWith(`${directory}/`),
  );
}

function relativeTo({ root }: ModuleGraph, absolute: string): string {
  return path.relative(root, absolute).split(path.sep).join('/');
}
