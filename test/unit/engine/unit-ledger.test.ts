import assert from 'node:assert/strict';
import { Doubts } from '../../../server/engine/doubts.ts';
import { UnitLedger } from '../../../server/engine/unit-ledger.ts';
import type { InterfaceSignature, Unit } from '../../../workers/protocol/detector-protocol.ts';
import { fileUnit, projectUnit } from './support.ts';

const outline: InterfaceSignature = { types: 'types', modules: 'modules', imports: [] };

function run(generation: number, startedAt: number | undefined = 10, ...spokenFor: readonly string[]) {
  return { generation, startedAt, spokenFor: new Set(spokenFor) };
}

describe('unit ledger', () => {
  let doubts: Doubts;
  let ledger: UnitLedger;

  function planned(units: readonly Unit[], isGone = (_unit: Unit): boolean => true): readonly string[] {
    return ledger.planned(units, isGone);
  }

  /** Asks for all that is stale. @returns their ids */
  function ask(generation: number): readonly string[] {
    const units = ledger.takeStale();
    ledger.asked(units, generation);
    return units.map(({ id }) => id);
  }

  beforeEach(() => {
    doubts = new Doubts();
    ledger = new UnitLedger(doubts);
    planned(['a/1.ts', 'a/2.ts', 'b.ts'].map(fileUnit));
    ask(1);
    for (const id of ['a/1.ts', 'a/2.ts', 'b.ts']) ledger.answered(id, run(1), false);
    assert.equal(ledger.earlier, 0);
  });

  it('has asked for all units of a plan, and with the next one only for what is new or grouped otherwise', () => {
    planned([fileUnit('a/1.ts'), { ...fileUnit('a/2.ts'), group: 'other' }, fileUnit('c.ts'), fileUnit('b.ts')]);
    assert.deepEqual(ask(2), ['a/2.ts', 'c.ts']);
    assert.equal(ledger.hasStale, false);
  });

  it('is up to date with a unit from its answer to its next change', () => {
    assert.equal(ledger.isUpToDate('b.ts'), true);
    ledger.markStale('b.ts');
    assert.equal(ledger.isUpToDate('b.ts'), false, 'stale');
    assert.deepEqual(ask(2), ['b.ts']);
    assert.equal(ledger.isUpToDate('b.ts'), false, 'in work');
    assert.equal(ledger.isNewest('b.ts', 1), false);
    assert.equal(ledger.answeredIn('b.ts'), 1);
    ledger.answered('b.ts', run(2), false);
    assert.equal(ledger.isUpToDate('b.ts'), true);
    assert.equal(ledger.answeredIn('b.ts'), 2);
    assert.equal(ledger.isUpToDate('a/1.ts'), true, 'nobody asked for it');
  });

  it('asks again for what a complete plan names and had no answer, and forgets what it does not name', () => {
    ledger.failed('b.ts');
    ledger.failed('a/1.ts');
    assert.deepEqual(planned([fileUnit('a/2.ts'), fileUnit('b.ts')]), ['a/1.ts']);
    assert.deepEqual(ask(2), ['b.ts']);
    assert.equal(ledger.unanswered, 1);
    assert.equal(ledger.unitOf('a/1.ts'), undefined);
  });

  it('keeps what a plan may only have lost, as unanswered and without asking for it', () => {
    ledger.markStale('b.ts');
    const isGone = ({ id }: Unit): boolean => id === 'a/2.ts';
    assert.deepEqual(planned([fileUnit('a/1.ts')], isGone), ['a/2.ts']);
    assert.deepEqual(ask(2), []);
    assert.equal(ledger.isUnanswered('b.ts'), true);
    assert.deepEqual([ledger.size, ledger.unanswered, ledger.earlier], [2, 1, 1]);
    assert.deepEqual(planned([fileUnit('a/1.ts')], isGone), [], 'lost once more');
    ledger.markUnansweredStale();
    assert.deepEqual(ask(3), ['b.ts']);
    ledger.answered('b.ts', run(3), false);
    assert.equal(ledger.unanswered, 0);
  });

  it('knows nothing more of a unit that is no more', () => {
    ledger.markStale('a/1.ts');
    ledger.failed('a/1.ts');
    ledger.speaks('a/1.ts', 'other');
    doubts.confirmLater('a/1.ts');
    assert.deepEqual(
      ledger.deleted((file) => file.startsWith('a/')),
      ['a/1.ts', 'a/2.ts'],
    );
    assert.deepEqual([ledger.size, ledger.unanswered, ledger.earlier], [1, 0, 0]);
    assert.deepEqual(ledger.speakers, []);
    assert.equal(ledger.isNewest('a/1.ts', 1), false);
    assert.equal(ledger.answeredIn('a/1.ts'), undefined);
    // A batch that was cancelled after it went.
    ledger.markStale('a/1.ts');
    assert.equal(ledger.hasStale, false);
    assert.deepEqual(
      ledger.takeUnkept().map(({ unit }) => unit.id),
      ['b.ts'],
    );
    planned(['a/1.ts', 'b.ts'].map(fileUnit));
    assert.deepEqual(ask(2), ['a/1.ts'], 'back again');
  });

  it('hands out each answer once for memory: not one that is asked for again, unsaved, recalled or borrowed', () => {
    planned(['a/1.ts', 'a/2.ts', 'b.ts', 'c.ts', 'd.ts', 'e.ts'].map(fileUnit));
    assert.equal(ledger.recalled(fileUnit('c.ts'), 2, outline), true);
    assert.deepEqual(ask(3), ['d.ts', 'e.ts']);
    ledger.answered('d.ts', run(3), true);
    ledger.answered('e.ts', { ...run(3), startedAt: undefined }, false);
    assert.deepEqual([ledger.isOfDisk('d.ts'), ledger.isOfDisk('e.ts')], [true, false]);
    ledger.markStale('a/1.ts');
    ask(4);
    ledger.answered('b.ts', run(1, 20), false);
    doubts.learned('b.ts', outline, true);
    const [first, second, ...others] = ledger.takeUnkept();
    assert.deepEqual([first?.unit.id, first?.startedAt, first?.outline], ['a/2.ts', 10, undefined]);
    assert.deepEqual([second?.unit.id, second?.startedAt, second?.outline], ['b.ts', 20, outline]);
    assert.deepEqual([...(first?.toldAt ?? [])], [['b.ts', 20]], 'of files that told their outline in this session');
    assert.deepEqual(others, []);
    assert.deepEqual(ledger.takeUnkept(), []);
    assert.deepEqual(ledger.takeWork(), { units: 6, analysed: 5, recalled: 1, borrowed: 1 });
    assert.deepEqual(ledger.takeWork(), { units: 6, analysed: 0, recalled: 0, borrowed: 0 });
  });

  it('does not take from memory what was asked for in the meantime', () => {
    planned([fileUnit('b.ts'), fileUnit('c.ts')]);
    ask(2);
    assert.equal(ledger.recalled(fileUnit('c.ts'), 3, undefined), false);
    assert.equal(ledger.isNewest('c.ts', 2), true);
  });

  it('tells whose answers are shown until there is one of the plan itself', () => {
    planned([projectUnit('one'), projectUnit('two')]);
    ask(2);
    for (const id of ['one', 'two']) {
      ledger.speaks(id, 'other');
      ledger.answered(id, run(2, 10, id), false);
    }
    assert.deepEqual(ledger.speakers, ['other']);
    ledger.answered('one', run(2), false);
    assert.deepEqual([ledger.isSpokenFor('one'), ledger.isSpokenFor('two')], [false, true]);
    ledger.answered('two', run(2), false);
    assert.deepEqual(ledger.speakers, []);
  });

  it('counts each unit once whose issues may be of an earlier run', () => {
    ledger.failed('a/1.ts');
    ledger.markStale('a/1.ts');
    doubts.confirmLater('a/1.ts');
    doubts.confirmLater('a/2.ts');
    assert.equal(ledger.earlier, 2);
    doubts.confirmed('a/2.ts');
    ledger.excused('a/1.ts');
    assert.equal(ledger.unanswered, 0);
    assert.equal(ledger.earlier, 1);
  });
});
