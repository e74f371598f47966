import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Journal, mergeKinds, type ChangeKind, type FileChange, type Revision } from '../../server/journal.ts';
import { SimulatedClock } from '../support/simulated-clock.ts';

const change = (file: string, kind: ChangeKind = 'changed'): FileChange => ({ file, kind });

function kindsSince(journal: Journal, revision: Revision): Readonly<Record<string, ChangeKind>> {
  return Object.fromEntries([...(journal.since(revision) ?? [])].map(([file, { kind }]) => [file, kind]));
}

describe('journal of changes', () => {
  it('gives simultaneous changes one revision, and returns the changes after any revision', () => {
    const journal = new Journal();
    assert.deepEqual([journal.revision, journal.lastChange, kindsSince(journal, 0)], [0, 0, {}]);
    const first = journal.append([change('a'), change('b', 'created')]);
    const second = journal.append([change('c', 'deleted')]);
    assert.ok(first < second);
    assert.equal(journal.revision, second);
    assert.deepEqual(kindsSince(journal, 0), { a: 'changed', b: 'created', c: 'deleted' });
    assert.deepEqual(kindsSince(journal, first), { c: 'deleted' });
    assert.deepEqual(kindsSince(journal, second), {});
  });

  it('distinguishes two checks of the same state', () => {
    const journal = new Journal();
    const changed = journal.append([change('a')]);
    const [one, other] = [journal.mark(), journal.mark()];
    assert.ok(changed < one && one < other);
    assert.equal(journal.lastChange, changed);
    journal.append([change('b')]);
    assert.deepEqual([kindsSince(journal, one), kindsSince(journal, other)], [{ b: 'changed' }, { b: 'changed' }]);
    assert.equal(journal.append([]), journal.revision);
    assert.ok(journal.lastChange < journal.revision, 'nothing changed');
  });

  it('tells when a file changed last, by revision and by clock', async () => {
    const clock = new SimulatedClock(1000);
    const journal = new Journal(clock);
    journal.append([change('a')]);
    await clock.advance(5);
    const revision = journal.append([change('a')]);
    assert.deepEqual(journal.since(0)?.get('a'), { file: 'a', kind: 'changed', revision, at: 1005 });
  });

  it('merges the changes of a file', () => {
    const kinds = ['created', 'changed', 'deleted'] as const;
    const table = kinds.map((before) => kinds.map((now) => mergeKinds(before, now)));
    assert.deepEqual(table, [
      ['created', 'created', 'deleted'],
      // A file that only the editor had has come to the disk.
      ['created', 'changed', 'deleted'],
      ['changed', 'changed', 'deleted'],
    ]);
    for (const kind of kinds) assert.equal(mergeKinds(undefined, kind), kind);
  });

  it('returns the same changes after compaction, and keeps only entries that are needed', () => {
    const file = fc.constantFrom('a', 'b', 'c');
    const kind = fc.constantFrom<ChangeKind>('created', 'changed', 'deleted');
    const batches = fc.array(fc.array(fc.record({ file, kind }), { maxLength: 3 }), { maxLength: 30 });
    fc.assert(
      fc.property(batches, (all) => {
        const journal = new Journal();
        const folded = (from: number): Readonly<Record<string, ChangeKind>> => {
          const kinds = new Map<string, ChangeKind>();
          for (const one of all.slice(from).flat()) kinds.set(one.file, mergeKinds(kinds.get(one.file), one.kind));
          return Object.fromEntries([...kinds].sort());
        };
        const revisions = all.map((changes) => journal.append(changes));
        // Enough to make it drop what is not needed.
        journal.append(Array.from({ length: 1500 }, () => change('other')));
        for (const [index, revision] of [0, ...revisions].entries()) {
          const { other: _, ...kinds } = kindsSince(journal, revision);
          assert.deepEqual(Object.fromEntries(Object.entries(kinds).sort()), folded(index));
        }
        assert.ok(journal.size < 3 * 40, `${journal.size} entries`);
      }),
      { numRuns: 200, seed: 11 },
    );
  });

  it('does not grow with edits of the same files', () => {
    const journal = new Journal();
    for (let edit = 0; edit < 20_000; edit += 1) journal.append([change(`f${edit % 10}`)]);
    assert.ok(journal.size <= 2048, `${journal.size} entries`);
    assert.equal(journal.since(0)?.size, 10);
    for (const kind of Array.from({ length: 10_000 }, () => ['created', 'deleted'] as const).flat()) {
      journal.append([change('temporary', kind)]);
    }
    assert.ok(journal.size <= 2048, `${journal.size} entries`);
  });

  it('compacts only when it has doubled, so that an append stays cheap in a large folder', () => {
    const journal = new Journal();
    journal.append(Array.from({ length: 3000 }, (_, index) => change(`f${index}`)));
    assert.equal(journal.size, 3000);
    for (let edit = 0; edit < 2999; edit += 1) journal.append([change('f0')]);
    assert.equal(journal.size, 5999);
    journal.append([change('f0')]);
    assert.equal(journal.size, 3000);
  });

  it('says so when it no longer knows all that changed', () => {
    const journal = new Journal(new SimulatedClock(), 100);
    const revisions = Array.from({ length: 1024 }, (_, index) => journal.append([change(`f${index}`)]));
    assert.equal(journal.size, 50);
    assert.equal(journal.since(0), undefined);
    assert.equal(journal.since(revisions.at(-52) ?? 0), undefined, 'one is missing');
    assert.equal(journal.since(revisions.at(-51) ?? 0)?.size, 50);
    assert.equal(journal.since(revisions.at(-2) ?? 0)?.size, 1);
    // Also where the oldest entries are of one revision.
    journal.append(Array.from({ length: 2000 }, (_, index) => change(`g${index}`)));
    const rest = journal.append([change('last')]);
    assert.equal(journal.since(rest - 1)?.size, 1);
  });
});
