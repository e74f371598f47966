/** Packages that are missing or do not export a subpath, and the note if no packages are installed at all. */
import path from 'node:path';
import type { ModuleGraph } from '../../graph/index.ts';
import type { Asker } from '../../graph/conditions.ts';
import { declares } from '../../graph/installed.ts';
import { isRecord } from '../../graph/manifests.ts';
import { guardedRequests } from '../../graph/guarded.ts';
import { specifierRange } from '../../graph/record.ts';
import { isPackageName, type Missing } from '../../graph/resolution.ts';
import type { Finding } from '../../protocol/detector-protocol.ts';
import { Installation } from '../../runtime/installation.ts';
import type { ImportSite, ImportCheck } from './import-check.ts';

export function reportPackage(check: ImportCheck, asked: ImportSite, { package: name = '', why }: Missing): void {
  const { module, request, index } = asked;
  const { graph } = check;
  const { specifier } = request;
  if (!isPackageName(name)) return;
  // The package detector reports packages that are declared but not installed.
  if (why === 'package' && (!isAnythingInstalled(check, module.file) || isDeclared(graph, module.file, name))) return;
  if (guardedRequests(graph, module).has(index)) return;
  const mayBeMember = why === 'package' && graph.manifests.workspaceRoots.length > 0;
  const cause = mayBeMember ? check.submodules.cause : undefined;
  check.report(module, 'unresolved-package', {
    message:
      why === 'subpath'
        ? `Package '${name}' is installed but has no ${specifier.startsWith(name) ? `'${specifier.slice(name.length + 1)}'` : `file for '${specifier}'`}. Correct the path, or install a version that has it.`
        : `Package '${name}' is neither installed nor declared. Install it, or correct the name.`,
    range: specifierRange(module.record, request),
    ...(cause === undefined ? {} : { cause }),
  });
}

export function reportBlocked(
  check: ImportCheck,
  { module, request }: ImportSite,
  { package: name = '' }: Missing,
): void {
  check.report(module, 'exports-blocked', {
    message: `'${request.specifier}' is not exported by package '${name}'. Import a path that its "exports" field lists.`,
    range: specifierRange(module.record, request),
  });
}

/** The package serves the other kind of import only, so Node.js and bundlers refuse this one. */
export function reportWrongKind(check: ImportCheck, asked: ImportSite, onlyFor: Asker): void {
  const { module, request, index } = asked;
  // Compilers may turn `import` into `require`.
  const isCertain = onlyFor === 'import' ? request.kind === 'require' : check.toolchain.isNativeEsm(module);
  if (!isCertain || request.typeOnly || check.isReportedByTypescript(asked) || check.isKnown(asked, 'package')) return;
  if (guardedRequests(check.graph, module).has(index)) return;
  const [wanted, used] = onlyFor === 'import' ? ['import', 'require'] : ['require', 'import'];
  const { specifier } = request;
  const isOwn = specifier.startsWith('#');
  const [what, code, otherwise] = isOwn
    ? ['is in "imports" of package.json for', 'ERR_PACKAGE_IMPORT_NOT_DEFINED', `add a target for '${used}'`]
    : ['is exported to', 'ERR_PACKAGE_PATH_NOT_EXPORTED', 'another version of the package'];
  check.report(module, 'exports-blocked', {
    message: `'${specifier}' ${what} '${wanted}' only, so '${used}' fails with ${code}. Use ${onlyFor === 'import' ? 'import or import()' : 'createRequire from node:module'}, or ${otherwise}.`,
    range: specifierRange(module.record, request),
  });
}

/** Reported once, on the root manifest, if no packages are installed. */
export function nothingInstalled(graph: ModuleGraph): { readonly file: string; readonly finding: Finding } | undefined {
  const root = graph.manifests.all.get('');
  const declaresSomething = ['dependencies', 'devDependencies'].some((field) => isRecord(root?.data[field]));
  if (!root || !declaresSomething || graph.hasInstalledPackages('')) return undefined;
  const cause = new Installation(graph.root).causeIn(graph.root);
  const finding: Finding = {
    rule: 'unresolved-package',
    severity: 'info',
    message:
      'No packages are installed, so imports of packages are not checked. Install the dependencies (for instance npm install).',
    range: { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } },
    ...(cause === undefined ? {} : { cause }),
  };
  return { file: root.file, finding };
}

export function isAnythingInstalled(check: ImportCheck, file: string): boolean {
  const installed = check.graph.hasInstalledPackages(path.posix.dirname(file));
  if (!installed) check.noteUnchecked();
  return installed;
}

/** Whether the file's package or the root declares it. */
function isDeclared({ manifests }: ModuleGraph, file: string, name: string): boolean {
  return [manifests.packageOf(file), manifests.all.get('')].some((manifest) => manifest && declares(manifest, name));
}

/** A declared package that is not installed: the package detector reports it. */
export function isDeclaredPackage({ graph }: ImportCheck, { module }: ImportSite, { package: name }: Missing): boolean {
  return name !== undefined && isDeclared(graph, module.file, name);
}
