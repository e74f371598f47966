import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'mocha';
import { WorkerGroups, type WorkerGroup } from '../../../server/pool/worker-groups.ts';
import { Partitions } from '../../../server/pool/partitions.ts';
import { CircuitBreakers } from '../../../server/pool/circuit-breakers.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';

describe('renewed offers of circuit breakers', () => {
  let clock: SimulatedClock;
  let breakers: CircuitBreakers;
  let group: WorkerGroup;
  let offers: number[];

  beforeEach(() => {
    clock = new SimulatedClock();
    offers = [];
    const nothing = (): void => {};
    const groups = new WorkerGroups({
      clock,
      random: () => 0.5,
      launch: () => assert.fail('starts nothing'),
      log: nothing,
      isMemoryShort: () => false,
      spareMb: () => 0,
      grow: () => false,
      onReady: nothing,
      onFree: nothing,
      onAnswered: nothing,
      onDeath: nothing,
      onChange: nothing,
    });
    const partition = new Partitions({ lint: { title: 'Lint', group: 'lint' } }, {}).of('lint', '/r', 'light');
    group = groups.of(partition ?? assert.fail('a partition')).group;
    breakers = new CircuitBreakers({
      clock,
      groups,
      onNotice: nothing,
      onAvailable: () => void offers.push(clock.now()),
    });
  });

  it('are merged into the earliest of several', async () => {
    breakers.offerLater(group, 300_000);
    breakers.offerLater(group, 30_000);
    breakers.offerLater(group, 60_000);
    await clock.advance(600_000);
    assert.deepEqual(offers, [30_000]);
  });

  it('are made once each', async () => {
    breakers.offerLater(group, 1_000);
    await clock.advance(5_000);
    breakers.offerLater(group, 1_000);
    await clock.advance(5_000);
    assert.deepEqual(offers, [1_000, 6_000]);
  });

  it('are not made after the pool closed', async () => {
    breakers.offerLater(group, 1_000);
    breakers.dispose();
    await clock.advance(5_000);
    assert.deepEqual(offers, []);
    assert.equal(clock.timers, 0);
  });
});
