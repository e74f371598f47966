import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { CrashAttribution } from '../../../server/pool/crash-attribution.ts';

describe('crash attribution', () => {
  const consequences = (attribution: CrashAttribution, deaths: number): readonly string[] =>
    Array.from({ length: deaths }, () => attribution.add('a', true));

  it('an input that crashed its worker once runs alone, twice goes to quarantine', () => {
    const attribution = new CrashAttribution();
    assert.equal(attribution.add('a', false), 'alone');
    assert.equal(attribution.isSuspected('a'), true);
    assert.equal(attribution.add('a', false), 'quarantine');
    assert.equal(attribution.isSuspected('a'), false, 'the count starts over for its next content');
  });

  it('external kills never quarantine: alone from the third, postponed at the eighth, then at every fifth', () => {
    const attribution = new CrashAttribution();
    const first = ['retry', 'retry', 'alone', 'alone', 'alone', 'alone', 'alone', 'postpone'];
    assert.deepEqual(consequences(attribution, 8), first);
    assert.deepEqual(consequences(attribution, 5), ['alone', 'alone', 'alone', 'alone', 'postpone']);
    assert.ok(!consequences(attribution, 1_000).includes('quarantine'));
  });

  it('the pause doubles from 30 s to 5 min with every postponement', () => {
    const attribution = new CrashAttribution();
    const pauses = Array.from({ length: 6 }, () => {
      while (attribution.add('a', true) !== 'postpone');
      return attribution.pauseOf('a');
    });
    assert.deepEqual(pauses, [30_000, 60_000, 120_000, 240_000, 300_000, 300_000]);
    attribution.clear('a');
    while (attribution.add('a', true) !== 'postpone');
    assert.equal(attribution.pauseOf('a'), 30_000);
  });

  it('its own crashes count, however many external kills there were', () => {
    const attribution = new CrashAttribution();
    consequences(attribution, 5);
    assert.equal(attribution.add('a', false), 'alone');
    assert.equal(attribution.add('a', false), 'quarantine');
  });

  it('a success clears the count, and memory is bounded', () => {
    const attribution = new CrashAttribution();
    attribution.add('a', false);
    attribution.clear('a');
    assert.equal(attribution.isSuspected('a'), false);
    for (let index = 0; index < 5_000; index += 1) attribution.add(`f${index}`, index % 2 === 0);
    assert.equal(attribution.size, 1_000);
  });
});
