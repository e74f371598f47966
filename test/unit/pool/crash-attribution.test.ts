import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { CrashAttribution } from '../../../server/pool/crash-attribution.ts';

describe('attribution', () => {
  const sentences = (attribution: CrashAttribution, deaths: number): readonly string[] =>
    Array.from({ length: deaths }, () => attribution.add('a', true));

  it('an input runs alone after the first crash that it causes, and is quarantined after the second', () => {
    const attribution = new CrashAttribution();
    assert.equal(attribution.add('a', false), 'alone');
    assert.equal(attribution.isSuspected('a'), true);
    assert.equal(attribution.add('a', false), 'quarantine');
    assert.equal(attribution.isSuspected('a'), false, 'what follows is for its next content');
  });

  it('kills by other processes never quarantine an input: it runs alone from the third, and is postponed at the eighth and then every fifth', () => {
    const attribution = new CrashAttribution();
    const first = ['again', 'again', 'alone', 'alone', 'alone', 'alone', 'alone', 'put-off'];
    assert.deepEqual(sentences(attribution, 8), first);
    assert.deepEqual(sentences(attribution, 5), ['alone', 'alone', 'alone', 'alone', 'put-off']);
    assert.ok(!sentences(attribution, 1_000).includes('quarantine'));
  });

  it('the pause doubles from 30 s to 5 min until the input succeeds', () => {
    const attribution = new CrashAttribution();
    const pauses = Array.from({ length: 6 }, () => {
      while (attribution.add('a', true) !== 'put-off');
      return attribution.pauseOf('a');
    });
    assert.deepEqual(pauses, [30_000, 60_000, 120_000, 240_000, 300_000, 300_000]);
    attribution.clear('a');
    while (attribution.add('a', true) !== 'put-off');
    assert.equal(attribution.pauseOf('a'), 30_000);
  });

  it('a crash counts, whatever other processes killed', () => {
    const attribution = new CrashAttribution();
    sentences(attribution, 5);
    assert.equal(attribution.add('a', false), 'alone');
    assert.equal(attribution.add('a', false), 'quarantine');
  });

  it('a success clears the counts, and memory is bounded', () => {
    const attribution = new CrashAttribution();
    attribution.add('a', false);
    attribution.clear('a');
    assert.equal(attribution.isSuspected('a'), false);
    for (let index = 0; index < 5_000; index += 1) attribution.add(`f${index}`, index % 2 === 0);
    assert.equal(attribution.size, 1_000);
  });
});
