import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import {
  RestartBackoff,
  CircuitBreaker,
  PoolCircuitBreaker,
  StallCounter,
  StartFailures,
} from '../../../server/pool/policy.ts';

describe('backoff', () => {
  it('restarts at once, then waits up to 250 ms, doubling up to 30 s', () => {
    const backoff = new RestartBackoff(() => 1);
    const waits = Array.from({ length: 10 }, () => backoff.failed(0));
    assert.deepEqual(waits, [0, 250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  });

  it('spreads delays over their whole range', () => {
    const backoff = new RestartBackoff(() => 0.1);
    backoff.failed(0);
    assert.equal(backoff.failed(0), 25);
  });

  it('starts over after a healthy minute or progress', () => {
    const backoff = new RestartBackoff(() => 1);
    backoff.failed(0);
    backoff.failed(0);
    assert.equal(backoff.failed(60_000), 0);
    backoff.failed(0);
    backoff.reset();
    assert.equal(backoff.failed(0), 0);
  });
});

describe('backoff after external kills', () => {
  const waits = (uptimeMs: number, deaths: number): readonly number[] => {
    const backoff = new RestartBackoff(() => 1);
    return Array.from({ length: deaths }, () => backoff.failed(uptimeMs, true));
  };

  it('replaces a process that ran for a while at once, however often it is killed', () => {
    assert.ok(waits(2_000, 200).every((wait) => wait === 0));
  });

  it('waits longer and longer if processes are killed right after their start', () => {
    assert.deepEqual(waits(0, 15), [...Array.from({ length: 10 }, () => 0), 0, 250, 500, 1_000, 2_000]);
    assert.equal(waits(300, 60).at(-1), RestartBackoff.delays.maxDelayMs);
  });
});

describe('circuit breaker of a detector', () => {
  it('opens at the third crash within five minutes', () => {
    const circuit = new CircuitBreaker();
    assert.equal(circuit.crashed(0), false);
    assert.equal(circuit.crashed(100_000), false);
    assert.equal(circuit.crashed(200_000), true);
    assert.equal(circuit.state(200_000), 'open');
  });

  it('forgets crashes older than five minutes', () => {
    const circuit = new CircuitBreaker();
    circuit.crashed(0);
    circuit.crashed(200_000);
    assert.equal(circuit.crashed(300_001), false);
    assert.equal(circuit.state(300_001), 'closed');
  });

  it('admits a probe after 30 s, then after twice as long, at most 5 min', () => {
    const circuit = new CircuitBreaker();
    for (let crash = 0; crash < 3; crash += 1) circuit.crashed(0);
    const waits: number[] = [];
    for (let opening = 0; opening < 6; opening += 1) {
      const openedAt = opening === 0 ? 0 : circuit.probeAt;
      if (opening > 0) assert.equal(circuit.crashed(openedAt), true, 'a failed probe opens it again');
      assert.equal(circuit.state(circuit.probeAt - 1), 'open');
      waits.push(circuit.probeAt - openedAt);
      assert.equal(circuit.state(circuit.probeAt), 'half-open');
    }
    assert.deepEqual(waits, [30_000, 60_000, 120_000, 240_000, 300_000, 300_000]);
  });

  it('closes when it is reset', () => {
    const circuit = new CircuitBreaker();
    for (let crash = 0; crash < 3; crash += 1) circuit.crashed(0);
    circuit.reset();
    assert.equal(circuit.state(1), 'closed');
    assert.equal(circuit.crashed(2), false);
  });
});

describe('start failures', () => {
  it('give up at the second in a row', () => {
    const starts = new StartFailures();
    assert.deepEqual([starts.failed(), starts.failed()], [false, true]);
  });

  it('are counted in a row', () => {
    const starts = new StartFailures();
    starts.failed();
    starts.reset();
    assert.equal(starts.failed(), false);
  });
});

describe('stall counter', () => {
  it('charges crashes with a suspect only if there is no progress between them', () => {
    const stall = new StallCounter();
    for (let round = 0; round < 5; round += 1) {
      for (let death = 0; death < 6; death += 1) assert.equal(stall.died(false), false);
      stall.progressed();
    }
    for (let death = 0; death < 6; death += 1) assert.equal(stall.died(false), false);
    assert.equal(stall.died(false), true);
  });
});

describe('circuit breaker of the pool', () => {
  it('opens at the fifth crash within three minutes if several groups crash', () => {
    const circuit = new PoolCircuitBreaker();
    for (const kind of ['a', 'b', 'a', 'b']) assert.equal(circuit.crashed(0, kind), false);
    assert.equal(circuit.crashed(1, 'a'), true);
    assert.equal(circuit.open, true);
    assert.equal(circuit.crashed(2, 'a'), false, 'told once');
  });

  it('does not open for a single group, nor for old crashes', () => {
    const circuit = new PoolCircuitBreaker();
    for (let crash = 0; crash < 9; crash += 1) assert.equal(circuit.crashed(crash, 'a'), false);
    assert.equal(circuit.crashed(200_000, 'b'), false);
    assert.equal(circuit.open, false);
  });
});
