/**
 * One check task: repeats after a fault what was not done, finds the input that caused it, and settles exactly once.
 * Lives as long as the task.
 */
import type { CheckEvent, CheckResult, Unit } from '../../workers/protocol/detector-protocol.ts';
import { CheckJob, type CheckJobOptions, type CheckJobOwner } from './check-job.ts';
import { EXTERNAL_SERIES, type CrashAttribution } from './crash-attribution.ts';
import type { Death } from './exit-reason.ts';
import type { Dispatcher } from './job.ts';
import type { CheckAnswer, DetectorFailure } from './link.ts';
import type { CheckOutcome, ExitReason, QuarantinedInput } from './types.ts';

/** A detector that throws on more inputs than this within one task is taken to throw on all of them. */
const MAX_THROWN = 3;

export interface CheckRunOptions extends CheckJobOptions {
  readonly dispatcher: Dispatcher;
  readonly attribution: CrashAttribution;
  /** Inputs in quarantine, which this run skips. */
  readonly alreadyQuarantined: readonly QuarantinedInput[];
  /** Puts an input into quarantine. */
  readonly quarantine: (unit: Unit, file: string, reason: ExitReason) => QuarantinedInput;
  /** An input was postponed: it is worth another try after this time. */
  readonly onPostponed: (pauseMs: number) => void;
  /** A file or a whole batch is done. */
  readonly onProgress: () => void;
}

export class CheckRun implements CheckJobOwner {
  readonly outcome: Promise<CheckOutcome>;
  readonly options: CheckRunOptions;
  readonly #resolve: (outcome: CheckOutcome) => void;
  readonly #open = new Set<CheckJob>();
  readonly #quarantined: QuarantinedInput[];
  readonly #unfinished: { readonly unit: Unit; readonly message: string; readonly reason: ExitReason | undefined }[] =
    [];
  readonly #timings = new Map<string, number>();
  readonly #coverage: Record<string, 'unchanged' | 'affected'> = {};
  readonly #provisional: string[] = [];
  readonly #reads: Record<string, readonly string[]> = {};
  readonly #notes: Record<string, string> = {};
  /** Units on which the detector threw. */
  readonly #thrown = new Set<string>();
  #settled = false;
  #changing = 0;
  #files = 0;
  #issues = 0;
  #durationMs = 0;

  constructor(options: CheckRunOptions) {
    this.options = options;
    this.#quarantined = [...options.alreadyQuarantined];
    const { promise, resolve } = Promise.withResolvers<CheckOutcome>();
    this.outcome = promise;
    this.#resolve = resolve;
  }

  get settled(): boolean {
    return this.#settled;
  }

  /** Queues the units. Those that a worker crashed on before run alone. */
  start(units: readonly Unit[]): void {
    const { signal } = this.options.task;
    if (signal.aborted) {
      this.cancel();
      return;
    }
    signal.addEventListener('abort', this.cancel, { once: true });
    const suspected = units.filter((unit) => this.options.attribution.isSuspected(this.#inputKey(unit)));
    const apart = new Set(suspected);
    const rest = units.filter((unit) => !apart.has(unit));
    this.#change(() => {
      this.#queue(rest, false);
      for (const unit of suspected) this.#queue([unit], true);
    });
  }

  readonly cancel = (): void => {
    this.#settle({ kind: 'cancelled' });
  };

  /** Forwards an event of a running job, unless the task has settled. */
  event(job: CheckJob, event: CheckEvent): void | Promise<void> {
    if (this.#settled || !this.#open.has(job)) return;
    if (event.kind === 'issues') this.#issues += event.issues.length;
    if (event.kind === 'done') {
      this.#files += 1;
      this.options.onProgress();
    }
    try {
      return this.options.task.onEvent(event);
    } catch (error) {
      this.options.onFault(error);
    }
  }

  answered(job: CheckJob, answer: CheckAnswer): void {
    if (!this.#open.delete(job)) return;
    if (this.#settled) return;
    for (const unit of job.units) this.options.attribution.clear(this.#inputKey(unit));
    this.options.onProgress();
    this.#durationMs += answer.result.durationMs;
    for (const [name, ms] of Object.entries(answer.result.timings ?? {})) {
      this.#timings.set(name, (this.#timings.get(name) ?? 0) + ms);
    }
    Object.assign(this.#coverage, answer.result.coverage);
    this.#provisional.push(...(answer.result.provisional ?? []));
    Object.assign(this.#reads, answer.result.reads);
    Object.assign(this.#notes, answer.result.notes);
    this.#settleIfFinished();
  }

  /** Tries what was in work once more, alone. The rest goes on. */
  threw(job: CheckJob, error: DetectorFailure): void {
    if (!this.#open.delete(job)) return;
    const remaining = job.remaining();
    const suspects = remaining.length === 1 ? remaining : job.suspects();
    const concerned = suspects.length === 0 ? remaining : suspects;
    const hopeless = this.#thrown.size > MAX_THROWN;
    const lost = hopeless ? remaining : concerned.filter((unit) => this.#thrown.has(unit.id));
    const again = hopeless ? [] : without(concerned, lost);
    for (const unit of concerned) this.#thrown.add(unit.id);
    for (const unit of lost) this.#unfinished.push({ unit, message: error.message, reason: undefined });
    this.#change(() => {
      if (suspects.length === 0) this.#queue(again, true);
      else for (const unit of again) this.#queue([unit], true);
      if (!hopeless) this.#queue(without(remaining, concerned), false);
    });
  }

  died(job: CheckJob, death: Death): void {
    // After a cancel nobody knows what it was working on.
    if (!this.#open.delete(job) || this.#settled) return;
    const remaining = job.remaining();
    const suspects = job.announces || remaining.length > 1 ? job.suspects() : remaining;
    this.#change(() => {
      // We ended it ourselves: the input did not crash it.
      if (death.reason.kind === 'cancelled') {
        this.#queue(remaining, job.alone);
        return;
      }
      for (const unit of suspects) this.#attribute(unit, job, death);
      const rest = without(remaining, suspects);
      // A detector that announces its inputs was between two of them. Of any other, each input may be the cause.
      if (suspects.length === 0 && !job.announces) this.#queueHalves(rest);
      else this.#queue(rest, false);
    });
  }

  refused(job: CheckJob, message: string, reason: ExitReason | undefined): void {
    if (!this.#open.delete(job)) return;
    for (const unit of job.remaining()) this.#unfinished.push({ unit, message, reason });
    this.#settleIfFinished();
  }

  #attribute(unit: Unit, job: CheckJob, death: Death): void {
    const { attribution } = this.options;
    const key = this.#inputKey(unit);
    const consequence = attribution.add(key, death.external);
    if (consequence === 'quarantine') {
      this.#quarantined.push(this.options.quarantine(unit, job.fileInWork(unit), death.reason));
    } else if (consequence === 'postpone') {
      const message = `${death.reason.message} This happened ${EXTERNAL_SERIES} times in a row. Bulkhead tries again later.`;
      this.#unfinished.push({ unit, message, reason: { ...death.reason, message } });
      this.options.onPostponed(attribution.pauseOf(key));
    } else {
      this.#queue([unit], consequence === 'alone');
    }
  }

  /** Nobody knows which input was in work. Halving the batch finds it in log2(n) crashes. */
  #queueHalves(units: readonly Unit[]): void {
    const middle = Math.ceil(units.length / 2);
    this.#queue(units.slice(0, middle), false);
    this.#queue(units.slice(middle), false);
  }

  #queue(units: readonly Unit[], alone: boolean): void {
    if (units.length === 0 || this.#settled) return;
    const job = new CheckJob(this, units, alone);
    this.#open.add(job);
    this.options.dispatcher.enqueue(job);
  }

  #inputKey(unit: Unit): string {
    const { detector, root, overlays } = this.options.task.request;
    const version = overlays.find((overlay) => overlay.file === unit.file)?.version ?? '';
    return [detector, root, unit.id, version].join('\n');
  }

  /** A job may be refused as soon as it is queued; the task must not settle before all are queued. */
  #change(step: () => void): void {
    this.#changing += 1;
    step();
    this.#changing -= 1;
    this.#settleIfFinished();
  }

  #settleIfFinished(): void {
    if (this.#open.size > 0 || this.#changing > 0 || this.#settled) return;
    const quarantined = this.#quarantined;
    const first = this.#unfinished[0];
    if (first !== undefined) {
      const { message, reason } = first;
      const unfinished = this.#unfinished.map(({ unit }) => unit);
      this.#settle({ kind: 'failed', message, ...(reason === undefined ? {} : { reason }), unfinished, quarantined });
      return;
    }
    const result: CheckResult = {
      durationMs: this.#durationMs,
      files: this.#files,
      issues: this.#issues,
      ...(this.#timings.size === 0 ? {} : { timings: Object.fromEntries(this.#timings) }),
      ...(Object.keys(this.#coverage).length === 0 ? {} : { coverage: this.#coverage }),
      ...(this.#provisional.length === 0 ? {} : { provisional: this.#provisional }),
      ...(Object.keys(this.#reads).length === 0 ? {} : { reads: this.#reads }),
      ...(Object.keys(this.#notes).length === 0 ? {} : { notes: this.#notes }),
    };
    this.#settle({ kind: 'done', result, quarantined });
  }

  #settle(outcome: CheckOutcome): void {
    if (this.#settled) return;
    this.#settled = true;
    this.options.task.signal.removeEventListener('abort', this.cancel);
    for (const job of this.#open) {
      this.options.dispatcher.withdraw(job);
      job.abort();
    }
    this.#resolve(outcome);
  }
}

function without(units: readonly Unit[], others: readonly Unit[]): readonly Unit[] {
  const left = new Set(others);
  return units.filter((unit) => !left.has(unit));
}
