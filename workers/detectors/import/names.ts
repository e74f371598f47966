/** Imported names that the target module does not export. */
import { exportedName, exportedNames } from '../../graph/exports.ts';
import type { Module } from '../../graph/index.ts';
import { isDeclarationFile, isTypeScriptFile, rangeIn, type ImportedName } from '../../graph/record.ts';
import { isComponentFile } from '../../graph/scripts.ts';
import { nearest } from '../../graph/spelling.ts';
import { usesOf } from '../../graph/uses-of.ts';
import type { Fix, Range, RelatedPlace } from '../../protocol/detector-protocol.ts';
import type { ImportSite, ImportCheck } from './import-check.ts';

export function checkNames(check: ImportCheck, { module, request, index }: ImportSite): void {
  const target = module.targets[index];
  if (!target || check.isCheckedByTypescript(module) || !check.isOn('missing-export')) return;
  if (request.kind !== 'import' && request.kind !== 'export') return;
  const declarations = declarationsOf(check, module, target);
  if (check.isIgnored(target.file) || declarations === 'unknown') return;
  // In another setting the package gives another file; a name is missing if none has it.
  const alternatives = alternativesOf(check, module, index);
  if (alternatives.some((one) => check.isIgnored(one.file) || isDeclarationFile(one.file))) return;
  const others = [...alternatives, ...declarations];
  const isAbsent = (name: string): boolean =>
    [target, ...others].every((one) => exportedName(one, name).kind === 'absent');
  for (const name of request.names) {
    if (name.imported !== '*') checkName(check, module, name, target, isAbsent);
    else if (request.kind === 'import') checkMembers(check, module, name.local, target, isAbsent);
  }
}

function alternativesOf({ graph }: ImportCheck, { resolutions }: Module, index: number): readonly Module[] {
  const resolution = resolutions[index];
  const files = resolution?.kind === 'file' ? (resolution.alternatives ?? []) : [];
  return files.flatMap((file) => graph.modules.get(file) ?? []);
}

type Absence = (name: string) => boolean;

function checkName(check: ImportCheck, module: Module, name: ImportedName, target: Module, isAbsent: Absence): void {
  const { imported, start, end } = name;
  if (!isAbsent(imported) || (imported === 'data' && DATA_LOADER.test(target.file))) return;
  const isDefault = imported === 'default';
  if (isDefault && mayBeCommonJs(check, module, target)) return;
  const meant = nearest(imported, exportedNames(target) ?? []);
  const range = rangeIn(module.record, start, end);
  const fixes = meant === undefined || isDefault ? [] : [nameFix(range, name, meant)];
  check.report(module, 'missing-export', {
    message: `${target.file} has ${isDefault ? 'no default export' : `no export '${imported}'`}.${questionOf(meant)}`,
    range,
    related: [placeOf(target)],
    ...(fixes.length === 0 ? {} : { fixes }),
  });
}

/** VitePress replaces such a module by the data that it loads. */
const DATA_LOADER = /\.data\.[cm]?[jt]s$/;

/** Keeps the local name. */
function nameFix(range: Range, { imported, local }: ImportedName, meant: string): Fix {
  const newText = imported === local ? `${meant} as ${local}` : meant;
  return { title: `Import '${meant}'`, kind: 'suggestion', edits: [{ range, newText }] };
}

/** The default import of a CommonJS module is the whole module. A declaration or TypeScript file may stand for one. */
function mayBeCommonJs({ toolchain }: ImportCheck, module: Module, target: Module): boolean {
  if (isDeclarationFile(target.file)) return true;
  if (!target.record.isModule) return !toolchain.isNativeEsm(target);
  return isTypeScriptFile(target.file) && /\.m[jt]s$/.test(module.file) && !toolchain.isNativeEsm(target);
}

/** Members read from a namespace import: `ns.name`. */
function checkMembers(check: ImportCheck, module: Module, namespace: string, target: Module, isAbsent: Absence): void {
  if (target.record.hasUnknownExports || isDeclarationFile(target.file)) return;
  const reported = new Set<string>();
  for (const { member, start, end } of usesOf(check.graph, module)?.values.get(namespace) ?? []) {
    if (member === undefined || reported.has(member) || !isAbsent(member)) continue;
    if (member === 'default' && mayBeCommonJs(check, module, target)) continue;
    reported.add(member);
    const meant = nearest(member, exportedNames(target) ?? []);
    check.report(module, 'missing-export', {
      message: `${target.file} has no export '${member}', so '${namespace}.${member}' is undefined.${questionOf(meant)}`,
      range: rangeIn(module.record, start, end + 1 + member.length),
      related: [placeOf(target)],
    });
  }
}

/** To TypeScript, a declaration file beside a script declares its exports. Scripts get what the script has. */
function declarationsOf({ graph }: ImportCheck, importer: Module, { file }: Module): readonly Module[] | 'unknown' {
  if (!isTypeScriptFile(importer.file) && !isComponentFile(importer.file)) return [];
  const declarations = file.replace(/\.([cm]?)jsx?$/, '.d.$1ts');
  if (declarations === file || !graph.files.has(declarations)) return [];
  const module = graph.modules.get(declarations);
  // `export =` and the like declare names that cannot be listed.
  return module?.record.isModule === true && !module.record.hasUnknownExports ? [module] : 'unknown';
}

function questionOf(meant: string | undefined): string {
  return meant === undefined ? '' : ` Did you mean '${meant}'?`;
}

function placeOf({ file, record }: Module): RelatedPlace {
  return { file, range: rangeIn(record, 0, 0), message: 'the imported module' };
}
