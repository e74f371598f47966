import assert from 'node:assert/strict';
import fc from 'fast-check';
import { OwnerWatch, type LockProcesses } from '../../../server/store/lock-owner.ts';
import type { Clock } from '../../../server/clock.ts';
import { MemoryLockTable, type LockOwner, type LockRecord, type LockTable } from '../../../server/store/lock-table.ts';
import { Locks, type Lock } from '../../../server/store/locks.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';

/** The processes of one machine. Locks are told apart by their label; all have the id of this process. */
class SimulatedProcesses implements LockProcesses {
  readonly startTimeMaxAgeMs = 0;
  readonly startTimes = new Map<number, string>([[process.pid, 'our start']]);
  host = (): Promise<string> => Promise.resolve('here');
  exists = (pid: number): boolean => this.startTimes.has(pid);
  startTimeOf = (pid: number): Promise<string | undefined> => Promise.resolve(this.startTimes.get(pid));
}

const processes = new SimulatedProcesses();

interface World {
  readonly table: MemoryLockTable;
  readonly clock: SimulatedClock;
  readonly process: (label: string, ownClock?: Clock) => Locks;
}

function world(): World {
  const table = new MemoryLockTable();
  const clock = new SimulatedClock();
  return {
    table,
    clock,
    process: (label, ownClock = clock) => new Locks({ table, clock: ownClock, processes, label }),
  };
}

/** Gives a held lock to another owner, as another process would. */
async function reassign(table: MemoryLockTable, owner: Partial<LockOwner>, lock: Lock): Promise<void> {
  const before = await table.read(lock.name);
  assert.ok(before);
  const record: LockRecord = { ...before, token: 'of another process', owner: { ...before.owner, ...owner } };
  assert.ok(await table.swap({ expected: before, record }));
}

async function ownerOf(table: MemoryLockTable, name: string): Promise<string | undefined> {
  const record = await table.read(name);
  return record === undefined || record.token === '' ? undefined : record.owner.label;
}

/** Tries every 500 ms until the lock is available, for at most `ms`. @returns how long it took; undefined: too long */
async function waitFor(locks: Locks, name: string, clock: SimulatedClock, ms: number): Promise<number | undefined> {
  for (let waited = 0; waited <= ms; waited += 500) {
    if (await locks.tryAcquire(name)) return waited;
    await clock.advance(500);
  }
  return undefined;
}

describe('store: locks', () => {
  it('have one owner at a time, and a next one after a release', async () => {
    const { process: start, table } = world();
    const [editor, terminal] = [start('editor'), start('terminal')];
    const lock = await editor.tryAcquire('analysis');
    assert.ok(lock);
    assert.deepEqual([lock.name, lock.version], ['analysis', 1]);
    assert.equal(await terminal.tryAcquire('analysis'), undefined);
    assert.equal(await editor.tryAcquire('analysis'), undefined, 'not re-entrant');
    assert.ok(await terminal.tryAcquire('other'));
    const record = await table.read('analysis');
    assert.equal(record?.owner.label, 'editor');
    assert.equal(record.expiresAt - record.acquiredAt, 30_000);
    await lock.release();
    assert.ok(lock.signal.aborted);
    assert.equal(await ownerOf(table, 'analysis'), undefined);
    assert.equal((await terminal.tryAcquire('analysis'))?.version, 2);
    await lock.release();
    assert.equal(await ownerOf(table, 'analysis'), 'terminal', 'a second release took it from its owner');
  });

  it('are released when they are closed, and refused afterwards', async () => {
    const { process: start, table } = world();
    const locks = start('a');
    const held = [await locks.tryAcquire('x'), await locks.tryAcquire('y')];
    await locks.close();
    assert.deepEqual([await ownerOf(table, 'x'), await ownerOf(table, 'y')], [undefined, undefined]);
    assert.ok(held.every((lock) => lock?.signal.aborted));
    await assert.rejects(locks.tryAcquire('x'), { name: 'StoreError', code: 'CLOSED' });
  });

  it('are renewed while they are held, and not afterwards', async () => {
    const { process: start, clock, table } = world();
    const lock = await start('a').tryAcquire('x', { leaseMs: 3000 });
    assert.equal(await waitFor(start('b'), 'x', clock, 60_000), undefined);
    assert.equal(lock?.signal.aborted, false);
    await lock.release();
    const released = await table.read('x');
    assert.equal(clock.timers, 0);
    await clock.advance(10_000);
    assert.deepEqual(await table.read('x'), released);
  });

  it('pass on when their owner is dead, or another process reuses its id', async () => {
    for (const owner of [{ pid: 77 }, { startTime: 'an earlier start' }]) {
      const { process: start, table } = world();
      const lock = await start('a').tryAcquire('x');
      assert.ok(lock);
      await reassign(table, owner, lock);
      assert.equal((await start('b').tryAcquire('x'))?.version, 2);
    }
  });

  it('stay with an owner on another machine, in another container, or of unknown start, until the lease expires', async () => {
    for (const owner of [{ host: 'elsewhere', pid: 77 }, { startTime: '' }]) {
      const { process: start, table, clock } = world();
      const lock = await start('a').tryAcquire('x', { leaseMs: 5000 });
      assert.ok(lock);
      await reassign(table, owner, lock);
      assert.equal(await waitFor(start('b'), 'x', clock, 60_000), 5000);
    }
  });

  it('are not lost when the machine of a waiting process slept', async () => {
    const { process: start, clock } = world();
    const waitersClock = new SimulatedClock();
    const lock = await start('a').tryAcquire('x', { leaseMs: 5000 });
    const other = start('b', waitersClock);
    assert.equal(await other.tryAcquire('x'), undefined);
    await waitersClock.advance(3_600_000);
    assert.equal(await other.tryAcquire('x'), undefined);
    await clock.advance(5000);
    assert.equal(lock?.signal.aborted, false);
  });

  it('tell their owner when another process took them', async () => {
    const { process: start, table, clock } = world();
    const lock = await start('a').tryAcquire('x', { leaseMs: 3000 });
    assert.ok(lock);
    await reassign(table, { label: 'thief' }, lock);
    await clock.advance(999);
    assert.equal(lock.signal.aborted, false);
    await clock.advance(1);
    assert.ok(lock.signal.aborted);
    await lock.release();
    assert.equal(await ownerOf(table, 'x'), 'thief');
    assert.equal(clock.timers, 0);
  });

  it('survive a table that fails for a while', async () => {
    const { table, clock } = world();
    const failing = { broken: false, calls: 0 };
    const flaky = new Locks({
      clock,
      processes,
      table: {
        read: (name) => table.read(name),
        swap: (change) => (failing.broken ? (failing.calls++, Promise.reject(new Error('busy'))) : table.swap(change)),
      },
    });
    const lock = await flaky.tryAcquire('x', { leaseMs: 3000 });
    failing.broken = true;
    await clock.advance(1500);
    assert.equal(failing.calls, 1);
    failing.broken = false;
    await clock.advance(1500);
    assert.equal(lock?.signal.aborted, false);
    assert.equal((await table.read('x'))?.renewals, 2);
  });

  it('never have two owners, however processes interleave', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.integer({ min: 2, max: 5 }), async (scheduler, count) => {
        const { table } = world();
        const turn = (): Promise<void> => scheduler.schedule(Promise.resolve());
        const scheduled: LockTable = {
          read: (name) => turn().then(() => table.read(name)),
          swap: (change) => turn().then(() => table.swap(change)),
        };
        let owners = 0;
        const versions: number[] = [];
        const work = Array.from({ length: count }, async (_, index) => {
          // Time stands still: leases neither expire nor are renewed.
          const locks = new Locks({ table: scheduled, clock: new SimulatedClock(), processes, label: String(index) });
          let lock = await locks.tryAcquire('x');
          while (lock === undefined) {
            await turn();
            lock = await locks.tryAcquire('x');
          }
          owners += 1;
          assert.equal(owners, 1, 'two owners at once');
          versions.push(lock.version);
          await turn();
          owners -= 1;
          await lock.release();
        });
        await scheduler.waitFor(Promise.all(work));
        assert.deepEqual(
          versions,
          versions.map((_, index) => index + 1),
        );
      }),
      { numRuns: 150 },
    );
  });
});

describe('store: owners of locks', () => {
  it('are rarely asked for their start time where that starts a program', async () => {
    let now = 0;
    let asked = 0;
    const processes: LockProcesses = {
      startTimeMaxAgeMs: 10_000,
      host: () => Promise.resolve('here'),
      exists: (pid) => pid !== 5,
      startTimeOf: (pid) => (asked++, Promise.resolve(pid === 4 ? undefined : 'then')),
    };
    const watch = new OwnerWatch(processes, 'here', () => now);
    const owner = { host: 'here', pid: 3, startTime: 'then', label: '' };
    for (; now < 9000; now += 1000) assert.equal(await watch.isGone(owner), false);
    assert.equal(asked, 1);
    now = 11_000;
    await watch.isGone(owner);
    assert.equal(asked, 2);
    assert.equal(await watch.isGone({ ...owner, pid: 5 }), true);
    assert.equal(await watch.isGone({ ...owner, startTime: 'earlier' }), true);
    assert.equal(await watch.isGone({ ...owner, pid: 4 }), false, 'an unknown start time is no death');
    assert.equal(await watch.isGone({ ...owner, pid: 5, host: 'there' }), false);
  });
});
