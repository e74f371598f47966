import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Closures, type KnownSignature } from '../../../server/engine/closures.ts';
import { signatureOf } from './dependents.ts';

describe('closures of imports', () => {
  it('a hash changes exactly when a direct or indirect import changes', () => {
    const size = 8;
    const names = Array.from({ length: size }, (_, index) => `f${index}.ts`);
    const graph = fc.array(fc.uniqueArray(fc.nat(size - 1), { maxLength: 3 }), { minLength: size, maxLength: size });
    fc.assert(
      fc.property(graph, fc.nat(size - 1), (targets, changed) => {
        const hashesWith = (version: number): readonly (string | undefined)[] => {
          const known = new Map<string, KnownSignature>(
            names.map((name, index) => {
              const imports = (targets[index] ?? []).map((target) => names[target] ?? '');
              return [name, { hash: name, signature: signatureOf(imports, index === changed ? version : 1) }];
            }),
          );
          const files = new Map(names.map((name) => [name, name]));
          const closures = new Closures({ files }, known);
          return names.map((name) => closures.hashOf(name));
        };
        const [before, after] = [hashesWith(1), hashesWith(2)];
        for (const [index] of names.entries()) {
          const isReached = reach(targets, index).has(changed);
          assert.equal(before[index] !== after[index], isReached, `f${index} ${JSON.stringify(targets)} ${changed}`);
        }
      }),
      { seed: 7, numRuns: 200 },
    );
  });

  it('has no hash for a file if any direct or indirect import has unknown imports', () => {
    const { imports: _, ...opaque } = signatureOf([]);
    const known = new Map<string, KnownSignature>(
      Object.entries({
        'a.ts': signatureOf(['b.ts']),
        'b.ts': signatureOf(['c.ts']),
        'c.ts': opaque,
        'd.ts': signatureOf(['e.ts', 'd.ts']),
        'e.ts': signatureOf([]),
        'f.ts': signatureOf(['never-answered.ts']),
      }).map(([file, signature]) => [file, { hash: file, signature }]),
    );
    const closures = new Closures({ files: new Map([...known.keys()].map((file) => [file, file])) }, known);
    const isKnown = (file: string): boolean => closures.hashOf(file) !== undefined;
    assert.deepEqual([...known.keys()].filter(isKnown), ['d.ts', 'e.ts']);
  });

  function reach(targets: readonly (readonly number[])[], from: number, seen = new Set<number>()): ReadonlySet<number> {
    if (seen.has(from)) return seen;
    seen.add(from);
    for (const target of targets[from] ?? []) reach(targets, target, seen);
    return seen;
  }
});
