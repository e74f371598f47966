/** Specifiers that resolve here, but not on other machines or not in Node.js. */
import path from 'node:path';
import type { Module } from '../../graph/index.ts';
import { specifierRange } from '../../graph/record.ts';
import { isRelative } from '../../graph/resolution.ts';
import { specifierFix } from '../../graph/rules.ts';
import type { ImportSite, ImportCheck } from './import-check.ts';

/** @param file the file that a case-insensitive file system finds */
export function checkCase(check: ImportCheck, asked: ImportSite, file: string): void {
  if (check.isReportedByTypescript(asked)) return;
  const { module, request } = asked;
  const corrected = spelledAs(module, request.specifier, file);
  check.report(module, 'case-mismatch', {
    message: `'${request.specifier}' differs from ${file} in case, so it fails on case-sensitive file systems. Write it as the file is named.`,
    range: specifierRange(module.record, request),
    ...(corrected === undefined
      ? {}
      : { fixes: [specifierFix(module, request, corrected, 'fix', `Import '${corrected}'`)] }),
  });
}

/** Node.js does not complete specifiers in ECMAScript modules. @param file the file that bundlers find */
export function checkExtension(check: ImportCheck, { module, request }: ImportSite, file: string): void {
  const { specifier, kind, typeOnly } = request;
  if (!check.isOn('missing-extension-esm') || typeOnly || kind === 'require') return;
  if (!/\.m?js$/.test(module.file) || specifier.includes('?') || check.isCheckedByTypescript(module)) return;
  const base = path.posix.join(path.posix.dirname(module.file), specifier);
  if (base === file || /\.(?:[cm]?[jt]sx?|json|node|wasm)$/.test(specifier)) return;
  if (!check.toolchain.isNativeEsm(module)) return;
  const tail = file.startsWith(base) ? file.slice(base.length) : undefined;
  const corrected =
    tail === undefined ? undefined : `${specifier.replace(/\/$/, '')}${tail.replace(/^(?=[^./])/, '/')}`;
  check.report(module, 'missing-extension-esm', {
    message: `Node.js does not complete '${specifier}' in an ECMAScript module. Write ${corrected === undefined ? 'the full file name' : `'${corrected}'`}.`,
    range: specifierRange(module.record, request),
    ...(corrected === undefined
      ? {}
      : { fixes: [specifierFix(module, request, corrected, 'fix', `Write '${corrected}'`)] }),
  });
}

/** @param file absent: it is outside the root */
export function checkAbsolute(check: ImportCheck, { module, request }: ImportSite, file?: string): void {
  const relative = file === undefined ? undefined : relativeTo(module, file);
  check.report(module, 'absolute-path', {
    message: `'${request.specifier}' exists on this machine only. Use a relative path or an alias.`,
    range: specifierRange(module.record, request),
    ...(relative === undefined
      ? {}
      : { fixes: [specifierFix(module, request, relative, 'fix', `Import '${relative}'`)] }),
  });
}

/** The specifier in the case of the real path. */
function spelledAs(module: Module, specifier: string, file: string): string | undefined {
  if (!isRelative(specifier)) return undefined;
  const base = path.posix.join(path.posix.dirname(module.file), specifier);
  const real = file.slice(0, base.length);
  return real.toLowerCase() === base.toLowerCase() ? relativeTo(module, real) : undefined;
}

function relativeTo(module: Module, file: string): string {
  const relative = path.posix.relative(path.posix.dirname(module.file), file);
  return relative.startsWith('.') ? relative : `./${relative}`;
}
