/** Imports of another workspace package: by a relative path, past its `exports`, or of another application. */
import { exportedName } from '../../graph/exports.ts';
import { applicationOf, isTestFile, isToolFile } from '../../graph/file-roles.ts';
import type { Module, ModuleGraph } from '../../graph/index.ts';
import type { Manifest } from '../../graph/manifests.ts';
import { specifierRange, type ModuleRequest } from '../../graph/record.ts';
import { isRelative } from '../../graph/resolution.ts';
import { specifierFix } from '../../graph/rules.ts';
import type { Fix } from '../../protocol/detector-protocol.ts';
import type { IsolationCheck } from './isolation-check.ts';

/** @param target the imported file, relative to the root */
export function checkPackageImport(
  check: IsolationCheck,
  module: Module,
  request: ModuleRequest,
  target: string,
): void {
  const { manifests } = check.graph;
  const [from, to] = [manifests.packageOf(module.file), manifests.packageOf(target)];
  // Tests may import anything.
  if (!from || !to || from === to || isTestFile(module.file, manifests)) return;
  if (isRelative(request.specifier)) checkRelative(check, module, request, target, from, to);
  else checkDeep(check, module, request, target, to);
  checkApplication(check, module, request, from, to);
}

function checkRelative(
  check: IsolationCheck,
  module: Module,
  request: ModuleRequest,
  target: string,
  from: Manifest,
  to: Manifest,
): void {
  const { manifests } = check.graph;
  // Files of the root package and tools maintain the whole workspace.
  if (!manifests.isMember(from) || !manifests.isMember(to) || from.directory === '' || to.directory === '') return;
  if (manifests.workspaceRoots.length === 0 || isToolFile(module.file, manifests)) return;
  const name = to.data.name ?? to.directory;
  const fixes = entryFixes(check.graph, module, request, to);
  check.report(module.file, 'cross-package-relative-import', {
    message: `${from.data.name ?? from.directory} imports ${target} of package '${name}' by a relative path. Import it by the package name, and declare the dependency.`,
    range: specifierRange(module.record, request),
    ...(fixes.length === 0 ? {} : { fixes }),
  });
}

/** An import past `exports` resolves only through an alias. Without `exports`, every path of a package is public. */
function checkDeep(check: IsolationCheck, module: Module, request: ModuleRequest, target: string, to: Manifest): void {
  const { name, exports } = to.data;
  if (name === undefined || !request.specifier.startsWith(`${name}/`)) return;
  if (exports === undefined || exports === null) return;
  const subpath = `.${request.specifier.slice(name.length)}`;
  if (isListed(exports, subpath) || subpath === './package.json') return;
  const fixes = entryFixes(check.graph, module, request, to);
  check.report(module.file, 'deep-import', {
    message: `'${request.specifier}' leads to ${target}, which package '${name}' does not export. Import a path that its "exports" field lists.`,
    range: specifierRange(module.record, request),
    ...(fixes.length === 0 ? {} : { fixes }),
  });
}

function checkApplication(
  check: IsolationCheck,
  module: Module,
  request: ModuleRequest,
  from: Manifest,
  to: Manifest,
): void {
  const [one, other] = [applicationOf(from), applicationOf(to)];
  if (one === undefined || other === undefined) return;
  check.report(module.file, 'app-imports-app', {
    message: `Application ${one} imports application ${other}. Move the shared code into a package.`,
    range: specifierRange(module.record, request),
  });
}

/** Imports from the package name instead, if the entry of the package exports the same bindings. */
function entryFixes(graph: ModuleGraph, module: Module, request: ModuleRequest, to: Manifest): readonly Fix[] {
  const { name } = to.data;
  const entry = name === undefined ? undefined : graph.entryOf(module.file, name);
  if (!entry || name === undefined || request.names.length === 0) return [];
  const target = module.targets[module.record.requests.indexOf(request)];
  const isSame = request.names.every(({ imported }) => {
    if (imported === '*' || imported === 'default' || !target) return false;
    const [there, here] = [exportedName(entry, imported), exportedName(target, imported)];
    return (
      there.kind === 'found' && here.kind === 'found' && there.module === here.module && there.local === here.local
    );
  });
  return isSame ? [specifierFix(module, request, name, 'suggestion', `Import from '${name}'`)] : [];
}

/** Whether an exports map lists a subpath, patterns included, under any condition. */
function isListed(exports: unknown, subpath: string): boolean {
  if (typeof exports !== 'object' || exports === null || Array.isArray(exports)) return false;
  return Object.entries(exports).some(([key, value]) => {
    if (value === null || !key.startsWith('.')) return false;
    const [before = '', after] = key.split('*');
    return after === undefined ? key === subpath : subpath.startsWith(before) && subpath.endsWith(after);
  });
}
