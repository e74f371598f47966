/** Which modules TypeScript checks: those of a tsconfig's patterns and what they import. Memoized by graph version. */
import { isTypeScriptFile } from './record.ts';
import type { Module, ModuleGraph } from './graph.ts';
import type { Projects } from './projects.ts';

/** Modules in which TypeScript reports problems of imports by itself. */
export function typescriptProgram(graph: ModuleGraph): ReadonlySet<Module> {
  const known = memo.get(graph);
  if (known?.version === graph.version) return known.modules;
  const roots = rootsOf(graph);
  const loaded = new Set<Module>(roots);
  const pending = [...roots];
  for (let module = pending.pop(); module; module = pending.pop()) {
    for (const target of module.targets) {
      if (!target || loaded.has(target) || !isTypeScriptFile(target.file)) continue;
      loaded.add(target);
      pending.push(target);
    }
  }
  const modules = new Set([...loaded].filter((module) => isChecked(graph, module)));
  memo.set(graph, { version: graph.version, modules });
  return modules;
}

/** Names declared anywhere, as `declare module` gives them: possibly with one `*`. */
export function ambientNames(graph: ModuleGraph): readonly string[] {
  const names: string[] = [];
  for (const { record } of graph.modules.values()) names.push(...record.ambient);
  return names;
}

/** Modules that some tsconfig's patterns name. */
function rootsOf(graph: ModuleGraph): readonly Module[] {
  const known = rootsMemo.get(graph.projects);
  if (known?.population === graph.population) return known.roots;
  const roots = [...graph.modules.values()].filter(
    ({ file }) => /\.[cm]?[jt]sx?$/.test(file) && graph.projects.programOf(file) !== undefined,
  );
  rootsMemo.set(graph.projects, { population: graph.population, roots });
  return roots;
}

const rootsMemo = new WeakMap<Projects, { readonly population: number; readonly roots: readonly Module[] }>();

const memo = new WeakMap<ModuleGraph, { readonly version: number; readonly modules: ReadonlySet<Module> }>();

function isChecked(graph: ModuleGraph, { file }: Module): boolean {
  return isTypeScriptFile(file) || graph.projects.programOf(file)?.options.checkJs === true;
}
