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
  /** The nodes they lead to, without the node itself. */
  readonly successors: Digraph;
  /** Grows whenever edges come, go or become of another kind; not when only their places in the text change. */
  readonly shape: number;
}

/** The edges of the graph's present state. Those of a module are made again only when it was linked again. */
export function edgesOf(graph: ModuleGraph): GraphEdges {
  const known = memo.get(graph);
  if (known?.version === graph.version) return known.edges;
  const next = known?.population === graph.population ? renewed(known) : madeAnew(graph, known?.edges.shape ?? 0);
  memo.set(graph, { version: graph.version, population: graph.population, ...next });
  return next.edges;
}

interface Made {
  /** By node: linking a module makes a new list. */
  readonly targets: readonly (readonly (Module | undefined)[])[];
  readonly edges: GraphEdges;
}

interface Kept extends Made {
  readonly version: number;
  readonly population: number;
}

const memo = new WeakMap<ModuleGraph, Kept>();

function madeAnew(graph: ModuleGraph, shape: number): Made {
  const modules = [...graph.modules.values()].sort((one, other) => (one.file < other.file ? -1 : 1));
  const numberOf = new Map(modules.map((module, number) => [module, number]));
  const leaving = modules.map((module, from) => edgesFrom(module, from, numberOf));
  const successors = leaving.map(successorsOf);
  return {
    targets: modules.map(({ targets }) => targets),
    edges: { modules, numberOf, leaving, successors, shape: shape + 1 },
  };
}

/** The same modules, some of them linked again. */
function renewed({ targets: known, edges }: Made): Made {
  const { modules, numberOf } = edges;
  const targets = [...known];
  const leaving = [...edges.leaving];
  const successors = [...edges.successors];
  let { shape } = edges;
  modules.forEach((module, number) => {
    if (known[number] === module.targets) return;
    const fresh = edgesFrom(module, number, numberOf);
    if (!isSameShape(fresh, leaving[number] ?? [])) shape = edges.shape + 1;
    targets[number] = module.targets;
    leaving[number] = fresh;
    successors[number] = successorsOf(fresh);
  });
  return { targets, edges: { modules, numberOf, leaving, successors, shape } };
}

function successorsOf(leaving: readonly Edge[]): readonly number[] {
  const nodes: number[] = [];
  for (const { from, to } of leaving) if (to !== from && !nodes.includes(to)) nodes.push(to);
  return nodes;
}

function isSameShape(some: readonly Edge[], others: readonly Edge[]): boolean {
  return (
    some.length === others.length &&
    some.every(({ to, kind, request }, index) => {
      const other = others[index];
      return other?.to === to && other.kind === kind && other.request.kind === request.kind;
    })
  );
}

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
