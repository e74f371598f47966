import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'mocha';
import { Berths, type Kind } from '../../../server/pool/berths.ts';
import { Places } from '../../../server/pool/detectors.ts';
import { Ledger } from '../../../server/pool/ledger.ts';
import { SimulatedClock } from './support/simulated-clock.ts';

describe('offers of a ledger', () => {
  let clock: SimulatedClock;
  let ledger: Ledger;
  let kind: Kind;
  let offers: number[];

  beforeEach(() => {
    clock = new SimulatedClock();
    offers = [];
    const nothing = (): void => {};
    const berths = new Berths({
      clock,
      random: () => 0.5,
      launch: () => assert.fail('starts nothing'),
      log: nothing,
      isMemoryShort: () => false,
      onReady: nothing,
      onFree: nothing,
      onAnswered: nothing,
      onDeath: nothing,
      onChange: nothing,
    });
    const place = new Places({ lint: { title: 'Lint', compartment: 'lint' } }, {}).of('lint', '/r', 'light');
    kind = berths.of(place ?? assert.fail('a place')).kind;
    ledger = new Ledger({ clock, berths, onNotice: nothing, onAvailable: () => void offers.push(clock.now()) });
  });

  it('of several the earliest stands for all', async () => {
    ledger.offerLater(kind, 300_000);
    ledger.offerLater(kind, 30_000);
    ledger.offerLater(kind, 60_000);
    await clock.advance(600_000);
    assert.deepEqual(offers, [30_000]);
  });

  it('each is made once, and a later one is a new one', async () => {
    ledger.offerLater(kind, 1_000);
    await clock.advance(5_000);
    ledger.offerLater(kind, 1_000);
    await clock.advance(5_000);
    assert.deepEqual(offers, [1_000, 6_000]);
  });

  it('none is made after the end', async () => {
    ledger.offerLater(kind, 1_000);
    ledger.dispose();
    await clock.advance(5_000);
    assert.deepEqual(offers, []);
    assert.equal(clock.timers, 0);
  });
});
