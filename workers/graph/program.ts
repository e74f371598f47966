/** Which modules TypeScript checks: those of a tsconfig's patterns and what they import. Memoized by graph version. */
import { isTypeScriptFile } from './record.ts';
import type { Module, ModuleGraph } from './graph.ts';

/** Modules in which TypeScript reports problems of imports by itself. */
export function typescriptProgram(graph: ModuleGraph): ReadonlySet<Module> {
  const known = memo.get(graph);
  if (known?.version === graph.version) return known.modules;
  const loaded = new Set<Module>();
  const pending: Module[] = [];
  for (const module of graph.modules.values()) {
    if (!isTypeScriptFile(module.file) && !/\.[cm]?jsx?$/.test(module.file)) continue;
    if (graph.projects.programOf(module.file)) pending.push(module);
  }
  for (let module = pending.pop(); module; module = pending.pop()) {
    if (loaded.has(module)) continue;
    loaded.add(module);
    for (const target of module.targets) if (target && isTypeScriptFile(target.file)) pending.push(target);
  }
  const modules = new Set([...loaded].filter((module) => isChecked(graph, module)));
  memo.set(graph, { version: graph.version, modules });
  return modules;
}

const memo = new WeakMap<ModuleGraph, { readonly version: number; readonly modules: ReadonlySet<Module> }>();

function isChecked(graph: ModuleGraph, { file }: Module): boolean {
  return isTypeScriptFile(file) || graph.projects.programOf(file)?.options.checkJs === true;
}
