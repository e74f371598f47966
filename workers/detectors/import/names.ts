/** Imported names that the target module does not export. */
import { exportedName, exportedNames } from '../../graph/exports.ts';
import type { Module } from '../../graph/index.ts';
import { isDeclarationFile, isTypeScriptFile, rangeIn, type ImportedName } from '../../graph/record.ts';
import { nearest } from '../../graph/spelling.ts';
import { usesOf } from '../../graph/uses-of.ts';
import type { Fix, Range, RelatedPlace } from '../../protocol/detector-protocol.ts';
import type { ImportSite, ImportCheck } from './import-check.ts';

export function checkNames(check: ImportCheck, { module, request, index }: ImportSite): void {
  const target = module.targets[index];
  if (!target || check.isCheckedByTypescript(module) || !check.isOn('missing-export')) return;
  if (request.kind !== 'import' && request.kind !== 'export') return;
  if (check.isIgnored(target.file) || hasDeclarations(check, target)) return;
  for (const name of request.names) {
    if (name.imported !== '*') checkName(check, module, name, target);
    else if (request.kind === 'import') checkMembers(check, module, name.local, target);
  }
}

function checkName(check: ImportCheck, module: Module, name: ImportedName, target: Module): void {
  const { imported, start, end } = name;
  if (exportedName(target, imported).kind !== 'absent') return;
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

/** Keeps the local name. */
function nameFix(range: Range, { imported, local }: ImportedName, meant: string): Fix {
  const newText = imported === local ? `${meant} as ${local}` : meant;
  return { title: `Import '${meant}'`, kind: 'suggestion', edits: [{ range, newText }] };
}

/** The default import of a CommonJS module is the whole module. A declaration or TypeScript file may stand for one. */
function mayBeCommonJs({ toolchain }: ImportCheck, module: Module, target: Module): boolean {
  if (isDeclarationFile(target.file)) return true;
  return isTypeScriptFile(target.file) && /\.m[jt]s$/.test(module.file) && !toolchain.isNativeEsm(target);
}

/** Members read from a namespace import: `ns.name`. */
function checkMembers(check: ImportCheck, module: Module, namespace: string, target: Module): void {
  if (target.record.hasUnknownExports || isDeclarationFile(target.file)) return;
  const reported = new Set<string>();
  for (const { member, start, end } of usesOf(check.graph, module)?.values.get(namespace) ?? []) {
    if (member === undefined || reported.has(member) || exportedName(target, member).kind !== 'absent') continue;
    reported.add(member);
    const meant = nearest(member, exportedNames(target) ?? []);
    check.report(module, 'missing-export', {
      message: `${target.file} has no export '${member}', so '${namespace}.${member}' is undefined.${questionOf(meant)}`,
      range: rangeIn(module.record, start, end + 1 + member.length),
      related: [placeOf(target)],
    });
  }
}

/** A declaration file beside a script declares its exports. */
function hasDeclarations({ graph }: ImportCheck, { file }: Module): boolean {
  return /\.[cm]?jsx?$/.test(file) && graph.files.has(file.replace(/\.([cm]?)jsx?$/, '.d.$1ts'));
}

function questionOf(meant: string | undefined): string {
  return meant === undefined ? '' : ` Did you mean '${meant}'?`;
}

function placeOf({ file, record }: Module): RelatedPlace {
  return { file, range: rangeIn(record, 0, 0), message: 'the imported module' };
}
