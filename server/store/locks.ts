/**
 * Named locks between processes: two windows on one folder do one analysis. A lock has an owner, a version that grows
 * with each owner, and a lease that its owner renews. It changes hands when it is released, when its owner's process
 * is gone, or when the lease was not renewed. Lives as long as its store.
 *
 * Invariant: only the acquisition that holds a lock can renew or release it; every change is one atomic comparison of
 * version and token with what was seen.
 */
import { randomUUID } from 'node:crypto';
import { lockProcesses, OwnerWatch, ownIdentity, type LockProcesses } from './lock-owner.ts';
import type { LockChange, LockOwner, LockRecord, LockTable } from './lock-table.ts';

export interface LockClock {
  /** Monotonic milliseconds. Leases are measured with it, so that nobody loses a lock by a change of the time of day. */
  now(): number;
  /** Milliseconds since the epoch, for people. */
  date(): number;
  /** Resolves after `ms`, or at once when the signal is aborted. A `quiet` sleep does not keep the process alive. */
  sleep(ms: number, signal: AbortSignal | undefined, quiet: boolean): Promise<void>;
}

export interface LocksOptions {
  /** `store.lockTable`. */
  readonly table: LockTable;
  /** Of this process, for people, for instance `editor`. */
  readonly label?: string;
  readonly clock?: LockClock;
  /** Uniform in [0, 1). */
  readonly random?: () => number;
  readonly processes?: LockProcesses;
}

export interface AcquireOptions {
  /** Default 30 s. How long a process that hangs keeps others waiting; one that died does not. */
  readonly leaseMs?: number;
  /** Absent: wait for ever. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** One lock as others see it. */
export interface LockStatus {
  readonly name: string;
  readonly owner: LockOwner;
  readonly version: number;
  readonly acquiredAt: number;
  readonly expiresAt: number;
}

export interface LockStatistics {
  readonly held: number;
  readonly byOwner: Readonly<Record<string, number>>;
  /** Milliseconds since the epoch. */
  readonly oldest?: number;
  /** Of this process since its start. */
  readonly acquired: number;
  readonly waited: number;
  readonly conflicts: number;
  readonly takenFromDead: number;
  readonly takenAfterLease: number;
  readonly lost: number;
}

export class LockError extends Error {
  override readonly name = 'LockError';
  readonly code: 'TIMEOUT' | 'ABORTED' | 'CLOSED';

  constructor(code: LockError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** One or several locks in hand. */
export interface Lock extends AsyncDisposable {
  readonly names: readonly string[];
  /** By name. Anything written under a lower version is older. */
  readonly versions: ReadonlyMap<string, number>;
  /** Aborted when the locks were taken by somebody else, or released. */
  readonly signal: AbortSignal;
  /** May be called any number of times. Never takes a lock from its next owner. */
  release(): Promise<void>;
}

const LEASE_MS = 30_000;
const RENEWALS_PER_LEASE = 3;
const FIRST_WAIT_MS = 50;
/** A dead owner is noticed at the next look: at most so much later. */
const MAX_WAIT_MS = 1000;
const nobody: LockOwner = { host: '', pid: 0, startTime: '', label: '' };

interface Observation {
  readonly version: number;
  readonly renewals: number;
  lastSeen: number;
  /** How long we have watched it unchanged. Time in which we ourselves were stopped does not count. */
  unchangedMs: number;
}

interface Self {
  readonly owner: LockOwner;
  readonly watch: OwnerWatch;
}

type Counts = {
  -readonly [Name in 'acquired' | 'waited' | 'conflicts' | 'takenFromDead' | 'takenAfterLease' | 'lost']: number;
};

export class Locks {
  readonly #table: LockTable;
  readonly #clock: LockClock;
  readonly #random: () => number;
  readonly #processes: LockProcesses;
  readonly #label: string;
  readonly #held = new Set<HeldLock>();
  readonly #observations = new Map<string, Observation>();
  readonly #counts: Counts = { acquired: 0, waited: 0, conflicts: 0, takenFromDead: 0, takenAfterLease: 0, lost: 0 };
  #self: Promise<Self> | undefined;
  #closed = false;

  constructor({
    table,
    label = 'bulkhead',
    clock = systemClock,
    random = Math.random,
    processes = lockProcesses,
  }: LocksOptions) {
    this.#table = table;
    this.#clock = clock;
    this.#random = random;
    this.#processes = processes;
    this.#label = label;
  }

  /**
   * All of these locks or none, now. Not re-entrant: what this process holds is taken.
   * @returns undefined when any of them belongs to somebody
   */
  async tryAcquire(
    names: string | readonly string[],
    options: Pick<AcquireOptions, 'leaseMs'> = {},
  ): Promise<Lock | undefined> {
    if (this.#closed) throw new LockError('CLOSED', 'The locks have been closed.');
    const sorted = [...new Set(typeof names === 'string' ? [names] : names)].sort();
    const { leaseMs = LEASE_MS } = options;
    const { owner, watch } = await this.#ownSelf();
    const found = new Map((await this.#table.read(sorted)).map((record) => [record.name, record]));
    const token = randomUUID();
    const changes: LockChange[] = [];
    const taken: ('takenFromDead' | 'takenAfterLease')[] = [];
    for (const name of sorted) {
      const before = found.get(name);
      const claim = await this.#claimOn(before, watch);
      if (claim === undefined) {
        this.#counts.conflicts += 1;
        return undefined;
      }
      if (claim !== 'free') taken.push(claim);
      const date = this.#clock.date();
      const record: LockRecord = {
        ...{ name, token, owner, leaseMs, version: (before?.version ?? 0) + 1, renewals: 0 },
        ...{ acquiredAt: date, expiresAt: date + leaseMs },
      };
      changes.push({ expected: { version: before?.version ?? 0, token: before?.token ?? '' }, record });
    }
    if (!(await this.#table.swap(changes))) {
      this.#counts.conflicts += 1;
      return undefined;
    }
    this.#counts.acquired += 1;
    for (const kind of taken) this.#counts[kind] += 1;
    for (const name of sorted) this.#observations.delete(name);
    return this.#hold(changes.map(({ record }) => record));
  }

  /**
   * All of these locks at once, in sorted order, waiting for them with growing, jittered pauses.
   * @throws LockError `TIMEOUT` or `ABORTED`
   */
  async acquire(names: string | readonly string[], options: AcquireOptions = {}): Promise<Lock> {
    const { timeoutMs = Infinity, signal } = options;
    const deadline = this.#clock.now() + timeoutMs;
    for (let attempt = 0; ; attempt += 1) {
      if (signal?.aborted === true)
        throw new LockError('ABORTED', 'Waiting for a lock was cancelled.', { cause: signal.reason });
      const lock = await this.tryAcquire(names, options);
      if (lock) return lock;
      const left = deadline - this.#clock.now();
      if (left <= 0)
        throw new LockError('TIMEOUT', `Not to be had within ${timeoutMs} ms: ${await this.#describe(names)}.`);
      this.#counts.waited += 1;
      const most = Math.min(MAX_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(attempt, 10));
      await this.#clock.sleep(Math.min(left, most * (0.5 + this.#random() / 2)), signal, false);
    }
  }

  /** @param work its signal aborts when the lock is lost meanwhile */
  async withLock<Result>(
    names: string | readonly string[],
    work: (lock: Lock) => Promise<Result>,
    options: AcquireOptions = {},
  ): Promise<Result> {
    await using lock = await this.acquire(names, options);
    return await work(lock);
  }

  /** Who holds it; undefined: nobody. A dead owner is shown until somebody takes over. */
  async status(name: string): Promise<LockStatus | undefined> {
    const [record] = await this.#table.read([name]);
    return record && record.token !== '' ? statusOf(record) : undefined;
  }

  async statistics(): Promise<LockStatistics> {
    const held = (await this.#table.read()).filter(({ token }) => token !== '');
    const byOwner: Record<string, number> = {};
    for (const { owner } of held) {
      const name = `${owner.label} ${owner.pid}`;
      byOwner[name] = (byOwner[name] ?? 0) + 1;
    }
    const oldest = held.reduce((least, { acquiredAt }) => Math.min(least, acquiredAt), Infinity);
    return { held: held.length, byOwner, ...(oldest === Infinity ? {} : { oldest }), ...this.#counts };
  }

  /** Releases what this process holds; before the store is closed. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#held].map((lock) => lock.release()));
  }

  #ownSelf(): Promise<Self> {
    this.#self ??= ownIdentity(this.#processes, this.#label).then((owner) => ({
      owner,
      watch: new OwnerWatch(this.#processes, owner.host, () => this.#clock.now()),
    }));
    return this.#self;
  }

  /** Why we may have it; undefined: it is somebody's. */
  async #claimOn(
    record: LockRecord | undefined,
    watch: OwnerWatch,
  ): Promise<'free' | 'takenFromDead' | 'takenAfterLease' | undefined> {
    if (record === undefined || record.token === '') return 'free';
    if (await watch.isGone(record.owner)) return 'takenFromDead';
    return this.#leaseIsOver(record) ? 'takenAfterLease' : undefined;
  }

  /** By our own clock: clocks of different machines, or one that was set, tell nothing. */
  #leaseIsOver({ name, version, renewals, leaseMs }: LockRecord): boolean {
    const now = this.#clock.now();
    const before = this.#observations.get(name);
    if (before?.version !== version || before.renewals !== renewals) {
      this.#observations.set(name, { version, renewals, lastSeen: now, unchangedMs: 0 });
      return false;
    }
    before.unchangedMs += Math.min(now - before.lastSeen, Math.max(leaseMs / 4, MAX_WAIT_MS));
    before.lastSeen = now;
    return before.unchangedMs >= leaseMs;
  }

  #hold(records: readonly LockRecord[]): Lock {
    const lock = new HeldLock(this.#table, this.#clock, records, (reason) => {
      this.#held.delete(lock);
      if (reason === 'lost') this.#counts.lost += 1;
    });
    this.#held.add(lock);
    return lock;
  }

  async #describe(names: string | readonly string[]): Promise<string> {
    const all = typeof names === 'string' ? [names] : names;
    const held = (await this.#table.read(all)).filter(({ token }) => token !== '');
    if (held.length === 0) return all.join(', ');
    return held.map(({ name, owner }) => `${name} (held by ${owner.label}, process ${owner.pid})`).join(', ');
  }
}

class HeldLock implements Lock {
  readonly names: readonly string[];
  readonly versions: ReadonlyMap<string, number>;
  readonly #table: LockTable;
  readonly #clock: LockClock;
  readonly #ended: (reason: 'released' | 'lost') => void;
  readonly #abort = new AbortController();
  #records: readonly LockRecord[];
  #work: Promise<void> = Promise.resolve();
  #over = false;

  constructor(
    table: LockTable,
    clock: LockClock,
    records: readonly LockRecord[],
    ended: (reason: 'released' | 'lost') => void,
  ) {
    this.names = records.map(({ name }) => name);
    this.versions = new Map(records.map(({ name, version }) => [name, version]));
    this.#table = table;
    this.#clock = clock;
    this.#records = records;
    this.#ended = ended;
    void this.#keep(Math.min(...records.map(({ leaseMs }) => leaseMs)) / RENEWALS_PER_LEASE);
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  async release(): Promise<void> {
    if (!this.#end('released')) return this.#work;
    this.#work = this.#work.then(() => this.#free());
    return this.#work;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.release();
  }

  async #keep(everyMs: number): Promise<void> {
    for (;;) {
      await this.#clock.sleep(everyMs, this.signal, true);
      if (this.#over) return;
      this.#work = this.#work.then(() => this.#renew());
      await this.#work;
    }
  }

  async #renew(): Promise<void> {
    if (this.#over) return;
    const date = this.#clock.date();
    const renewed = this.#records.map((record) => ({
      ...record,
      renewals: record.renewals + 1,
      expiresAt: date + record.leaseMs,
    }));
    try {
      if (await this.#table.swap(this.#changesTo(renewed))) this.#records = renewed;
      else this.#end('lost');
    } catch {
      // The table is busy or broken: the next renewal is soon, and a lease lasts for three.
    }
  }

  async #free(): Promise<void> {
    // One by one: where one was lost, the others are still ours to release.
    for (const record of this.#records) {
      const free = { ...record, token: '', owner: nobody, expiresAt: 0 };
      await this.#table.swap(this.#changesTo([free])).catch(() => false);
    }
  }

  #changesTo(records: readonly LockRecord[]): readonly LockChange[] {
    const [held] = this.#records;
    const token = held?.token ?? '';
    return records.map((record) => ({ expected: { version: record.version, token }, record }));
  }

  #end(reason: 'released' | 'lost'): boolean {
    if (this.#over) return false;
    this.#over = true;
    this.#abort.abort(new LockError('ABORTED', `The lock on ${this.names.join(', ')} was ${reason}.`));
    this.#ended(reason);
    return true;
  }
}

function statusOf({ name, owner, version, acquiredAt, expiresAt }: LockRecord): LockStatus {
  return { name, owner, version, acquiredAt, expiresAt };
}

const systemClock: LockClock = {
  now: () => performance.now(),
  date: () => Date.now(),
  sleep: (ms, signal, quiet) =>
    new Promise((resolve) => {
      if (signal?.aborted === true) {
        resolve();
        return;
      }
      const done = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      if (quiet) timer.unref();
      signal?.addEventListener('abort', done);
    }),
};
