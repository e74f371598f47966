import assert from 'node:assert/strict';
import { ChangeCollector } from '../../../server/lsp/changes.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';

describe('collector of changes', () => {
  let clock: SimulatedClock;
  let delivered: (readonly string[])[];
  let collector: ChangeCollector;

  beforeEach(() => {
    clock = new SimulatedClock();
    delivered = [];
    const note = (changes: ReadonlyMap<string, string>): void => {
      delivered.push([...changes].map(([file, kind]) => `${file} ${kind}`));
    };
    collector = new ChangeCollector(note, clock);
  });

  it('delivers the first key at once, then waits for a pause in typing, but not after a save', async () => {
    collector.add('a', 'changed', 'type');
    await clock.advance(0);
    assert.deepEqual(delivered, [['a changed']]);
    await clock.advance(100);
    collector.add('a', 'changed', 'type');
    await clock.advance(100);
    collector.add('a', 'changed', 'type');
    await clock.advance(149);
    assert.equal(delivered.length, 1);
    await clock.advance(1);
    assert.equal(delivered.length, 2);
    collector.add('a', 'changed', 'type');
    await clock.advance(0);
    collector.add('a', 'changed', 'type');
    collector.add('a', 'changed', 'save');
    await clock.advance(50);
    assert.equal(delivered.length, 4);
  });

  it('lets no key cut short what a watcher is still reporting', async () => {
    collector.add('a', 'changed', 'watcher');
    await clock.advance(50);
    collector.add('b', 'changed', 'type');
    await clock.advance(149);
    assert.deepEqual(delivered, []);
    await clock.advance(51);
    assert.deepEqual(delivered, [['a changed', 'b changed']]);
  });

  it('delivers a burst at once, with one merged change per file', async () => {
    collector.add('a', 'deleted', 'watcher');
    collector.add('b', 'created', 'watcher');
    await clock.advance(100);
    collector.add('a', 'created', 'watcher');
    await clock.advance(150);
    assert.deepEqual(delivered, [['a changed', 'b created']]);
    assert.equal(clock.timers, 0);
  });

  it('delivers at once on request, and nothing after it is disposed', async () => {
    collector.flush();
    assert.deepEqual(delivered, []);
    collector.add('a', 'changed', 'watcher');
    collector.flush();
    assert.deepEqual(delivered, [['a changed']]);
    collector.add('b', 'changed', 'watcher');
    collector.dispose();
    await clock.advance(1000);
    assert.deepEqual([delivered.length, clock.timers], [1, 0]);
  });
});
