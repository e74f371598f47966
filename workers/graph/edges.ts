/** The module graph as numbers: every module an index, every request that leads to a module an edge. Pure, memoized. */
import type { Digraph } from './components.ts';
import type { Module, ModuleGraph } from './graph.ts';
import { isDeclarationFile, type ModuleRequest } from './record.ts';

/** `runtime`: loaded with the module; `deferred`: loaded when some function runs; `type`: gone at run time. */
export type EdgeKind = 'runtime' | 'deferred' | 'type';

export interface Edge {
  readonly from: number;
  readonly to: number;
  readonly kind: EdgeKind;
  readonly request: ModuleRequest;
}

export interface GraphEdges {
  /** In path order; positions are the node numbers. */
  readonly modules: readonly Module[];
  readonly numberOf: ReadonlyMap<Module, number>;
  /** Edges by the node they leave, in source order. */
  readonly leaving: readonly (readonly Edge[])[];
}

/** The edges of the graph's present state. Those of a module are made again only when it was linked again. */
export function edgesOf(graph: ModuleGraph): GraphEdges {
  const known = memo.get(graph);
  if (known?.version === graph.version) return known.edges;
  const isSame = known?.population === graph.population;
  const modules = isSame
    ? known.edges.modules
    : [...graph.modules.values()].sort((one, other) => (one.file < other.file ? -1 : 1));
  const numberOf = isSame ? known.edges.numberOf : new Map(modules.map((module, number) => [module, number]));
  const targets: (readonly (Module | undefined)[])[] = [];
  const leaving = modules.map((module, from) => {
    targets.push(module.targets);
    const kept = isSame && known.targets[from] === module.targets ? known.edges.leaving[from] : undefined;
    return kept ?? edgesFrom(module, from, numberOf);
  });
  const edges = { modules, numberOf, leaving };
  memo.set(graph, { version: graph.version, population: graph.population, targets, edges });
  return edges;
}

/** The graph of the edges that are wanted, of all nodes or of these only. */
export function digraphOf(edges: GraphEdges, wanted: (edge: Edge) => boolean, nodes?: Iterable<number>): Digraph {
  const successors = (leaving: readonly Edge[]): readonly number[] => leaving.filter(wanted).map(({ to }) => to);
  if (nodes === undefined) return edges.leaving.map(successors);
  const result = new Array<readonly number[]>(edges.leaving.length).fill(NONE);
  for (const node of nodes) result[node] = successors(edges.leaving[node] ?? []);
  return result;
}

const NONE: readonly number[] = [];

interface Kept {
  readonly version: number;
  readonly population: number;
  /** By node: linking a module makes a new list. */
  readonly targets: readonly (readonly (Module | undefined)[])[];
  readonly edges: GraphEdges;
}

const memo = new WeakMap<ModuleGraph, Kept>();

function edgesFrom(module: Module, from: number, numberOf: ReadonlyMap<Module, number>): readonly Edge[] {
  const edges: Edge[] = [];
  module.targets.forEach((target, index) => {
    const request = module.record.requests[index];
    const to = target && numberOf.get(target);
    if (!request || !target || to === undefined || request.kind === 'reference') return;
    edges.push({ from, to, kind: kindOf(request, target), request });
  });
  return edges;
}

function kindOf(request: ModuleRequest, target: Module): EdgeKind {
  if (request.typeOnly || isDeclarationFile(target.file)) return 'type';
  return request.deferred ? 'deferred' : 'runtime';
}
