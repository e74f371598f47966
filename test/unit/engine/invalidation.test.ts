import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { ChangeKind, FileChange } from '../../../server/journal.ts';
import type { DependencyKind, InterfaceSignature } from '../../../workers/protocol/detector-protocol.ts';
import { dependent, Dependents, signatureOf } from './dependents.ts';

/** All answered: `c` imports `b`, `b` imports `a`, `d` imports nothing. */
function settled(
  dependsOn: readonly DependencyKind[] = ['types'],
  more: Readonly<Record<string, InterfaceSignature>> = {},
): Dependents {
  const signatures = {
    'a.ts': signatureOf([]),
    'b.ts': signatureOf(['a.ts']),
    'c.ts': signatureOf(['b.ts']),
    'd.ts': signatureOf([]),
    ...more,
  };
  const known = new Dependents(Object.keys(signatures).map((file) => dependent(file, ...dependsOn)));
  for (const [file, signature] of Object.entries(signatures)) known.answer(file, signature);
  assert.equal(known.invalidation.pending, false);
  return known;
}

const changed = (file: string): FileChange => ({ file, kind: 'changed' });

describe('invalidation', () => {
  it('an edit that other files cannot see affects none of them', () => {
    const known = settled(['types', 'modules']);
    known.change(changed('a.ts'));
    assert.equal(known.invalidation.pending, true, 'until it has told');
    known.answer('a.ts', signatureOf([]));
    assert.equal(known.invalidation.pending, false);
    assert.deepEqual([...known.take()], []);
  });

  it('a changed type affects direct and indirect importers, the nearest first', () => {
    assert.deepEqual(settled().edit('a.ts', signatureOf([], 1, { types: 'other' })), ['b.ts', 'c.ts']);
    assert.deepEqual(settled(['modules']).edit('a.ts', signatureOf([], 1, { types: 'other' })), []);
  });

  it('changed imports and exports affect rules that follow them, also in the same file, once they are saved', () => {
    const known = settled(['modules']);
    assert.deepEqual(known.edit('a.ts', signatureOf(['d.ts'], 2), false), []);
    assert.equal(known.invalidation.needsFresh, false);
    assert.deepEqual(known.edit('a.ts', signatureOf(['d.ts'], 2)), ['a.ts', 'b.ts', 'c.ts']);
    assert.equal(known.invalidation.needsFresh, true);
  });

  it('rules that may read any file run after each save', () => {
    const known = settled(['workspace']);
    assert.deepEqual(known.edit('a.ts', signatureOf([]), false), []);
    assert.deepEqual(known.edit('a.ts', signatureOf([])), ['b.ts', 'c.ts', 'd.ts']);
  });

  it('global types affect all files when they are added and removed', () => {
    const known = settled();
    assert.deepEqual(known.edit('d.ts', signatureOf([], 2, { global: true })), ['a.ts', 'b.ts', 'c.ts']);
    assert.deepEqual(known.edit('d.ts', signatureOf([], 3)), ['a.ts', 'b.ts', 'c.ts']);
  });

  it('every change affects a file with unknown imports, and its importers', () => {
    const { imports: _, ...opaque } = signatureOf([]);
    const known = settled(['types'], {
      'e.ts': opaque,
      'f.ts': signatureOf(['e.ts']),
      'g.ts': signatureOf(['x.d.ts']),
    });
    assert.deepEqual(known.edit('a.ts', signatureOf([], 2)), ['b.ts', 'c.ts', 'e.ts', 'f.ts', 'g.ts']);
  });

  it('import cycles are followed only once', () => {
    const known = settled(['types'], { 'a.ts': signatureOf(['c.ts']) });
    assert.deepEqual(known.edit('a.ts', signatureOf(['c.ts'], 2)), ['b.ts', 'c.ts']);
  });

  it('follows the present imports', () => {
    const known = settled();
    assert.deepEqual(known.edit('d.ts', signatureOf(['a.ts'])), [], 'its types are the same');
    assert.deepEqual(known.edit('a.ts', signatureOf([], 2)), ['b.ts', 'd.ts', 'c.ts']);
    known.edit('b.ts', signatureOf([]));
    assert.deepEqual(known.edit('a.ts', signatureOf([], 3)), ['d.ts']);
  });

  it('many changes at once affect the files that each of them affects, the nearest first', () => {
    const files = Array.from({ length: 7 }, (_, index) => `${index}.ts`);
    const file = fc.constantFrom(...files);
    const module = fc.record({
      imports: fc.option(fc.uniqueArray(file, { maxLength: 3 }), { nil: undefined }),
      dependsOn: fc.constantFrom<readonly DependencyKind[]>(
        [],
        ['types'],
        ['modules'],
        ['types', 'modules'],
        ['workspace'],
      ),
    });
    const change = fc.record({ file, kind: fc.constantFrom<ChangeKind>('changed', 'created', 'deleted') });
    const changes = fc.uniqueArray(change, { minLength: 2, maxLength: 5, selector: (one) => one.file });
    fc.assert(
      fc.property(fc.array(module, { minLength: 7, maxLength: 7 }), changes, (modules, together) => {
        /** Distances by file, once those that only changed have told something else. */
        const suspects = (some: readonly FileChange[]): ReadonlyMap<string, number> => {
          const units = modules.map(({ dependsOn }, index) => dependent(`${index}.ts`, ...dependsOn));
          const known = new Dependents(units);
          const tell = (index: number, version: number): void => {
            const { types, modules: own } = signatureOf([], version);
            const imports = modules[index]?.imports;
            known.answer(`${index}.ts`, { types, modules: own, ...(imports ? { imports } : {}) });
          };
          for (const index of modules.keys()) tell(index, 1);
          known.take();
          known.change(...some);
          for (const one of some) if (one.kind === 'changed') tell(files.indexOf(one.file), 2);
          return known.take();
        };
        const each = together.map((one) => suspects([one]));
        const all = suspects(together);
        for (const name of files) {
          const expected = Math.min(...each.map((one) => one.get(name) ?? Number.POSITIVE_INFINITY));
          // What itself changed may be looked at once more: nobody knows on whose account.
          if (together.some((one) => one.file === name)) assert.ok((all.get(name) ?? Infinity) <= expected);
          else assert.equal(all.get(name) ?? Number.POSITIVE_INFINITY, expected, name);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('created and deleted files affect all files, and rules that cache files need new processes', () => {
    const typed = settled();
    typed.change({ file: 'e.ts', kind: 'created' });
    assert.equal(typed.take().size, 4);
    assert.equal(typed.invalidation.needsFresh, false);
    const following = settled(['modules']);
    following.change({ file: 'a.ts', kind: 'deleted' });
    assert.deepEqual([...following.take().keys()].sort(), ['b.ts', 'c.ts', 'd.ts']);
    assert.equal(following.invalidation.needsFresh, true);
  });

  it('keeps units suspect that are checked in a process with outdated caches, until it is replaced', () => {
    const known = settled(['modules']);
    known.change(changed('a.ts'));
    known.answer('a.ts', signatureOf([], 2));
    const { invalidation } = known;
    const ids = (): readonly string[] => invalidation.suspects().map(({ id }) => id);
    invalidation.submitted([dependent('b.ts', 'modules')]);
    assert.deepEqual(ids(), ['a.ts', 'b.ts', 'c.ts']);
    invalidation.refreshed();
    invalidation.submitted([dependent('b.ts', 'modules')]);
    assert.deepEqual(ids(), ['a.ts', 'c.ts']);
  });

  it('a removed unit is not suspect', () => {
    const known = settled();
    known.change({ file: 'e.ts', kind: 'created' });
    known.states.deleted(() => true);
    assert.equal(known.invalidation.pending, false);
  });

  it('a file without a result may have changed in any way', () => {
    const known = settled();
    known.change(changed('a.ts'));
    known.invalidation.settle();
    assert.deepEqual([...known.take().keys()], ['b.ts', 'c.ts', 'd.ts']);
    assert.equal(known.invalidation.pending, false);
    assert.deepEqual(settled().edit('a.ts', undefined), ['b.ts', 'c.ts', 'd.ts']);
  });

  it('a file with global types that changed between two sessions affects all files', () => {
    const known = settled();
    for (const file of ['a.ts', 'd.ts']) known.invalidation.changedOffline(file);
    known.answer('d.ts', signatureOf([], 2));
    assert.deepEqual([...known.take()], [], 'whoever imports it was asked for with it');
    known.answer('a.ts', signatureOf([], 2, { global: true }));
    assert.deepEqual([...known.take().keys()], ['b.ts', 'c.ts', 'd.ts']);
  });

  it('forgets suspect units when everything is checked again, but not provisional ones', () => {
    const known = settled();
    const { states, invalidation } = known;
    const provisional = states.get('c.ts');
    assert.ok(provisional);
    states.update(provisional, { result: { revision: 1, isOnDisk: true } });
    known.change({ file: 'e.ts', kind: 'created' }, changed('a.ts'));
    invalidation.reset();
    assert.deepEqual([...known.take()], []);
    assert.deepEqual([invalidation.pending, states.count('edited'), states.count('provisional')], [true, 0, 1]);
    assert.deepEqual([invalidation.isUncertain(provisional), states.get('b.ts')?.isProvisional], [true, false]);
    states.revalidated('c.ts');
    assert.equal(invalidation.pending, false);
  });

  it('an edit that is undone before it was checked affects no file; afterwards it affects the same files again', () => {
    const known = settled();
    known.change(changed('a.ts'));
    assert.deepEqual(known.edit('a.ts', signatureOf([])), []);
    assert.deepEqual(known.edit('a.ts', signatureOf([], 2)), ['b.ts', 'c.ts']);
    assert.deepEqual(known.edit('a.ts', signatureOf([])), ['b.ts', 'c.ts']);
  });

  it('a check that was submitted before an edit does not settle it', () => {
    const known = settled();
    const before = known.revision;
    known.change(changed('a.ts'));
    known.answer('a.ts', signatureOf([]), true, before);
    assert.deepEqual([...known.take()], []);
    assert.equal(known.invalidation.pending, true);
    known.answer('a.ts', signatureOf([], 2));
    assert.deepEqual([...known.take().keys()], ['b.ts', 'c.ts']);
    // It may as well have read the new text already.
    known.change(changed('a.ts'));
    known.answer('a.ts', signatureOf([], 3), true, before);
    known.answer('a.ts', signatureOf([], 3));
    assert.deepEqual([...known.take().keys()], ['b.ts', 'c.ts']);
  });
});
