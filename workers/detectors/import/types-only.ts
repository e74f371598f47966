/** Packages of which only the types are installed: the compiler is content, the program fails. */
import { declares, typesPackageOf } from '../../graph/installed.ts';
import { isDeclarationFile, isTypeScriptFile, specifierRange } from '../../graph/record.ts';
import { isRecord } from '../../graph/manifests.ts';
import { usesOf } from '../../graph/uses-of.ts';
import { guardedRequests } from '../../graph/guarded.ts';
import type { ImportCheck, ImportSite } from './import-check.ts';

export function checkTypesOnly(check: ImportCheck, site: ImportSite, name: string): void {
  const { module, request, index } = site;
  const { graph } = check;
  if (isType(check, site) || isDeclaredItself(check, site, name)) return;
  if (check.isKnown(site, 'package')) return;
  if (guardedRequests(graph, module).has(index)) return;
  check.report(module, 'unresolved-package', {
    message: `Only the types of '${name}' are installed ('${typesPackageOf(name)}'), so this import fails at run time. Install '${name}', or import types only.`,
    range: specifierRange(module.record, request),
  });
}

/** The compiler removes the import. */
function isType({ graph }: ImportCheck, { module, request: { kind, typeOnly, names } }: ImportSite): boolean {
  if (typeOnly || kind === 'type' || isDeclarationFile(module.file)) return true;
  if (!isTypeScriptFile(module.file)) return false;
  // What is exported again may be a type.
  if (kind === 'export') return true;
  if (kind !== 'import' || names.length === 0) return false;
  if (graph.projects.projectOf(module.file)?.keepsUnusedImports === true) return names.every((one) => one.typeOnly);
  const uses = usesOf(graph, module);
  return uses !== undefined && names.every((one) => one.typeOnly || !uses.values.has(one.local));
}

/** The package detector reports what is declared and not installed. */
function isDeclaredItself({ graph: { manifests } }: ImportCheck, { module }: ImportSite, name: string): boolean {
  return [manifests.packageOf(module.file), manifests.all.get('')].some(
    (manifest) =>
      manifest &&
      declares(manifest, name) &&
      Object.values(manifest.data).some((section) => isRecord(section) && Object.hasOwn(section, name)),
  );
}
