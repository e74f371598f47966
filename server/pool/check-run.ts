/**
 * One check task from its first batch to its settling: repeats after a fault what was not done, finds the input that
 * is to blame, and settles exactly once. Lives as long as the task.
 */
import type { Revision } from '../journal.ts';
import type { CheckEvent, CheckRequest, CheckResult, Unit } from '../../workers/protocol/detector-protocol.ts';
import type { Partition } from './partitions.ts';
import type { Death } from './exit-reason.ts';
import type { CheckAnswer, WorkerLink } from './link.ts';
import { DetectorFailure, RequestCancelled } from './link.ts';
import { EXTERNAL_SERIES, type CrashAttribution } from './crash-attribution.ts';
import type { CheckOutcome, CheckTask, ExitReason, Priority, QuarantinedInput } from './types.ts';
import type { Dispatcher, Pulse, Job, JobEnd } from './job.ts';

const RANKS: Readonly<Record<Priority, number>> = { open: 1, recent: 2, background: 3 };

/** A detector that throws on more inputs than this within one task throws on all of them. */
const MAX_THROWN = 3;

export interface CheckRunOptions {
  readonly task: CheckTask;
  /** The detector's name for a person. */
  readonly title: string;
  readonly partition: Partition;
  readonly dispatcher: Dispatcher;
  readonly attribution: CrashAttribution;
  /** Inputs known to be in quarantine, left out of the run. */
  readonly alreadyQuarantined: readonly QuarantinedInput[];
  /** Puts an input into quarantine. */
  readonly quarantine: (unit: Unit, file: string, reason: ExitReason) => QuarantinedInput;
  /** An answer came from a detector of this version. */
  readonly onVersion: (version: string) => void;
  /** An input was put off: worth asking for again after this time. */
  readonly onPutOff: (pauseMs: number) => void;
  /** Something was done: a file, or a whole batch. */
  readonly onProgress: () => void;
  /** The task's event handler threw: a fault of ours, never of the worker. */
  readonly onFault: (error: unknown) => void;
}

export class CheckRun {
  readonly outcome: Promise<CheckOutcome>;
  readonly options: CheckRunOptions;
  readonly #resolve: (outcome: CheckOutcome) => void;
  readonly #open = new Set<CheckJob>();
  readonly #quarantined: QuarantinedInput[];
  readonly #unfinished: { readonly unit: Unit; readonly message: string; readonly reason: ExitReason | undefined }[] =
    [];
  readonly #timings = new Map<string, number>();
  readonly #kept: Record<string, 'unchanged' | 'affected'> = {};
  readonly #again: string[] = [];
  readonly #remember: Record<string, string> = {};
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

  /** Queues the units; those that a worker crashed on run alone from the start. */
  start(units: readonly Unit[]): void {
    const { signal } = this.options.task;
    if (signal.aborted) {
      this.cancel();
      return;
    }
    signal.addEventListener('abort', this.cancel, { once: true });
    const suspected = units.filter((unit) => this.options.attribution.isSuspected(this.#inputKey(unit)));
    const rest = units.filter((unit) => !suspected.includes(unit));
    this.#change(() => {
      this.#queue(rest, false);
      for (const unit of suspected) this.#queue([unit], true);
    });
  }

  readonly cancel = (): void => {
    this.#settle({ kind: 'cancelled' });
  };

  /** Forwards an event of a running work, unless the task has settled meanwhile. */
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
    Object.assign(this.#kept, answer.result.coverage);
    this.#again.push(...(answer.result.provisional ?? []));
    Object.assign(this.#remember, answer.result.notes);
    this.#settleIfFinished();
  }

  /** The detector threw. What was in work is tried once more, alone; the rest goes on. */
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
    // After a cancel nothing tells what it was working on.
    if (!this.#open.delete(job) || this.#settled) return;
    const remaining = job.remaining();
    const suspects = job.marked || remaining.length > 1 ? job.suspects() : remaining;
    this.#change(() => {
      // We ended it for another reason than this work: no crash of the input.
      if (death.reason.kind === 'cancelled') {
        this.#queue(remaining, job.alone);
        return;
      }
      for (const unit of suspects) this.#attribute(unit, job, death);
      const rest = without(remaining, suspects);
      // With marks, a death without a suspect fell between two inputs. Without, any of them may have been it.
      if (suspects.length === 0 && !job.marked) this.#queueHalves(rest);
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
    } else if (consequence === 'put-off') {
      const message = `${death.reason.message} This happened ${EXTERNAL_SERIES} times in a row. Bulkhead tries again later.`;
      this.#unfinished.push({ unit, message, reason: { ...death.reason, message } });
      this.options.onPutOff(attribution.pauseOf(key));
    } else {
      this.#queue([unit], consequence === 'alone');
    }
  }

  /** Without a mark nobody knows which input it was: halves find it in log2 n deaths. */
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

  /** Queued work may be refused at once: the task must not settle before all of it is queued. */
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
      ...(Object.keys(this.#kept).length === 0 ? {} : { coverage: this.#kept }),
      ...(this.#again.length === 0 ? {} : { provisional: this.#again }),
      ...(Object.keys(this.#remember).length === 0 ? {} : { notes: this.#remember }),
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

/** Some units of a task on their way through one worker. */
export class CheckJob implements Job {
  readonly activity = 'checking';
  readonly units: readonly Unit[];
  readonly alone: boolean;
  readonly #run: CheckRun;
  readonly #abort = new AbortController();
  /** Begun and not done, by unit, in the order they began. */
  readonly #begun = new Map<string, string[]>();
  readonly #finished = new Set<string>();
  readonly #byId: ReadonlyMap<string, Unit>;
  #lastUnit: string | undefined;
  #lastFile: string | undefined;

  constructor(run: CheckRun, units: readonly Unit[], alone: boolean) {
    this.#run = run;
    this.units = units;
    this.alone = alone;
    this.#byId = new Map(units.map((unit) => [unit.id, unit]));
  }

  get detector(): string {
    return this.#run.options.task.request.detector;
  }

  get title(): string {
    return this.#run.options.title;
  }

  get partition(): Partition {
    return this.#run.options.partition;
  }

  get rank(): number {
    return RANKS[this.#run.options.task.priority];
  }

  get timeoutMs(): number {
    return this.partition.limits.progressMs;
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Its detector tells what it begins. */
  get marked(): boolean {
    return this.#lastUnit !== undefined;
  }

  /** The file begun last and not done; the only unit's file when there are no marks. */
  get input(): string | undefined {
    const only = this.units.length === 1 && !this.marked ? this.units[0]?.file : undefined;
    return [...this.#begun.values()].flat().at(-1) ?? only;
  }

  abort(): void {
    this.#abort.abort();
  }

  /** A detector of projects has heard of all changes when it begins with one. */
  get #notedChanges(): boolean {
    return this.#lastUnit !== undefined && this.#byId.get(this.#lastUnit)?.kind === 'project';
  }

  get revision(): Revision {
    return this.#run.options.task.request.revision;
  }

  async perform(link: WorkerLink, pulse: Pulse, heard: Revision | undefined): Promise<JobEnd> {
    const { request, changedSince } = this.#run.options.task;
    const changed = heard === undefined ? undefined : changedSince?.(heard);
    const order: CheckRequest = { ...request, units: this.units, ...(changed === undefined ? {} : { changed }) };
    try {
      const answer = await link.check(order, (event) => this.#event(event, pulse), this.signal);
      this.#run.options.onVersion(answer.version);
      this.#run.answered(this, answer);
      return 'seen';
    } catch (error) {
      if (error instanceof RequestCancelled) return this.#notedChanges ? 'seen' : 'unseen';
      if (!(error instanceof DetectorFailure)) throw error;
      this.#run.threw(this, error);
      return 'broken';
    }
  }

  died(death: Death): void {
    this.#run.died(this, death);
  }

  refuse(message: string, reason: ExitReason | undefined): void {
    this.#run.refused(this, message, reason);
  }

  /** Units without a complete answer. */
  remaining(): readonly Unit[] {
    return this.units.filter((unit) => !this.#finished.has(unit.id));
  }

  /** Units that were in work, as their marks say. */
  suspects(): readonly Unit[] {
    const marked = this.remaining().filter((unit) => this.#begun.has(unit.id));
    if (marked.length > 0) return marked;
    // Between two files of a project: the project is still in work.
    const last = this.#lastUnit === undefined ? undefined : this.#byId.get(this.#lastUnit);
    return last === undefined || this.#finished.has(last.id) ? [] : [last];
  }

  /** The file of a unit that was in work. */
  fileInWork(unit: Unit): string {
    if (unit.kind === 'file') return unit.file;
    return this.#begun.get(unit.id)?.at(-1) ?? (this.#lastUnit === unit.id ? this.#lastFile : undefined) ?? unit.file;
  }

  #event(event: CheckEvent, pulse: Pulse): void | Promise<void> {
    pulse.beat();
    this.#mark(event);
    const slowed = this.#run.event(this, event);
    if (slowed === undefined) return;
    const release = pulse.hold();
    return slowed.then(release, (error: unknown) => {
      release();
      this.#run.options.onFault(error);
    });
  }

  #mark(event: CheckEvent): void {
    if (event.kind === 'begin') {
      const files = this.#begun.get(event.unit);
      if (files === undefined) this.#begun.set(event.unit, [event.file]);
      else files.push(event.file);
      this.#lastUnit = event.unit;
      this.#lastFile = event.file;
    } else if (event.kind === 'done') {
      const files = (this.#begun.get(event.unit) ?? []).filter((file) => file !== event.file);
      if (files.length === 0) this.#begun.delete(event.unit);
      else this.#begun.set(event.unit, files);
      const unit = this.#byId.get(event.unit);
      if (unit?.kind === 'file' && unit.file === event.file) this.#finished.add(unit.id);
    }
  }
}

function without(units: readonly Unit[], others: readonly Unit[]): readonly Unit[] {
  const left = new Set(others);
  return units.filter((unit) => !left.has(unit));
}
