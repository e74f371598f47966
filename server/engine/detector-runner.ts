/**
 * Keeps one detector's issues of one root true: knows its units, which of them are stale, and what is in work.
 * Lives as long as its engine; a detector that is turned off disposes its runner.
 *
 * Invariant: an event is taken only from the newest batch of its unit, so that an older run never overwrites a newer one.
 */
import type {
  CheckEvent,
  CheckRequest,
  DetectorOptions,
  DetectorProblem,
  Overlay,
  PlanResult,
  Unit,
} from '../../workers/protocol.ts';
import type { CheckOutcome, Pool, QuarantinedInput } from '../pool/types.ts';
import { batchesOf, type Batch } from './batches.ts';
import { Doubts } from './doubts.ts';
import { concernOf, interestOf, type FileChange, type Interest } from './interest.ts';
import type { IssueTable } from './issue-table.ts';
import type { Answer, EmptyPlan, Memory } from './memory.ts';
import { quarantineIssue } from './own-issues.ts';
import { Problems, problemsOfFailure } from './problems.ts';
import type { Remembered } from './remembered.ts';
import { Run } from './run.ts';
import { isBusy, isSettled, type DetectorState, type DetectorStatus, type DetectorWork } from './status.ts';
import { pending, ready, refused, type Told, type UnitAnswer } from './told.ts';

/** What a runner sees of its engine. */
export interface RunnerHost {
  readonly root: string;
  readonly pool: Pool;
  readonly table: IssueTable;
  /** Absent: nothing is kept between sessions. */
  readonly memory: Memory | undefined;
  readonly remembered: Remembered;
  /** Somebody goes on looking: what is said first may be corrected. */
  live(): boolean;
  options(): DetectorOptions;
  overlays(): readonly Overlay[];
  /** Files open in the editor, most wanted first. */
  wanted(): readonly string[];
  /** False for files that the user excluded. */
  included(file: string): boolean;
  /** False for units of excluded files, and of files that were not asked for. */
  analyses(unit: Unit): boolean;
  nextGeneration(): number;
  statusChanged(): void;
}

/** Without a change, before answers in doubt are looked at again: the user may go on typing. */
const leisureMs = 1000;

const noWork = { analysed: 0, recalled: 0, borrowed: 0 };

export class DetectorRunner {
  readonly name: string;
  readonly #host: RunnerHost;
  readonly #interest: Interest;
  readonly #runs = new Set<Run>();
  /** The newest generation in work or answered, by unit. */
  readonly #newest = new Map<string, number>();
  readonly #stale = new Set<string>();
  /** The present answer of each unit: its generation, and whether it is about what is on disk. */
  readonly #answers = new Map<
    string,
    { readonly generation: number; readonly ofDisk: boolean; readonly startedAt?: number }
  >();
  /** When the check of each unit's present answer began, for answers that memory has not been given. */
  readonly #unkept = new Map<string, number>();
  readonly #doubts = new Doubts();
  /** Units of which only what seemed to be concerned was answered for, or whose detector wants to be asked again. */
  readonly #unconfirmed = new Set<string>();
  /** By unit: the engine whose answers are shown, where it is not the plan's. */
  readonly #speaking = new Map<string, string>();
  #leisure: NodeJS.Timeout | undefined;
  #units = new Map<string, Unit>();
  #currentPlan: PlanResult | undefined;
  /** When the present plan was asked for, if memory has not been given it. */
  #plannedAt: number | undefined;
  #recalled = false;
  #configFiles: ReadonlySet<string> = new Set();
  #planStale = true;
  #planning: AbortController | undefined;
  /** Changes since the last check was asked for; undefined: anything may have changed. */
  #changed: Set<string> | undefined;
  #recent = new Set<string>();
  readonly #timings = new Map<string, number>();
  readonly #problems: Problems;
  #failure: string | undefined;
  /** The pool could do again what it had refused, while something was in work. */
  #offered = false;
  #unanswered = new Set<string>();
  #state: DetectorState = 'waiting';
  #engine: string | undefined;
  #note: string | undefined;
  #startedAt = 0;
  #durationMs = 0;
  #total = 0;
  #answered = 0;
  #disposed = false;
  #work = noWork;

  constructor(name: string, host: RunnerHost) {
    this.name = name;
    this.#host = host;
    this.#interest = interestOf(name);
    this.#problems = new Problems(name, host.table);
  }

  get state(): DetectorState {
    return this.#state;
  }

  status(): DetectorStatus {
    const error = this.#failure ?? this.#problems.fatal;
    const speaking = [...new Set(this.#speaking.values())].sort().join(', ');
    const engine = speaking === '' ? this.#engine : speaking;
    return {
      name: this.name,
      state: this.#state,
      ...(engine === undefined ? {} : { engine }),
      ...(this.#note === undefined ? {} : { note: this.#note }),
      ...(error === undefined ? {} : { error }),
      problems: this.#problems.all,
      durationMs: !isBusy(this.#state) ? this.#durationMs : performance.now() - this.#startedAt,
      fraction: this.#fraction(),
      ...this.#earlier(),
      ...(this.#timings.size === 0 ? {} : { timings: Object.fromEntries(this.#timings) }),
    };
  }

  /** Everything again: the plan, and every unit. */
  analyzeAll(): void {
    this.#timings.clear();
    this.#planStale = true;
    this.#changed = undefined;
    this.#failure = undefined;
    this.#doubts.reset();
    this.#markAllStale();
    this.#pump();
  }

  /** The pool can do again what it refused or gave up: what has no answer is asked for once more. */
  tryAgain(): void {
    // What is still in work may end without an answer too.
    this.#offered = !isSettled(this.#state);
    if (this.#state !== 'failed' && this.#state !== 'partial') return;
    for (const id of this.#unanswered) if (this.#units.has(id)) this.#stale.add(id);
    this.#pump();
  }

  /** Files changed on disk or in the editor. */
  filesChanged(changes: readonly FileChange[]): void {
    let config = false;
    let environment = false;
    const content: FileChange[] = [];
    for (const change of changes) {
      const concern = concernOf(this.#interest, change.file, this.#configFiles);
      if (concern === 'none') continue;
      if (concern === 'environment') environment = true;
      else if (concern === 'config') config = true;
      content.push(change);
    }
    if (content.length === 0) return;
    if (environment || config) {
      this.#planStale = true;
      this.#changed = undefined;
      this.#doubts.reset();
      this.#markAllStale();
      if (environment) void this.#host.pool.restart(this.name).then(() => this.#pump());
      else this.#pump();
      return;
    }
    for (const { file, kind } of content) {
      this.#doubts.changed(file, kind);
      this.#changed?.add(file);
      this.#recent.add(file);
      if (this.#interest.reach === 'all') this.#markAllStale();
      else if (kind === 'created') this.#planStale = true;
      else if (kind === 'deleted') this.#forgetUnits(file);
      else if (this.#units.has(file)) this.#stale.add(file);
    }
    this.#pump();
  }

  /** Nothing is in work that could say more about a file of its own accord. */
  isAnswered(file: string): boolean {
    if (isSettled(this.#state)) return true;
    const unit = this.#units.get(file);
    if (unit?.kind !== 'file') return this.#interest.reach === 'all' || !(this.#planStale || this.#planning);
    return !this.#stale.has(file) && this.#answers.get(file)?.generation === this.#newest.get(file);
  }

  /** The present plan, for another process that would make the same. */
  tellPlan(): Told<PlanResult> {
    if (!this.#planStale && !this.#planning && this.#currentPlan) return ready(this.#currentPlan);
    return this.#state === 'failed' || this.#state === 'cancelled' ? refused : pending;
  }

  /** What is true of a unit on disk, for another process that would ask its own compartments. */
  tellAnswer({ id, group, kind }: Unit): Told<UnitAnswer> {
    const plan = this.tellPlan();
    if (plan.state !== 'ready') return plan;
    const unanswered = this.#unanswered.has(id);
    if (this.#units.get(id)?.group !== group || this.#problems.fatalOfChecks !== undefined) return refused;
    const answer = this.#answers.get(id);
    const current =
      !this.#stale.has(id) &&
      !this.#unconfirmed.has(id) &&
      !this.#doubts.isInDoubt(id) &&
      answer?.generation === this.#newest.get(id);
    const files = this.#host.table.ofUnit(this.name, id);
    if (!current && !unanswered) {
      if (isSettled(this.#state)) return refused;
      const ofDisk = answer?.ofDisk !== false && [...this.#runs].every(({ unsaved }) => unsaved.size === 0);
      const tellable = kind !== 'file' && ofDisk && !this.#speaking.has(id);
      return { state: 'pending', soFar: tellable ? files : undefined };
    }
    if (answer?.ofDisk === false) return refused;
    return ready({ unanswered, files, problems: this.#problems.ofChecks });
  }

  /** What was done since this was asked last. */
  takeWork(): DetectorWork {
    const work = this.#work;
    this.#work = noWork;
    return { detector: this.name, units: this.#units.size, ...work };
  }

  /** Answers that memory has not been given yet; each is handed out once. */
  takeAnswers(): readonly Answer[] {
    const plan = this.#currentPlan;
    if (!plan || this.#interest.readsMore || this.#state !== 'done' || this.#problems.ofChecks.length > 0) return [];
    const options = this.#host.options();
    const toldAt = this.#toldAt();
    const answers = [...this.#unkept].flatMap(([id, startedAt]): Answer[] => {
      const unit = this.#units.get(id);
      if (!unit) return [];
      const files = this.#host.table.ofUnit(this.name, id);
      const outline = this.#doubts.outlineOf(unit.file);
      return [{ detector: this.name, options, plan, unit, startedAt, files, outline, toldAt }];
    });
    this.#unkept.clear();
    return answers;
  }

  /** The present plan if it found nothing to do and memory has not been given it yet. */
  takeEmptyPlan(): EmptyPlan | undefined {
    const plan = this.#currentPlan;
    const startedAt = this.#plannedAt;
    if (!plan || this.#state !== 'not-applicable' || startedAt === undefined) return undefined;
    this.#plannedAt = undefined;
    return { detector: this.name, options: this.#host.options(), plan, startedAt };
  }

  #toldAt(): ReadonlyMap<string, number> {
    const times = new Map<string, number>();
    for (const [id, { startedAt, ofDisk }] of this.#answers) {
      if (startedAt !== undefined && ofDisk && this.#doubts.outlineOf(id)) times.set(id, startedAt);
    }
    return times;
  }

  /** Stops what is in work. Stale units stay stale and are analysed with the next change or request. */
  cancel(): void {
    if (this.#planning) {
      this.#planning.abort();
      this.#planning = undefined;
      this.#planStale = true;
    }
    clearTimeout(this.#leisure);
    this.#interruptLeisure();
    for (const run of this.#runs) {
      for (const unit of run.batch.units) this.#stale.add(unit.id);
      run.abort.abort();
    }
    if (!isSettled(this.#state)) this.#setState('cancelled');
  }

  dispose(): void {
    this.#disposed = true;
    this.cancel();
    this.#host.table.dropDetector(this.name);
    this.#problems.dispose();
  }

  #pump(): void {
    if (this.#disposed) return;
    const work = this.#planStale || this.#stale.size > 0;
    if (work) this.#interruptLeisure();
    if (work && (!isBusy(this.#state) || this.#startedAt === 0)) {
      this.#startedAt = performance.now();
      this.#answered = 0;
      this.#total = 0;
    }
    if (this.#planStale) {
      void this.#plan();
      return;
    }
    this.#submitStale();
    // A file that no unit stands for may have put answers in doubt all the same.
    if (this.#state === 'done' || this.#state === 'partial') this.#lookAgain();
    else this.#settleIfIdle();
  }

  async #plan(): Promise<void> {
    this.#planning?.abort();
    const abort = new AbortController();
    this.#planning = abort;
    this.#planStale = false;
    this.#setState('planning');
    try {
      const plan = await this.#makePlan(abort.signal);
      if (abort.signal.aborted || this.#disposed) return;
      this.#currentPlan = plan;
      this.#engine = plan.engine;
      this.#note = plan.note;
      this.#configFiles = new Set(plan.configFiles);
      this.#takeUnits(plan);
      this.#failure = undefined;
      this.#tellProblems(plan.problems);
      await this.#host.remembered.load(this.name);
      await this.#recall(plan, abort.signal);

      if (abort.signal.aborted) return;
      if (plan.status !== 'ready') {
        this.#setState(plan.status === 'failed' ? 'failed' : 'not-applicable');
        this.#stopClock();
        return;
      }
    } catch (error) {
      if (abort.signal.aborted || this.#disposed) return;
      this.#planStale = true;
      this.#failure = error instanceof Error ? error.message : String(error);
      this.#tellProblems(problemsOfFailure(error));
      this.#setState('failed');
      this.#stopClock();
      return;
    } finally {
      if (this.#planning === abort) this.#planning = undefined;
    }
    this.#pump();
  }

  /** That of the last session if it still holds: then no compartment has to start. */
  async #makePlan(signal: AbortSignal): Promise<PlanResult> {
    const { memory, pool, root } = this.#host;
    const options = this.#host.options();
    const kept = this.#recalled ? undefined : await memory?.plan(this.name, options).catch(() => undefined);
    this.#plannedAt = kept ? undefined : Date.now();
    return kept ?? pool.plan({ detector: this.name, root, options }, signal);
  }

  /** Once, at the start of a session: answers of the last one to units whose inputs are the same. */
  async #recall(plan: PlanResult, signal: AbortSignal): Promise<void> {
    const { memory, table } = this.#host;
    if (this.#recalled || !memory || plan.status !== 'ready') return;
    this.#recalled = true;
    const generation = this.#host.nextGeneration();
    try {
      for (const file of await memory.changedSince(this.name)) this.#doubts.unknown(file);
      for await (const { unit, files, outline } of memory.units(this.name, this.#host.options(), plan)) {
        if (signal.aborted || this.#disposed) return;
        // Asked for in the meantime, or left out by the user.
        if (!this.#stale.delete(unit.id)) continue;
        this.#newest.set(unit.id, generation);
        this.#answers.set(unit.id, { generation, ofDisk: true });
        this.#count('recalled');
        if (outline) this.#doubts.recalled(unit.file, outline);
        for (const [file, issues] of files) {
          if (this.#host.included(file)) table.replace(this.name, unit.id, file, issues);
        }
      }
    } catch {
      // What could not be read is analysed.
    }
  }

  /** Units that a plan with a fatal problem does not name may only be lost: their issues stay, as of an earlier run. */
  #takeUnits({ units, status, problems }: PlanResult): void {
    const next = new Map(units.filter((unit) => this.#host.analyses(unit)).map((unit) => [unit.id, unit]));
    const isComplete = status !== 'failed' && !problems.some((problem) => problem.fatal);
    for (const [id, unit] of this.#units) {
      if (next.has(id)) continue;
      if (isComplete || !this.#host.analyses(unit)) this.#dropUnit(id);
      else this.#unanswered.add(id);
    }
    for (const [id, unit] of next) {
      const before = this.#units.get(id);
      if (before?.group !== unit.group || !this.#newest.has(id) || this.#unanswered.has(id)) this.#stale.add(id);
    }
    for (const id of this.#stale) if (!next.has(id)) this.#stale.delete(id);
    for (const id of this.#unanswered) {
      const lost = this.#units.get(id);
      if (lost && !next.has(id)) next.set(id, lost);
    }
    this.#units = next;
    this.#doubts.planned(next);
  }

  #dropUnit(id: string): void {
    this.#stale.delete(id);
    this.#newest.delete(id);
    this.#answers.delete(id);
    this.#unkept.delete(id);
    this.#unanswered.delete(id);
    this.#unconfirmed.delete(id);
    this.#speaking.delete(id);
    this.#doubts.dropped(id);
    this.#host.table.dropUnit(this.name, id);
  }

  /** The units of a deleted file or folder. */
  #forgetUnits(path: string): void {
    for (const id of [...this.#units.keys()]) {
      if (id !== path && !id.startsWith(`${path}/`)) continue;
      this.#units.delete(id);
      this.#dropUnit(id);
    }
  }

  #markAllStale(): void {
    for (const id of this.#units.keys()) this.#stale.add(id);
  }

  #submitStale(): void {
    if (this.#stale.size === 0) return;
    const units = [...this.#units.values()].filter((unit) => this.#stale.has(unit.id));
    this.#stale.clear();
    if (units.length === 0) return;
    if (units.some((unit) => unit.kind !== 'file') || units.length === this.#units.size) this.#problems.forgetChecks();
    this.#total += units.length;
    this.#submit(units, this.#recent, false);
    this.#recent = new Set();
    this.#setState('running');
  }

  #submit(units: readonly Unit[], recent: ReadonlySet<string>, leisurely: boolean): void {
    const generation = this.#host.nextGeneration();
    for (const unit of units) {
      this.#newest.set(unit.id, generation);
      this.#unkept.delete(unit.id);
      this.#doubts.asked(unit.id);
    }
    this.#abortSuperseded();
    for (const batch of batchesOf(units, new Set(this.#host.wanted()), recent, leisurely)) {
      void this.#run(batch, generation, leisurely);
    }
    // From here on only what changes after them: the pool knows whom it has told of what.
    this.#changed = new Set();
  }

  /** Starts to look again at answers in doubt: near ones at once, the others at leisure. @returns false: there are none */
  #lookAgain(): boolean {
    this.#doubts.settle();
    if (!this.#doubts.pending && this.#unconfirmed.size === 0) return false;
    if (this.#state !== 'confirming') this.#stopClock();
    this.#setState('confirming');
    const open = new Set(this.#host.wanted());
    const near = this.#doubts.needsFresh
      ? []
      : this.#doubts.take((unit, distance) => distance <= 1 || open.has(unit.file));
    if (near.length > 0) this.#submit(near, new Set(near.map((unit) => unit.file)), true);
    else this.#leisure ??= setTimeout(() => void this.#confirm(), leisureMs);
    return true;
  }

  async #confirm(): Promise<void> {
    if (this.#doubts.needsFresh) {
      this.#doubts.refreshed();
      await this.#host.pool.restart(this.name);
    }
    this.#leisure = undefined;
    // Meanwhile something changed that somebody waits for.
    if (this.#disposed || this.#state !== 'confirming' || this.#runs.size > 0) return;
    const unconfirmed = [...this.#unconfirmed].flatMap((id) => this.#units.get(id) ?? []);
    this.#submit([...this.#doubts.take(), ...unconfirmed], new Set(), true);
    this.#settleIfIdle();
  }

  /** Somebody waits for something else. */
  #interruptLeisure(): void {
    clearTimeout(this.#leisure);
    this.#leisure = undefined;
    for (const run of this.#runs) if (run.leisurely) run.abort.abort();
  }

  /** A batch of which every unit is asked for again has nothing left to say. */
  #abortSuperseded(): void {
    for (const run of this.#runs) {
      if (run.batch.units.every((unit) => this.#newest.get(unit.id) !== run.generation)) run.abort.abort();
    }
  }

  async #run(batch: Batch, generation: number, leisurely: boolean): Promise<void> {
    const files = new Set(batch.units.map((unit) => unit.file));
    const perFile = batch.units[0]?.kind === 'file' && batch.units[0].lane !== 'heavy';
    const allOverlays = this.#host.overlays();
    const overlays = perFile ? allOverlays.filter((overlay) => files.has(overlay.file)) : allOverlays;
    const run = new Run(batch, generation, overlays, leisurely);
    this.#runs.add(run);
    const remembered = this.#host.remembered.of(this.name);
    const outcome = await this.#host.pool.check({
      request: {
        detector: this.name,
        root: this.#host.root,
        options: this.#host.options(),
        generation,
        units: batch.units,
        overlays,
        first: this.#host.wanted(),
        ...(this.#changed === undefined ? {} : { changed: [...this.#changed] }),
        ...this.#sinceOf(batch.units),
        ...(leisurely && batch.units[0]?.kind !== 'file' ? { confirm: true } : {}),
        ...(this.#host.live() ? { provisional: true } : {}),
        ...(remembered === undefined ? {} : { remembered }),
      },
      priority: batch.priority,
      signal: run.abort.signal,
      onEvent: (event) => this.#take(run, event),
    });
    this.#runs.delete(run);
    if (this.#disposed) return;
    this.#settle(run, outcome);
    this.#answered += batch.units.length;
    this.#settleIfIdle();
  }

  /** Of projects: the detector may know what a change cannot concern. */
  #sinceOf(units: readonly Unit[]): Pick<CheckRequest, 'since'> {
    if (this.#changed === undefined) return {};
    const known = units.flatMap(({ id, kind }): [string, number][] => {
      const answer = kind === 'file' ? undefined : this.#answers.get(id);
      return answer ? [[id, answer.generation]] : [];
    });
    return known.length === 0 ? {} : { since: Object.fromEntries(known) };
  }

  #take(run: Run, event: CheckEvent): void {
    if (event.kind === 'progress') {
      run.fraction = event.total > 0 ? event.done / event.total : 0;
      this.#host.statusChanged();
      return;
    }
    if (event.kind === 'problem') {
      run.fatal ||= event.problem.fatal;
      this.#problems.add(event.problem);
      this.#host.statusChanged();
      return;
    }
    if (this.#newest.get(event.unit) !== run.generation) return;
    if (event.kind === 'speaks') {
      run.spokenFor.add(event.unit);
      this.#speaking.set(event.unit, event.engine);
      this.#host.statusChanged();
      return;
    }
    const found = run.take(event);
    if (found === undefined) return;
    const { unit, file } = event;
    if (event.kind === 'done' && file === this.#units.get(unit)?.file) {
      this.#doubts.learned(file, event.outline, !run.unsaved.has(file));
    }
    this.#host.table.replace(this.name, unit, file, this.#host.included(file) ? found : []);
  }

  #settle(run: Run, outcome: CheckOutcome): void {
    const current = run.batch.units.filter((unit) => this.#newest.get(unit.id) === run.generation);
    if (outcome.kind === 'cancelled') {
      if (run.leisurely) for (const unit of current) if (unit.reach !== undefined) this.#doubts.again(unit);
      return;
    }
    if (outcome.kind === 'done') this.#addTimings(outcome.result.timings ?? {});
    const { kept = {}, again = [], remember } = outcome.kind === 'done' ? outcome.result : {};
    if (remember) this.#host.remembered.add(this.name, remember);
    const askedAgain = new Set(again);
    const unfinished = new Set(outcome.kind === 'failed' ? outcome.unfinished.map((unit) => unit.id) : []);
    const quarantined = new Map(outcome.quarantined.map((input) => [input.unit.id, input]));
    for (const unit of current) {
      const poison = quarantined.get(unit.id);
      // Confirmed or not possible: either way it was tried.
      if (run.leisurely) this.#unconfirmed.delete(unit.id);
      if (unfinished.has(unit.id)) this.#unanswered.add(unit.id);
      else if (poison) this.#quarantine(unit, poison);
      else {
        this.#unanswered.delete(unit.id);
        if (run.fatal) continue;
        const borrowed = outcome.borrowed?.has(unit.id) === true;
        this.#count(borrowed ? 'borrowed' : 'analysed');
        const ofDisk = run.startedAt !== undefined;
        const { startedAt } = run;
        this.#answers.set(unit.id, {
          generation: run.generation,
          ofDisk,
          ...(startedAt === undefined ? {} : { startedAt }),
        });
        // Who answered for us keeps it: only they know what it was made from.
        if (ofDisk && !borrowed) this.#unkept.set(unit.id, run.startedAt);
        if (!run.spokenFor.has(unit.id)) this.#speaking.delete(unit.id);
        if (kept[unit.id] === undefined) {
          this.#unconfirmed.delete(unit.id);
          this.#host.table.finishUnit(this.name, unit.id, run.namedBy(unit.id));
        }
        if (kept[unit.id] === 'affected' || askedAgain.has(unit.id)) this.#unconfirmed.add(unit.id);
      }
    }
    if (outcome.kind === 'failed') this.#failure = outcome.message;
  }

  #quarantine(unit: Unit, input: QuarantinedInput): void {
    this.#unanswered.add(unit.id);
    this.#failure = input.reason.message;
    this.#host.table.replace(this.name, unit.id, input.file, [quarantineIssue(input)]);
  }

  #tellProblems(ofPlan: readonly DetectorProblem[]): void {
    this.#problems.planned(ofPlan);
    this.#host.statusChanged();
  }

  #settleIfIdle(): void {
    if (this.#runs.size > 0 || this.#planning || this.#planStale || this.#stale.size > 0) {
      this.#host.statusChanged();
      return;
    }
    if (this.#state === 'waiting' || isSettled(this.#state)) return;
    if (this.#lookAgain()) return;
    if (this.#unanswered.size === 0) this.#failure = undefined;
    const units = this.#units.size;
    const incomplete = this.#failure !== undefined || this.#problems.fatal !== undefined;
    if (isBusy(this.#state)) this.#stopClock();
    this.#setState(!incomplete ? 'done' : units > 0 && this.#unanswered.size >= units ? 'failed' : 'partial');
    if (this.#offered) this.tryAgain();
  }

  #count(kind: keyof typeof noWork): void {
    this.#work = { ...this.#work, [kind]: this.#work[kind] + 1 };
  }

  #fraction(): number {
    if (!isBusy(this.#state)) return 1;
    if (this.#total === 0) return 0;
    let inWork = 0;
    for (const run of this.#runs) inWork += run.fraction * run.batch.units.length;
    return Math.min(1, (this.#answered + inWork) / this.#total);
  }

  #addTimings(timings: Readonly<Record<string, number>>): void {
    for (const [name, ms] of Object.entries(timings)) this.#timings.set(name, (this.#timings.get(name) ?? 0) + ms);
  }

  /** Units whose issues are not known to be true of what is there now. */
  #earlier(): { readonly stale?: number } {
    if (!isSettled(this.#state)) return {};
    const ids = new Set([...this.#stale, ...this.#unanswered, ...this.#unconfirmed, ...this.#doubts.suspects]);
    return ids.size === 0 ? {} : { stale: ids.size };
  }

  #stopClock(): void {
    this.#durationMs = performance.now() - this.#startedAt;
  }

  #setState(state: DetectorState): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#host.statusChanged();
  }
}
