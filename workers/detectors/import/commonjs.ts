/** `require` in ECMAScript modules, where Node.js has none. */
import type { Module } from '../../graph/index.ts';
import { rangeIn } from '../../graph/record.ts';
import type { ImportCheck } from './import-check.ts';

export function checkCommonJs(check: ImportCheck, module: Module): void {
  if (!check.isOn('commonjs-in-esm')) return;
  const { requests } = module.record;
  const calls = requests.filter(({ kind, names }) => kind === 'require' && !names.some((name) => name.typeOnly));
  if (calls.length === 0 || !check.toolchain.isNativeEsm(module)) return;
  const text = check.graph.textOf(module.file) ?? '';
  // It exists if the file makes it with createRequire, tests for it first, or declares it.
  if (/\bcreateRequire\b|typeof\s+require\b|\b(?:const|let|var|function)\s+require\b/.test(text)) return;
  for (const { start, end } of calls) {
    if (/^\s*import\b/.test(text.slice(start, end))) continue;
    check.report(module, 'commonjs-in-esm', {
      message: `'require' is not defined in an ECMAScript module. Use import, or createRequire from node:module.`,
      range: rangeIn(module.record, start, end),
    });
  }
}
