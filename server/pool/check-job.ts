/**
 * Some units of a check task in one worker: which of them are in work, which are done. A job lives from being queued until
 * it is answered, withdrawn, refused, or its worker dies.
 */
import type { CheckEvent, CheckRequest, Unit } from '../../workers/protocol/detector-protocol.ts';
import type { Revision } from '../journal.ts';
import type { Death } from './exit-reason.ts';
import type { Job, JobEnd, Pulse } from './job.ts';
import { DetectorFailure, RequestCancelled, type CheckAnswer, type WorkerLink } from './link.ts';
import type { Partition } from './partitions.ts';
import type { CheckTask, ExitReason, Priority } from './types.ts';

/** By priority of the task; 0 is for plans. */
const ranks: Readonly<Record<Priority, number>> = { open: 1, recent: 2, background: 3 };

export interface CheckJobOptions {
  readonly task: CheckTask;
  /** The detector's name for a person. */
  readonly title: string;
  readonly partition: Partition;
  /** A detector of this version answered. */
  readonly onVersion: (version: string) => void;
  /** The task's event handler threw: our own fault, never the worker's. */
  readonly onFault: (error: unknown) => void;
}

/** The task that a job is part of. */
export interface CheckJobOwner {
  readonly options: CheckJobOptions;
  /** A returned promise slows the worker down. */
  event(job: CheckJob, event: CheckEvent): void | Promise<void>;
  answered(job: CheckJob, answer: CheckAnswer): void;
  /** The detector threw. */
  threw(job: CheckJob, error: DetectorFailure): void;
  /** The worker died. */
  died(job: CheckJob, death: Death): void;
  refused(job: CheckJob, message: string, reason: ExitReason | undefined): void;
}

export class CheckJob implements Job {
  readonly activity = 'checking';
  readonly units: readonly Unit[];
  readonly alone: boolean;
  readonly #owner: CheckJobOwner;
  readonly #abort = new AbortController();
  /** Begun and not done, by unit, in the order they began. */
  readonly #begun = new Map<string, string[]>();
  readonly #finished = new Set<string>();
  readonly #byId: ReadonlyMap<string, Unit>;
  #lastUnit: string | undefined;
  #lastFile: string | undefined;

  constructor(owner: CheckJobOwner, units: readonly Unit[], alone: boolean) {
    this.#owner = owner;
    this.units = units;
    this.alone = alone;
    this.#byId = new Map(units.map((unit) => [unit.id, unit]));
  }

  get detector(): string {
    return this.#owner.options.task.request.detector;
  }

  get title(): string {
    return this.#owner.options.title;
  }

  get partition(): Partition {
    return this.#owner.options.partition;
  }

  get rank(): number {
    return ranks[this.#owner.options.task.priority];
  }

  get timeoutMs(): number {
    return this.partition.limits.progressMs;
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Its detector announces what it begins. */
  get announces(): boolean {
    return this.#lastUnit !== undefined;
  }

  /** The file that began last and is not done; of a detector that announces none, the file of the only unit. */
  get input(): string | undefined {
    const only = this.units.length === 1 && !this.announces ? this.units[0]?.file : undefined;
    return [...this.#begun.values()].flat().at(-1) ?? only;
  }

  abort(): void {
    this.#abort.abort();
  }

  /** A detector of projects takes in all changes before it begins with one. */
  get #endOfCancelled(): JobEnd {
    const hasSeenChanges = this.#lastUnit !== undefined && this.#byId.get(this.#lastUnit)?.kind === 'project';
    return hasSeenChanges ? 'seen' : 'unseen';
  }

  get revision(): Revision {
    return this.#owner.options.task.request.revision;
  }

  async perform(link: WorkerLink, pulse: Pulse, known: Revision | undefined): Promise<JobEnd> {
    const { request, changedSince } = this.#owner.options.task;
    const changed = known === undefined ? undefined : changedSince?.(known);
    const order: CheckRequest = { ...request, units: this.units, ...(changed === undefined ? {} : { changed }) };
    try {
      const answer = await link.check(order, (event) => this.#event(event, pulse), this.signal);
      this.#owner.options.onVersion(answer.version);
      this.#owner.answered(this, answer);
      // Nobody has the answer if it crossed the cancellation on its way.
      return this.signal.aborted ? this.#endOfCancelled : 'seen';
    } catch (error) {
      if (error instanceof RequestCancelled) return this.#endOfCancelled;
      if (!(error instanceof DetectorFailure)) throw error;
      this.#owner.threw(this, error);
      return 'broken';
    }
  }

  died(death: Death): void {
    this.#owner.died(this, death);
  }

  refuse(message: string, reason: ExitReason | undefined): void {
    this.#owner.refused(this, message, reason);
  }

  /** Units without a complete answer. */
  remaining(): readonly Unit[] {
    return this.units.filter((unit) => !this.#finished.has(unit.id));
  }

  /** Units that were in work, as far as the detector announced them. */
  suspects(): readonly Unit[] {
    const begun = this.remaining().filter((unit) => this.#begun.has(unit.id));
    if (begun.length > 0) return begun;
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
    this.#note(event);
    const slowed = this.#owner.event(this, event);
    if (slowed === undefined) return;
    const release = pulse.hold();
    return slowed.then(release, (error: unknown) => {
      release();
      this.#owner.options.onFault(error);
    });
  }

  #note(event: CheckEvent): void {
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
