/** The modules that TypeScript checks: those that a tsconfig includes and their imports. Updated with the graph. */
import type { Module, ModuleGraph } from './graph.ts';
import { Memo, nextTick } from './memo.ts';
import { isDeclarationFile, isTypeScriptFile } from './record.ts';

/** Modules in which TypeScript itself reports import errors. */
export function typescriptProgram(graph: ModuleGraph): ReadonlySet<Module> {
  return programs.of(graph, () => new TypescriptProgram(graph), graph.environmentRevision).modules();
}

/** Names in `declare module` of any module, possibly with one `*`. */
export function ambientNames(graph: ModuleGraph): readonly string[] {
  const names: string[] = [];
  for (const { record } of graph.modules.values()) names.push(...record.ambient);
  return names;
}

const programs = new Memo<ModuleGraph, TypescriptProgram>(new WeakMap());

/** Lives until the environment revision of the graph changes. */
class TypescriptProgram {
  readonly #graph: ModuleGraph;
  /** Modules that a tsconfig includes. */
  readonly #roots: readonly Module[];
  /** Modules that belong to a program only if another of its modules imports them. */
  readonly #others: ReadonlySet<Module>;
  readonly #askedFor = new Memo<Module, readonly Module[]>();
  #reached: ReadonlySet<Module> = new Set();
  readonly #modules = new Set<Module>();
  /** When the modules were last looked at. */
  #checkedAt = 0;

  constructor(graph: ModuleGraph) {
    this.#graph = graph;
    const all = [...graph.modules.values()];
    this.#roots = all.filter(
      ({ file }) => /\.[cm]?[jt]sx?$/.test(file) && graph.projects.programOf(file) !== undefined,
    );
    const roots = new Set(this.#roots);
    this.#others = new Set(all.filter((module) => !roots.has(module) && isTypeScriptFile(module.file)));
  }

  modules(): ReadonlySet<Module> {
    const reached = new Set<Module>();
    const pending = this.#others.size === 0 ? [] : [...this.#roots];
    for (let module = pending.pop(); module; module = pending.pop()) {
      for (const target of this.#askedFor.of(module, this.#othersOf)) {
        if (reached.has(target)) continue;
        reached.add(target);
        pending.push(target);
      }
    }
    for (const module of this.#reached) if (!reached.has(module)) this.#modules.delete(module);
    for (const module of this.#roots) this.#update(module, false);
    for (const module of reached) this.#update(module, !this.#reached.has(module));
    this.#reached = reached;
    this.#checkedAt = nextTick();
    return this.#modules;
  }

  /** An edit may add or remove a `@ts-nocheck`; all modules would be too many to look at after each. */
  #update(module: Module, isNew: boolean): void {
    if (!isNew && module.changedAt <= this.#checkedAt) return;
    if (this.#isChecked(module)) this.#modules.add(module);
    else this.#modules.delete(module);
  }

  readonly #othersOf = ({ targets }: Module): readonly Module[] => {
    const found = targets.filter((target): target is Module => target !== undefined && this.#others.has(target));
    return found.length === 0 ? NONE : found;
  };

  #isChecked({ file, record }: Module): boolean {
    const { projects } = this.#graph;
    if (record.typeCheck === 'off') return false;
    if (isDeclarationFile(file))
      return (projects.programOf(file) ?? projects.projectOf(file))?.options.skipLibCheck !== true;
    return isTypeScriptFile(file) || record.typeCheck === 'on' || projects.programOf(file)?.options.checkJs === true;
  }
}

const NONE: readonly Module[] = [];
