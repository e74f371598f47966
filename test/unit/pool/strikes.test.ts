import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { Strikes } from '../../../server/pool/strikes.ts';

describe('strikes', () => {
  const deathsUntilOut = (strikes: Strikes, foreign: boolean): number => {
    let deaths = 0;
    while (!strikes.isOut('a')) {
      strikes.add('a', foreign);
      deaths += 1;
    }
    return deaths;
  };

  it('the second death of its own ends it, the first makes it run alone', () => {
    const strikes = new Strikes();
    strikes.add('a', false);
    assert.deepEqual([strikes.isSuspected('a'), strikes.isOut('a')], [true, false]);
    strikes.add('a', false);
    assert.equal(strikes.isOut('a'), true);
  });

  it('deaths from outside count little: alone from the third, out at the sixth', () => {
    const strikes = new Strikes();
    strikes.add('a', true);
    strikes.add('a', true);
    assert.equal(strikes.isSuspected('a'), false);
    strikes.add('a', true);
    assert.equal(strikes.isSuspected('a'), true);
    assert.equal(deathsUntilOut(new Strikes(), true), 6);
  });

  it('and less where others die too, or processes that have nothing in work', () => {
    const strikes = new Strikes();
    for (const other of ['b', 'c', 'd']) strikes.add(other, true);
    for (const other of ['b', 'c', 'd']) strikes.clear(other);
    assert.equal(deathsUntilOut(strikes, true), 24);
    const idle = new Strikes();
    for (let death = 0; death < 3; death += 1) idle.addIdleDeath();
    assert.equal(deathsUntilOut(idle, true), 24);
    assert.equal(deathsUntilOut(idle, false), 0, 'out already');
  });

  it('a success wipes them, and memory is bounded', () => {
    const strikes = new Strikes();
    strikes.add('a', false);
    strikes.clear('a');
    assert.equal(strikes.isSuspected('a'), false);
    for (let index = 0; index < 5_000; index += 1) strikes.add(`f${index}`, index % 2 === 0);
    assert.equal(strikes.size, 1_000);
  });
});
