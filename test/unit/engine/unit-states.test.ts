import assert from 'node:assert/strict';
import { UnitStates, type ResultKind } from '../../../server/engine/unit-states.ts';
import type { InterfaceSignature, Unit } from '../../../workers/protocol/detector-protocol.ts';
import { fileUnit, projectUnit } from './support.ts';

const signature: InterfaceSignature = { types: 'types', modules: 'modules', imports: [] };
const whole: ResultKind = { coverage: undefined, provisional: false, borrowed: false };

function batch(revision: number, startedAt: number | undefined = 10, ...answeredBy: readonly string[]) {
  return { revision, startedAt, answeredBy: new Set(answeredBy) };
}

describe('unit states', () => {
  let states: UnitStates;

  function planned(units: readonly Unit[], isGone = (_unit: Unit): boolean => true): readonly string[] {
    return states.planned(units, isGone, 1);
  }

  /** Asks for all that is stale. @returns their ids */
  function ask(revision: number): readonly string[] {
    const units = states.stale;
    states.submitted(units, revision);
    return units.map(({ id }) => id);
  }

  const isUpToDate = (id: string): boolean | undefined => states.get(id)?.isUpToDate;
  const isProvisional = (id: string): boolean | undefined => states.get(id)?.isProvisional;

  function suspect(id: string): void {
    const record = states.get(id);
    assert.ok(record);
    states.update(record, { distance: 1 });
  }

  beforeEach(() => {
    states = new UnitStates();
    planned(['a/1.ts', 'a/2.ts', 'b.ts'].map(fileUnit));
    assert.deepEqual(ask(1), ['a/1.ts', 'a/2.ts', 'b.ts']);
    for (const id of ['a/1.ts', 'a/2.ts', 'b.ts']) states.completed(id, batch(1), whole);
    assert.equal(states.count('uncertain'), 0);
  });

  it('makes all units of the first plan stale, and only new and regrouped units of the next one', () => {
    planned([fileUnit('a/1.ts'), { ...fileUnit('a/2.ts'), group: 'other' }, fileUnit('c.ts'), fileUnit('b.ts')]);
    assert.deepEqual(ask(2), ['a/2.ts', 'c.ts']);
    assert.equal(states.count('stale'), 0);
  });

  it('lists stale units in the order of the plan, not in the order in which they became stale', () => {
    planned([fileUnit('b.ts'), fileUnit('a/2.ts'), fileUnit('a/1.ts')]);
    for (const id of ['a/1.ts', 'a/2.ts', 'b.ts']) states.invalidate(id, 2);
    assert.deepEqual(ask(3), ['b.ts', 'a/2.ts', 'a/1.ts']);
  });

  it('are up to date from the result of a unit to its next change', () => {
    assert.equal(isUpToDate('b.ts'), true);
    states.invalidate('b.ts', 2);
    assert.equal(isUpToDate('b.ts'), false, 'stale');
    assert.deepEqual(ask(3), ['b.ts']);
    assert.equal(isUpToDate('b.ts'), false, 'in work');
    assert.equal(states.isNewest('b.ts', 1), false);
    assert.equal(states.get('b.ts')?.result?.revision, 1);
    states.completed('b.ts', batch(3), whole);
    assert.equal(isUpToDate('b.ts'), true);
    assert.equal(states.get('b.ts')?.result?.revision, 3);
    assert.equal(isUpToDate('a/1.ts'), true, 'nobody asked for it');
  });

  it('make units without a result stale that a complete plan names, and drop units that it does not name', () => {
    states.failed('b.ts');
    states.failed('a/1.ts');
    assert.deepEqual(planned([fileUnit('a/2.ts'), fileUnit('b.ts')]), ['a/1.ts']);
    assert.deepEqual(ask(2), ['b.ts']);
    assert.equal(states.count('incomplete'), 1);
    assert.equal(states.get('a/1.ts'), undefined);
  });

  it('keep units that a failed plan missed, as incomplete and not stale', () => {
    states.invalidate('b.ts', 2);
    const isGone = ({ id }: Unit): boolean => id === 'a/2.ts';
    assert.deepEqual(planned([fileUnit('a/1.ts')], isGone), ['a/2.ts']);
    assert.deepEqual(ask(2), []);
    assert.equal(states.get('b.ts')?.incomplete, true);
    assert.deepEqual([states.size, states.count('incomplete'), states.count('uncertain')], [2, 1, 1]);
    assert.deepEqual(planned([fileUnit('a/1.ts')], isGone), [], 'lost once more');
    states.invalidateIncomplete(3);
    assert.deepEqual(ask(4), ['b.ts']);
    states.completed('b.ts', batch(4), whole);
    assert.equal(states.count('incomplete'), 0);
  });

  it('forget a removed unit completely', () => {
    const dropped = states.get('a/1.ts');
    assert.ok(dropped);
    states.invalidate('a/1.ts', 2);
    states.failed('a/1.ts');
    states.update(dropped, { answeredBy: 'other', distance: 1, editedAt: 2, verified: undefined });
    assert.deepEqual(
      states.deleted((file) => file.startsWith('a/')),
      ['a/1.ts', 'a/2.ts'],
    );
    assert.deepEqual([states.size, states.count('incomplete'), states.count('uncertain')], [1, 0, 0]);
    assert.deepEqual([states.count('edited'), states.count('provisional'), states.otherTools], [0, 0, []]);
    assert.equal(states.isNewest('a/1.ts', 1), false);
    // A batch that was cancelled after it went.
    states.invalidate('a/1.ts', 3);
    states.completed('a/1.ts', batch(1), whole);
    assert.equal(states.count('stale'), 0);
    assert.deepEqual(
      states.takeUncached().map(({ unit }) => unit.id),
      ['b.ts'],
    );
    planned(['a/1.ts', 'b.ts'].map(fileUnit));
    assert.deepEqual(ask(2), ['a/1.ts'], 'back again');
  });

  it('return each result once for the cache, except stale, unsaved, recalled and borrowed ones', () => {
    planned(['a/1.ts', 'a/2.ts', 'b.ts', 'c.ts', 'd.ts', 'e.ts'].map(fileUnit));
    assert.equal(states.recalled('c.ts', 2, signature), true);
    assert.deepEqual(ask(3), ['d.ts', 'e.ts']);
    states.completed('d.ts', batch(3), { ...whole, borrowed: true });
    states.completed('e.ts', { ...batch(3), startedAt: undefined }, whole);
    const isOnDisk = (id: string): boolean | undefined => states.get(id)?.result?.isOnDisk;
    assert.deepEqual([isOnDisk('d.ts'), isOnDisk('e.ts')], [true, false]);
    states.invalidate('a/1.ts', 4);
    ask(5);
    states.completed('b.ts', batch(1, 20), whole);
    const [own, ofEditor] = [states.get('b.ts'), states.get('a/2.ts')];
    assert.ok(own && ofEditor);
    states.update(own, { signature });
    states.update(ofEditor, { signature, signatureIsUnsaved: true });
    const [first, second, ...others] = states.takeUncached();
    assert.deepEqual(
      [first?.unit.id, first?.startedAt, first?.signature],
      ['a/2.ts', { revision: 1, at: 10 }, undefined],
    );
    assert.deepEqual(
      [second?.unit.id, second?.startedAt, second?.signature],
      ['b.ts', { revision: 1, at: 20 }, signature],
    );
    assert.deepEqual([...(first?.signaturesAt ?? [])], [['b.ts', { revision: 1, at: 20 }]], 'as told in this session');
    assert.deepEqual(others, []);
    assert.deepEqual(states.takeUncached(), []);
    assert.deepEqual(states.takeWork(), { units: 6, analysed: 5, recalled: 1, borrowed: 1 });
    assert.deepEqual(states.takeWork(), { units: 6, analysed: 0, recalled: 0, borrowed: 0 });
  });

  it('reject a cached result of a unit that was submitted or changed meanwhile', () => {
    planned([fileUnit('b.ts'), fileUnit('c.ts')]);
    ask(2);
    assert.equal(states.recalled('c.ts', 3, undefined), false);
    assert.equal(states.isNewest('c.ts', 2), true);
    states.invalidate('b.ts', 5);
    assert.equal(states.recalled('b.ts', 4, undefined), false);
    assert.equal(states.recalled('b.ts', 5, undefined), true);
  });

  it('name another tool until the tool of the plan has checked all units', () => {
    planned([projectUnit('one'), projectUnit('two')]);
    ask(2);
    for (const id of ['one', 'two']) {
      const record = states.get(id);
      assert.ok(record);
      states.update(record, { answeredBy: 'other' });
      states.completed(id, batch(2, 10, id), whole);
    }
    assert.deepEqual(states.otherTools, ['other']);
    states.completed('one', batch(2), whole);
    assert.deepEqual([states.get('one')?.answeredBy, states.get('two')?.answeredBy], [undefined, 'other']);
    states.completed('two', batch(2), whole);
    assert.deepEqual(states.otherTools, []);
  });

  it('are provisional after a partial check, or if the detector wants it, until revalidated', () => {
    states.completed('b.ts', batch(2), { ...whole, coverage: 'unchanged' });
    assert.equal(isProvisional('b.ts'), false, 'it was certain, and nothing changed');
    states.completed('b.ts', batch(3), { ...whole, coverage: 'affected' });
    assert.equal(isProvisional('b.ts'), true);
    states.completed('b.ts', batch(4), { ...whole, coverage: 'unchanged' });
    assert.equal(isProvisional('b.ts'), true, 'still');
    states.completed('b.ts', batch(5), whole);
    assert.equal(isProvisional('b.ts'), false, 'all of it was answered for');
    states.completed('b.ts', batch(6), { ...whole, provisional: true });
    assert.equal(isProvisional('b.ts'), true);
    states.revalidated('b.ts');
    assert.equal(isProvisional('b.ts'), false);
    planned([projectUnit('new')]);
    states.completed('new', batch(7), { ...whole, coverage: 'affected' });
    assert.equal(isProvisional('new'), true, 'its first answer');
  });

  it('count each unit once whose issues may be out of date', () => {
    states.failed('a/1.ts');
    states.invalidate('a/1.ts', 2);
    suspect('a/1.ts');
    suspect('a/2.ts');
    assert.equal(states.count('uncertain'), 2);
    states.blocked('a/1.ts');
    assert.equal(states.count('incomplete'), 0);
    assert.equal(states.count('uncertain'), 2);
    ask(3);
    assert.equal(states.count('uncertain'), 2, 'asked for, and still suspect');
  });
});
