/** Mutable exports, and side effects of loading a module. */
import { isTestFile } from '../../graph/file-roles.ts';
import type { Module } from '../../graph/index.ts';
import { isDeclarationFile, rangeIn } from '../../graph/record.ts';
import { effectsOnLoad } from './effects.ts';
import type { IsolationCheck } from './isolation-check.ts';
import { couplingCounts } from './metrics.ts';

export function checkMutableExports(check: IsolationCheck, module: Module): void {
  if (!check.isOn('mutable-export') || isDeclarationFile(module.file)) return;
  for (const { isMutable, name, start, end } of module.record.exports) {
    if (isMutable !== true) continue;
    check.report(module.file, 'mutable-export', {
      message: `'${name}' is exported and mutable, so every importer sees its changes. Make it const, or export a function that reads it.`,
      range: rangeIn(module.record, start, end),
    });
  }
}

/** Looks at all modules that others import, because it depends on who imports a module. */
export function checkEffectsOnLoad(check: IsolationCheck): void {
  if (!check.isOn('effect-on-load')) return;
  const { edges, incoming } = couplingCounts(check.graph);
  edges.modules.forEach((module, number) => {
    if ((incoming[number] ?? 0) === 0 || module.record.exports.length === 0) return;
    if (isTestFile(module.file, check.graph.manifests) || isDeclarationFile(module.file)) return;
    for (const { start, end } of effectsOnLoad(check.graph, module)) {
      check.report(module.file, 'effect-on-load', {
        message: 'This code runs whenever the module is imported. Move it into a function that the importers call.',
        range: rangeIn(module.record, start, end),
      });
    }
  });
}
