/**
 * Finds names that a CommonJS module in a cycle takes from another one before that has assigned them. Simulates the
 * order in which Node.js runs the cycle, for each entry into it that the graph shows. Reads texts of the graph, has no
 * other effect.
 */
import { commonJsExports } from '../../graph/commonjs-exports.ts';
import type { Edge } from '../../graph/edges.ts';
import type { Module, ModuleGraph } from '../../graph/index.ts';
import { usesOf } from '../../graph/uses-of.ts';
import type { Use } from '../../graph/uses.ts';
import type { Component, Cycles } from './cycles.ts';
import { entriesOf, importersOf, isEvaluated } from './load-order.ts';

export interface PartialRead {
  readonly module: Module;
  readonly name: string;
  /** Where the name is read, or where it is taken out of the exports. */
  readonly place: Pick<Use, 'start' | 'end'>;
  readonly request: Edge['request'];
  readonly source: Module;
  /** The module of the cycle that is loaded first. */
  readonly entry: Module;
  /** True for every simulated entry into the cycle. */
  readonly always: boolean;
  /** It is undefined for good, not only while the modules load. */
  readonly stays: boolean;
}

export function partialReads(graph: ModuleGraph, cycles: Cycles): readonly PartialRead[] {
  const components = cycles.runtime.filter((component) => isCommonJs(cycles, component));
  if (components.length === 0) return [];
  const importers = importersOf(cycles.edges, cycles.elided);
  return components.flatMap((component) => readsIn(graph, cycles, component, importers));
}

function isCommonJs({ edges }: Cycles, { members }: Component): boolean {
  return members.some((number) => edges.leaving(number).some((edge) => isRequire(edge) && members.includes(edge.to)));
}

function isRequire({ kind, request, from, to }: Edge): boolean {
  return kind === 'runtime' && request.kind === 'require' && from !== to;
}

type Found = Omit<PartialRead, 'always' | 'entry'>;

function readsIn(
  graph: ModuleGraph,
  cycles: Cycles,
  component: Component,
  importers: readonly (readonly number[])[],
): readonly PartialRead[] {
  const { modules } = cycles.edges;
  const inside = new Set(component.members);
  if (!component.members.some((number) => mayMiss(graph, cycles, number, inside))) return [];
  const runs = new Map<Module, number>();
  const found = new Map<string, { read: Found; entry: Module; times: number }>();
  for (const [first, programs] of entriesOf(cycles, component, importers)) {
    const entry = modules[first];
    for (const program of programs) {
      for (const event of simulate(cycles, program)) {
        const module = modules[event.number];
        if (!module || !entry) continue;
        if (event.kind === 'run') {
          runs.set(module, (runs.get(module) ?? 0) + 1);
          continue;
        }
        const source = modules[event.edge.to];
        if (!source || !inside.has(event.edge.to)) continue;
        for (const read of missingReads(graph, module, event.edge.request, source, event.at)) {
          const key = `${module.file}\n${read.name}\n${String(read.place.start)}`;
          const known = found.get(key);
          if (known) known.times++;
          else found.set(key, { read, entry, times: 1 });
        }
      }
    }
  }
  return [...found.values()].map(({ read, entry, times }) => ({
    ...read,
    entry,
    always: times === runs.get(read.module),
  }));
}

/** Whether a module takes something that another one assigns after it began to require the cycle. */
function mayMiss(graph: ModuleGraph, { edges }: Cycles, number: number, inside: ReadonlySet<number>): boolean {
  const isInside = (edge: Edge): boolean => isRequire(edge) && inside.has(edge.to);
  const module = edges.modules[number];
  return edges.leaving(number).some((edge) => {
    const source = isInside(edge) ? edges.modules[edge.to] : undefined;
    const begins = edges.leaving(edge.to).find(isInside)?.request.start;
    if (!module || !source || begins === undefined) return false;
    return missingReads(graph, module, edge.request, source, begins).length > 0;
  });
}

type Event =
  | { readonly kind: 'run'; readonly number: number }
  /** A module requires one that is running, and that has come to the offset `at`. */
  | { readonly kind: 'partial'; readonly number: number; readonly edge: Edge; readonly at: number };

function simulate({ edges, elided }: Cycles, program: number): readonly Event[] {
  const events: Event[] = [];
  const done = new Set<number>();
  const running = new Map<number, number>();
  const path: { readonly number: number; readonly next: Iterator<Edge> }[] = [];
  const open = (number: number): void => {
    running.set(number, 0);
    events.push({ kind: 'run', number });
    path.push({ number, next: edges.leaving(number).values() });
  };
  open(program);
  for (let top = path.at(-1); top; top = path.at(-1)) {
    const next = top.next.next();
    if (next.done === true) {
      done.add(top.number);
      running.delete(top.number);
      path.pop();
      continue;
    }
    const edge = next.value;
    if (!isEvaluated(edge, elided) || done.has(edge.to)) continue;
    // Imports run before the importing module does.
    running.set(top.number, edge.request.kind === 'require' ? edge.request.start : 0);
    const at = running.get(edge.to);
    if (at === undefined) open(edge.to);
    else if (isRequire(edge)) events.push({ kind: 'partial', number: top.number, edge, at });
  }
  return events;
}

/** @param at the offset that the source has come to */
function missingReads(
  graph: ModuleGraph,
  module: Module,
  request: Edge['request'],
  source: Module,
  at: number,
): readonly Found[] {
  const exports = commonJsExports(graph, source);
  const uses = exports && usesOf(graph, module);
  if (!exports || !uses || (exports.replacedAt !== undefined && exports.replacedAt <= at)) return [];
  const isReplaced = exports.replacedAt !== undefined;
  // Of other names the module does not know whether they will exist.
  const isMissing = (name: string): boolean => {
    const assigned = exports.assignedAt.get(name);
    return assigned === undefined ? isReplaced : assigned > at;
  };
  const found: Found[] = [];
  const add = (name: string, place: Found['place'], stays: boolean): void => {
    if (!found.some((one) => one.name === name)) found.push({ module, name, place, request, source, stays });
  };
  for (const { imported, local, start, end } of request.names) {
    const reads = uses.values.get(local) ?? [];
    if (imported !== '*') {
      // The name is taken out of the exports at once.
      if (isMissing(imported) && (local === '' || reads.length > 0)) add(imported, { start, end }, true);
      continue;
    }
    for (const use of reads) {
      if (use.member !== undefined) {
        if (isMissing(use.member) && (use.atLoad || isReplaced)) add(use.member, use, isReplaced);
      } else if (use.isCalled === true && isReplaced) {
        add(local, use, true);
      }
    }
  }
  return found;
}
