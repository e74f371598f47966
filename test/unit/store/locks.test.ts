import assert from 'node:assert/strict';
import fc from 'fast-check';
import { OwnerWatch, type LockProcesses } from '../../../server/store/lock-owner.ts';
import { MemoryLockTable, type LockOwner, type LockRecord } from '../../../server/store/lock-table.ts';
import { LockError, Locks, type Lock, type LockClock } from '../../../server/store/locks.ts';

/** Time that passes when the test says so; sleepers wake in order. */
class ManualClock implements LockClock {
  #now = 0;
  #sleepers: { readonly at: number; readonly wake: () => void }[] = [];
  readonly sleeps: number[] = [];

  now = (): number => this.#now;
  date = (): number => 1_000_000 + this.#now;

  sleep(ms: number, signal: AbortSignal | undefined, quiet: boolean): Promise<void> {
    if (!quiet) this.sleeps.push(ms);
    return new Promise((resolve) => {
      if (signal?.aborted === true) {
        resolve();
        return;
      }
      this.#sleepers.push({ at: this.#now + ms, wake: resolve });
      signal?.addEventListener('abort', () => resolve());
    });
  }

  /** Wakes whoever is due, one after the other, and lets each go as far as it can. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await settle();
    for (;;) {
      const next = this.#sleepers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.#sleepers = this.#sleepers.filter((sleeper) => sleeper !== next);
      this.#now = Math.max(this.#now, next.at);
      next.wake();
      await settle();
    }
    this.#now = end;
  }

  /** As when the machine slept: time has passed and nobody was woken. */
  jump(ms: number): void {
    this.#now += ms;
  }
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** The processes of one machine. Locks are told apart by their label; all have the number of this process. */
class SimulatedProcesses implements LockProcesses {
  readonly startTimeMaxAgeMs = 0;
  readonly startTimes = new Map<number, string>([[process.pid, 'start of us']]);
  host = (): Promise<string> => Promise.resolve('here');
  exists = (pid: number): boolean => this.startTimes.has(pid);
  startTimeOf = (pid: number): Promise<string | undefined> => Promise.resolve(this.startTimes.get(pid));
}

interface World {
  readonly table: MemoryLockTable;
  readonly clock: ManualClock;
  readonly processes: SimulatedProcesses;
  readonly process: (label: string) => Locks;
}

function world(random = (): number => 0.5): World {
  const table = new MemoryLockTable();
  const clock = new ManualClock();
  const processes = new SimulatedProcesses();
  return { table, clock, processes, process: (label) => new Locks({ table, clock, processes, random, label }) };
}

/** As another process would have left it. */
async function leave(table: MemoryLockTable, owner: Partial<LockOwner>, sample: Lock): Promise<void> {
  const [record] = await table.read(sample.names);
  assert.ok(record);
  const expected = { version: record.version, token: record.token };
  const left: LockRecord = { ...record, token: 'of another process', owner: { ...record.owner, ...owner } };
  assert.ok(await table.swap([{ expected, record: left }]));
}

describe('store: locks', () => {
  it('belong to one at a time, and to the next after a release', async () => {
    const { process: start } = world();
    const [editor, terminal] = [start('editor'), start('terminal')];
    const lock = await editor.tryAcquire('analysis');
    assert.ok(lock);
    assert.equal(await terminal.tryAcquire('analysis'), undefined);
    assert.equal(await editor.tryAcquire('analysis'), undefined, 'not re-entrant');
    assert.ok(await terminal.tryAcquire('other'));
    const status = await terminal.status('analysis');
    assert.equal(status?.owner.label, 'editor');
    assert.equal(status.expiresAt - status.acquiredAt, 30_000);
    await lock.release();
    assert.ok(lock.signal.aborted);
    assert.equal(await editor.status('analysis'), undefined);
    const next = await terminal.tryAcquire('analysis');
    assert.equal(next?.versions.get('analysis'), 2);
    await lock.release();
    assert.equal((await editor.status('analysis'))?.owner.label, 'terminal', 'a second release took it from its owner');
  });

  it('are taken together or not at all, in sorted order', async () => {
    const { process: start } = world();
    const [a, b] = [start('a'), start('b')];
    const held = await a.tryAcquire('m');
    assert.ok(held);
    assert.equal(await b.tryAcquire(['z', 'm', 'a']), undefined);
    assert.ok(await a.tryAcquire(['z', 'a']), 'a refused batch left something behind');
    await a.close();
    const batch = await b.tryAcquire(['z', 'm', 'a', 'm']);
    assert.deepEqual(batch?.names, ['a', 'm', 'z']);
    await batch.release();
    assert.equal((await b.statistics()).held, 0);
  });

  it('are waited for with growing pauses that differ, up to a second', async () => {
    let seed = 1;
    const { process: start, clock } = world(() => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647);
    const lock = await start('a').tryAcquire('x');
    let got: Lock | undefined;
    const waiting = start('b')
      .acquire('x')
      .then((acquired) => (got = acquired));
    await clock.advance(10_000);
    assert.equal(got, undefined);
    const pauses = clock.sleeps;
    for (const [index, pause] of pauses.entries()) {
      const most = Math.min(1000, 50 * 2 ** index);
      assert.ok(pause >= most / 2 && pause <= most, `pause ${index} was ${pause} ms`);
    }
    assert.equal(new Set(pauses).size, pauses.length);
    await lock?.release();
    await clock.advance(1000);
    await waiting;
    assert.ok(got);
  });

  it('time out and are given up with the name of the owner', async () => {
    const { process: start, clock } = world();
    await start('editor').tryAcquire('x');
    const waiter = start('b');
    const timeout = assert.rejects(waiter.acquire('x', { timeoutMs: 500 }), (error) => {
      assert.ok(error instanceof LockError && error.code === 'TIMEOUT');
      assert.match(error.message, /x \(held by editor, process \d+\)/);
      return true;
    });
    await clock.advance(600);
    await timeout;
    const abort = new AbortController();
    const aborted = assert.rejects(waiter.acquire('x', { signal: abort.signal }), { code: 'ABORTED' });
    await settle();
    abort.abort();
    await aborted;
  });

  it('are renewed for as long as they are held', async () => {
    const { process: start, clock } = world();
    const lock = await start('a').tryAcquire('x', { leaseMs: 3000 });
    const waiting = start('b').acquire('x', { timeoutMs: 60_000 });
    const failed = assert.rejects(waiting, { code: 'TIMEOUT' });
    await clock.advance(61_000);
    await failed;
    assert.equal(lock?.signal.aborted, false);
  });

  it('pass on when their owner is dead, or a stranger has its number', async () => {
    for (const owner of [{ pid: 77 }, { startTime: 'start of the one before us' }]) {
      const { process: start, table } = world();
      const lock = await start('a').tryAcquire('x');
      assert.ok(lock);
      await leave(table, owner, lock);
      const heir = start('b');
      const taken = await heir.tryAcquire('x');
      assert.equal(taken?.versions.get('x'), 2);
      assert.equal((await heir.statistics()).takenFromDead, 1);
    }
  });

  it('stay with an owner on another machine, in another container, or of unknown start, until the lease is over', async () => {
    for (const owner of [{ host: 'elsewhere', pid: 77 }, { startTime: '' }]) {
      const { process: start, table, clock } = world();
      const lock = await start('a').tryAcquire('x', { leaseMs: 5000 });
      assert.ok(lock);
      await leave(table, owner, lock);
      const heir = start('b');
      let taken = false;
      const waiting = heir.acquire('x').then(() => (taken = true));
      await clock.advance(4500);
      assert.equal(taken, false);
      await clock.advance(2500);
      await waiting;
      assert.equal((await heir.statistics()).takenAfterLease, 1);
    }
  });

  it('are not lost by the sleep of the machine', async () => {
    const { process: start, clock } = world();
    const lock = await start('a').tryAcquire('x', { leaseMs: 5000 });
    const other = start('b');
    assert.equal(await other.tryAcquire('x'), undefined);
    clock.jump(3_600_000);
    assert.equal(await other.tryAcquire('x'), undefined);
    await clock.advance(5000);
    assert.equal(lock?.signal.aborted, false);
  });

  it('tell their owner when somebody else has taken them', async () => {
    const { process: start, table, clock } = world();
    const owner = start('a');
    const lock = await owner.tryAcquire('x', { leaseMs: 3000 });
    assert.ok(lock);
    await leave(table, { label: 'thief' }, lock);
    await clock.advance(1100);
    assert.ok(lock.signal.aborted);
    assert.equal((await owner.statistics()).lost, 1);
    await lock.release();
    assert.equal((await owner.status('x'))?.owner.label, 'thief');
  });

  it('are released by withLock, also when the work throws', async () => {
    const locks = world().process('a');
    await assert.rejects(
      locks.withLock('x', () => Promise.reject(new Error('the work'))),
      /the work/,
    );
    assert.equal(await locks.withLock(['x', 'y'], ({ names }) => Promise.resolve(names.length)), 2);
    assert.deepEqual((await locks.statistics()).byOwner, {});
  });

  it('count who holds what', async () => {
    const { process: start } = world();
    const editor = start('editor');
    await editor.tryAcquire(['a', 'b']);
    const { held, byOwner, oldest, acquired, conflicts } = await editor.statistics();
    assert.deepEqual(
      [held, byOwner, oldest, acquired, conflicts],
      [2, { [`editor ${process.pid}`]: 2 }, 1_000_000, 1, 0],
    );
  });

  it('survive a table that fails for a while', async () => {
    const { table, clock, processes } = world();
    const failing = { broken: false, calls: 0 };
    const flaky = new Locks({
      clock,
      processes,
      table: {
        read: (names) => table.read(names),
        swap: (changes) =>
          failing.broken ? (failing.calls++, Promise.reject(new Error('busy'))) : table.swap(changes),
      },
    });
    const lock = await flaky.tryAcquire('x', { leaseMs: 3000 });
    failing.broken = true;
    await clock.advance(1500);
    assert.equal(failing.calls, 1);
    failing.broken = false;
    await clock.advance(1500);
    assert.equal(lock?.signal.aborted, false);
  });

  it('never have two owners, whoever interleaves with whom', async () => {
    const names = fc.uniqueArray(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.array(names, { minLength: 2, maxLength: 5 }), async (scheduler, wishes) => {
        const { table, processes } = world();
        const scheduled = {
          read: (wanted?: readonly string[]) => scheduler.schedule(Promise.resolve()).then(() => table.read(wanted)),
          swap: (changes: Parameters<typeof table.swap>[0]) =>
            scheduler.schedule(Promise.resolve()).then(() => table.swap(changes)),
        };
        // Pauses take no time, but as many turns as the scheduler likes; renewals are left out.
        const clock: LockClock = {
          now: () => 0,
          date: () => 0,
          sleep: (_ms, _signal, quiet) => (quiet ? new Promise(() => {}) : scheduler.schedule(Promise.resolve())),
        };
        const owners = new Map<string, number>();
        const work = wishes.map(async (wish, index) => {
          const locks = new Locks({ table: scheduled, clock, processes, label: String(index) });
          await locks.withLock(wish, async () => {
            for (const name of wish) {
              assert.equal(owners.get(name), undefined, `${name} has two owners`);
              owners.set(name, index);
            }
            await scheduler.schedule(Promise.resolve());
            for (const name of wish) owners.delete(name);
          });
        });
        await scheduler.waitFor(Promise.all(work));
      }),
      { numRuns: 150 },
    );
  });
});

describe('store: owners of locks', () => {
  it('are asked for their start time rarely where that costs a process', async () => {
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
    assert.equal(await watch.isGone({ ...owner, pid: 4 }), false, 'what cannot be told is no death');
    assert.equal(await watch.isGone({ ...owner, pid: 5, host: 'there' }), false);
  });
});
