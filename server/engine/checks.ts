/**
 * The running checks of one detector: submits batches to the pool, and writes their results to the issue table and the
 * unit states. The scheduler decides what to check, and when. Lives as long as its scheduler.
 *
 * Invariant: only events of a unit's newest batch are accepted, so an older batch never overwrites a newer one.
 */
import type { CheckEvent, CheckRequest, Unit } from '../../workers/protocol/detector-protocol.ts';
import { scriptOrJson } from '../../workers/protocol/file-patterns.ts';
import type { FileChange, Revision } from '../journal.ts';
import type { CheckOutcome, QuarantinedInput } from '../pool/types.ts';
import { batchesOf, type Batch } from './batches.ts';
import type { Invalidation } from './invalidation.ts';
import { quarantineIssue } from './own-issues.ts';
import type { Problems } from './problems.ts';
import { RunningBatch } from './running-batch.ts';
import type { SchedulerHost } from './scheduler-host.ts';
import type { UnitStates } from './unit-states.ts';

/** The parts of a scheduler that its checks update. */
interface SchedulerParts {
  readonly states: UnitStates;
  readonly invalidation: Invalidation;
  readonly problems: Problems;
  /** Whether a change of the file affects the detector. */
  readonly isAffectedBy: (file: string) => boolean;
  /** What the plan named as configuration. */
  readonly configFiles: () => readonly string[];
}

/** @param failure why some of its units have no result */
type OnEnd = (batch: Batch, failure: string | undefined) => void;

export class Checks {
  readonly #detector: string;
  readonly #host: SchedulerHost;
  readonly #parts: SchedulerParts;
  readonly #onEnd: OnEnd;
  readonly #running = new Set<RunningBatch>();
  /** Milliseconds by rule or phase. */
  readonly #timings = new Map<string, number>();
  /** A worker or result older than this revision must assume that anything has changed. */
  #everythingChangedAt: Revision = 0;
  #disposed = false;

  /** @param onEnd called when a batch has ended and its results have been written */
  constructor(detector: string, host: SchedulerHost, parts: SchedulerParts, onEnd: OnEnd) {
    this.#detector = detector;
    this.#host = host;
    this.#parts = parts;
    this.#onEnd = onEnd;
  }

  get isRunning(): boolean {
    return this.#running.size > 0;
  }

  /** Number of running units, each weighted by its finished fraction. */
  get progress(): number {
    let units = 0;
    for (const { fraction, batch } of this.#running) units += fraction * batch.units.length;
    return units;
  }

  /** Whether a running batch checks unsaved text. */
  get hasUnsaved(): boolean {
    return [...this.#running].some(({ unsaved }) => unsaved.size > 0);
  }

  get timings(): ReadonlyMap<string, number> {
    return this.#timings;
  }

  clearTimings(): void {
    this.#timings.clear();
  }

  /** Earlier results are no longer valid for the present state. */
  everythingChanged(): void {
    this.#everythingChangedAt = this.#host.journal.mark();
  }

  /**
   * @param recent files that just changed
   * @param isIdle it revalidates earlier results, and the user does not wait for it
   */
  submit(units: readonly Unit[], recent: ReadonlySet<string>, isIdle = false): void {
    const { states, invalidation } = this.#parts;
    const revision = this.#host.journal.mark();
    states.submitted(units, revision);
    invalidation.submitted(units);
    this.#abortSuperseded();
    for (const batch of batchesOf(units, new Set(this.#host.openFiles()), recent, isIdle)) {
      void this.#run(batch, revision, isIdle);
    }
  }

  /** Cancels revalidation, because the user waits for something else. */
  interruptIdle(): void {
    for (const { isIdle, abort } of this.#running) if (isIdle) abort.abort();
  }

  /** Cancels everything. Its units become stale again. */
  cancel(): void {
    const { revision } = this.#host.journal;
    for (const running of this.#running) {
      for (const { id } of this.#currentOf(running)) this.#parts.states.invalidate(id, revision);
      running.abort.abort();
    }
  }

  dispose(): void {
    this.#disposed = true;
    this.cancel();
  }

  /** Cancels batches whose units have all been submitted again. */
  #abortSuperseded(): void {
    for (const running of this.#running) if (this.#currentOf(running).length === 0) running.abort.abort();
  }

  /** The units of the batch that have not been submitted again since. */
  #currentOf({ batch, revision }: RunningBatch): readonly Unit[] {
    return batch.units.filter(({ id }) => this.#parts.states.isNewest(id, revision));
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
        ...this.#sinceOf(batch.units, overlays),
        ...(isIdle && batch.units[0]?.kind !== 'file' ? { revalidate: true } : {}),
        ...(this.#host.live() ? { allowProvisional: true } : {}),
        ...(ownNotes === undefined ? {} : { notes: ownNotes }),
      },
      configFiles: this.#parts.configFiles(),
      changedSince: (known) => this.#changedSince(known),
      priority: batch.priority,
      signal: running.abort.signal,
      onEvent: (event) => this.#take(running, event),
    });
    this.#running.delete(running);
    if (!this.#disposed) this.#onEnd(batch, this.#settle(running, outcome));
  }

  /** A file that is checked on its own depends only on its own unsaved text. */
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
    // Of a folder that is gone or was moved away only its own name is known.
    const concerns = ({ file, kind }: FileChange): boolean =>
      this.#parts.isAffectedBy(file) || (kind === 'deleted' && !scriptOrJson.test(file));
    return changes && [...changes.values()].filter(concerns).map(({ file }) => file);
  }

  /**
   * For projects and graphs, whose detector may know which files a change does not affect, and for files whose unsaved
   * text a detector may be unable to read.
   */
  #sinceOf(units: readonly Unit[], overlays: CheckRequest['overlays']): Pick<CheckRequest, 'since'> {
    const { table } = this.#host;
    const unsaved = new Set(overlays.map(({ file }) => file));
    const known = units.flatMap(({ id, kind, file }): [string, Revision][] => {
      const mayStand = kind !== 'file' || unsaved.has(file);
      const revision = mayStand ? this.#parts.states.get(id)?.result?.revision : undefined;
      const isKnown = revision !== undefined && revision >= this.#everythingChangedAt;
      return isKnown && table.holds(this.#detector, id, revision) ? [[id, revision]] : [];
    });
    return known.length === 0 ? {} : { since: Object.fromEntries(known) };
  }

  #take(running: RunningBatch, event: CheckEvent): void {
    const { states, invalidation, problems } = this.#parts;
    if (event.kind === 'progress') {
      running.fraction = event.total > 0 ? event.done / event.total : 0;
      this.#host.statusChanged();
      return;
    }
    if (event.kind === 'problem') {
      running.fatal ||= event.problem.fatal;
      running.problems.add(problems.add(event.problem, running.batch.units.map(({ id }) => id))); // prettier-ignore
      this.#host.statusChanged();
      return;
    }
    const record = states.get(event.unit);
    if (record?.requested !== running.revision) return;
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
      invalidation.signatureReceived(record, event.signature, running.revision, !running.unsaved.has(file));
    }
    this.#host.table.report(this.#detector, unit, file, this.#host.included(file) ? found : []);
  }

  /** @returns why some of its units have no result */
  #settle(running: RunningBatch, outcome: CheckOutcome): string | undefined {
    const { states, invalidation, problems } = this.#parts;
    const { table } = this.#host;
    const current = this.#currentOf(running);
    if (outcome.kind === 'cancelled') {
      if (running.isIdle) for (const unit of current) if (unit.dependsOn) invalidation.markSuspect(unit);
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
      // Also without a result: it is not tried again.
      if (running.isIdle) states.revalidated(id);
      if (unfinished.has(id)) states.failed(id);
      else if (input) failure = this.#quarantine(id, input);
      else if (running.fatal) states.blocked(id);
      else {
        const coverage = result?.coverage?.[id];
        const borrowed = outcome.borrowed?.has(id) === true;
        const reads = result?.reads?.[id];
        states.completed(id, running, { coverage, provisional: provisional.has(id), borrowed, reads });
        if (coverage === undefined) table.finishUnit(this.#detector, id, running.namedBy(id));
        else table.finishPart(this.#detector, id, running.namedBy(id));
      }
    }
    const complete = current.filter(({ id }) => !unfinished.has(id) && result?.coverage?.[id] === undefined);
    problems.checked(complete.map(({ id }) => id), running.problems); // prettier-ignore
    return outcome.kind === 'failed' ? outcome.message : failure;
  }

  #quarantine(id: string, input: QuarantinedInput): string {
    this.#parts.states.failed(id);
    this.#host.table.report(this.#detector, id, input.file, [quarantineIssue(input)]);
    return input.reason.message;
  }

  #addTimings(timings: Readonly<Record<string, number>>): void {
    for (const [name, ms] of Object.entries(timings)) this.#timings.set(name, (this.#timings.get(name) ?? 0) + ms);
  }
}
