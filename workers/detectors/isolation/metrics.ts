/** Coupling metrics of modules, and of folders for reports, after R. C. Martin. Pure functions over the edges. */
import { edgesOf, type GraphEdges } from '../../graph/edges.ts';
import type { ModuleGraph } from '../../graph/index.ts';

export interface Coupling {
  /** Afferent coupling: how many modules depend on it. */
  readonly ca: number;
  /** Efferent coupling: on how many modules it depends. */
  readonly ce: number;
  /** Ce / (Ca + Ce), from 0 (stable) to 1 (unstable); 0 if there are no dependencies at all. */
  readonly instability: number;
}

/** By node number of {@link edgesOf}. A module counts once however often it is imported; type imports count. */
export function moduleCouplings(graph: ModuleGraph): readonly Coupling[] {
  const { incoming, outgoing } = couplingCounts(graph);
  return Array.from(outgoing, (ce, number) => couplingOf(incoming[number] ?? 0, ce));
}

export interface CouplingCounts {
  readonly edges: GraphEdges;
  /** Ca and Ce by node number. */
  readonly incoming: Int32Array;
  readonly outgoing: Int32Array;
}

/** The same counts as arrays, valid until the next call. */
export function couplingCounts(graph: ModuleGraph): CouplingCounts {
  const edges = edgesOf(graph);
  let counts = memo.get(graph);
  if (counts?.edges !== edges) {
    const size = edges.modules.length;
    counts = { edges, incoming: new Int32Array(size), outgoing: new Int32Array(size), counted: [] };
    memo.set(graph, counts);
  }
  const { incoming, outgoing, counted } = counts;
  for (let number = 0; number < edges.modules.length; number++) {
    const now = edges.successors[number] ?? [];
    if (counted[number] === now) continue;
    for (const to of counted[number] ?? []) incoming[to] = (incoming[to] ?? 0) - 1;
    for (const to of now) incoming[to] = (incoming[to] ?? 0) + 1;
    outgoing[number] = now.length;
    counted[number] = now;
  }
  return counts;
}

interface Counting extends CouplingCounts {
  /** The successors that the counts include, by node number. */
  readonly counted: (readonly number[])[];
}

const memo = new WeakMap<ModuleGraph, Counting>();

/**
 * Couplings of every folder with modules in it or below it, as dependency-cruiser counts them: Ca how many times a
 * module outside depends on one inside, Ce how many times one inside depends on one outside.
 */
export function folderCouplings(graph: ModuleGraph): ReadonlyMap<string, Coupling> {
  const { modules, successors } = edgesOf(graph);
  const folders = modules.map(({ file }) => foldersOf(file));
  const counts = new Map(folders.flat().map((folder) => [folder, { ca: 0, ce: 0 }]));
  for (const [from, targets] of successors.entries()) {
    for (const to of targets) {
      const [source, target] = [folders[from] ?? [], folders[to] ?? []];
      for (const folder of source) if (!target.includes(folder)) increase(counts.get(folder), 'ce');
      for (const folder of target) if (!source.includes(folder)) increase(counts.get(folder), 'ca');
    }
  }
  return new Map(
    [...counts]
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([folder, { ca, ce }]) => [folder, couplingOf(ca, ce)]),
  );
}

function increase(count: { ca: number; ce: number } | undefined, which: 'ca' | 'ce'): void {
  if (count) count[which]++;
}

function couplingOf(ca: number, ce: number): Coupling {
  return { ca, ce, instability: ca + ce === 0 ? 0 : ce / (ca + ce) };
}

function foldersOf(file: string): readonly string[] {
  const parts = file.split('/').slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}
