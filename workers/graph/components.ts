/** Algorithms on directed graphs. Nodes are small integers; edges are lists of successors. Pure functions. */

/** `graph[n]` are the successors of node n. Parallel edges and self-loops are allowed. */
export type Digraph = readonly (readonly number[])[];

/**
 * Strongly connected components of two or more nodes, each sorted, in the order of their first nodes. Tarjan's
 * algorithm with an explicit stack, because a chain of imports can be longer than the call stack. Ignores self-loops.
 */
export function strongComponents(graph: Digraph): readonly (readonly number[])[] {
  const order = new Int32Array(graph.length).fill(-1);
  const low = new Int32Array(graph.length);
  const onStack = new Uint8Array(graph.length);
  const next = new Int32Array(graph.length);
  const stack: number[] = [];
  const path: number[] = [];
  const found: number[][] = [];
  let count = 0;
  for (let root = 0; root < graph.length; root++) {
    if (order[root] !== -1) continue;
    path.push(root);
    while (path.length > 0) {
      const node = path[path.length - 1] as number;
      if (order[node] === -1) {
        order[node] = low[node] = count++;
        stack.push(node);
        onStack[node] = 1;
      }
      const successors = graph[node] ?? [];
      let descended = false;
      while ((next[node] as number) < successors.length) {
        const successor = successors[next[node] as number] as number;
        next[node] = (next[node] as number) + 1;
        if (order[successor] === -1) {
          path.push(successor);
          descended = true;
          break;
        }
        if (onStack[successor]) low[node] = Math.min(low[node] as number, order[successor] as number);
      }
      if (descended) continue;
      path.pop();
      const parent = path[path.length - 1];
      if (parent !== undefined) low[parent] = Math.min(low[parent] as number, low[node] as number);
      if (low[node] !== order[node]) continue;
      const component: number[] = [];
      for (let member = -1; member !== node;) {
        member = stack.pop() as number;
        onStack[member] = 0;
        component.push(member);
      }
      if (component.length > 1) found.push(component.sort((one, other) => one - other));
    }
  }
  return found.sort((one, other) => (one[0] ?? 0) - (other[0] ?? 0));
}

/** The subgraph of these nodes: every other node and edge disappears, the numbering stays. */
export function restrictedTo(graph: Digraph, nodes: Iterable<number>): Digraph {
  const kept = new Set(nodes);
  const result = new Array<readonly number[]>(graph.length).fill(NONE);
  for (const node of kept) result[node] = (graph[node] ?? []).filter((successor) => kept.has(successor));
  return result;
}

/** Shortest path from one node to another, both included; undefined when there is none. Ties go to earlier edges. */
export function shortestPath(graph: Digraph, from: number, to: number): readonly number[] | undefined {
  const previous = new Map<number, number>([[from, from]]);
  let frontier = [from];
  while (frontier.length > 0) {
    const following: number[] = [];
    for (const node of frontier) {
      for (const successor of graph[node] ?? []) {
        if (previous.has(successor)) continue;
        previous.set(successor, node);
        if (successor === to) return trace(previous, from, to);
        following.push(successor);
      }
    }
    frontier = following;
  }
  return from === to ? [from] : undefined;
}

/**
 * A small set of edges whose removal leaves a component without cycles (a feedback arc set): the ordering heuristic of
 * Eades, Lin and Smyth; then every edge that closes no cycle is put back. Exact for a single cycle, else not always
 * minimal.
 * @param component its nodes; edges that leave it are ignored
 * @param isCheap edges to cut in preference to others
 */
export function edgesToCut(
  graph: Digraph,
  component: readonly number[],
  isCheap: (from: number, to: number) => boolean = () => false,
): readonly (readonly [from: number, to: number])[] {
  const inside = new Set(component);
  const successors = new Map<number, Set<number>>();
  const predecessors = new Map<number, Set<number>>(component.map((node) => [node, new Set()]));
  const cheap: [number, number][] = [];
  for (const node of component) {
    const kept = new Set<number>();
    for (const successor of graph[node] ?? []) {
      if (successor === node || !inside.has(successor)) continue;
      if (isCheap(node, successor)) cheap.push([node, successor]);
      else kept.add(successor);
    }
    successors.set(node, kept);
    for (const successor of kept) predecessors.get(successor)?.add(node);
  }
  const rank = ordering(component, successors, predecessors);
  const cut: [number, number][] = [];
  const acyclic = new Map<number, number[]>(component.map((node) => [node, []]));
  for (const [node, nexts] of successors) {
    for (const successor of nexts) {
      if ((rank.get(node) ?? 0) < (rank.get(successor) ?? 0)) acyclic.get(node)?.push(successor);
      else cut.push([node, successor]);
    }
  }
  cut.push(...cheap);
  if (cut.length * component.length > PUT_BACK_LIMIT) return cut;
  return cut.filter(([from, to]) => {
    if (reaches(acyclic, to, from)) return true;
    acyclic.get(from)?.push(to);
    return false;
  });
}

const NONE: readonly number[] = [];

/** Cuts times nodes up to which the second pass runs; above that, the result of the first pass is used. */
const PUT_BACK_LIMIT = 2_000_000;

/** The position of each node in a sequence with few backward edges. */
function ordering(
  nodes: readonly number[],
  successors: ReadonlyMap<number, ReadonlySet<number>>,
  predecessors: ReadonlyMap<number, ReadonlySet<number>>,
): ReadonlyMap<number, number> {
  const out = new Map(nodes.map((node) => [node, successors.get(node)?.size ?? 0]));
  const into = new Map(nodes.map((node) => [node, predecessors.get(node)?.size ?? 0]));
  const left = new Set(nodes);
  const front: number[] = [];
  const back: number[] = [];
  const take = (node: number): void => {
    left.delete(node);
    for (const one of successors.get(node) ?? []) into.set(one, (into.get(one) ?? 0) - 1);
    for (const one of predecessors.get(node) ?? []) out.set(one, (out.get(one) ?? 0) - 1);
  };
  while (left.size > 0) {
    let best: number | undefined;
    let bestScore = -Infinity;
    let settled = false;
    for (const node of left) {
      if (out.get(node) === 0) {
        back.push(node);
        take(node);
        settled = true;
      } else if (into.get(node) === 0) {
        front.push(node);
        take(node);
        settled = true;
      } else {
        const score = (out.get(node) ?? 0) - (into.get(node) ?? 0);
        if (score > bestScore) {
          best = node;
          bestScore = score;
        }
      }
    }
    if (!settled && best !== undefined) {
      front.push(best);
      take(best);
    }
  }
  return new Map([...front, ...back.reverse()].map((node, position) => [node, position]));
}

function reaches(graph: ReadonlyMap<number, readonly number[]>, from: number, to: number): boolean {
  const seen = new Set([from]);
  const pending = [from];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if (node === to) return true;
    for (const successor of graph.get(node) ?? []) {
      if (seen.has(successor)) continue;
      seen.add(successor);
      pending.push(successor);
    }
  }
  return false;
}

function trace(previous: ReadonlyMap<number, number>, from: number, to: number): readonly number[] {
  const path = [to];
  for (let node = to; node !== from;) {
    node = previous.get(node) ?? from;
    path.push(node);
  }
  return path.reverse();
}
