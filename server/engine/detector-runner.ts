/**
 * Keeps one detector's issues of one root true: decides what is asked for, and when. What is known of each unit is in
 * its ledger and its doubts, what is in work in its checks. Lives as long as its engine; a detector that is turned off
 * disposes its runner.
 *
 * Invariant: it becomes `done` only when nothing is in work, stale or in doubt.
 */
import type { DetectorProblem, PlanResult, Unit } from '../../workers/protocol/detector-protocol.ts';
import { manifestOf } from '../../workers/detectors/manifests.ts';
import type { ChangeTriggers } from '../../workers/protocol/manifest.ts';
import { Checks } from './checks.ts';
import { deletedBy } from './deleted-paths.ts';
import { Doubts } from './doubts.ts';
import { changeTriggersOf, classifyChange, type FileChange } from './change-triggers.ts';
import type { Answer, EmptyPlan } from './memory.ts';
import { Problems, problemsOfFailure } from './problems.ts';
import { Progress } from './progress.ts';
import type { RunnerHost } from './runner-host.ts';
import { isBusy, isSettled, type DetectorState, type DetectorStatus, type DetectorWork } from './status.ts';
import { pending, ready, refused, type Teller, type Told, type UnitAnswer } from './told.ts';
import { UnitLedger } from './unit-ledger.ts';

/** Without a change, before answers in doubt are looked at again: the user may go on typing. */
const leisureMs = 1000;

export class DetectorRunner implements Teller {
  readonly name: string;
  readonly #host: RunnerHost;
  readonly #triggers: ChangeTriggers;
  readonly #doubts = new Doubts();
  readonly #ledger = new UnitLedger(this.#doubts);
  readonly #problems: Problems;
  readonly #checks: Checks;
  readonly #progress = new Progress();
  #currentPlan: PlanResult | undefined;
  #configFiles: ReadonlySet<string> = new Set();
  /** When the present plan was asked for, if memory has not been given it. */
  #plannedAt: number | undefined;
  #planStale = true;
  #planning: AbortController | undefined;
  #recalled = false;
  /** Changed since stale units were asked for last. */
  #recent = new Set<string>();
  #leisure: NodeJS.Timeout | undefined;
  #failure: string | undefined;
  /** The pool could do again what it had refused, while something was in work. */
  #offered = false;
  #state: DetectorState = 'waiting';
  #disposed = false;

  constructor(name: string, host: RunnerHost) {
    this.name = name;
    this.#host = host;
    this.#triggers = changeTriggersOf(name);
    this.#problems = new Problems(name, host.table);
    const known = { ledger: this.#ledger, doubts: this.#doubts, problems: this.#problems };
    this.#checks = new Checks(name, host, known, ({ units }, failure) => {
      this.#failure = failure ?? this.#failure;
      this.#progress.answered(units.length);
      this.#settleIfIdle();
    });
  }

  get state(): DetectorState {
    return this.#state;
  }

  status(): DetectorStatus {
    const error = this.#failure ?? this.#problems.fatal;
    const { speakers, earlier } = this.#ledger;
    const engine = speakers.length > 0 ? speakers.join(', ') : this.#currentPlan?.engine;
    const note = this.#currentPlan?.note;
    const { timings } = this.#checks;
    return {
      name: this.name,
      state: this.#state,
      ...(engine === undefined ? {} : { engine }),
      ...(note === undefined ? {} : { note }),
      ...(error === undefined ? {} : { error }),
      problems: this.#problems.all,
      durationMs: this.#progress.durationMs,
      fraction: isBusy(this.#state) ? this.#progress.fraction(this.#checks.progress) : 1,
      ...(isSettled(this.#state) && earlier > 0 ? { stale: earlier } : {}),
      ...(timings.size === 0 ? {} : { timings: Object.fromEntries(timings) }),
    };
  }

  /** Everything again: the plan, and every unit. */
  analyzeAll(): void {
    this.#checks.forgetTimings();
    this.#failure = undefined;
    this.#everythingChanged();
    this.#pump();
  }

  /** The pool can do again what it refused or gave up: what has no answer is asked for once more. */
  tryAgain(): void {
    // What is still in work may end without an answer too.
    this.#offered = !isSettled(this.#state);
    if (this.#state !== 'failed' && this.#state !== 'partial') return;
    this.#ledger.markUnansweredStale();
    this.#pump();
  }

  /** Files changed on disk or in the editor. */
  filesChanged(changes: readonly FileChange[]): void {
    const concerns = changes.map(({ file }) => classifyChange(this.#triggers, file, this.#configFiles));
    const concerned = changes.filter((_, index) => concerns[index] !== 'none');
    if (concerned.length === 0) return;
    const environment = concerns.includes('environment');
    if (environment || concerns.includes('configuration')) this.#everythingChanged();
    else this.#contentChanged(concerned);
    if (!environment) {
      this.#pump();
      return;
    }
    // What is asked from here on is answered by new processes.
    this.#progress.start();
    this.#setState('waiting');
    void this.#host.pool.restart(this.name).finally(() => this.#pump());
  }

  /** Nothing is in work that could say more about a file of its own accord. */
  isAnswered(file: string): boolean {
    if (isSettled(this.#state)) return true;
    if (this.#ledger.unitOf(file)?.kind === 'file') return this.#ledger.isUpToDate(file);
    return this.#triggers.invalidates === 'all' || !(this.#planStale || this.#planning);
  }

  /** The present plan, for another process that would make the same. */
  tellPlan(): Told<PlanResult> {
    if (!this.#planStale && !this.#planning && this.#currentPlan) return ready(this.#currentPlan);
    return this.#state === 'failed' || this.#state === 'cancelled' ? refused : pending;
  }

  /** What is true of a unit on disk, for another process that would ask its own workers. */
  tellAnswer({ id, group, kind }: Unit): Told<UnitAnswer> {
    const plan = this.tellPlan();
    if (plan.state !== 'ready') return plan;
    if (this.#ledger.unitOf(id)?.group !== group || this.#problems.fatalOfChecks !== undefined) return refused;
    const unanswered = this.#ledger.isUnanswered(id);
    const isLastWord = this.#ledger.isUpToDate(id) && !this.#doubts.isInDoubt(id);
    const ofDisk = this.#ledger.isOfDisk(id);
    const files = this.#host.table.ofUnit(this.name, id);
    if (unanswered || isLastWord) {
      return ofDisk ? ready({ unanswered, files, problems: this.#problems.ofChecks }) : refused;
    }
    if (isSettled(this.#state)) return refused;
    const tellable = kind !== 'file' && ofDisk && !this.#checks.hasUnsaved && !this.#ledger.isSpokenFor(id);
    return { state: 'pending', soFar: tellable ? files : undefined };
  }

  /** What was done since this was asked last. */
  takeWork(): DetectorWork {
    return { detector: this.name, ...this.#ledger.takeWork() };
  }

  /** Answers that memory has not been given yet; each is handed out once. */
  takeAnswers(): readonly Answer[] {
    const plan = this.#currentPlan;
    const isCached = manifestOf(this.name)?.cached !== false;
    if (!plan || !isCached || this.#state !== 'done' || this.#problems.ofChecks.length > 0) return [];
    const made = { detector: this.name, options: this.#host.options(), plan };
    return this.#ledger.takeUnkept().map((answer) => {
      return { ...made, ...answer, files: this.#host.table.ofUnit(this.name, answer.unit.id) };
    });
  }

  /** The present plan if it found nothing to do and memory has not been given it yet. */
  takeEmptyPlan(): EmptyPlan | undefined {
    const plan = this.#currentPlan;
    const startedAt = this.#plannedAt;
    if (!plan || this.#state !== 'not-applicable' || startedAt === undefined) return undefined;
    this.#plannedAt = undefined;
    return { detector: this.name, options: this.#host.options(), plan, startedAt };
  }

  /** Stops what is in work. Stale units stay stale and are analysed with the next change or request. */
  cancel(): void {
    if (this.#planning) {
      this.#planning.abort();
      this.#planning = undefined;
      this.#planStale = true;
    }
    this.#interruptLeisure();
    this.#checks.cancel();
    if (!isSettled(this.#state)) this.#setState('cancelled');
  }

  dispose(): void {
    this.#disposed = true;
    this.cancel();
    this.#checks.dispose();
    this.#host.table.dropDetector(this.name);
    this.#problems.dispose();
  }

  #everythingChanged(): void {
    this.#planStale = true;
    this.#checks.everythingChanged();
    this.#doubts.reset();
    this.#ledger.markAllStale();
  }

  #contentChanged(changes: readonly FileChange[]): void {
    this.#doubts.changed(changes);
    for (const { file, kind } of changes) {
      this.#checks.changed(file);
      this.#recent.add(file);
      if (this.#triggers.invalidates === 'all') continue;
      if (kind === 'created') this.#planStale = true;
      else if (kind === 'changed') this.#ledger.markStale(file);
    }
    const isGone = deletedBy(changes);
    if (this.#triggers.invalidates === 'all') this.#ledger.markAllStale();
    else if (isGone) this.#drop(this.#ledger.deleted(isGone));
  }

  /** Asks for whatever there is to ask for. */
  #pump(): void {
    if (this.#disposed) return;
    if (this.#planStale || this.#ledger.hasStale) {
      this.#interruptLeisure();
      this.#progress.start();
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
      this.#configFiles = new Set(plan.configFiles);
      this.#takeUnits(plan);
      this.#failure = undefined;
      this.#tellProblems(plan.problems);
      await this.#host.remembered.load(this.name);
      await this.#recall(plan, abort.signal);

      if (abort.signal.aborted) return;
      if (plan.status !== 'ready') {
        this.#setState(plan.status === 'failed' ? 'failed' : 'not-applicable');
        return;
      }
    } catch (error) {
      if (abort.signal.aborted || this.#disposed) return;
      this.#planStale = true;
      this.#failure = error instanceof Error ? error.message : String(error);
      this.#tellProblems(problemsOfFailure(error));
      this.#setState('failed');
      return;
    } finally {
      if (this.#planning === abort) this.#planning = undefined;
    }
    this.#pump();
  }

  /** That of the last session if it still holds: then no worker has to start. */
  async #makePlan(signal: AbortSignal): Promise<PlanResult> {
    const { memory, pool, root } = this.#host;
    const options = this.#host.options();
    const kept = this.#recalled ? undefined : await memory?.plan(this.name, options).catch(() => undefined);
    this.#plannedAt = kept ? undefined : Date.now();
    return kept ?? pool.plan({ detector: this.name, root, options }, signal);
  }

  /** Units that a plan with a fatal problem does not name may only be lost: their issues stay, as of an earlier run. */
  #takeUnits({ units, status, problems }: PlanResult): void {
    const isComplete = status !== 'failed' && !problems.some((problem) => problem.fatal);
    const analysed = units.filter((unit) => this.#host.analyses(unit));
    this.#drop(this.#ledger.planned(analysed, (unit) => isComplete || !this.#host.analyses(unit)));
  }

  /** Units that are no more have no issues. */
  #drop(units: readonly string[]): void {
    for (const id of units) this.#host.table.dropUnit(this.name, id);
  }

  #tellProblems(ofPlan: readonly DetectorProblem[]): void {
    this.#problems.planned(ofPlan);
    this.#host.statusChanged();
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
        if (!this.#ledger.recalled(unit, generation, outline)) continue;
        for (const [file, issues] of files) {
          if (this.#host.included(file)) table.replace(this.name, unit.id, file, issues);
        }
      }
    } catch {
      // What could not be read is analysed.
    }
  }

  #submitStale(): void {
    const units = this.#ledger.takeStale();
    if (units.length === 0) return;
    if (units.some(({ kind }) => kind !== 'file') || units.length === this.#ledger.size) this.#problems.forgetChecks();
    this.#progress.asked(units.length);
    this.#checks.submit(units, this.#recent);
    this.#recent = new Set();
    this.#setState('running');
  }

  #settleIfIdle(): void {
    if (this.#checks.inWork || this.#planning || this.#planStale || this.#ledger.hasStale) {
      this.#host.statusChanged();
      return;
    }
    if (this.#state === 'waiting' || isSettled(this.#state)) return;
    if (this.#lookAgain()) return;
    const { size, unanswered } = this.#ledger;
    if (unanswered === 0) this.#failure = undefined;
    const incomplete = this.#failure !== undefined || this.#problems.fatal !== undefined;
    this.#setState(!incomplete ? 'done' : size > 0 && unanswered >= size ? 'failed' : 'partial');
    if (this.#offered) this.tryAgain();
  }

  /** Starts to look again at answers in doubt: near ones at once, the others at leisure. @returns false: there are none */
  #lookAgain(): boolean {
    this.#doubts.settle();
    if (!this.#doubts.pending) return false;
    this.#setState('confirming');
    const open = new Set(this.#host.wanted());
    const near = this.#doubts.needsFresh
      ? []
      : this.#doubts.take((unit, distance) => distance <= 1 || open.has(unit.file));
    if (near.length > 0) this.#checks.submit(near, new Set(near.map((unit) => unit.file)), true);
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
    if (this.#disposed || this.#state !== 'confirming' || this.#checks.inWork) return;
    this.#checks.submit([...this.#doubts.take(), ...this.#doubts.unconfirmed], new Set(), true);
    this.#settleIfIdle();
  }

  /** Somebody waits for something else. */
  #interruptLeisure(): void {
    clearTimeout(this.#leisure);
    this.#leisure = undefined;
    this.#checks.interruptLeisurely();
  }

  #setState(state: DetectorState): void {
    if (!isBusy(state)) this.#progress.stop();
    if (this.#state === state) return;
    this.#state = state;
    this.#host.statusChanged();
  }
}
