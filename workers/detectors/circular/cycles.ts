/** The cycles of a graph: over what is loaded with a module, over what is loaded later, over types. Pure, memoized. */
import { components, edgesToCut, restrictedTo, shortestPath, type Digraph } from '../../graph/components.ts';
import { digraphOf, edgesOf, type Edge, type GraphEdges } from '../../graph/edges.ts';
import type { ModuleGraph } from '../../graph/index.ts';
import { isTypeScriptFile } from '../../graph/record.ts';
import { usesOf } from '../../graph/uses-of.ts';

export interface Cycle {
  /** The edge to cut, or the one that makes the cycle what it is. */
  readonly edge: Edge;
  /** Node numbers of a shortest cycle through it, beginning with its `from`; the first is not repeated. */
  readonly path: readonly number[];
}

export interface Component {
  /** Node numbers, ascending. */
  readonly members: readonly number[];
  /** One for each edge to cut, shortest cycles first. */
  readonly cycles: readonly Cycle[];
}

export interface Cycles {
  readonly edges: GraphEdges;
  /** Edges of kind runtime that TypeScript drops because nothing they bind is used as a value. */
  readonly elided: ReadonlySet<Edge>;
  readonly runtime: readonly Component[];
  /** Modules that ask for themselves. */
  readonly self: readonly Edge[];
  /** Cycles that exist only because of a deferred, or only because of a type edge. */
  readonly deferred: readonly Component[];
  readonly type: readonly Component[];
}

export function cyclesOf(graph: ModuleGraph): Cycles {
  const known = memo.get(graph);
  if (known?.version === graph.version) return known.cycles;
  const cycles = findCycles(graph);
  memo.set(graph, { version: graph.version, cycles });
  return cycles;
}

/** Whether an import could be `import type`: nothing it binds is used as a value, and its syntax allows it. */
export function couldBeTypeImport(graph: ModuleGraph, { modules }: GraphEdges, { from, request }: Edge): boolean {
  const module = modules[from];
  const { kind, names } = request;
  if (!module || !isTypeScriptFile(module.file) || kind !== 'import' || names.length === 0) return false;
  if (names.some(({ typeOnly }) => typeOnly)) return false;
  if (names.length > 1 && names.some(({ imported }) => imported === 'default')) return false;
  const uses = usesOf(graph, module);
  return uses !== undefined && names.every(({ local }) => !uses.values.has(local));
}

const memo = new WeakMap<ModuleGraph, { readonly version: number; readonly cycles: Cycles }>();

function findCycles(graph: ModuleGraph): Cycles {
  const edges = edgesOf(graph);
  const apart = (edge: Edge): boolean => edge.from !== edge.to;
  // Most modules are in no cycle of any kind; the rest is searched for the others.
  const fullGraph = digraphOf(edges, apart);
  const fullMembers = components(fullGraph);
  const candidates = fullMembers.flat();
  const written = digraphOf(edges, (edge) => edge.kind === 'runtime' && apart(edge), candidates);
  const elided = elidedWithin(graph, edges, components(written));
  const isRuntime = (edge: Edge): boolean => edge.kind === 'runtime' && apart(edge) && !elided.has(edge);
  const isLoaded = (edge: Edge): boolean => isRuntime(edge) || (edge.kind === 'deferred' && apart(edge));

  const runtimeGraph = digraphOf(edges, isRuntime, candidates);
  const runtimeMembers = components(runtimeGraph);
  const loadedGraph = digraphOf(edges, isLoaded, candidates);
  const loadedMembers = components(loadedGraph);
  return {
    edges,
    elided,
    runtime: runtimeMembers.map((members) => cutComponent(graph, edges, runtimeGraph, members, isRuntime)),
    self: edges.leaving.flatMap((leaving) => leaving.filter(({ from, to }) => from === to)),
    deferred: closedBy(edges, loadedGraph, loadedMembers, runtimeMembers, (edge) => edge.kind === 'deferred'),
    type: closedBy(edges, fullGraph, fullMembers, loadedMembers, (edge) => !isLoaded(edge)),
  };
}

function elidedWithin(
  graph: ModuleGraph,
  edges: GraphEdges,
  candidates: readonly (readonly number[])[],
): ReadonlySet<Edge> {
  const elided = new Set<Edge>();
  for (const members of candidates) {
    const inside = new Set(members);
    for (const number of members) {
      const module = edges.modules[number];
      if (!module || !isTypeScriptFile(module.file)) continue;
      if (graph.projects.projectOf(module.file)?.keepsUnusedImports) continue;
      for (const edge of edges.leaving[number] ?? []) {
        const { kind, names } = edge.request;
        if (edge.kind !== 'runtime' || kind !== 'import' || names.length === 0 || !inside.has(edge.to)) continue;
        const uses = usesOf(graph, module);
        if (uses && names.every(({ typeOnly, local }) => typeOnly || !uses.values.has(local))) elided.add(edge);
      }
    }
  }
  return elided;
}

function cutComponent(
  graph: ModuleGraph,
  edges: GraphEdges,
  digraph: Digraph,
  members: readonly number[],
  wanted: (edge: Edge) => boolean,
): Component {
  const inside = restrictedTo(digraph, members);
  const edgeOf = (from: number, to: number): Edge | undefined =>
    edges.leaving[from]?.find((one) => one.to === to && wanted(one));
  const isCheap = (from: number, to: number): boolean => {
    const edge = edgeOf(from, to);
    return edge !== undefined && couldBeTypeImport(graph, edges, edge);
  };
  const cycles = edgesToCut(inside, members, isCheap).flatMap(([from, to]) => {
    const edge = edgeOf(from, to);
    const back = shortestPath(inside, to, from);
    return edge && back ? [{ edge, path: [from, ...back.slice(0, -1)] }] : [];
  });
  return { members, cycles: shortestFirst(cycles) };
}

/** Components of the larger graph with the cycles that one of these edges closes and that the smaller graph has not. */
function closedBy(
  edges: GraphEdges,
  larger: Digraph,
  largerMembers: readonly (readonly number[])[],
  smallerMembers: readonly (readonly number[])[],
  closes: (edge: Edge) => boolean,
): readonly Component[] {
  const smallerOf = new Map(smallerMembers.flatMap((members, id) => members.map((number) => [number, id] as const)));
  return largerMembers.flatMap((members) => {
    const inside = new Set(members);
    const restricted = restrictedTo(larger, members);
    const cycles: Cycle[] = [];
    for (const number of members) {
      for (const edge of edges.leaving[number] ?? []) {
        if (!closes(edge) || edge.from === edge.to || !inside.has(edge.to)) continue;
        const known = smallerOf.get(edge.from);
        if (known !== undefined && known === smallerOf.get(edge.to)) continue;
        const back = shortestPath(restricted, edge.to, edge.from);
        if (back) cycles.push({ edge, path: [edge.from, ...back.slice(0, -1)] });
      }
    }
    return cycles.length === 0 ? [] : [{ members, cycles: oneForEachCycle(shortestFirst(cycles)) }];
  });
}

function shortestFirst(cycles: readonly Cycle[]): readonly Cycle[] {
  return cycles.toSorted(
    (one, other) =>
      one.path.length - other.path.length ||
      one.edge.from - other.edge.from ||
      one.edge.request.start - other.edge.request.start,
  );
}

/** Two edges of one cycle tell the same story: the first is enough. */
function oneForEachCycle(cycles: readonly Cycle[]): readonly Cycle[] {
  const seen = new Set<string>();
  return cycles.filter(({ path }) => {
    const key = path.toSorted((one, other) => one - other).join();
    return !seen.has(key) && seen.add(key);
  });
}
