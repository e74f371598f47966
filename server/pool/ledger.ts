/**
 * What deaths cost: whom they are charged to, what is off because of them, and when it may be tried again. Starts and
 * ends no process. Lives as long as its fleet.
 *
 * Invariant: work that was refused, or given up for a while, is offered again: at the end of the pause, or at a restart.
 */
import type { Berth, Berths, Kind } from './berths.ts';
import type { Clock } from './clock.ts';
import type { Compartment, Phase } from './compartment.ts';
import type { Death } from './exit-reason.ts';
import { PoolCircuit } from './policy.ts';
import type { ExitReason, PoolNotice } from './types.ts';
import { PlanWork, type Work } from './work.ts';

export interface LedgerOptions {
  readonly clock: Clock;
  readonly berths: Berths;
  readonly onNotice: (notice: PoolNotice) => void;
  /** Work of this kind of compartment may be asked for again. */
  readonly onAvailable: (kindName: string) => void;
}

interface Offer {
  readonly at: number;
  readonly cancel: () => void;
}

export class Ledger {
  readonly #options: LedgerOptions;
  readonly #poolCircuit = new PoolCircuit();
  readonly #offers = new Map<string, Offer>();
  #stopped: ExitReason | undefined;

  constructor(options: LedgerOptions) {
    this.#options = options;
  }

  /** Enters a death that nobody asked for. */
  died(berth: Berth, compartment: Compartment, death: Death, phase: Phase, work: Work | undefined): void {
    const { kind } = berth;
    const { reason, foreign } = death;
    const now = this.#now;
    berth.retryAt = now + berth.backoff.failed(compartment.lastUptimeMs, foreign);
    if (berth.retryAt > now) compartment.rest('backing-off');
    if (phase === 'starting' && !foreign) {
      if (kind.starts.failed()) this.#disable(kind, reason);
      return;
    }
    if (!this.#isCharged(kind, death, phase, work)) return;
    // What somebody else does to us is no reason to wait for a person.
    const isOurs = !foreign && kind.circuit.state(now) === 'closed';
    if (isOurs && this.#poolCircuit.crashed(now, kind.name)) this.#stop(kind, reason);
    if (kind.circuit.crashed(now)) this.#degrade(kind, reason);
  }

  /** A process of the kind became ready. */
  started(kind: Kind): void {
    kind.starts.reset();
  }

  /** Something got done: the next death is no part of a series. */
  progressed(berth: Berth): void {
    berth.backoff.reset();
    berth.kind.standstill.progressed();
  }

  /** A work was answered; if it was a probe, the kind is well again. */
  answered(kind: Kind): void {
    if (kind.circuit.state(this.#now) !== 'half-open') return;
    kind.circuit.reset();
    kind.degraded = undefined;
    this.#options.berths.rest(kind, 'stopped');
  }

  /** Why no work of a kind may run; undefined: it may. */
  refusalOf(kind: Kind): ExitReason | undefined {
    if (this.#stopped !== undefined) return this.#stopped;
    if (kind.disabled !== undefined) return kind.disabled;
    return kind.circuit.state(this.#now) === 'open' ? kind.degraded : undefined;
  }

  /** Work was refused: it is offered again when that makes sense. */
  refused(kind: Kind): void {
    // What is off for good is offered when somebody restarts it.
    if (kind.circuit.state(this.#now) === 'open') this.offerLater(kind, kind.circuit.probeAt - this.#now);
  }

  /** Offers the kind again after a pause, or with an earlier offer that is on its way. */
  offerLater(kind: Kind, pauseMs: number): void {
    const at = this.#now + pauseMs;
    const known = this.#offers.get(kind.name);
    if (known !== undefined && known.at <= at) return;
    known?.cancel();
    const cancel = this.#options.clock.after(pauseMs, () => this.#offer(kind), true);
    this.#offers.set(kind.name, { at, cancel });
  }

  /** Lifts what holds these kinds back, and offers them again. */
  lift(kinds: readonly Kind[]): void {
    this.#stopped = undefined;
    this.#poolCircuit.reset();
    for (const kind of kinds) {
      kind.circuit.reset();
      kind.starts.reset();
      kind.standstill.progressed();
      kind.disabled = undefined;
      kind.degraded = undefined;
      this.offerLater(kind, 0);
    }
  }

  dispose(): void {
    for (const { cancel } of this.#offers.values()) cancel();
    this.#offers.clear();
  }

  #isCharged(kind: Kind, { reason, foreign }: Death, phase: Phase, work: Work | undefined): boolean {
    if (phase === 'starting') return kind.standstill.died(foreign);
    if (phase === 'idle') return !foreign && reason.kind !== 'rss-limit';
    if (work instanceof PlanWork) return !foreign;
    // The suspect in a check answers for its death, unless nothing works any more.
    return kind.standstill.died(foreign);
  }

  #disable(kind: Kind, reason: ExitReason): void {
    kind.disabled = { ...reason, message: `${reason.message} It is off until workers are restarted.` };
    this.#options.berths.rest(kind, 'disabled');
    this.#tell('disabled', kind, reason);
  }

  #stop(kind: Kind, reason: ExitReason): void {
    const message = `Workers crashed too often and are off until they are restarted. The last: ${reason.message}`;
    this.#stopped = { ...reason, message };
    for (const other of this.#options.berths.kinds) this.#options.berths.rest(other, 'stopped');
    this.#tell('stopped', kind, reason);
  }

  #degrade(kind: Kind, { message, ...reason }: ExitReason): void {
    const again = kind.degraded !== undefined;
    kind.degraded = { ...reason, message: `${message} It crashed too often and is tried again later.` };
    this.#options.berths.rest(kind, 'degraded');
    this.offerLater(kind, kind.circuit.probeAt - this.#now);
    if (!again) this.#tell('degraded', kind, { ...reason, message });
  }

  #tell(kind: PoolNotice['kind'], { name, title }: Kind, reason: ExitReason): void {
    this.#options.onNotice({ kind, compartment: name, title, reason });
  }

  #offer(kind: Kind): void {
    this.#offers.delete(kind.name);
    this.#options.onAvailable(kind.name);
  }

  get #now(): number {
    return this.#options.clock.now();
  }
}
