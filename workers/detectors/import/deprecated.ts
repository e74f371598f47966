/** Uses of deprecated built-ins: whole modules, imported names, and members of imported namespaces. */
import type { Module } from '../../graph/index.ts';
import { declares } from '../../graph/installed.ts';
import { rangeIn, specifierRange } from '../../graph/record.ts';
import { specifierFix } from '../../graph/rules.ts';
import { usesOf } from '../../graph/uses-of.ts';
import { DEPRECATED_MODULES, DEPRECATED_NAMES, type Deprecation } from './builtins.ts';
import type { ImportSite, ImportCheck } from './import-check.ts';

/** @param written the specifier of the built-in module, with or without `node:` */
export function checkBuiltin(check: ImportCheck, asked: ImportSite, written: string): void {
  const { module, request } = asked;
  if (!check.isOn('deprecated-builtin') || request.typeOnly) return;
  const name = written.replace(/^node:/, '');
  const deprecated = DEPRECATED_MODULES[name];
  if (deprecated) {
    if (!written.startsWith('node:') && isPackageInstead(check, module, name)) return;
    check.report(module, 'deprecated-builtin', {
      message: `The Node.js module '${name}' is ${deprecationText(deprecated)}`,
      range: specifierRange(module.record, request),
      tags: ['deprecated'],
      ...(name === 'sys' ? { fixes: [specifierFix(module, request, 'node:util', 'fix', `Import 'node:util'`)] } : {}),
    });
  }
  const table = DEPRECATED_NAMES[name];
  if (!table) return;
  for (const { imported, local, typeOnly, start, end } of request.names) {
    if (typeOnly) continue;
    const entry = Object.hasOwn(table, imported) ? table[imported] : undefined;
    if (entry) reportName(check, module, `'${imported}' from '${name}'`, entry, start, end);
    if (imported === '*' || imported === 'default') checkMembers(check, module, name, local, table);
  }
}

/** Whether a bundler uses the npm package of the same name instead. */
function isPackageInstead({ graph, toolchain }: ImportCheck, { file }: Module, name: string): boolean {
  const owner = graph.manifests.packageOf(file);
  return owner !== undefined && declares(owner, name) && toolchain.isBundled(file);
}

/**
 * `fs.exists` after `import fs from 'fs'` or `const fs = require('fs')`. Builds the tree only if the text has the name.
 */
function checkMembers(
  check: ImportCheck,
  module: Module,
  name: string,
  local: string,
  table: Readonly<Record<string, Deprecation>>,
): void {
  const text = check.graph.textOf(module.file) ?? '';
  if (!Object.keys(table).some((member) => text.includes(`.${member}`))) return;
  for (const { member, start, end } of usesOf(check.graph, module)?.values.get(local) ?? []) {
    if (member === undefined || !Object.hasOwn(table, member)) continue;
    const entry = table[member];
    if (entry) reportName(check, module, `'${member}' from '${name}'`, entry, start, end + 1 + member.length);
  }
}

function reportName(
  check: ImportCheck,
  module: Module,
  what: string,
  entry: Deprecation,
  start: number,
  end: number,
): void {
  check.report(module, 'deprecated-builtin', {
    message: `${what} is ${deprecationText(entry)}`,
    range: rangeIn(module.record, start, end),
    tags: ['deprecated'],
  });
}

function deprecationText({ code, instead }: Deprecation): string {
  return `${code === 'removed' ? 'no longer part of Node.js' : `deprecated (${code})`}. Use ${instead}.`;
}
