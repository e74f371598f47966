import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { Strikes } from '../../../server/pool/strikes.ts';

describe('strikes', () => {
  const sentences = (strikes: Strikes, deaths: number): readonly string[] =>
    Array.from({ length: deaths }, () => strikes.add('a', true));

  it('the first death of its own makes it run alone, the second ends it', () => {
    const strikes = new Strikes();
    assert.equal(strikes.add('a', false), 'alone');
    assert.equal(strikes.isSuspected('a'), true);
    assert.equal(strikes.add('a', false), 'quarantine');
    assert.equal(strikes.isSuspected('a'), false, 'what follows is for its next content');
  });

  it('deaths from outside never condemn: alone from the third, put off at the eighth, then at every fifth', () => {
    const strikes = new Strikes();
    const first = ['again', 'again', 'alone', 'alone', 'alone', 'alone', 'alone', 'put-off'];
    assert.deepEqual(sentences(strikes, 8), first);
    assert.deepEqual(sentences(strikes, 5), ['alone', 'alone', 'alone', 'alone', 'put-off']);
    assert.ok(!sentences(strikes, 1_000).includes('quarantine'));
  });

  it('the pause doubles from 30 s to 5 min while nothing comes of it', () => {
    const strikes = new Strikes();
    const pauses = Array.from({ length: 6 }, () => {
      while (strikes.add('a', true) !== 'put-off');
      return strikes.pauseOf('a');
    });
    assert.deepEqual(pauses, [30_000, 60_000, 120_000, 240_000, 300_000, 300_000]);
    strikes.clear('a');
    while (strikes.add('a', true) !== 'put-off');
    assert.equal(strikes.pauseOf('a'), 30_000);
  });

  it('a death of its own counts whatever happened from outside', () => {
    const strikes = new Strikes();
    sentences(strikes, 5);
    assert.equal(strikes.add('a', false), 'alone');
    assert.equal(strikes.add('a', false), 'quarantine');
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
