/**
 * The cycles of a graph over runtime, deferred and type edges. Pure; the cycles of a group of modules are memoized
 * until one of the modules changes.
 */
import { strongComponents, edgesToCut, restrictedTo, shortestPath, type Digraph } from '../../graph/components.ts';
import { edgesOf, type Edge, type GraphEdges } from '../../graph/edges.ts';
import type { Module, ModuleGraph } from '../../graph/index.ts';
import { Memo, trackRead } from '../../graph/memo.ts';
import { isTypeScriptFile } from '../../graph/record.ts';
import { usesOf } from '../../graph/uses-of.ts';

export interface Cycle {
  /** The edge to remove, or the edge that determines the kind of the cycle. */
  readonly edge: Edge;
  /** Node numbers of a shortest cycle through it, beginning with its `from`; the first is not repeated. */
  readonly path: readonly number[];
}

export interface Component {
  /** Node numbers, ascending. */
  readonly members: readonly number[];
  /** One for each edge to remove, shortest cycles first. */
  readonly cycles: readonly Cycle[];
}

export interface Cycles {
  readonly edges: GraphEdges;
  /** Runtime edges that TypeScript removes because nothing they bind is used as a value. */
  readonly elided: ReadonlySet<Edge>;
  readonly runtime: readonly Component[];
  /** Imports of a module by itself. */
  readonly self: readonly Edge[];
  /** Cycles that exist only because of a deferred edge, or only because of a type edge; computed on demand. */
  deferred(): readonly Component[];
  type(): readonly Component[];
}

export function cyclesOf(graph: ModuleGraph): Cycles {
  const known = memo.get(graph);
  if (known?.version === graph.revision) return known.cycles;
  const cycles = findCycles(graph, known?.groups ?? new Memo(new WeakMap()));
  memo.set(graph, { version: graph.revision, ...cycles });
  return cycles.cycles;
}

/** Whether an import could be `import type`: nothing it binds is used as a value, and its syntax allows it. */
export function couldBeTypeImport(graph: ModuleGraph, module: Module, { request }: Edge): boolean {
  const { kind, names } = request;
  if (!isTypeScriptFile(module.file) || kind !== 'import' || names.length === 0) return false;
  if (names.some(({ typeOnly }) => typeOnly)) return false;
  if (names.length > 1 && names.some(({ imported }) => imported === 'default')) return false;
  const uses = usesOf(graph, module);
  return uses !== undefined && names.every(({ local }) => !uses.values.has(local));
}

interface Found {
  readonly cycles: Cycles;
  /** By their first module. */
  readonly groups: Memo<Module, Group>;
}

const memo = new WeakMap<ModuleGraph, Found & { readonly version: number }>();

function findCycles(graph: ModuleGraph, groupMemo: Memo<Module, Group>): Found {
  const edges = edgesOf(graph);
  // Most modules are in no cycle; every cycle of any kind is within one of these groups.
  const groups = strongComponents(edges.successors).flatMap((members) => {
    const first = edges.modules[members[0] ?? 0];
    const input = `${String(graph.environmentRevision)} ${members.join()}`;
    return first ? [groupMemo.of(first, () => new Group(graph, edges, members), input)] : [];
  });
  const elided = new Set<Edge>();
  for (const group of groups) for (const edge of group.elided) elided.add(edge);
  const self: Edge[] = [];
  for (const number of [...edges.selves].sort((one, other) => one - other)) {
    self.push(...edges.leaving(number).filter(({ from, to }) => from === to));
  }
  const inOrder = (found: readonly Component[]): readonly Component[] =>
    found.toSorted((one, other) => (one.members[0] ?? 0) - (other.members[0] ?? 0));
  const cycles: Cycles = {
    edges,
    elided,
    runtime: inOrder(groups.flatMap(({ runtime }) => runtime)),
    self,
    deferred: () => inOrder(groups.flatMap((group) => group.deferred())),
    type: () => inOrder(groups.flatMap((group) => group.type())),
  };
  return { cycles, groups: groupMemo };
}

/** Modules that all reach each other over edges of any kind. Nodes are numbered within the group. */
class Group {
  readonly elided: ReadonlySet<Edge>;
  readonly runtime: readonly Component[];
  readonly #graph: ModuleGraph;
  readonly #modules: readonly Module[];
  /** Edges between members, by number within the group. */
  readonly #leaving: readonly (readonly Edge[])[];
  readonly #members: readonly number[];
  readonly #numberWithin: ReadonlyMap<number, number>;
  readonly #isLoaded = (edge: Edge): boolean => this.#isRuntime(edge) || edge.kind === 'deferred';
  readonly #isRuntime = (edge: Edge): boolean => edge.kind === 'runtime' && !this.elided.has(edge);
  readonly #runtimeComponents: readonly (readonly number[])[];
  #loaded: Part | undefined;
  #deferred: readonly Component[] | undefined;
  #type: readonly Component[] | undefined;

  /** @param members node numbers, ascending */
  constructor(graph: ModuleGraph, edges: GraphEdges, members: readonly number[]) {
    this.#graph = graph;
    this.#members = members;
    this.#numberWithin = new Map(members.map((number, within) => [number, within]));
    this.#modules = members.flatMap((number) => edges.modules[number] ?? []);
    for (const module of this.#modules) trackRead(module);
    this.#leaving = members.map((number) =>
      edges
        .leaving(number)
        .filter((edge) => edge.from !== edge.to && edge.kind !== 'client' && this.#numberWithin.has(edge.to)),
    );
    this.elided = this.#findElided();
    const runtime = this.#part(this.#isRuntime);
    this.runtime = runtime.components.map((component) => this.#cut(runtime.digraph, component));
    this.#runtimeComponents = runtime.components;
  }

  deferred(): readonly Component[] {
    this.#loaded ??= this.#part(this.#isLoaded);
    return (this.#deferred ??= this.#closedBy(
      this.#loaded,
      this.#runtimeComponents,
      ({ kind }) => kind === 'deferred',
    ));
  }

  type(): readonly Component[] {
    this.#loaded ??= this.#part(this.#isLoaded);
    const all = this.#part(() => true);
    return (this.#type ??= this.#closedBy(all, this.#loaded.components, (edge) => !this.#isLoaded(edge)));
  }

  #part(wanted: (edge: Edge) => boolean): Part {
    const within = ({ to }: Edge): number => this.#numberWithin.get(to) ?? 0;
    const digraph = this.#leaving.map((leaving) => leaving.filter(wanted).map(within));
    return { digraph, components: strongComponents(digraph) };
  }

  /** Finds elided edges in the components that include edges which the compiler may remove. */
  #findElided(): ReadonlySet<Edge> {
    const elided = new Set<Edge>();
    for (const component of this.#part(({ kind }) => kind === 'runtime').components) {
      const inside = new Set(component.map((within) => this.#members[within]));
      for (const within of component) {
        const module = this.#modules[within];
        if (!module || !isTypeScriptFile(module.file)) continue;
        if (this.#graph.projects.projectOf(module.file)?.keepsUnusedImports) continue;
        for (const edge of this.#leaving[within] ?? []) {
          const { kind, names } = edge.request;
          if (edge.kind !== 'runtime' || kind !== 'import' || names.length === 0 || !inside.has(edge.to)) continue;
          const uses = usesOf(this.#graph, module);
          if (uses && names.every(({ typeOnly, local }) => typeOnly || !uses.values.has(local))) elided.add(edge);
        }
      }
    }
    return elided;
  }

  #cut(digraph: Digraph, component: readonly number[]): Component {
    const inside = restrictedTo(digraph, component);
    const edgeOf = (from: number, to: number): Edge | undefined =>
      this.#leaving[from]?.find((one) => one.to === this.#members[to] && this.#isRuntime(one));
    const isCheap = (from: number, to: number): boolean => {
      const [module, edge] = [this.#modules[from], edgeOf(from, to)];
      return module !== undefined && edge !== undefined && couldBeTypeImport(this.#graph, module, edge);
    };
    const cycles = edgesToCut(inside, component, isCheap).flatMap(([from, to]) => {
      const edge = edgeOf(from, to);
      return edge ? this.#cycleThrough(inside, edge) : [];
    });
    return { members: this.#numbersOf(component), cycles: shortestFirst(cycles) };
  }

  /**
   * Components of the larger graph, with the cycles that one of these edges closes and that the smaller graph lacks.
   */
  #closedBy(
    larger: Part,
    smaller: readonly (readonly number[])[],
    closes: (edge: Edge) => boolean,
  ): readonly Component[] {
    const smallerOf = new Map(smaller.flatMap((component, id) => component.map((within) => [within, id] as const)));
    return larger.components.flatMap((component) => {
      const inside = new Set(component);
      const restricted = restrictedTo(larger.digraph, component);
      const cycles: Cycle[] = [];
      for (const from of component) {
        for (const edge of this.#leaving[from] ?? []) {
          const to = this.#numberWithin.get(edge.to) ?? 0;
          if (!closes(edge) || !inside.has(to)) continue;
          const known = smallerOf.get(from);
          if (known !== undefined && known === smallerOf.get(to)) continue;
          cycles.push(...this.#cycleThrough(restricted, edge));
        }
      }
      const members = this.#numbersOf(component);
      return cycles.length === 0 ? [] : [{ members, cycles: oneForEachCycle(shortestFirst(cycles)) }];
    });
  }

  #cycleThrough(digraph: Digraph, edge: Edge): readonly Cycle[] {
    const [from = 0, to = 0] = [edge.from, edge.to].map((number) => this.#numberWithin.get(number));
    const back = shortestPath(digraph, to, from);
    return back ? [{ edge, path: this.#numbersOf([from, ...back.slice(0, -1)]) }] : [];
  }

  #numbersOf(nodes: readonly number[]): readonly number[] {
    return nodes.map((within) => this.#members[within] ?? 0);
  }
}

interface Part {
  readonly digraph: Digraph;
  readonly components: readonly (readonly number[])[];
}

function shortestFirst(cycles: readonly Cycle[]): readonly Cycle[] {
  return cycles.toSorted(
    (one, other) =>
      one.path.length - other.path.length ||
      one.edge.from - other.edge.from ||
      one.edge.request.start - other.edge.request.start,
  );
}

/** Keeps the first of several cycles through the same modules. */
function oneForEachCycle(cycles: readonly Cycle[]): readonly Cycle[] {
  const seen = new Set<string>();
  return cycles.filter(({ path }) => {
    const key = path.toSorted((one, other) => one - other).join();
    return !seen.has(key) && seen.add(key);
  });
}
