/**
 * What one detector has in work: batches that the pool was asked for, and what comes of them, which goes into the
 * table, the ledger and the doubts. What is asked for, and when, the runner decides. Lives as long as its runner.
 *
 * Invariant: an event is taken only from the newest batch of its unit, so that an older run never overwrites a newer one.
 */
import type { CheckEvent, CheckRequest, Unit } from '../../workers/protocol/detector-protocol.ts';
import type { CheckOutcome, QuarantinedInput } from '../pool/types.ts';
import { batchesOf, type Batch } from './batches.ts';
import type { Doubts } from './doubts.ts';
import { quarantineIssue } from './own-issues.ts';
import type { Problems } from './problems.ts';
import { Run } from './run.ts';
import type { RunnerHost } from './runner-host.ts';
import type { UnitLedger } from './unit-ledger.ts';

/** What is known of a detector, which its checks bring up to date. */
interface Known {
  readonly ledger: UnitLedger;
  readonly doubts: Doubts;
  readonly problems: Problems;
}

/** @param failure why some of its units have no answer */
type Ended = (batch: Batch, failure: string | undefined) => void;

export class Checks {
  readonly #detector: string;
  readonly #host: RunnerHost;
  readonly #known: Known;
  readonly #ended: Ended;
  readonly #runs = new Set<Run>();
  /** Milliseconds by rule or phase. */
  readonly #timings = new Map<string, number>();
  /** Changes since the last check was asked for; undefined: anything may have changed. */
  #changed: Set<string> | undefined;
  #disposed = false;

  /** @param ended called when a batch has ended and what came of it is known */
  constructor(detector: string, host: RunnerHost, known: Known, ended: Ended) {
    this.#detector = detector;
    this.#host = host;
    this.#known = known;
    this.#ended = ended;
  }

  get inWork(): boolean {
    return this.#runs.size > 0;
  }

  /** Units in work, by the part that is done. */
  get progress(): number {
    let units = 0;
    for (const run of this.#runs) units += run.fraction * run.batch.units.length;
    return units;
  }

  /** Something in work is about unsaved text. */
  get hasUnsaved(): boolean {
    return [...this.#runs].some(({ unsaved }) => unsaved.size > 0);
  }

  get timings(): ReadonlyMap<string, number> {
    return this.#timings;
  }

  forgetTimings(): void {
    this.#timings.clear();
  }

  changed(file: string): void {
    this.#changed?.add(file);
  }

  /** Anything may have changed. */
  everythingChanged(): void {
    this.#changed = undefined;
  }

  /**
   * @param recent files that just changed
   * @param leisurely nobody waits for it
   */
  submit(units: readonly Unit[], recent: ReadonlySet<string>, leisurely = false): void {
    const generation = this.#host.nextGeneration();
    this.#known.ledger.asked(units, generation);
    this.#abortSuperseded();
    for (const batch of batchesOf(units, new Set(this.#host.wanted()), recent, leisurely)) {
      void this.#run(batch, generation, leisurely);
    }
    // From here on only what changes after them: the pool knows whom it has told of what.
    this.#changed = new Set();
  }

  /** Somebody waits for something else. */
  interruptLeisurely(): void {
    for (const run of this.#runs) if (run.leisurely) run.abort.abort();
  }

  /** What is in work becomes stale. */
  cancel(): void {
    for (const run of this.#runs) {
      for (const { id } of run.batch.units) this.#known.ledger.markStale(id);
      run.abort.abort();
    }
  }

  dispose(): void {
    this.#disposed = true;
    this.cancel();
  }

  /** A batch of which every unit is asked for again has nothing left to say. */
  #abortSuperseded(): void {
    for (const run of this.#runs) if (this.#currentOf(run).length === 0) run.abort.abort();
  }

  /** Its units that nobody has asked for since. */
  #currentOf({ batch, generation }: Run): readonly Unit[] {
    return batch.units.filter(({ id }) => this.#known.ledger.isNewest(id, generation));
  }

  async #run(batch: Batch, generation: number, leisurely: boolean): Promise<void> {
    const files = new Set(batch.units.map((unit) => unit.file));
    const perFile = batch.units[0]?.kind === 'file' && batch.units[0].lane !== 'heavy';
    const allOverlays = this.#host.overlays();
    const overlays = perFile ? allOverlays.filter((overlay) => files.has(overlay.file)) : allOverlays;
    const run = new Run(batch, generation, overlays, leisurely);
    this.#runs.add(run);
    const remembered = this.#host.remembered.of(this.#detector);
    const outcome = await this.#host.pool.check({
      request: {
        detector: this.#detector,
        root: this.#host.root,
        options: this.#host.options(),
        generation,
        units: batch.units,
        overlays,
        first: this.#host.wanted(),
        ...(this.#changed === undefined ? {} : { changed: [...this.#changed] }),
        ...this.#sinceOf(batch.units),
        ...(leisurely && batch.units[0]?.kind !== 'file' ? { revalidate: true } : {}),
        ...(this.#host.live() ? { allowProvisional: true } : {}),
        ...(remembered === undefined ? {} : { notes: remembered }),
      },
      priority: batch.priority,
      signal: run.abort.signal,
      onEvent: (event) => this.#take(run, event),
    });
    this.#runs.delete(run);
    if (!this.#disposed) this.#ended(batch, this.#settle(run, outcome));
  }

  /** Of projects: the detector may know what a change cannot concern. */
  #sinceOf(units: readonly Unit[]): Pick<CheckRequest, 'since'> {
    if (this.#changed === undefined) return {};
    const known = units.flatMap(({ id, kind }): [string, number][] => {
      const generation = kind === 'file' ? undefined : this.#known.ledger.answeredIn(id);
      return generation === undefined ? [] : [[id, generation]];
    });
    return known.length === 0 ? {} : { since: Object.fromEntries(known) };
  }

  #take(run: Run, event: CheckEvent): void {
    const { ledger, doubts, problems } = this.#known;
    if (event.kind === 'progress') {
      run.fraction = event.total > 0 ? event.done / event.total : 0;
      this.#host.statusChanged();
      return;
    }
    if (event.kind === 'problem') {
      run.fatal ||= event.problem.fatal;
      problems.add(event.problem);
      this.#host.statusChanged();
      return;
    }
    if (!ledger.isNewest(event.unit, run.generation)) return;
    if (event.kind === 'answeredBy') {
      run.spokenFor.add(event.unit);
      ledger.speaks(event.unit, event.engine);
      this.#host.statusChanged();
      return;
    }
    const found = run.take(event);
    if (found === undefined) return;
    const { unit, file } = event;
    if (event.kind === 'done' && file === ledger.unitOf(unit)?.file) {
      doubts.learned(file, event.signature, !run.unsaved.has(file));
    }
    this.#host.table.replace(this.#detector, unit, file, this.#host.included(file) ? found : []);
  }

  /** @returns why some of its units have no answer */
  #settle(run: Run, outcome: CheckOutcome): string | undefined {
    const { ledger, doubts } = this.#known;
    const current = this.#currentOf(run);
    if (outcome.kind === 'cancelled') {
      if (run.leisurely) for (const unit of current) if (unit.dependsOn !== undefined) doubts.again(unit);
      return undefined;
    }
    if (outcome.kind === 'done') this.#addTimings(outcome.result.timings ?? {});
    const {
      coverage: kept = {},
      provisional: again = [],
      notes: remember,
    } = outcome.kind === 'done' ? outcome.result : {};
    if (remember) this.#host.remembered.add(this.#detector, remember);
    const askedAgain = new Set(again);
    const unfinished = new Set(outcome.kind === 'failed' ? outcome.unfinished.map(({ id }) => id) : []);
    const quarantined = new Map(outcome.quarantined.map((input) => [input.unit.id, input]));
    let failure: string | undefined;
    for (const { id } of current) {
      const poison = quarantined.get(id);
      // Confirmed or not possible: either way it was tried.
      if (run.leisurely) doubts.confirmed(id);
      if (unfinished.has(id)) ledger.failed(id);
      else if (poison) failure = this.#quarantine(id, poison);
      else if (run.fatal) ledger.excused(id);
      else {
        ledger.answered(id, run, outcome.borrowed?.has(id) === true);
        if (kept[id] === undefined) {
          doubts.confirmed(id);
          this.#host.table.finishUnit(this.#detector, id, run.namedBy(id));
        }
        if (kept[id] === 'affected' || askedAgain.has(id)) doubts.confirmLater(id);
      }
    }
    return outcome.kind === 'failed' ? outcome.message : failure;
  }

  #quarantine(id: string, input: QuarantinedInput): string {
    this.#known.ledger.failed(id);
    this.#host.table.replace(this.#detector, id, input.file, [quarantineIssue(input)]);
    return input.reason.message;
  }

  #addTimings(timings: Readonly<Record<string, number>>): void {
    for (const [name, ms] of Object.entries(timings)) this.#timings.set(name, (this.#timings.get(name) ?? 0) + ms);
  }
}
