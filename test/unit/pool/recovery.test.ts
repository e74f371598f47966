/** What an engine shows and does while its pool cannot, and after: the real engine on the real pool, on simulated time. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { Engine } from '../../../server/engine/engine.ts';
import { createPool } from '../../../server/pool/pool.ts';
import type { SupervisedPool } from '../../../server/pool/types.ts';
import { seeded, settle, SimulatedClock } from '../../support/simulated-clock.ts';
import { noFaults, World } from './support/simulated-link.ts';

describe('recovery', () => {
  let clock: SimulatedClock;
  let world: World;
  let pool: SupervisedPool;
  let engine: Engine;

  beforeEach(() => {
    clock = new SimulatedClock();
    world = new World(clock, seeded(1));
    pool = createPool({
      clock,
      random: world.random,
      launch: world.launch,
      detectors: { eslint: { title: 'ESLint', group: 'eslint' } },
      sample: () => Promise.resolve(new Map()),
      machine: () => Promise.resolve({ totalBytes: 2 ** 34, freeBytes: 2 ** 33, source: 'machine' }),
      readInput: () => Promise.resolve(undefined),
    });
    engine = new Engine('/root', pool, { detectors: new Map([['eslint', {}]]), trusted: true, exclude: [] });
  });

  afterEach(async () => {
    engine.dispose();
    const gone = pool.dispose();
    await clock.advance(10_000);
    await gone;
  });

  const state = (): string | undefined => engine.status()[0]?.state;
  const error = (): string => engine.status()[0]?.error ?? '';

  /** Lets simulated time pass until the engine has settled. */
  async function settled(): Promise<void> {
    await settle();
    for (let step = 0; !engine.settled && step < 10_000; step += 1) await clock.advance(50);
    assert.ok(engine.settled);
  }

  it('an input whose worker is killed from outside is reported, and analysed when the kills stop', async () => {
    world.poison.set('a', 'secret-kill');
    engine.analyzeAll();
    await settled();
    assert.equal(state(), 'failed');
    assert.match(error(), /killed by another process while checking a \(SIGKILL\).*tries again later/);
    assert.deepEqual(pool.quarantined(), []);
    assert.deepEqual(engine.issuesOf('a'), []);
    world.poison.clear();
    await clock.advance(31_000);
    await settled();
    assert.deepEqual([state(), error()], ['done', '']);
    assert.equal(engine.issuesOf('a').length, 1);
  });

  it('a detector that crashes too often is reported, keeps its issues, and continues after the cool-down', async () => {
    engine.analyzeAll();
    await settled();
    assert.equal(engine.issuesOf('a').length, 1);
    // From now on each process dies when it has nothing to do; the one that is there is replaced first.
    world.faults = { ...noFaults, idleCrash: 1 };
    const restarted = pool.restart();
    await clock.advance(1_000);
    await restarted;
    for (let crash = 0; crash < 3; crash += 1) {
      engine.filesChanged([{ file: 'a', kind: 'changed' }]);
      await settled();
      await clock.advance(2_000);
    }
    assert.deepEqual([...new Set(pool.health().map((health) => health.state))], ['degraded']);
    engine.filesChanged([{ file: 'a', kind: 'changed' }]);
    await settled();
    assert.equal(state(), 'failed');
    assert.match(error(), /^ESLint crashed \(SIGSEGV\)\. It crashed too often\. Bulkhead tries again later\.$/);
    assert.equal(engine.issuesOf('a').length, 1, 'what was found stays');
    world.faults = noFaults;
    await clock.advance(31_000);
    await settled();
    assert.deepEqual([state(), error()], ['done', '']);
    assert.deepEqual([...new Set(pool.health().map((health) => health.state))], ['ready']);
  });

  it('a detector that keeps crashing is tried more and more rarely', async () => {
    world.faults = { ...noFaults, startCrash: 0, crash: 1 };
    engine.analyzeAll();
    await settled();
    await clock.advance(3_600_000);
    await settled();
    assert.equal(state(), 'failed');
    assert.ok(world.launches < 40, `${world.launches} processes in an hour`);
  });
});
