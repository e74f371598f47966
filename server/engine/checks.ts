/**
 * What one detector has in work: batches that the pool was asked for, and what comes of them, which goes into the table
 * and the records of units. What is asked for, and when, the scheduler decides. Lives as long as that.
 *
 * Invariant: an event is taken only from the newest batch of its unit, so an older batch never overwrites a newer one.
 */
import type { CheckEvent, CheckRequest, Unit } from '../../workers/protocol/detector-protocol.ts';
import type { Revision } from '../journal.ts';
import type { CheckOutcome, QuarantinedInput } from '../pool/types.ts';
import { batchesOf, type Batch } from './batches.ts';
import type { Invalidation } from './invalidation.ts';
import { quarantineIssue } from './own-issues.ts';
import type { Problems } from './problems.ts';
import { RunningBatch } from './running-batch.ts';
import type { SchedulerHost } from './scheduler-host.ts';
import type { UnitStates } from './unit-states.ts';

/** What is known of a detector, which its checks bring up to date. */
interface Known {
  readonly states: UnitStates;
  readonly invalidation: Invalidation;
  readonly problems: Problems;
  /** Whether a change of the file means anything to the detector. */
  readonly concerns: (file: string) => boolean;
}

/** @param failure why some of its units have no answer */
type Ended = (batch: Batch, failure: string | undefined) => void;

export class Checks {
  readonly #detector: string;
  readonly #host: SchedulerHost;
  readonly #known: Known;
  readonly #ended: Ended;
  readonly #running = new Set<RunningBatch>();
  /** Milliseconds by rule or phase. */
  readonly #timings = new Map<string, number>();
  /** Whoever knows less than this revision is told that anything may have changed. */
  #everythingChangedAt: Revision = 0;
  #disposed = false;

  /** @param ended called when a batch has ended and what came of it is known */
  constructor(detector: string, host: SchedulerHost, known: Known, ended: Ended) {
    this.#detector = detector;
    this.#host = host;
    this.#known = known;
    this.#ended = ended;
  }

  get inWork(): boolean {
    return this.#running.size > 0;
  }

  /** Units in work, by the part that is done. */
  get progress(): number {
    let units = 0;
    for (const { fraction, batch } of this.#running) units += fraction * batch.units.length;
    return units;
  }

  /** Something in work is about unsaved text. */
  get hasUnsaved(): boolean {
    return [...this.#running].some(({ unsaved }) => unsaved.size > 0);
  }

  get timings(): ReadonlyMap<string, number> {
    return this.#timings;
  }

  forgetTimings(): void {
    this.#timings.clear();
  }

  /** What was asked before says nothing about what is there now. */
  everythingChanged(): void {
    this.#everythingChangedAt = this.#host.journal.mark();
  }

  /**
   * @param recent files that just changed
   * @param isIdle nobody waits for it
   */
  submit(units: readonly Unit[], recent: ReadonlySet<string>, isIdle = false): void {
    const { states, invalidation } = this.#known;
    const revision = this.#host.journal.mark();
    states.asked(units, revision);
    invalidation.asked(units);
    this.#abortSuperseded();
    for (const batch of batchesOf(units, new Set(this.#host.openFiles()), recent, isIdle)) {
      void this.#run(batch, revision, isIdle);
    }
  }

  /** Somebody waits for something else. */
  interruptIdle(): void {
    for (const { isIdle, abort } of this.#running) if (isIdle) abort.abort();
  }

  /** What is in work becomes stale. */
  cancel(): void {
    const { revision } = this.#host.journal;
    for (const running of this.#running) {
      for (const { id } of this.#currentOf(running)) this.#known.states.invalidate(id, revision);
      running.abort.abort();
    }
  }

  dispose(): void {
    this.#disposed = true;
    this.cancel();
  }

  /** A batch of which every unit is asked for again has nothing left to say. */
  #abortSuperseded(): void {
    for (const running of this.#running) if (this.#currentOf(running).length === 0) running.abort.abort();
  }

  /** Its units that nobody has asked for since. */
  #currentOf({ batch, revision }: RunningBatch): readonly Unit[] {
    return batch.units.filter(({ id }) => this.#known.states.isNewest(id, revision));
  }

  async #run(batch: Batch, revision: Revision, isIdle: boolean): Promise<void> {
    const { notes, pool, root } = this.#host;
    const overlays = this.#overlaysOf(batch);
    const running = new RunningBatch(batch, revision, overlays, this.#host.clock.date(), isIdle);
    this.#running.add(running);
    const ownNotes = notes.of(this.#detector);
    const outcome = await pool.check({
      request: {
        detector: this.#detector,
        root,
        options: this.#host.options(),
        revision,
        units: batch.units,
        overlays,
        first: this.#host.openFiles(),
        ...this.#sinceOf(batch.units),
        ...(isIdle && batch.units[0]?.kind !== 'file' ? { revalidate: true } : {}),
        ...(this.#host.live() ? { allowProvisional: true } : {}),
        ...(ownNotes === undefined ? {} : { notes: ownNotes }),
      },
      changedSince: (known) => this.#changedSince(known),
      priority: batch.priority,
      signal: running.abort.signal,
      onEvent: (event) => this.#take(running, event),
    });
    this.#running.delete(running);
    if (!this.#disposed) this.#ended(batch, this.#settle(running, outcome));
  }

  /** Of files that are checked by themselves only their own unsaved text matters. */
  #overlaysOf({ units }: Batch): CheckRequest['overlays'] {
    const overlays = this.#host.overlays();
    const [first] = units;
    if (first?.kind !== 'file' || first.lane === 'heavy') return overlays;
    const files = new Set(units.map(({ file }) => file));
    return overlays.filter(({ file }) => files.has(file));
  }

  #changedSince(revision: Revision): readonly string[] | undefined {
    if (revision < this.#everythingChangedAt) return undefined;
    const changes = this.#host.journal.since(revision);
    return changes && [...changes.keys()].filter((file) => this.#known.concerns(file));
  }

  /** Of projects: the detector may know what a change cannot concern. */
  #sinceOf(units: readonly Unit[]): Pick<CheckRequest, 'since'> {
    const known = units.flatMap(({ id, kind }): [string, Revision][] => {
      const revision = kind === 'file' ? undefined : this.#known.states.get(id)?.answer?.revision;
      return revision === undefined || revision < this.#everythingChangedAt ? [] : [[id, revision]];
    });
    return known.length === 0 ? {} : { since: Object.fromEntries(known) };
  }

  #take(running: RunningBatch, event: CheckEvent): void {
    const { states, invalidation, problems } = this.#known;
    if (event.kind === 'progress') {
      running.fraction = event.total > 0 ? event.done / event.total : 0;
      this.#host.statusChanged();
      return;
    }
    if (event.kind === 'problem') {
      running.fatal ||= event.problem.fatal;
      problems.add(event.problem);
      this.#host.statusChanged();
      return;
    }
    const record = states.get(event.unit);
    if (record?.asked !== running.revision) return;
    if (event.kind === 'answeredBy') {
      running.answeredBy.add(event.unit);
      states.update(record, { answeredBy: event.engine });
      this.#host.statusChanged();
      return;
    }
    const found = running.take(event);
    if (found === undefined) return;
    const { unit, file } = event;
    if (event.kind === 'done' && file === record.unit.file) {
      invalidation.learned(record, event.signature, running.revision, !running.unsaved.has(file));
    }
    this.#host.table.replace(this.#detector, unit, file, this.#host.included(file) ? found : []);
  }

  /** @returns why some of its units have no answer */
  #settle(running: RunningBatch, outcome: CheckOutcome): string | undefined {
    const { states, invalidation } = this.#known;
    const current = this.#currentOf(running);
    if (outcome.kind === 'cancelled') {
      if (running.isIdle) for (const unit of current) if (unit.dependsOn) invalidation.askAgain(unit);
      return undefined;
    }
    const result = outcome.kind === 'done' ? outcome.result : undefined;
    this.#addTimings(result?.timings ?? {});
    if (result?.notes) this.#host.notes.add(this.#detector, result.notes);
    const provisional = new Set(result?.provisional);
    const unfinished = new Set(outcome.kind === 'failed' ? outcome.unfinished.map(({ id }) => id) : []);
    const quarantined = new Map(outcome.quarantined.map((input) => [input.unit.id, input]));
    let failure: string | undefined;
    for (const { id } of current) {
      const input = quarantined.get(id);
      // Whether it has an answer or not: it was tried.
      if (running.isIdle) states.revalidated(id);
      if (unfinished.has(id)) states.failed(id);
      else if (input) failure = this.#quarantine(id, input);
      else if (running.fatal) states.excused(id);
      else {
        const coverage = result?.coverage?.[id];
        const borrowed = outcome.borrowed?.has(id) === true;
        states.answered(id, running, { coverage, provisional: provisional.has(id), borrowed });
        if (coverage === undefined) this.#host.table.finishUnit(this.#detector, id, running.namedBy(id));
      }
    }
    return outcome.kind === 'failed' ? outcome.message : failure;
  }

  #quarantine(id: string, input: QuarantinedInput): string {
    this.#known.states.failed(id);
    this.#host.table.replace(this.#detector, id, input.file, [quarantineIssue(input)]);
    return input.reason.message;
  }

  #addTimings(timings: Readonly<Record<string, number>>): void {
    for (const [name, ms] of Object.entries(timings)) this.#timings.set(name, (this.#timings.get(name) ?? 0) + ms);
  }
}
