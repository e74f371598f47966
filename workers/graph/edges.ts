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

/** The edges of the graph's present state. */
export function edgesOf(graph: ModuleGraph): GraphEdges {
  const known = memo.get(graph);
  if (known?.version === graph.version) return known.edges;
  const modules = [...graph.modules.values()].sort((one, other) => (one.file < other.file ? -1 : 1));
  const numberOf = new Map(modules.map((module, number) => [module, number]));
  const leaving = modules.map((module, from) => {
    const edges: Edge[] = [];
    module.targets.forEach((target, index) => {
      const request = module.record.requests[index];
      const to = target && numberOf.get(target);
      if (!request || !target || to === undefined || request.kind === 'reference') return;
      edges.push({ from, to, kind: kindOf(request, target), request });
    });
    return edges;
  });
  const edges = { modules, numberOf, leaving };
  memo.set(graph, { version: graph.version, edges });
  return edges;
}

/** The graph of the edges that are wanted. */
export function digraphOf(edges: GraphEdges, wanted: (edge: Edge) => boolean): Digraph {
  return edges.leaving.map((leaving) => leaving.filter(wanted).map(({ to }) => to));
}

const memo = new WeakMap<ModuleGraph, { readonly version: number; readonly edges: GraphEdges }>();

function kindOf(request: ModuleRequest, target: Module): EdgeKind {
  if (request.typeOnly || isDeclarationFile(target.file)) return 'type';
  return request.deferred ? 'deferred' : 'runtime';
}
