/**
 * Finds names that are read before the module that binds them has run. Simulates the order in which ECMAScript
 * evaluates a cycle, for each entry into the cycle that the graph shows. Reads texts of the graph, has no other effect.
 */
import type { Edge, GraphEdges } from '../../graph/edges.ts';
import { exportedName } from '../../graph/exports.ts';
import type { Module, ModuleGraph } from '../../graph/index.ts';
import { Memo } from '../../graph/memo.ts';
import type { ImportedName, RequestKind } from '../../graph/record.ts';
import type { Use } from '../../graph/uses.ts';
import type { Component, Cycles } from './cycles.ts';
import { usesOf } from '../../graph/uses-of.ts';

export interface EarlyRead {
  readonly module: Module;
  readonly name: string;
  readonly use: Use;
  /** The module that binds the name and has not run yet. */
  readonly source: Module;
  /** The module of the cycle that is imported first. */
  readonly entry: Module;
  /** True for every simulated entry into the cycle; otherwise the code works if the cycle is entered elsewhere. */
  readonly always: boolean;
}

export function earlyReads(graph: ModuleGraph, cycles: Cycles): readonly EarlyRead[] {
  const known: GraphMemo = memo.get(graph) ?? {
    reads: new Memo<Module, readonly LoadRead[]>(new WeakMap()),
    found: new Map(),
  };
  const found = new Map<string, readonly Early[]>();
  const order = orderOf(cycles);
  let importers: readonly (readonly number[])[] | undefined;
  const early = cycles.runtime.flatMap((component) => {
    const reads = readsIn(graph, cycles, component, known.reads);
    if (reads.size === 0) return [];
    // The position of the read in the text does not affect the order.
    const key = `${order}\n${component.members.join()}\n${[...reads].map(([number, list]) => `${String(number)} ${list.map(keyOf).join()}`).join('\n')}`;
    importers ??= known.found.has(key) ? undefined : importersOf(cycles.edges, cycles.elided);
    const places = known.found.get(key) ?? placesOf(cycles, component, reads, importers ?? []);
    found.set(key, places);
    return places.flatMap(({ number, read, entry, always }): readonly EarlyRead[] => {
      const { name, use, source } = reads.get(number)?.[read] ?? {};
      const [module, origin, first] = [number, source, entry].map((one) => cycles.edges.modules[one ?? -1]);
      if (name === undefined || !use || !module || !origin || !first) return [];
      return [{ module, name, use, source: origin, entry: first, always }];
    });
  });
  memo.set(graph, { reads: known.reads, found });
  return early;
}

interface LoadRead {
  readonly name: string;
  readonly use: Use;
  readonly source: number;
}

/** A read of a module, by its index among the reads of that module. */
interface Early {
  readonly number: number;
  readonly read: number;
  readonly entry: number;
  readonly always: boolean;
}

interface GraphMemo {
  readonly reads: Memo<Module, readonly LoadRead[]>;
  /** Results by a key of everything they depend on. */
  readonly found: ReadonlyMap<string, readonly Early[]>;
}

const memo = new WeakMap<ModuleGraph, GraphMemo>();

function keyOf({ name, source }: LoadRead): string {
  return `${name} ${String(source)}`;
}

/** A key of everything the evaluation order depends on. */
function orderOf({ edges, elided }: Cycles): string {
  const dropped = Array.from(
    elided,
    (edge) => `${String(edge.from)} ${String(edges.leaving(edge.from).indexOf(edge))}`,
  );
  return [edges.edgeRevision, ...dropped].join();
}

function readsIn(
  graph: ModuleGraph,
  cycles: Cycles,
  component: Component,
  kept: Memo<Module, readonly LoadRead[]>,
): ReadonlyMap<number, readonly LoadRead[]> {
  const inside = new Set(component.members);
  const reads = new Map<number, readonly LoadRead[]>();
  for (const number of component.members) {
    const module = cycles.edges.modules[number];
    if (!module) continue;
    const found = kept.of(module, () => loadReads(graph, cycles, number, inside), component);
    if (found.length > 0) reads.set(number, found);
  }
  return reads;
}

function placesOf(
  cycles: Cycles,
  component: Component,
  reads: ReadonlyMap<number, readonly LoadRead[]>,
  importers: readonly (readonly number[])[],
): readonly Early[] {
  const early = new Map<string, Omit<Early, 'always'> & { times: number }>();
  const evaluated = new Map<number, number>();
  for (const [entry, programs] of entriesOf(cycles, component, importers)) {
    for (const program of programs) {
      const done = new Set<number>();
      for (const number of evaluationOrder(cycles, program)) {
        const seen = new Set<string>();
        if (reads.has(number)) evaluated.set(number, (evaluated.get(number) ?? 0) + 1);
        reads.get(number)?.forEach((one, read) => {
          const key = `${String(number)} ${keyOf(one)}`;
          if (done.has(one.source) || one.source === number || seen.has(key)) return;
          seen.add(key);
          const known = early.get(key);
          if (known) known.times++;
          else early.set(key, { number, read, entry, times: 1 });
        });
        done.add(number);
      }
    }
  }
  return Array.from(early.values(), ({ times, ...one }) => ({ ...one, always: times === evaluated.get(one.number) }));
}

/** Reads at load of names from the cycle that are not initialized before the module that binds them has run. */
function loadReads(
  graph: ModuleGraph,
  { edges, elided }: Cycles,
  number: number,
  inside: ReadonlySet<number>,
): readonly LoadRead[] {
  const module = edges.modules[number];
  const wanted = edges.leaving(number).filter((edge) => isEvaluated(edge, elided) && inside.has(edge.to));
  const uses = module && wanted.length > 0 ? usesOf(graph, module) : undefined;
  if (!module || !uses) return [];
  const reads: LoadRead[] = [];
  for (const { to, request } of wanted) {
    const target = edges.modules[to];
    if (!target || request.kind !== 'import') continue;
    for (const imported of request.names) {
      for (const use of uses.values.get(imported.local) ?? []) {
        const asked = use.atLoad ? nameAsked(imported, use) : undefined;
        const source = asked === undefined ? undefined : lexicalSource(graph, target, asked);
        const origin = source && edges.numberOf.get(source);
        if (asked === undefined || origin === undefined) continue;
        reads.push({ name: asked === 'default' ? imported.local : asked, use, source: origin });
        break;
      }
    }
  }
  return reads;
}

/** A namespace object exists from the start; its members do not. */
function nameAsked({ imported, typeOnly }: ImportedName, use: Use): string | undefined {
  if (typeOnly) return undefined;
  return imported === '*' ? use.member : imported;
}

/** The module that binds an exported name with `const`, `let`, `class` or `enum`; functions exist before it runs. */
function lexicalSource(graph: ModuleGraph, target: Module, name: string): Module | undefined {
  const exported = exportedName(target, name);
  if (exported.kind !== 'found' || exported.typeOnly) return undefined;
  const { module, local } = exported;
  const hoisted = usesOf(graph, module)?.hoisted;
  if (!hoisted || (local === undefined && name !== 'default')) return undefined;
  return hoisted.has(local ?? 'default') ? undefined : module;
}

export function isEvaluated(edge: Edge, elided: ReadonlySet<Edge>): boolean {
  const { kind, from, to, request } = edge;
  return kind === 'runtime' && from !== to && LOADING.has(request.kind) && !elided.has(edge);
}

const LOADING: ReadonlySet<RequestKind> = new Set(['import', 'export', 'require']);

/** Modules in evaluation order if this one is the program. */
function evaluationOrder({ edges, elided }: Cycles, program: number): readonly number[] {
  const order: number[] = [];
  const started = new Set([program]);
  const path: { readonly number: number; readonly next: Iterator<Edge> }[] = [];
  const open = (number: number): void => {
    path.push({ number, next: edges.leaving(number).values() });
  };
  open(program);
  for (let top = path.at(-1); top; top = path.at(-1)) {
    const next = top.next.next();
    if (next.done === true) {
      order.push(top.number);
      path.pop();
    } else if (isEvaluated(next.value, elided) && !started.has(next.value.to)) {
      started.add(next.value.to);
      open(next.value.to);
    }
  }
  return order;
}

/** For each module, the modules whose loading loads it. */
export function importersOf(edges: GraphEdges, elided: ReadonlySet<Edge>): readonly (readonly number[])[] {
  const importers: number[][] = edges.modules.map(() => []);
  for (let from = 0; from < edges.modules.length; from++) {
    for (const edge of edges.leaving(from)) {
      if (isEvaluated(edge, elided)) importers[edge.to]?.push(edge.from);
    }
  }
  return importers;
}

/**
 * Members through which a program (a module that nobody imports) can enter the cycle, each with such programs. If no
 * program leads here, each index file may be the program, or else each member.
 */
export function entriesOf(
  { edges, elided }: Cycles,
  { members }: Component,
  importers: readonly (readonly number[])[],
): ReadonlyMap<number, readonly number[]> {
  const inside = new Set(members);
  const reaching = new Set(members);
  const pending = [...members];
  const programs: number[] = [];
  for (let number = pending.pop(); number !== undefined; number = pending.pop()) {
    const from = importers[number] ?? [];
    if (from.length === 0) programs.push(number);
    for (const one of from) {
      if (reaching.has(one)) continue;
      reaching.add(one);
      pending.push(one);
    }
  }
  const entries = new Map<number, number[]>();
  for (const program of programs.sort((one, other) => one - other)) {
    const seen = new Set<number>();
    for (let at: number | undefined = program; at !== undefined && !seen.has(at);) {
      if (inside.has(at)) {
        const known = entries.get(at);
        if (!known) entries.set(at, [program]);
        else if (known.length < PROGRAMS_PER_ENTRY) known.push(program);
        break;
      }
      seen.add(at);
      at = edges.leaving(at).find((edge) => isEvaluated(edge, elided) && reaching.has(edge.to))?.to;
    }
    if (entries.size >= MAXIMUM_ENTRIES) break;
  }
  if (entries.size > 0) return entries;
  const index = members.filter((number) => /(^|\/)(index|main)\.[^/]+$/.test(edges.modules[number]?.file ?? ''));
  const alone = (index.length > 0 ? index : members).slice(0, MAXIMUM_ENTRIES);
  return new Map(alone.map((number) => [number, [number]]));
}

/** Bounds of the simulation: each program costs a walk over everything it loads. */
const PROGRAMS_PER_ENTRY = 2;
const MAXIMUM_ENTRIES = 24;
