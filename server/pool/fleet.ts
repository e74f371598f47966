/**
 * All compartments of a pool: which exist, who works next and where, and what a death costs. Knows works, not tasks.
 * Lives as long as its pool.
 *
 * Invariant: processes, from launch until they are gone, are never more than `maxWorkers`.
 * Invariant: every work that was enqueued is performed, dies, is refused or is withdrawn; none is forgotten.
 */
import { ChangeLog } from './changes.ts';
import type { Clock, Random } from './clock.ts';
import { Compartment, type CompartmentOwner, type Phase } from './compartment.ts';
import type { Place } from './detectors.ts';
import type { Death } from './exit-reason.ts';
import type { Launch } from './link.ts';
import { Backoff, Circuit, PoolCircuit, Standstill, StartFailures } from './policy.ts';
import type { CompartmentHealth, ExitReason, PoolNotice } from './types.ts';
import { WorkQueue } from './work-queue.ts';
import { PlanWork, type Dispatcher, type Work } from './work.ts';

/** A kind of compartment keeps its processes at least this long against kinds that have none. */
const TENURE_MS = 5_000;
const MAX_RESTART_TIMES = 1_000;

export interface FleetOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly launch: Launch;
  readonly log: CompartmentOwner['log'];
  readonly onChange: () => void;
  readonly onNotice: (notice: PoolNotice) => void;
  /** A death that is a fault; `charged`: it counts against the detector. */
  readonly onFault: (compartment: Compartment, death: Death, phase: Phase, work: Work | undefined) => void;
  /** Work is in hand: worth watching. */
  readonly onBusy: () => void;
  readonly onStarted: (pid: number) => void;
  readonly onEnded: (pid: number) => void;
  /** Whether the machine has memory for one more process. */
  readonly roomForMore: (live: readonly Compartment[]) => boolean;
}

/** What compartments of one kind share: they run the same code. */
interface Kind {
  readonly name: string;
  readonly circuit: Circuit;
  readonly starts: StartFailures;
  readonly standstill: Standstill;
  /** Given up until a restart is asked for. */
  disabled: ExitReason | undefined;
  /** Why the circuit opened. */
  degraded: ExitReason | undefined;
  lastServed: number;
}

interface Berth {
  readonly place: Place;
  readonly kind: Kind;
  readonly queue: WorkQueue;
  readonly compartments: Compartment[];
  readonly changes: ChangeLog;
  readonly backoff: Backoff;
  retryAt: number;
  /** When a process was lost whose work still waits. */
  lostAt: number | undefined;
}

export class Fleet implements Dispatcher {
  maxWorkers: number;
  readonly #options: FleetOptions;
  readonly #owner: CompartmentOwner;
  readonly #kinds = new Map<string, Kind>();
  readonly #berths = new Map<string, Berth>();
  readonly #poolCircuit = new PoolCircuit();
  #stopped: ExitReason | undefined;
  #disposed = false;
  #turn = 0;
  #pumping = false;
  #pumpAgain = false;
  #cancelWake: () => void = () => {};
  #wakeAt = Number.POSITIVE_INFINITY;
  #whenEmpty: (() => void)[] = [];
  readonly #goneListeners = new Map<Compartment, (() => void)[]>();
  readonly #restartTimes: number[] = [];
  readonly #pids = new Map<Compartment, number>();

  constructor(maxWorkers: number, options: FleetOptions) {
    this.maxWorkers = maxWorkers;
    this.#options = options;
    this.#owner = {
      clock: options.clock,
      random: options.random,
      launch: options.launch,
      log: options.log,
      onReady: (compartment) => this.#ready(compartment),
      onFree: () => this.#pump(),
      onAnswered: (compartment) => this.#answered(compartment),
      onDeath: (compartment, death, phase, work) => this.#died(compartment, death, phase, work),
      onChange: options.onChange,
    };
  }

  get compartments(): readonly Compartment[] {
    return [...this.#berths.values()].flatMap((berth) => berth.compartments);
  }

  get live(): readonly Compartment[] {
    return this.compartments.filter((compartment) => compartment.live);
  }

  /** Recent waits from the loss of a process to the next that is ready for its work, milliseconds. */
  get restartTimes(): readonly number[] {
    return this.#restartTimes;
  }

  get queued(): number {
    let sum = 0;
    for (const berth of this.#berths.values()) sum += berth.queue.length;
    return sum;
  }

  enqueue(work: Work): void {
    if (this.#disposed) {
      work.refuse('The pool is closed.', undefined);
      return;
    }
    this.#berthOf(work.place).queue.add(work);
    this.#pump();
  }

  withdraw(work: Work): void {
    this.#berths.get(work.place.key)?.queue.remove(work);
  }

  /** Notes a task's changes once, for all compartments of the place. */
  noteChanges(place: Place, generation: number, changed: readonly string[] | undefined): void {
    const berth = this.#berthOf(place);
    berth.changes.add(generation, changed);
    berth.changes.trim(
      Math.min(...berth.compartments.filter(({ live }) => live).map(({ told }) => told), berth.changes.latest),
    );
  }

  /** Something got done: the next death is no part of a series. */
  progressed(place: Place): void {
    const berth = this.#berthOf(place);
    berth.backoff.reset();
    berth.kind.standstill.progressed();
  }

  health(): readonly CompartmentHealth[] {
    return [...this.#berths.values()].flatMap((berth) =>
      berth.compartments.map((compartment) => compartment.health(berth.queue.length)),
    );
  }

  /** Looks again at everything: after limits, `maxWorkers` or measured memory changed. */
  reconsider(): void {
    for (const compartment of this.live) {
      if (compartment.free && (compartment.bloated || this.live.length > this.maxWorkers)) compartment.close();
    }
    this.#pump();
  }

  /** Lifts what holds a kind back (all when absent) and ends its processes; their work is repeated. */
  async restart(kindName?: string): Promise<void> {
    const concerned = (name: string): boolean => kindName === undefined || name === kindName;
    this.#stopped = undefined;
    this.#poolCircuit.reset();
    for (const kind of this.#kinds.values()) {
      if (!concerned(kind.name)) continue;
      kind.circuit.reset();
      kind.starts.reset();
      kind.standstill.progressed();
      kind.disabled = undefined;
      kind.degraded = undefined;
    }
    const ended = this.live.filter((compartment) => concerned(compartment.place.compartment));
    for (const berth of this.#berths.values()) {
      if (!concerned(berth.kind.name)) continue;
      berth.retryAt = 0;
      berth.backoff.reset();
      for (const compartment of berth.compartments) compartment.rest('stopped');
    }
    const gone = ended.map((compartment) => this.#goneOnce(compartment));
    for (const compartment of ended) compartment.kill({ kind: 'cancelled', message: 'Restarted on request.' });
    await Promise.all(gone);
    this.#pump();
  }

  /** Refuses what waits, ends every process, resolves when none is left. */
  async dispose(): Promise<void> {
    this.#disposed = true;
    this.#cancelWake();
    for (const berth of this.#berths.values()) {
      for (const work of berth.queue.drain()) work.refuse('The pool is closed.', undefined);
    }
    for (const compartment of this.live) {
      if (compartment.busy) compartment.kill({ kind: 'cancelled', message: 'The pool is closed.' });
      else compartment.close();
    }
    if (this.live.length > 0) await new Promise<void>((resolve) => this.#whenEmpty.push(resolve));
  }

  #ready(compartment: Compartment): void {
    const berth = this.#berthOf(compartment.place);
    berth.kind.starts.reset();
    if (berth.lostAt !== undefined && berth.queue.length > 0) {
      this.#restartTimes.push(this.#now - berth.lostAt);
      if (this.#restartTimes.length > MAX_RESTART_TIMES) this.#restartTimes.shift();
    }
    berth.lostAt = undefined;
    const { pid } = compartment;
    if (pid === undefined) return;
    this.#pids.set(compartment, pid);
    this.#options.onStarted(pid);
  }

  #answered(compartment: Compartment): void {
    const { kind } = this.#berthOf(compartment.place);
    // A probe came back.
    if (kind.circuit.state(this.#now) === 'half-open') {
      kind.circuit.reset();
      kind.degraded = undefined;
    }
    if (compartment.bloated) this.#recycle(compartment);
    this.#pump();
  }

  /** The next work of the place gets a new process; its start does not wait for the old one to be gone, if there is room. */
  #recycle(compartment: Compartment): void {
    const berth = this.#berthOf(compartment.place);
    compartment.close();
    if (berth.queue.length === 0 || this.live.length >= this.maxWorkers) return;
    const here = berth.compartments.filter(({ live, closing }) => live && !closing);
    if (here.length < berth.place.maxCompartments) this.#startOne(berth);
  }

  #died(compartment: Compartment, death: Death, phase: Phase, work: Work | undefined): void {
    const berth = this.#berthOf(compartment.place);
    const pid = this.#pids.get(compartment);
    this.#pids.delete(compartment);
    if (pid !== undefined) this.#options.onEnded(pid);
    if (death.reason.kind !== 'cancelled') {
      this.#options.onFault(compartment, death, phase, work);
      this.#charge(berth, compartment, death, phase, work);
    }
    work?.died(death);
    if (death.reason.kind !== 'cancelled' && berth.queue.length > 0) berth.lostAt ??= this.#now;
    for (const listener of this.#goneListeners.get(compartment) ?? []) listener();
    this.#goneListeners.delete(compartment);
    if (this.#disposed && this.live.length === 0) for (const resolve of this.#whenEmpty.splice(0)) resolve();
    this.#pump();
  }

  #charge(berth: Berth, compartment: Compartment, death: Death, phase: Phase, work: Work | undefined): void {
    const { kind } = berth;
    const { reason, foreign } = death;
    const now = this.#now;
    berth.retryAt = now + berth.backoff.failed(compartment.lastUptimeMs, foreign);
    if (berth.retryAt > now) compartment.rest('backing-off');
    if (phase === 'starting') {
      if (!kind.starts.failed(foreign)) return;
      kind.disabled = reason;
      this.#restAll(kind, 'disabled');
      this.#options.onNotice({ kind: 'disabled', compartment: kind.name, reason });
      return;
    }
    if (!this.#isCharged(kind, death, phase, work)) return;
    if (kind.circuit.state(now) === 'closed' && this.#poolCircuit.crashed(now, kind.name)) {
      this.#stopped = reason;
      this.#options.onNotice({ kind: 'stopped', compartment: kind.name, reason });
    }
    if (kind.circuit.crashed(now)) {
      const again = kind.degraded !== undefined;
      kind.degraded = reason;
      this.#restAll(kind, 'degraded');
      if (!again) this.#options.onNotice({ kind: 'degraded', compartment: kind.name, reason });
      else this.#refuseQueued(kind, reason);
    }
  }

  #isCharged(kind: Kind, { reason, foreign }: Death, phase: Phase, work: Work | undefined): boolean {
    if (phase === 'idle') return !foreign && reason.kind !== 'rss-limit';
    if (work instanceof PlanWork) return !foreign;
    // The suspect in a check answers for its death, unless nothing works any more.
    return kind.standstill.died(foreign);
  }

  #restAll(kind: Kind, state: 'degraded' | 'disabled'): void {
    for (const berth of this.#berths.values()) {
      if (berth.kind === kind) for (const compartment of berth.compartments) compartment.rest(state);
    }
  }

  #refuseQueued(kind: Kind, reason: ExitReason): void {
    for (const berth of this.#berths.values()) {
      if (berth.kind === kind) for (const work of berth.queue.drain()) work.refuse(reason.message, reason);
    }
  }

  /** Gives out all work that can run now. Re-entrant calls are folded into one more round. */
  #pump(): void {
    this.#pumpAgain = true;
    if (this.#pumping || this.#disposed) return;
    this.#pumping = true;
    try {
      while (this.#pumpAgain) {
        this.#pumpAgain = false;
        this.#round();
      }
    } finally {
      this.#pumping = false;
    }
  }

  #round(): void {
    const waiting = new Set([...this.#berths.values()].filter((berth) => berth.queue.length > 0));
    while (waiting.size > 0) {
      const berth = this.#next(waiting);
      if (!this.#advance(berth)) waiting.delete(berth);
      else if (berth.queue.length === 0) waiting.delete(berth);
    }
  }

  /** The most urgent; among equals the kind with the least at work, then the one served longest ago. */
  #next(waiting: ReadonlySet<Berth>): Berth {
    const score = (berth: Berth): readonly [number, number, number] => [
      berth.queue.head?.rank ?? 0,
      this.#occupancy(berth.kind),
      berth.kind.lastServed,
    ];
    let best: Berth | undefined;
    let bestScore: readonly [number, number, number] = [0, 0, 0];
    for (const berth of waiting) {
      const its = score(berth);
      const first = its.findIndex((value, index) => value !== bestScore[index]);
      if (best === undefined || (first >= 0 && (its[first] ?? 0) < (bestScore[first] ?? 0))) {
        best = berth;
        bestScore = its;
      }
    }
    if (best === undefined) throw new Error('nothing is waiting');
    return best;
  }

  #occupancy(kind: Kind): number {
    return this.live.filter(
      (compartment) => compartment.place.compartment === kind.name && (compartment.busy || compartment.starting),
    ).length;
  }

  /** Does one step for the head of a berth's queue. @returns false when nothing can be done for it now */
  #advance(berth: Berth): boolean {
    const work = berth.queue.head;
    if (work === undefined) return false;
    const refusal = this.#refusalOf(berth.kind);
    if (refusal !== undefined) {
      berth.queue.remove(work);
      work.refuse(refusal.message, refusal);
      return true;
    }
    const circuit = berth.kind.circuit.state(this.#now);
    if (circuit === 'open') {
      this.#wake(berth.kind.circuit.probeAt);
      return false;
    }
    // A probe goes alone.
    if (circuit === 'half-open' && this.#live(berth.kind).some(({ busy }) => busy)) return false;
    const free = berth.compartments.find((compartment) => compartment.free && (!work.alone || compartment.fresh));
    if (free !== undefined) {
      berth.queue.remove(work);
      this.#turn += 1;
      berth.kind.lastServed = this.#turn;
      const told = berth.changes.since(free.told);
      // A process that has seen nothing has nothing to be told of.
      this.#options.onBusy();
      free.run(work, free.fresh ? undefined : told, work instanceof PlanWork ? free.told : berth.changes.latest);
      return true;
    }
    return this.#makeRoom(berth, work);
  }

  #refusalOf(kind: Kind): ExitReason | undefined {
    if (this.#stopped !== undefined) return this.#stopped;
    if (kind.disabled !== undefined) return kind.disabled;
    const { circuit } = kind;
    return circuit.state(this.#now) === 'open' && !circuit.hopeful ? kind.degraded : undefined;
  }

  /** Starts a process for a berth, or begins to end one that is in the way. @returns true when it started one */
  #makeRoom(berth: Berth, work: Work): boolean {
    const starting = berth.compartments.filter((compartment) => compartment.starting).length;
    const probing = berth.kind.circuit.state(this.#now) === 'half-open';
    if (starting >= (probing ? 1 : berth.queue.length)) return false;
    if (berth.retryAt > this.#now) {
      this.#wake(berth.retryAt);
      return false;
    }
    const live = this.live;
    const here = berth.compartments.filter((compartment) => compartment.live);
    if (here.length >= berth.place.maxCompartments) {
      // Only work that must be alone finds free compartments it cannot use.
      if (!here.some(({ closing }) => closing)) here.find((compartment) => compartment.free)?.close();
      return false;
    }
    const full = live.length >= this.maxWorkers || (live.length > 0 && !this.#options.roomForMore(live));
    if (full) {
      if (!live.some(({ closing }) => closing)) this.#dispensable(berth, work, here.length)?.close();
      return false;
    }
    this.#startOne(berth);
    return true;
  }

  #startOne(berth: Berth): void {
    const slot = berth.compartments.find((compartment) => !compartment.live) ?? this.#newSlot(berth);
    slot.told = berth.changes.latest;
    slot.start();
  }

  /** An idle compartment that gives way: unneeded ones first, then those that have had their time. */
  #dispensable(berth: Berth, work: Work, liveHere: number): Compartment | undefined {
    const candidates = this.live.filter((compartment) => compartment.free);
    const rankOf = (compartment: Compartment): number => {
      const theirs = this.#berthOf(compartment.place);
      const head = theirs.queue.head;
      // Its own berth has no use for it as it is: the head must be alone.
      if (theirs === berth) return 0;
      const warm = !Number.isFinite(compartment.place.limits.idleMs);
      if (head === undefined || head.rank > work.rank) return warm ? 2 : 1;
      const crowded = theirs.compartments.filter(({ live }) => live).length > 1;
      if (liveHere === 0 && (crowded || compartment.uptimeMs >= TENURE_MS)) return 3;
      return Number.POSITIVE_INFINITY;
    };
    return candidates
      .map((compartment) => ({ compartment, rank: rankOf(compartment) }))
      .filter(({ rank }) => Number.isFinite(rank))
      .sort((a, b) => a.rank - b.rank || a.compartment.idleSince - b.compartment.idleSince)[0]?.compartment;
  }

  #newSlot(berth: Berth): Compartment {
    const taken = new Set(
      this.compartments.filter(({ place }) => place.compartment === berth.kind.name).map(({ name }) => name),
    );
    let number = 1;
    while (taken.has(`${berth.kind.name}#${number}`)) number += 1;
    const compartment = new Compartment(`${berth.kind.name}#${number}`, berth.place, this.#owner);
    berth.compartments.push(compartment);
    return compartment;
  }

  #live(kind: Kind): readonly Compartment[] {
    return this.live.filter((compartment) => compartment.place.compartment === kind.name);
  }

  #berthOf(place: Place): Berth {
    const found = this.#berths.get(place.key);
    if (found !== undefined) return found;
    const berth: Berth = {
      place,
      kind: this.#kindOf(place.compartment),
      queue: new WorkQueue(),
      compartments: [],
      changes: new ChangeLog(),
      backoff: new Backoff(this.#options.random),
      retryAt: 0,
      lostAt: undefined,
    };
    this.#berths.set(place.key, berth);
    return berth;
  }

  #kindOf(name: string): Kind {
    const found = this.#kinds.get(name);
    if (found !== undefined) return found;
    const kind: Kind = {
      name,
      circuit: new Circuit(),
      starts: new StartFailures(),
      standstill: new Standstill(),
      disabled: undefined,
      degraded: undefined,
      lastServed: 0,
    };
    this.#kinds.set(name, kind);
    return kind;
  }

  /** One timer for the nearest moment at which waiting work may run. */
  #wake(at: number): void {
    if (at >= this.#wakeAt) return;
    this.#cancelWake();
    this.#wakeAt = at;
    this.#cancelWake = this.#options.clock.after(Math.max(0, at - this.#now), () => {
      this.#wakeAt = Number.POSITIVE_INFINITY;
      this.#pump();
    });
  }

  #goneOnce(compartment: Compartment): Promise<void> {
    return new Promise((resolve) => {
      this.#goneListeners.set(compartment, [...(this.#goneListeners.get(compartment) ?? []), resolve]);
    });
  }

  get #now(): number {
    return this.#options.clock.now();
  }
}
