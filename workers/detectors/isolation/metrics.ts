/** Couplings by number: of modules, and of folders for reports. After R. C. Martin. Pure functions over the edges. */
import { edgesOf, type GraphEdges } from '../../graph/edges.ts';
import type { ModuleGraph } from '../../graph/index.ts';

export interface Coupling {
  /** Afferent: how many depend on it. */
  readonly ca: number;
  /** Efferent: on how many it depends. */
  readonly ce: number;
  /** Ce / (Ca + Ce): 0 is what everyone leans on, 1 what nobody does; 0 when there is neither. */
  readonly instability: number;
}

/** By node number of {@link edgesOf}; every module counts once however often it is imported, types included. */
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

/** The same as numbers; valid until asked again. */
export function couplingCounts(graph: ModuleGraph): CouplingCounts {
  const edges = edgesOf(graph);
  const { modules, successors } = edges;
  const known = memo.get(graph);
  const isSame = known?.edges.modules === modules;
  const { incoming, outgoing } = isSame
    ? known
    : { incoming: new Int32Array(modules.length), outgoing: new Int32Array(modules.length) };
  const count = (targets: readonly number[], sign: 1 | -1): void => {
    for (const to of targets) incoming[to] = (incoming[to] ?? 0) + sign;
  };
  for (let number = 0; number < modules.length; number++) {
    const [before, now] = [isSame ? (known.edges.successors[number] ?? []) : [], successors[number] ?? []];
    if (isSame && before === now) continue;
    count(before, -1);
    count(now, 1);
    outgoing[number] = now.length;
  }
  const counts = { edges, incoming, outgoing };
  memo.set(graph, counts);
  return counts;
}

const memo = new WeakMap<ModuleGraph, CouplingCounts>();

/**
 * Couplings of every folder with modules in it or below it: Ca counts modules outside that depend on some inside, Ce
 * modules outside that some inside depend on.
 */
export function folderCouplings(graph: ModuleGraph): ReadonlyMap<string, Coupling> {
  const { modules, leaving } = edgesOf(graph);
  const sets = new Map<string, { readonly dependents: Set<number>; readonly dependencies: Set<number> }>();
  const folders = modules.map(({ file }) => foldersOf(file));
  for (const list of folders) {
    for (const folder of list)
      if (!sets.has(folder)) sets.set(folder, { dependents: new Set(), dependencies: new Set() });
  }
  for (const edges of leaving) {
    for (const { from, to } of edges) {
      const [source, target] = [folders[from] ?? [], folders[to] ?? []];
      for (const folder of source) if (!target.includes(folder)) sets.get(folder)?.dependencies.add(to);
      for (const folder of target) if (!source.includes(folder)) sets.get(folder)?.dependents.add(from);
    }
  }
  return new Map(
    [...sets]
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([folder, { dependents, dependencies }]) => [folder, couplingOf(dependents.size, dependencies.size)]),
  );
}

export function couplingOf(ca: number, ce: number): Coupling {
  return { ca, ce, instability: ca + ce === 0 ? 0 : ce / (ca + ce) };
}

function foldersOf(file: string): readonly string[] {
  const parts = file.split('/').slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}
