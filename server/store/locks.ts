/**
 * Named locks between processes, so that two windows on one folder run one analysis. A lock has an owner, a version that
 * grows with each owner, and a lease that its owner renews. It changes hands when it is released, when its owner's
 * process is gone, or when the lease expires. Lives as long as its store.
 *
 * Invariant: only the acquisition that holds a lock can renew or release it. Every change is one atomic compare-and-swap
 * on version and token.
 */
import { randomUUID } from 'node:crypto';
import { systemClock, type Clock } from '../clock.ts';
import { StoreError } from './faults.ts';
import { lockProcesses, OwnerWatch, ownIdentity, type LockProcesses } from './lock-owner.ts';
import type { LockOwner, LockRecord, LockTable } from './lock-table.ts';

export interface LocksOptions {
  /** `store.lockTable`. */
  readonly table: LockTable;
  /** Names this process for a person who looks into the table, for instance `editor`. */
  readonly label?: string;
  readonly clock?: Clock;
  readonly processes?: LockProcesses;
}

export interface AcquireOptions {
  /** How long a process that hangs keeps the lock, milliseconds; default 30 s. A dead process loses it at once. */
  readonly leaseMs?: number;
}

export interface Lock {
  readonly name: string;
  /** Whatever was written under a lower version is older. */
  readonly version: number;
  /** Aborted when another process took the lock, or it was released. */
  readonly signal: AbortSignal;
  /** May be called any number of times. Never takes the lock from its next owner. */
  release(): Promise<void>;
}

const LEASE_MS = 30_000;
const RENEWALS_PER_LEASE = 3;
const MIN_OBSERVATION_MS = 1000;
const nobody: LockOwner = { host: '', pid: 0, startTime: '', label: '' };

/** A lock of another process, as this process saw it last. */
interface Observation {
  readonly version: number;
  readonly renewals: number;
  /** Monotonic milliseconds. */
  lastSeen: number;
  /** How long it was watched without a renewal. */
  unchangedMs: number;
}

interface Self {
  readonly owner: LockOwner;
  readonly watch: OwnerWatch;
}

export class Locks {
  readonly #table: LockTable;
  readonly #clock: Clock;
  readonly #processes: LockProcesses;
  readonly #label: string;
  readonly #held = new Set<HeldLock>();
  readonly #observations = new Map<string, Observation>();
  #self: Promise<Self> | undefined;
  #closed = false;

  constructor({ table, label = 'bulkhead', clock = systemClock, processes = lockProcesses }: LocksOptions) {
    this.#table = table;
    this.#clock = clock;
    this.#processes = processes;
    this.#label = label;
  }

  /**
   * Takes the lock if it is available now. Not re-entrant.
   * @returns undefined when somebody holds it, this process included
   * @throws StoreError `CLOSED` after {@link close}; the errors of the table
   */
  async tryAcquire(name: string, { leaseMs = LEASE_MS }: AcquireOptions = {}): Promise<Lock | undefined> {
    if (this.#closed) throw new StoreError('CLOSED', 'The locks have been closed.');
    const { owner, watch } = await this.#ownSelf();
    const before = await this.#table.read(name);
    if (!(await this.#isAvailable(before, watch))) return undefined;
    const date = this.#clock.date();
    const record: LockRecord = {
      ...{ name, owner, leaseMs, token: randomUUID(), version: (before?.version ?? 0) + 1, renewals: 0 },
      ...{ acquiredAt: date, expiresAt: date + leaseMs },
    };
    const expected = { version: before?.version ?? 0, token: before?.token ?? '' };
    if (!(await this.#table.swap({ expected, record }))) return undefined;
    this.#observations.delete(name);
    const lock = new HeldLock(this.#table, this.#clock, record, () => this.#held.delete(lock));
    this.#held.add(lock);
    return lock;
  }

  /** Releases the locks of this process. Call it before the store is closed. */
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

  async #isAvailable(record: LockRecord | undefined, watch: OwnerWatch): Promise<boolean> {
    if (record === undefined || record.token === '') return true;
    return (await watch.isGone(record.owner)) || this.#isExpired(record);
  }

  /** Measured on our own monotonic clock: the time of day may be changed, or differ on the owner's machine. */
  #isExpired({ name, version, renewals, leaseMs }: LockRecord): boolean {
    const now = this.#clock.now();
    const before = this.#observations.get(name);
    if (before?.version !== version || before.renewals !== renewals) {
      this.#observations.set(name, { version, renewals, lastSeen: now, unchangedMs: 0 });
      return false;
    }
    // A longer pause may mean that this machine slept, and the owner with it.
    before.unchangedMs += Math.min(now - before.lastSeen, Math.max(leaseMs / 4, MIN_OBSERVATION_MS));
    before.lastSeen = now;
    return before.unchangedMs >= leaseMs;
  }
}

class HeldLock implements Lock {
  readonly #table: LockTable;
  readonly #clock: Clock;
  readonly #ended: () => void;
  readonly #abort = new AbortController();
  #record: LockRecord;
  /** Changes of the table, one after the other. */
  #work: Promise<void> = Promise.resolve();
  #cancelRenewal: () => void = () => {};

  constructor(table: LockTable, clock: Clock, record: LockRecord, ended: () => void) {
    this.#table = table;
    this.#clock = clock;
    this.#record = record;
    this.#ended = ended;
    this.#renewLater();
  }

  get name(): string {
    return this.#record.name;
  }

  get version(): number {
    return this.#record.version;
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  release(): Promise<void> {
    if (!this.signal.aborted) {
      this.#end();
      this.#work = this.#work.then(() => this.#free());
    }
    return this.#work;
  }

  #renewLater(): void {
    const renew = (): void => {
      this.#work = this.#work.then(() => this.#renew());
    };
    this.#cancelRenewal = this.#clock.after(this.#record.leaseMs / RENEWALS_PER_LEASE, renew, true);
  }

  async #renew(): Promise<void> {
    if (this.signal.aborted) return;
    const { leaseMs, renewals } = this.#record;
    const renewed = { ...this.#record, renewals: renewals + 1, expiresAt: this.#clock.date() + leaseMs };
    try {
      if (await this.#swap(renewed)) this.#record = renewed;
      else this.#end();
    } catch {
      // The table is busy or broken. The lease lasts until the renewals after this one.
    }
    // It may have been released meanwhile.
    if (!this.signal.aborted) this.#renewLater();
  }

  async #free(): Promise<void> {
    await this.#swap({ ...this.#record, token: '', owner: nobody, expiresAt: 0 }).catch(() => false);
  }

  #swap(record: LockRecord): Promise<boolean> {
    const { version, token } = this.#record;
    return this.#table.swap({ expected: { version, token }, record });
  }

  #end(): void {
    if (this.signal.aborted) return;
    this.#cancelRenewal();
    this.#abort.abort();
    this.#ended();
  }
}
