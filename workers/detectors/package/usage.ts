/** The packages that a module uses. Reads texts of the graph on demand, has no other effect. */
import type { Module, ModuleGraph } from '../../graph/index.ts';
import { isTestFile, isTestHelper, isToolFile } from '../../graph/file-roles.ts';
import { guardedRequests } from '../../graph/guarded.ts';
import { isDeclarationFile, isLoading, isTypeScriptFile, type ModuleRequest } from '../../graph/record.ts';
import { packageNameOf, type Resolution } from '../../graph/resolution.ts';
import { usesOf } from '../../graph/uses-of.ts';

export interface PackageUse {
  readonly name: string;
  readonly module: Module;
  readonly request: ModuleRequest;
  readonly resolution: Resolution;
  /** A `try` or a handler of the rejected promise takes care of its absence. */
  isGuarded(): boolean;
  /** It does not exist at run time, by its syntax or because nothing it binds is used as a value. */
  isTypeOnly(): boolean;
  /** The module is production code, not a test or tool. */
  readonly isProduction: boolean;
}

/** The packages that a module imports, in source order. */
export function packageUses(graph: ModuleGraph, module: Module): readonly PackageUse[] {
  const uses: PackageUse[] = [];
  const { record, resolutions } = module;
  let isProduction: boolean | undefined;
  record.requests.forEach((request, index) => {
    const resolution = resolutions[index];
    if (!resolution) return;
    for (const name of packagesUsed(request, resolution)) {
      isProduction ??= isProductionFile(graph, module.file);
      const isUsedAsTypeOnly = (): boolean => isTypeOnly(graph, module, request);
      const isGuarded = (): boolean => guardedRequests(graph, module).has(index);
      uses.push({ name, module, request, resolution, isProduction, isGuarded, isTypeOnly: isUsedAsTypeOnly });
    }
  });
  return uses;
}

function packagesUsed(request: ModuleRequest, resolution: Resolution): readonly string[] {
  const { specifier } = request;
  switch (resolution.kind) {
    case 'package':
      return [resolution.name];
    case 'file':
      return resolution.via === 'package' && resolution.package !== undefined ? [resolution.package] : [];
    case 'missing':
      return resolution.via === 'package' ? [resolution.package ?? packageNameOf(specifier)] : [];
    case 'builtin':
      // `events` and `buffer` are npm packages too; if declared, they count as used.
      return isLoading(request) ? [packageNameOf(specifier.replace(/^node:/, ''))] : [];
    default:
      return specifier.includes('!') ? packagesOfLoaders(specifier) : [];
  }
}

/** `!style-loader!css-loader?modules!some-package/style.css` of webpack. */
function packagesOfLoaders(specifier: string): readonly string[] {
  const parts = specifier.split('!').map((part) => part.replace(/[?].*$/s, ''));
  return parts.filter((part) => /^[@\w]/.test(part)).map(packageNameOf);
}

function isProductionFile(graph: ModuleGraph, file: string): boolean {
  const { manifests } = graph;
  return !isTestFile(file, manifests) && !isTestHelper(file) && !isToolFile(file, manifests);
}

function isTypeOnly(graph: ModuleGraph, module: Module, { typeOnly, kind, names }: ModuleRequest): boolean {
  if (typeOnly || isDeclarationFile(module.file)) return true;
  if (kind !== 'import' || names.length === 0 || !isTypeScriptFile(module.file)) return false;
  const uses = usesOf(graph, module);
  return uses !== undefined && names.every((name) => name.typeOnly || !uses.values.has(name.local));
}
