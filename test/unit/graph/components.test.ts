import assert from 'node:assert/strict';
import fc from 'fast-check';
import { strongComponents, edgesToCut, shortestPath, type Digraph } from '../../../workers/graph/components.ts';

const digraph: fc.Arbitrary<Digraph> = fc
  .integer({ min: 1, max: 12 })
  .chain((size) => fc.array(fc.array(fc.nat(size - 1), { maxLength: 4 }), { minLength: size, maxLength: size }));

function reachable(graph: Digraph, from: number): ReadonlySet<number> {
  const seen = new Set<number>();
  const pending = [...(graph[from] ?? [])];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if (seen.has(node)) continue;
    seen.add(node);
    pending.push(...(graph[node] ?? []));
  }
  return seen;
}

describe('components', () => {
  it('are the classes of mutual reachability', () => {
    fc.assert(
      fc.property(digraph, (graph) => {
        const classes = new Set<string>();
        graph.forEach((_, node) => {
          const mutual = [...reachable(graph, node)].filter(
            (other) => other === node || reachable(graph, other).has(node),
          );
          const all = [...new Set([node, ...mutual])].sort((one, other) => one - other);
          if (all.length > 1) classes.add(all.join());
        });
        assert.deepEqual(new Set(strongComponents(graph).map((members) => members.join())), classes);
      }),
      { numRuns: 300 },
    );
  });

  it('have no cycle left when their edges to cut are cut', () => {
    fc.assert(
      fc.property(digraph, (graph) => {
        for (const members of strongComponents(graph)) {
          const cut = new Set(edgesToCut(graph, members).map((edge) => edge.join()));
          const left = graph.map((targets, from) =>
            targets.filter((to) => to !== from && !cut.has(`${String(from)},${String(to)}`)),
          );
          assert.deepEqual(
            strongComponents(left).filter((one) => one.some((node) => members.includes(node))),
            [],
          );
          // None of them is there for nothing.
          for (const edge of cut) {
            const [from = 0, to = 0] = edge.split(',').map(Number);
            const back = left.map((targets, node) => (node === from ? [...targets, to] : targets));
            assert.equal(strongComponents(back).filter((one) => one.some((node) => members.includes(node))).length, 1);
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  it('find their way in a chain longer than the call stack', () => {
    const length = 200_000;
    const ring = Array.from({ length }, (_, node) => [(node + 1) % length]);
    assert.equal(strongComponents(ring)[0]?.length, length);
    assert.equal(shortestPath(ring, 1, 0)?.length, length);
  });
});
