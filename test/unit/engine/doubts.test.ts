import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Closures, type KnownOutline } from '../../../server/engine/closures.ts';
import { Doubts } from '../../../server/engine/doubts.ts';
import { Engine } from '../../../server/engine/engine.ts';
import type { ChangeKind, FileChange } from '../../../server/engine/change-triggers.ts';
import type { InterfaceSignature, DependencyKind, Unit } from '../../../workers/protocol/detector-protocol.ts';
import { until } from '../../support/processes.ts';
import { fileUnit, issue, planOf, ScriptedPool, settle } from './support.ts';

function wide(file: string, ...reach: readonly DependencyKind[]): Unit {
  return { ...fileUnit(file), needsSignature: true, ...(reach.length > 0 ? { dependsOn: reach } : {}) };
}

function outline(imports: readonly string[], version = 1, more: Partial<InterfaceSignature> = {}): InterfaceSignature {
  return { types: `types ${version}`, modules: `modules ${version}`, imports, ...more };
}

/** All answered: `c` imports `b`, `b` imports `a`, `d` imports nothing. */
function settled(
  reach: readonly DependencyKind[] = ['types'],
  outlines: Readonly<Record<string, InterfaceSignature>> = {},
): Doubts {
  const doubts = new Doubts();
  const all = { 'a.ts': outline([]), 'b.ts': outline(['a.ts']), 'c.ts': outline(['b.ts']), 'd.ts': outline([]) };
  const told = { ...all, ...outlines };
  doubts.planned(new Map(Object.keys(told).map((file) => [file, wide(file, ...reach)])));
  for (const [file, own] of Object.entries(told)) doubts.learned(file, own, true);
  assert.equal(doubts.pending, false);
  return doubts;
}

function edited(doubts: Doubts, file: string, told: InterfaceSignature | undefined, ofDisk = true): readonly string[] {
  doubts.changed([{ file, kind: 'changed' }]);
  assert.equal(doubts.pending, true, 'until it has told');
  doubts.learned(file, told, ofDisk);
  return doubts.take().map(({ id }) => id);
}

describe('doubts about answers', () => {
  it('an edit that others cannot see concerns nobody', () => {
    assert.deepEqual(edited(settled(['types', 'modules']), 'a.ts', outline([])), []);
  });

  it('another type concerns who imports it, directly or not, the nearest first', () => {
    assert.deepEqual(edited(settled(), 'a.ts', outline([], 1, { types: 'other' })), ['b.ts', 'c.ts']);
    assert.deepEqual(edited(settled(['modules']), 'a.ts', outline([], 1, { types: 'other' })), []);
  });

  it('other imports and exports concern rules that follow them, once they are saved, the own file too', () => {
    const doubts = settled(['modules']);
    assert.deepEqual(edited(doubts, 'a.ts', outline(['d.ts'], 2), false), []);
    assert.equal(doubts.needsFresh, false);
    assert.deepEqual(edited(doubts, 'a.ts', outline(['d.ts'], 2)), ['a.ts', 'b.ts', 'c.ts']);
    assert.equal(doubts.needsFresh, true);
  });

  it('rules that may look at anything are asked after each save', () => {
    const doubts = settled(['workspace']);
    assert.deepEqual(edited(doubts, 'a.ts', outline([]), false), []);
    assert.deepEqual(edited(doubts, 'a.ts', outline([])), ['b.ts', 'c.ts', 'd.ts']);
  });

  it('types that reach everywhere concern everybody, when they come and when they go', () => {
    const doubts = settled();
    assert.deepEqual(edited(doubts, 'd.ts', outline([], 2, { global: true })), ['a.ts', 'b.ts', 'c.ts']);
    assert.deepEqual(edited(doubts, 'd.ts', outline([], 3)), ['a.ts', 'b.ts', 'c.ts']);
  });

  it('who may import anything is concerned by everything, and so is who imports it', () => {
    const { imports: _, ...opaque } = outline([]);
    const doubts = settled(['types'], { 'e.ts': opaque, 'f.ts': outline(['e.ts']), 'g.ts': outline(['x.d.ts']) });
    assert.deepEqual(edited(doubts, 'a.ts', outline([], 2)), ['b.ts', 'c.ts', 'e.ts', 'f.ts', 'g.ts']);
  });

  it('import cycles end', () => {
    const doubts = settled(['types'], { 'a.ts': outline(['c.ts']) });
    assert.deepEqual(edited(doubts, 'a.ts', outline(['c.ts'], 2)), ['b.ts', 'c.ts']);
  });

  it('many changes at once concern whom each of them concerns, the nearest first', () => {
    const files = Array.from({ length: 7 }, (_, index) => `${index}.ts`);
    const file = fc.constantFrom(...files);
    const module = fc.record({
      imports: fc.option(fc.uniqueArray(file, { maxLength: 3 }), { nil: undefined }),
      reach: fc.constantFrom<readonly DependencyKind[]>(
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
          const doubts = new Doubts();
          const tell = (index: number, version: number): void => {
            const { types, modules: own } = outline([], version);
            const imports = modules[index]?.imports;
            doubts.learned(`${index}.ts`, { types, modules: own, ...(imports ? { imports } : {}) }, true);
          };
          doubts.planned(new Map(modules.map(({ reach }, index) => [`${index}.ts`, wide(`${index}.ts`, ...reach)])));
          for (const index of modules.keys()) tell(index, 1);
          doubts.take();
          doubts.changed(some);
          for (const one of some) if (one.kind === 'changed') tell(files.indexOf(one.file), 2);
          const found = new Map<string, number>();
          doubts.take((unit, distance) => {
            found.set(unit.file, distance);
            return true;
          });
          return found;
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

  it('files that come or go concern all, in new processes where rules remember files', () => {
    const typed = settled();
    typed.changed([{ file: 'e.ts', kind: 'created' }]);
    assert.deepEqual(typed.take().length, 4);
    assert.equal(typed.needsFresh, false);
    const following = settled(['modules']);
    following.changed([{ file: 'a.ts', kind: 'deleted' }]);
    assert.deepEqual(
      following
        .take()
        .map(({ id }) => id)
        .sort(),
      ['b.ts', 'c.ts', 'd.ts'],
    );
    assert.equal(following.needsFresh, true);
  });

  it('what is no more is not in doubt', () => {
    const doubts = settled();
    doubts.changed([{ file: 'e.ts', kind: 'created' }]);
    for (const id of ['a.ts', 'b.ts', 'c.ts', 'd.ts']) doubts.dropped(id);
    assert.equal(doubts.pending, false);
  });

  it('a file that gives no answer may have changed in any way', () => {
    const doubts = settled();
    doubts.changed([{ file: 'a.ts', kind: 'changed' }]);
    doubts.settle();
    assert.deepEqual(
      doubts.take().map(({ id }) => id),
      ['b.ts', 'c.ts', 'd.ts'],
    );
    assert.deepEqual(edited(settled(), 'a.ts', undefined), ['b.ts', 'c.ts', 'd.ts']);
  });

  it('what is to be confirmed stays so until it has been, whatever is asked for meanwhile', () => {
    const doubts = settled();
    doubts.confirmLater('c.ts');
    assert.deepEqual([doubts.pending, doubts.isInDoubt('c.ts'), doubts.isInDoubt('b.ts')], [true, true, false]);
    doubts.asked('c.ts');
    doubts.reset();
    assert.deepEqual(doubts.take(), [], 'no change has put it in doubt');
    const unconfirmed = (): readonly string[] => doubts.unconfirmed.map(({ id }) => id);
    assert.deepEqual([unconfirmed(), [...doubts.doubtful]], [['c.ts'], ['c.ts']]);
    doubts.confirmed('c.ts');
    assert.deepEqual([unconfirmed(), doubts.pending], [[], false]);
    doubts.confirmLater('d.ts');
    doubts.dropped('d.ts');
    assert.equal(doubts.pending, false, 'it is no more');
  });

  it('an edit that is taken back before it was answered concerns nobody; after it was, everybody it did', () => {
    const doubts = settled();
    doubts.changed([{ file: 'a.ts', kind: 'changed' }]);
    assert.deepEqual(edited(doubts, 'a.ts', outline([])), []);
    assert.deepEqual(edited(doubts, 'a.ts', outline([], 2)), ['b.ts', 'c.ts']);
    assert.deepEqual(edited(doubts, 'a.ts', outline([])), ['b.ts', 'c.ts']);
  });
});

describe('closures of imports', () => {
  it('a hash changes exactly when something in reach does', () => {
    const size = 8;
    const names = Array.from({ length: size }, (_, index) => `f${index}.ts`);
    const graph = fc.array(fc.uniqueArray(fc.nat(size - 1), { maxLength: 3 }), { minLength: size, maxLength: size });
    fc.assert(
      fc.property(graph, fc.nat(size - 1), (targets, changed) => {
        const hashesWith = (version: number): readonly (string | undefined)[] => {
          const known = new Map<string, KnownOutline>(
            names.map((name, index) => {
              const imports = (targets[index] ?? []).map((target) => names[target] ?? '');
              return [name, { hash: name, outline: outline(imports, index === changed ? version : 1) }];
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

  function reach(targets: readonly (readonly number[])[], from: number, seen = new Set<number>()): ReadonlySet<number> {
    if (seen.has(from)) return seen;
    seen.add(from);
    for (const target of targets[from] ?? []) reach(targets, target, seen);
    return seen;
  }
});

describe('answers in doubt', function () {
  this.timeout(20_000);

  it('are asked for when the change has its answer, give way to the next change, and are asked for again', async () => {
    const units = ['a.ts', 'b.ts', 'c.ts'].map((file) => wide(file, 'types'));
    const pool = new ScriptedPool(() => Promise.resolve(planOf(units)));
    const settings = { detectors: new Map([['eslint', {}]]), trusted: true, exclude: [] };
    const engine = new Engine('/root', pool, settings);
    const answer = async (file: string, told: InterfaceSignature, line = 1): Promise<void> => {
      await pool.last.task.onEvent({ kind: 'issues', unit: file, file, issues: [issue('eslint', file, line)] });
      await pool.last.task.onEvent({ kind: 'done', unit: file, file, signature: told });
    };
    const state = (): string | undefined => engine.status()[0]?.state;
    engine.analyzeAll();
    await until('the first check', () => pool.checks.length === 1);
    await answer('a.ts', outline([]));
    await answer('b.ts', outline(['a.ts']));
    await answer('c.ts', outline(['b.ts']));
    await pool.last.finish();
    assert.equal(state(), 'done');

    engine.filesChanged([{ file: 'a.ts', kind: 'changed' }]);
    assert.deepEqual(pool.last.files, ['a.ts']);
    await answer('a.ts', outline([], 2));
    await pool.last.finish();
    assert.equal(state(), 'confirming');
    assert.equal(engine.settled, false);
    assert.deepEqual(pool.last.files, ['b.ts'], 'who imports it, at once');
    await answer('b.ts', outline(['a.ts']), 2);
    await pool.last.finish();
    await until('the others, at leisure', () => pool.last.files[0] === 'c.ts');
    const { signal } = pool.last.task;

    engine.filesChanged([{ file: 'b.ts', kind: 'changed' }]);
    assert.equal(signal.aborted, true, 'somebody waits for something else');
    assert.deepEqual(pool.last.files, ['b.ts']);
    assert.equal(state(), 'running');
    await answer('b.ts', outline(['a.ts']), 3);
    await pool.last.finish();
    assert.deepEqual(
      engine.issuesOf('c.ts').map(({ range }) => range.start.line),
      [1],
      'as of the earlier run',
    );
    await until('the same again', () => pool.last.files[0] === 'c.ts');
    await answer('c.ts', outline(['b.ts']), 4);
    await pool.last.finish();
    await settle();
    assert.equal(state(), 'done');
    assert.deepEqual(
      engine.issuesOf('c.ts').map(({ range }) => range.start.line),
      [4],
    );

    const took = engine.status()[0]?.durationMs;
    engine.filesChanged([{ file: 'global.d.ts', kind: 'changed' }]);
    assert.equal(state(), 'confirming', 'no unit stands for it');
    assert.equal(engine.status()[0]?.durationMs, took, 'nobody waited since');
    await until('all of them', () => pool.last.files.length === 3);
    for (const file of pool.last.files) await answer(file, outline([]));
    await pool.last.finish();
    await settle();
    assert.equal(state(), 'done');
    engine.dispose();
  });
});
