import assert from 'node:assert/strict';
import { Persistence } from '../../../server/folder/persistence.ts';
import type { FileChange } from '../../../server/journal.ts';
import { settle, SimulatedClock } from '../../support/simulated-clock.ts';

describe('storing results', () => {
  const clock = new SimulatedClock();
  const engine = {
    atRest: false,
    stored: 0,
    takesMs: 0,
    missed: [] as readonly FileChange[],
    async persist(): Promise<readonly FileChange[]> {
      this.stored += 1;
      const { takesMs, missed } = this;
      if (takesMs > 0) await new Promise<void>((resolve) => clock.after(takesMs, resolve));
      return missed;
    },
    takeWork: () => [],
  };
  const disk = { takesMs: 0, written: 0 };
  let changes = 0;
  let found: (readonly FileChange[])[] = [];
  let persistence: Persistence;

  beforeEach(() => {
    Object.assign(engine, { atRest: false, stored: 0, takesMs: 0, missed: [] });
    Object.assign(disk, { takesMs: 0, written: 0 });
    changes = 0;
    found = [];
    persistence = new Persistence({
      engine,
      clock,
      store: {
        history: { append: () => {} },
        flush: async () => {
          if (disk.takesMs > 0) await new Promise<void>((resolve) => clock.after(disk.takesMs, resolve));
          disk.written = engine.stored;
          return true;
        },
      },
      frontEnd: 'editor',
      onMissed: (missed) => found.push(missed),
      onError: (error) => assert.fail(String(error)),
      onChange: () => {
        changes += 1;
      },
    });
  });

  afterEach(() => persistence.dispose());

  async function rest(): Promise<void> {
    engine.atRest = true;
    persistence.statusChanged();
    await clock.advance(300);
  }

  it('follows at once when the analysis has settled, and is pending until then', async () => {
    persistence.statusChanged();
    assert.equal(persistence.pending, true);
    await rest();
    assert.deepEqual([engine.stored, persistence.pending, changes], [1, false, 1]);
    persistence.statusChanged();
    await clock.advance(60_000);
    assert.equal(engine.stored, 1, 'nothing happened, so nothing is stored');
  });

  it('is pending until the results are on disk: a process that is killed afterwards has lost nothing', async () => {
    disk.takesMs = 1000;
    await rest();
    assert.deepEqual([engine.stored, disk.written, persistence.pending, changes], [1, 0, true, 0]);
    await clock.advance(1000);
    assert.deepEqual([engine.stored, disk.written, persistence.pending, changes], [1, 1, false, 1]);
  });

  it('happens now and then during a long analysis', async () => {
    persistence.statusChanged();
    await clock.advance(16_000);
    assert.equal(engine.stored, 3);
    assert.equal(persistence.pending, true);
  });

  it('is not postponed by an analysis that goes on talking', async () => {
    for (let turn = 0; turn < 60; turn += 1) {
      persistence.statusChanged();
      await clock.advance(100);
    }
    assert.equal(engine.stored, 1);
  });

  it('stays pending if work began meanwhile, and is repeated after it', async () => {
    engine.takesMs = 50;
    engine.atRest = true;
    persistence.statusChanged();
    await clock.advance(270);
    engine.atRest = false;
    persistence.statusChanged();
    await clock.advance(100);
    assert.equal(persistence.pending, true);
    await rest();
    await clock.advance(1000);
    assert.deepEqual([engine.stored, persistence.pending], [2, false]);
  });

  it('tells of changes that nobody reported, and does not compare all the time where files never stop changing', async () => {
    engine.missed = [{ file: 'a.ts', kind: 'changed' }];
    await rest();
    assert.deepEqual(found, [engine.missed]);
    engine.atRest = false;
    persistence.statusChanged();
    await rest();
    assert.equal(engine.stored, 1);
    await clock.advance(2000);
    assert.equal(engine.stored, 2);
  });

  it('does nothing once it is disposed', async () => {
    persistence.statusChanged();
    persistence.dispose();
    persistence.statusChanged();
    await clock.advance(60_000);
    await settle();
    assert.equal(engine.stored, 0);
  });
});
