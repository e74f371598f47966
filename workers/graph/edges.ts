/**
 * The module graph in numbers: a module is an index, a request that resolves to a module is an edge. Pure, memoized.
 */
import type { Digraph } from './components.ts';
import type { Module, ModuleGraph } from './graph.ts';
import {
  isDeclarationFile,
  isLoading,
  scriptAt,
  type ModuleRecord,
  type ModuleRequest,
  type RequestKind,
} from './record.ts';

/**
 * `runtime`: loaded with the module; `deferred`: loaded when some function runs; `type`: absent at run time; `client`:
 * loaded by a script of the file that is a module of its own, so that it closes no cycle.
 */
export type EdgeKind = 'runtime' | 'deferred' | 'type' | 'client';

export interface Edge {
  readonly from: number;
  readonly to: number;
  readonly kind: EdgeKind;
  readonly request: ModuleRequest;
}

/** The edges of a graph, valid until the graph is updated. Lives until a module is added or removed. */
export class GraphEdges {
  /** In path order; a module's index is its node number. */
  readonly modules: readonly Module[];
  readonly numberOf: ReadonlyMap<Module, number>;
  readonly #successors: (readonly number[])[] = [];
  readonly #targets: (readonly (Module | undefined)[])[] = [];
  /** Created on demand: most modules are in no cycle. */
  readonly #leaving: (readonly Edge[] | undefined)[] = [];
  readonly #shapes: string[] = [];
  readonly #selves = new Set<number>();
  #edgeRevision: number;
  #version = -1;

  constructor(graph: ModuleGraph, shape: number) {
    this.modules = [...graph.modules.values()].sort((one, other) => (one.file < other.file ? -1 : 1));
    this.numberOf = new Map(this.modules.map((module, number) => [module, number]));
    this.#edgeRevision = shape;
  }

  /** Successors of each node, without itself. A node gets a new list when its successors may have changed. */
  get successors(): Digraph {
    return this.#successors;
  }

  /** Modules that import themselves. */
  get selves(): Iterable<number> {
    return this.#selves;
  }

  /** Grows when an edge is added, removed or changes its kind; not when only its position in the text changes. */
  get edgeRevision(): number {
    return this.#edgeRevision;
  }

  /** The edges that leave a node, in source order. */
  leaving(number: number): readonly Edge[] {
    const module = this.modules[number];
    return (this.#leaving[number] ??= module ? edgesFrom(module, number, this.numberOf) : []);
  }

  update(version: number): void {
    if (version === this.#version) return;
    this.#version = version;
    const shape = this.#edgeRevision + 1;
    for (let number = 0; number < this.modules.length; number++) {
      const module = this.modules[number];
      if (!module || this.#targets[number] === module.targets) continue;
      this.#targets[number] = module.targets;
      if (this.#take(number, edgesFrom(module, number, this.numberOf))) this.#edgeRevision = shape;
    }
  }

  /** @returns whether the edges differ from before */
  #take(number: number, leaving: readonly Edge[]): boolean {
    const before = this.#shapes[number];
    this.#shapes[number] = shapeOf(leaving);
    this.#successors[number] = successorsOf(leaving);
    this.#leaving[number] = undefined;
    if (leaving.some(({ to }) => to === number)) this.#selves.add(number);
    else this.#selves.delete(number);
    return this.#shapes[number] !== before;
  }
}

/** The edges of the graph's current state. A module's edges are recomputed only after it was linked again. */
export function edgesOf(graph: ModuleGraph): GraphEdges {
  let known = memo.get(graph);
  if (known?.population !== graph.moduleSetRevision) {
    known = { population: graph.moduleSetRevision, edges: new GraphEdges(graph, known?.edges.edgeRevision ?? 0) };
    memo.set(graph, known);
  }
  known.edges.update(graph.revision);
  return known.edges;
}

const memo = new WeakMap<ModuleGraph, { readonly population: number; readonly edges: GraphEdges }>();

function successorsOf(leaving: readonly Edge[]): readonly number[] {
  const nodes: number[] = [];
  for (const { from, to } of leaving) if (to !== from && !nodes.includes(to)) nodes.push(to);
  return nodes.length === 0 ? NONE : nodes;
}

const NONE: readonly number[] = [];

/**
 * Two characters for each edge: its target and its kind. Uses `join` because a concatenated string keeps its parts
 * alive.
 */
function shapeOf(leaving: readonly Edge[]): string {
  const parts = leaving.map(({ to, kind, request }) =>
    String.fromCharCode(to & 0xffff, (to >> 16) * 64 + KINDS.indexOf(kind) * 8 + REQUESTS.indexOf(request.kind)),
  );
  return parts.join('');
}

const KINDS: readonly EdgeKind[] = ['runtime', 'deferred', 'type', 'client'];
const REQUESTS: readonly RequestKind[] = [
  'import',
  'export',
  'dynamic',
  'require',
  'type',
  'reference',
  'resolve',
  'glob',
];

function edgesFrom(module: Module, from: number, numberOf: ReadonlyMap<Module, number>): readonly Edge[] {
  const edges: Edge[] = [];
  module.targets.forEach((target, index) => {
    const request = module.record.requests[index];
    const to = target && numberOf.get(target);
    if (!request || !target || to === undefined || !isLoading(request)) return;
    edges.push({ from, to, kind: kindOf(module.record, request, target), request });
  });
  for (const [index, target] of module.more) {
    const request = module.record.requests[index];
    const to = numberOf.get(target);
    if (request && to !== undefined) edges.push({ from, to, kind: kindOf(module.record, request, target), request });
  }
  return edges.length === 0 ? NO_EDGES : edges;
}

const NO_EDGES: readonly Edge[] = [];

function kindOf(record: ModuleRecord, request: ModuleRequest, target: Module): EdgeKind {
  if (scriptAt(record, request.start)?.runs === 'client') return 'client';
  if (request.typeOnly || isDeclarationFile(target.file)) return 'type';
  return request.deferred ? 'deferred' : 'runtime';
}
