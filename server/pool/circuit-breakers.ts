/**
 * What deaths cost: whom they are charged to, what is off because of them, and when it may be tried again. Starts and
 * ends no process. Lives as long as its fleet.
 *
 * Invariant: work that was refused, or given up for a while, is offered again: at the end of the pause, or at a restart.
 */
import type { WorkerSet, WorkerGroups, WorkerGroup } from './worker-groups.ts';
import type { Clock } from '../clock.ts';
import type { SupervisedWorker, Phase } from './supervised-worker.ts';
import type { Death } from './exit-reason.ts';
import { PoolCircuitBreaker } from './policy.ts';
import type { ExitReason, PoolNotice } from './types.ts';
import type { Job } from './job.ts';
import { PlanJob } from './plan-job.ts';

export interface CircuitBreakersOptions {
  readonly clock: Clock;
  readonly groups: WorkerGroups;
  readonly onNotice: (notice: PoolNotice) => void;
  /** Work of this worker group may be asked for again. */
  readonly onAvailable: (groupName: string) => void;
}

interface Offer {
  readonly at: number;
  readonly cancel: () => void;
}

export class CircuitBreakers {
  readonly #options: CircuitBreakersOptions;
  readonly #poolCircuit = new PoolCircuitBreaker();
  readonly #offers = new Map<string, Offer>();
  #stopped: ExitReason | undefined;

  constructor(options: CircuitBreakersOptions) {
    this.#options = options;
  }

  /** Enters a death that nobody asked for. */
  died(set: WorkerSet, worker: SupervisedWorker, death: Death, phase: Phase, job: Job | undefined): void {
    const { group } = set;
    const { reason, external } = death;
    const now = this.#now;
    set.retryAt = now + set.backoff.failed(worker.lastUptimeMs, external);
    if (set.retryAt > now) worker.rest('backing-off');
    if (phase === 'starting' && !external) {
      if (group.starts.failed()) this.#disable(group, reason);
      return;
    }
    if (!this.#isCharged(group, death, phase, job)) return;
    // What somebody else does to us is no reason to wait for a person.
    const isOurs = !external && group.circuit.state(now) === 'closed';
    if (isOurs && this.#poolCircuit.crashed(now, group.name)) this.#stop(group, reason);
    if (group.circuit.crashed(now)) this.#degrade(group, reason);
  }

  /** A process of the group became ready. */
  started(group: WorkerGroup): void {
    group.starts.reset();
  }

  /** Something got done: the next death is no part of a series. */
  progressed(set: WorkerSet): void {
    set.backoff.reset();
    set.group.standstill.progressed();
  }

  /** A job was answered; if it was a probe, the group is well again. */
  answered(group: WorkerGroup): void {
    if (group.circuit.state(this.#now) !== 'half-open') return;
    group.circuit.reset();
    group.degraded = undefined;
    this.#options.groups.rest(group, 'stopped');
  }

  /** Why no work of a group may run; undefined: it may. */
  refusalOf(group: WorkerGroup): ExitReason | undefined {
    if (this.#stopped !== undefined) return this.#stopped;
    if (group.disabled !== undefined) return group.disabled;
    return group.circuit.state(this.#now) === 'open' ? group.degraded : undefined;
  }

  /** Work was refused: it is offered again when that makes sense. */
  refused(group: WorkerGroup): void {
    // What is off for good is offered when somebody restarts it.
    if (group.circuit.state(this.#now) === 'open') this.offerLater(group, group.circuit.probeAt - this.#now);
  }

  /** Offers the group again after a pause, or with an earlier offer that is on its way. */
  offerLater(group: WorkerGroup, pauseMs: number): void {
    const at = this.#now + pauseMs;
    const known = this.#offers.get(group.name);
    if (known !== undefined && known.at <= at) return;
    known?.cancel();
    const cancel = this.#options.clock.after(pauseMs, () => this.#offer(group), true);
    this.#offers.set(group.name, { at, cancel });
  }

  /** Lifts what holds these groups back, and offers them again. */
  lift(groups: readonly WorkerGroup[]): void {
    this.#stopped = undefined;
    this.#poolCircuit.reset();
    for (const group of groups) {
      group.circuit.reset();
      group.starts.reset();
      group.standstill.progressed();
      group.disabled = undefined;
      group.degraded = undefined;
      this.offerLater(group, 0);
    }
  }

  dispose(): void {
    for (const { cancel } of this.#offers.values()) cancel();
    this.#offers.clear();
  }

  #isCharged(group: WorkerGroup, { reason, external }: Death, phase: Phase, job: Job | undefined): boolean {
    if (phase === 'starting') return group.standstill.died(external);
    if (phase === 'idle') return !external && reason.kind !== 'rss-limit';
    if (job instanceof PlanJob) return !external;
    // The suspect in a check answers for its death, unless nothing works any more.
    return group.standstill.died(external);
  }

  #disable(group: WorkerGroup, reason: ExitReason): void {
    group.disabled = { ...reason, message: `${reason.message} It is off until you restart the workers.` };
    this.#options.groups.rest(group, 'disabled');
    this.#tell('disabled', group, reason);
  }

  #stop(group: WorkerGroup, reason: ExitReason): void {
    const message = `Workers crashed too often and are off until you restart them. The last crash: ${reason.message}`;
    this.#stopped = { ...reason, message };
    for (const other of this.#options.groups.groups) this.#options.groups.rest(other, 'stopped');
    this.#tell('stopped', group, reason);
  }

  #degrade(group: WorkerGroup, { message, ...reason }: ExitReason): void {
    const again = group.degraded !== undefined;
    group.degraded = { ...reason, message: `${message} It crashed too often. Bulkhead tries again later.` };
    this.#options.groups.rest(group, 'degraded');
    this.offerLater(group, group.circuit.probeAt - this.#now);
    if (!again) this.#tell('degraded', group, { ...reason, message });
  }

  #tell(kind: PoolNotice['kind'], { name, title }: WorkerGroup, reason: ExitReason): void {
    this.#options.onNotice({ kind, group: name, title, reason });
  }

  #offer(group: WorkerGroup): void {
    this.#offers.delete(group.name);
    this.#options.onAvailable(group.name);
  }

  get #now(): number {
    return this.#options.clock.now();
  }
}
