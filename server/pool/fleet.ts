/**
 * All compartments of a pool: which exist, who works next and where. Knows works, not tasks. Lives as long as its pool.
 *
 * Invariant: processes, from launch until they are gone, are never more than `maxWorkers`.
 * Invariant: every work that was enqueued is performed, dies, is refused or is withdrawn; none is forgotten.
 */
import { Berths, type Berth, type Kind } from './berths.ts';
import type { Clock, Random } from './clock.ts';
import type { Compartment, CompartmentOwner, Phase } from './compartment.ts';
import type { Place } from './detectors.ts';
import type { Death } from './exit-reason.ts';
import { Ledger } from './ledger.ts';
import type { Launch } from './link.ts';
import { dispensable, mostUrgent } from './scheduling.ts';
import type { CompartmentHealth, PoolNotice } from './types.ts';
import { PlanWork, type Dispatcher, type Work } from './work.ts';

const MAX_RESTART_TIMES = 1_000;

export interface FleetOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly launch: Launch;
  readonly log: CompartmentOwner['log'];
  readonly onChange: () => void;
  readonly onNotice: (notice: PoolNotice) => void;
  /** Work of this kind of compartment that was refused or given up may be asked for again. */
  readonly onAvailable: (kindName: string) => void;
  /** A death that nobody asked for. */
  readonly onFault: (compartment: Compartment, death: Death, phase: Phase, work: Work | undefined) => void;
  /** Work is in hand: worth watching. */
  readonly onBusy: () => void;
  readonly onStarted: (pid: number) => void;
  readonly onEnded: (pid: number) => void;
  /** Whether the machine has memory for one more process. */
  readonly roomForMore: (live: readonly Compartment[]) => boolean;
  /** The machine has next to no memory left. */
  readonly isMemoryShort: () => boolean;
}

export class Fleet implements Dispatcher {
  maxWorkers: number;
  readonly #options: FleetOptions;
  readonly #berths: Berths;
  readonly #ledger: Ledger;
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
    const { clock, random, launch, log, isMemoryShort, onChange, onNotice, onAvailable } = options;
    this.maxWorkers = maxWorkers;
    this.#options = options;
    this.#berths = new Berths({
      clock,
      random,
      launch,
      log,
      isMemoryShort,
      onChange,
      onReady: (compartment) => this.#ready(compartment),
      onFree: () => this.#pump(),
      onAnswered: (compartment) => this.#answered(compartment),
      onDeath: (compartment, death, phase, work) => this.#died(compartment, death, phase, work),
    });
    this.#ledger = new Ledger({ clock, berths: this.#berths, onNotice, onAvailable });
  }

  get live(): readonly Compartment[] {
    return this.#berths.live;
  }

  /** Recent waits from the loss of a process to the next that is ready for its work, milliseconds. */
  get restartTimes(): readonly number[] {
    return this.#restartTimes;
  }

  enqueue(work: Work): void {
    if (this.#disposed) {
      work.refuse('The pool is closed.', undefined);
      return;
    }
    this.#berths.of(work.place).queue.add(work);
    this.#pump();
  }

  withdraw(work: Work): void {
    this.#berths.of(work.place).queue.remove(work);
  }

  /** Notes a task's changes once, for all compartments of the place. */
  noteChanges(place: Place, generation: number, changed: readonly string[] | undefined): void {
    const { changes, compartments } = this.#berths.of(place);
    changes.add(generation, changed);
    changes.trim(Math.min(...compartments.filter(({ live }) => live).map(({ told }) => told), changes.latest));
  }

  /** Something got done: the next death is no part of a series. */
  progressed(place: Place): void {
    this.#ledger.progressed(this.#berths.of(place));
  }

  /** Some work of the place was given up for now: it is offered again after the pause. */
  putOff(place: Place, pauseMs: number): void {
    const berth = this.#berths.of(place);
    if (berth.queue.length === 0) for (const compartment of berth.compartments) compartment.rest('degraded');
    this.#ledger.offerLater(berth.kind, pauseMs);
  }

  health(): readonly CompartmentHealth[] {
    return this.#berths.all.flatMap(({ compartments, queue }) =>
      compartments.map((compartment) => compartment.health(queue.length)),
    );
  }

  /** Looks again at everything: after limits, `maxWorkers` or measured memory changed. */
  reconsider(): void {
    for (const compartment of this.live) {
      if (compartment.free && (compartment.bloated || this.live.length > this.maxWorkers)) compartment.close();
    }
    this.#pump();
  }

  /**
   * All together hold more memory than the machine has for them: the idle ones go, else the largest of several. Its
   * work is repeated when there is room; one alone has a limit of its own.
   */
  relieve(): void {
    const held = this.live.filter(({ closing }) => !closing);
    const idle = held.filter(({ free }) => free);
    for (const compartment of idle) compartment.close();
    if (idle.length > 0 || held.length < 2) return;
    held.reduce((largest, other) => (other.memoryBytes > largest.memoryBytes ? other : largest)).makeRoom();
  }

  /** Lifts what holds a kind back (all when absent) and ends its processes; their work is repeated. */
  async restart(kindName?: string): Promise<void> {
    const kinds = this.#berths.kinds.filter(({ name }) => kindName === undefined || name === kindName);
    this.#ledger.lift(kinds);
    const berths = kinds.flatMap((kind) => this.#berths.ofKind(kind));
    for (const berth of berths) {
      berth.retryAt = 0;
      berth.backoff.reset();
      for (const compartment of berth.compartments) compartment.rest('stopped');
    }
    const ended = berths.flatMap(({ compartments }) => compartments.filter(({ live }) => live));
    const gone = ended.map((compartment) => this.#goneOnce(compartment));
    for (const compartment of ended) compartment.kill({ kind: 'cancelled', message: 'Restarted on request.' });
    await Promise.all(gone);
    this.#pump();
  }

  /** Refuses what waits, ends every process, resolves when none is left. */
  async dispose(): Promise<void> {
    this.#disposed = true;
    this.#cancelWake();
    this.#ledger.dispose();
    for (const { queue } of this.#berths.all) {
      for (const work of queue.drain()) work.refuse('The pool is closed.', undefined);
    }
    for (const compartment of this.live) {
      if (compartment.busy) compartment.kill({ kind: 'cancelled', message: 'The pool is closed.' });
      else compartment.close();
    }
    if (this.live.length > 0) await new Promise<void>((resolve) => this.#whenEmpty.push(resolve));
  }

  #ready(compartment: Compartment): void {
    const berth = this.#berths.of(compartment.place);
    this.#ledger.started(berth.kind);
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
    this.#ledger.answered(this.#berths.of(compartment.place).kind);
    if (compartment.bloated) this.#recycle(compartment);
    this.#pump();
  }

  /** The next work of the place gets a new process; its start does not wait for the old one to be gone, if there is room. */
  #recycle(compartment: Compartment): void {
    const berth = this.#berths.of(compartment.place);
    compartment.close();
    if (berth.queue.length === 0 || this.live.length >= this.maxWorkers) return;
    const here = berth.compartments.filter(({ live, closing }) => live && !closing);
    if (here.length < berth.place.maxCompartments) this.#startOne(berth);
  }

  #died(compartment: Compartment, death: Death, phase: Phase, work: Work | undefined): void {
    const berth = this.#berths.of(compartment.place);
    const wanted = death.reason.kind === 'cancelled';
    const pid = this.#pids.get(compartment);
    this.#pids.delete(compartment);
    if (pid !== undefined) this.#options.onEnded(pid);
    if (!wanted) {
      this.#options.onFault(compartment, death, phase, work);
      this.#ledger.died(berth, compartment, death, phase, work);
    }
    work?.died(death);
    if (!wanted && berth.queue.length > 0) berth.lostAt ??= this.#now;
    for (const listener of this.#goneListeners.get(compartment) ?? []) listener();
    this.#goneListeners.delete(compartment);
    if (this.#disposed && this.live.length === 0) for (const resolve of this.#whenEmpty.splice(0)) resolve();
    this.#pump();
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
    const waiting = new Set(this.#berths.all.filter(({ queue }) => queue.length > 0));
    while (waiting.size > 0) {
      const berth = mostUrgent(waiting, this.live);
      if (!this.#advance(berth) || berth.queue.length === 0) waiting.delete(berth);
    }
  }

  /** Does one step for the head of a berth's queue. @returns false when nothing can be done for it now */
  #advance(berth: Berth): boolean {
    const { kind, queue } = berth;
    const work = queue.head;
    if (work === undefined) return false;
    const refusal = this.#ledger.refusalOf(kind);
    if (refusal !== undefined) {
      queue.remove(work);
      this.#ledger.refused(kind);
      work.refuse(refusal.message, refusal);
      return true;
    }
    // A probe goes alone.
    if (this.#isProbing(kind) && this.#liveOf(kind).some(({ busy }) => busy)) return false;
    const free = berth.compartments.find((compartment) => compartment.free && (!work.alone || compartment.fresh));
    if (free === undefined) return this.#makeRoom(berth, work);
    queue.remove(work);
    this.#turn += 1;
    kind.lastServed = this.#turn;
    this.#options.onBusy();
    // A process that has seen nothing has nothing to be told of.
    const told = free.fresh ? undefined : berth.changes.since(free.told);
    free.run(work, told, work instanceof PlanWork ? free.told : berth.changes.latest);
    return true;
  }

  /** Starts a process for a berth, or begins to end one that is in the way. @returns true when it started one */
  #makeRoom(berth: Berth, work: Work): boolean {
    const starting = berth.compartments.filter((compartment) => compartment.starting).length;
    if (starting >= (this.#isProbing(berth.kind) ? 1 : berth.queue.length)) return false;
    if (berth.retryAt > this.#now) {
      this.#wake(berth.retryAt);
      return false;
    }
    const { live } = this;
    const here = berth.compartments.filter((compartment) => compartment.live);
    if (here.length >= berth.place.maxCompartments) {
      // Only work that must be alone finds free compartments it cannot use.
      if (!here.some(({ closing }) => closing)) here.find((compartment) => compartment.free)?.close();
      return false;
    }
    const full = live.length >= this.maxWorkers || (live.length > 0 && !this.#options.roomForMore(live));
    if (full) {
      const berthOf = ({ place }: Compartment): Berth => this.#berths.of(place);
      if (!live.some(({ closing }) => closing)) dispensable(berth, work, live, berthOf)?.close();
      return false;
    }
    this.#startOne(berth);
    return true;
  }

  #startOne(berth: Berth): void {
    const slot = this.#berths.slotIn(berth);
    slot.told = berth.changes.latest;
    slot.start();
  }

  #isProbing(kind: Kind): boolean {
    return kind.circuit.state(this.#now) === 'half-open';
  }

  #liveOf(kind: Kind): readonly Compartment[] {
    return this.live.filter((compartment) => compartment.place.compartment === kind.name);
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
