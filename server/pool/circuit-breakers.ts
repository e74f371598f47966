/**
 * Decides what follows from crashes: which circuit breakers open, which groups are off, when they may be tried again. Starts
 * and ends no process. Lives as long as its fleet.
 *
 * Invariant: work that was refused or postponed is offered again, at the end of the pause or at a restart.
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

  /** Records that a process ended unexpectedly. */
  died(set: WorkerSet, worker: SupervisedWorker, death: Death, phase: Phase, job: Job | undefined): void {
    const { group } = set;
    const { reason, external } = death;
    const now = this.#now;
    set.retryAt = now + set.backoff.failed(worker.lastUptimeMs, external);
    if (set.retryAt > now) worker.showState('backing-off');
    if (phase === 'starting' && !external) {
      if (reason.kind === 'refused' || group.starts.failed()) this.#disable(group, reason);
      return;
    }
    if (!this.#isCharged(group, death, phase, job)) return;
    // External kills never turn everything off until the user acts.
    const isOurs = !external && group.circuit.state(now) === 'closed';
    if (isOurs && this.#poolCircuit.crashed(now, group.name)) this.#stop(group, reason);
    if (group.circuit.crashed(now)) this.#degrade(group, reason);
  }

  /** A process of the group became ready. */
  started(group: WorkerGroup): void {
    group.starts.reset();
  }

  /** There was progress: the next crash starts a new series. */
  progressed(set: WorkerSet): void {
    set.backoff.reset();
    set.group.stall.progressed();
  }

  /** A job was answered. If it was a probe, the group works again. */
  answered(group: WorkerGroup): void {
    if (group.circuit.state(this.#now) !== 'half-open') return;
    group.circuit.reset();
    group.degraded = undefined;
    this.#options.groups.showState(group, 'stopped');
  }

  /** Why work of the group may not run; undefined: it may. */
  refusalOf(group: WorkerGroup): ExitReason | undefined {
    if (this.#stopped !== undefined) return this.#stopped;
    if (group.disabled !== undefined) return group.disabled;
    return group.circuit.state(this.#now) === 'open' ? group.degraded : undefined;
  }

  /** Work of the group was refused; it is offered again at the time of the next probe. */
  refused(group: WorkerGroup): void {
    // A group that is disabled or stopped is offered again at a restart.
    if (group.circuit.state(this.#now) === 'open') this.offerLater(group, group.circuit.probeAt - this.#now);
  }

  /** Offers the group's work again after a pause, or with an earlier offer that is already scheduled. */
  offerLater(group: WorkerGroup, pauseMs: number): void {
    const at = this.#now + pauseMs;
    const known = this.#offers.get(group.name);
    if (known !== undefined && known.at <= at) return;
    known?.cancel();
    const cancel = this.#options.clock.after(pauseMs, () => this.#offer(group), true);
    this.#offers.set(group.name, { at, cancel });
  }

  /** Closes the circuit breakers of these groups and offers their work again. */
  close(groups: readonly WorkerGroup[]): void {
    this.#stopped = undefined;
    this.#poolCircuit.reset();
    for (const group of groups) {
      group.circuit.reset();
      group.starts.reset();
      group.stall.progressed();
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
    if (phase === 'starting') return group.stall.died(external);
    if (phase === 'idle') return !external && reason.kind !== 'rss-limit';
    if (job instanceof PlanJob) return !external;
    // A crash in a check is charged to the suspected input, unless there is no progress at all.
    return group.stall.died(external);
  }

  #disable(group: WorkerGroup, reason: ExitReason): void {
    group.disabled = { ...reason, message: `${reason.message} It is off until you restart the workers.` };
    this.#options.groups.showState(group, 'disabled');
    this.#notify('disabled', group, reason);
  }

  #stop(group: WorkerGroup, reason: ExitReason): void {
    const message = `Workers crashed too often and are off until you restart them. The last crash: ${reason.message}`;
    this.#stopped = { ...reason, message };
    for (const other of this.#options.groups.groups) this.#options.groups.showState(other, 'stopped');
    this.#notify('stopped', group, reason);
  }

  #degrade(group: WorkerGroup, { message, ...reason }: ExitReason): void {
    const wasDegraded = group.degraded !== undefined;
    group.degraded = { ...reason, message: `${message} It crashed too often. Bulkhead tries again later.` };
    this.#options.groups.showState(group, 'degraded');
    this.offerLater(group, group.circuit.probeAt - this.#now);
    if (!wasDegraded) this.#notify('degraded', group, { ...reason, message });
  }

  #notify(kind: PoolNotice['kind'], { name, title }: WorkerGroup, reason: ExitReason): void {
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
