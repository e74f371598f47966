/**
 * Schedules one detector in one folder: decides what is asked for, and when. What is known of each unit is in its unit
 * states, what is in work in its checks. Lives as long as its engine; a detector that is turned off disposes it.
 *
 * Invariant: it becomes `done` only when nothing is in work, stale, suspect or to be revalidated.
 */
import type { DetectorProblem, PlanResult, Unit } from '../../workers/protocol/detector-protocol.ts';
import { manifestOf } from '../../workers/detectors/manifests.ts';
import type { ChangeTriggers } from '../../workers/protocol/manifest.ts';
import type { FileChange, Revision } from '../journal.ts';
import { Checks } from './checks.ts';
import { deletedBy } from './deleted-paths.ts';
import { changeTriggersOf, classifyChange, type ChangeClass } from './change-triggers.ts';
import { Invalidation } from './invalidation.ts';
import { PeerAnswers } from './peer-answers.ts';
import { Problems, problemsOfFailure } from './problems.ts';
import { Progress } from './progress.ts';
import type { Answer, EmptyPlan, Moment } from './result-cache.ts';
import type { SchedulerHost } from './scheduler-host.ts';
import { isBusy, isSettled, type DetectorState, type DetectorStatus, type DetectorWork } from './status.ts';
import { UnitStates } from './unit-states.ts';

/** Without a change, before answers are revalidated: the user may go on typing. */
const idleMs = 1000;

export class DetectorScheduler {
  readonly name: string;
  readonly #host: SchedulerHost;
  readonly #triggers: ChangeTriggers;
  readonly #states = new UnitStates();
  readonly #invalidation = new Invalidation(this.#states);
  readonly #problems: Problems;
  readonly #checks: Checks;
  readonly #progress: Progress;
  #currentPlan: PlanResult | undefined;
  #configFiles: ReadonlySet<string> = new Set();
  /** When the present plan was asked for, if the result cache has not been given it. */
  #plannedAt: Moment | undefined;
  #planStale = true;
  #planning: AbortController | undefined;
  #recalled = false;
  /** When stale units were asked for last. */
  #askedAt: Revision = 0;
  #cancelIdle: (() => void) | undefined;
  #failure: string | undefined;
  /** The pool could do again what it had refused, while something was in work. */
  #offered = false;
  #state: DetectorState = 'waiting';
  #disposed = false;

  constructor(name: string, host: SchedulerHost) {
    this.name = name;
    this.#host = host;
    this.#triggers = changeTriggersOf(name);
    this.#problems = new Problems(name, host.table);
    this.#progress = new Progress(host.clock);
    const known = {
      states: this.#states,
      invalidation: this.#invalidation,
      problems: this.#problems,
      concerns: (file: string) => this.#classify(file) !== 'none',
    };
    this.#checks = new Checks(name, host, known, ({ units }, failure) => {
      this.#failure = failure ?? this.#failure;
      this.#progress.answered(units.length);
      this.#settleIfIdle();
    });
  }

  get state(): DetectorState {
    return this.#state;
  }

  /** For a process that would otherwise do the same. */
  get peerAnswers(): PeerAnswers {
    return new PeerAnswers({
      name: this.name,
      state: this.#state,
      plan: this.#planStale || this.#planning ? undefined : this.#currentPlan,
      states: this.#states,
      invalidation: this.#invalidation,
      problems: this.#problems,
      checks: this.#checks,
      table: this.#host.table,
    });
  }

  status(): DetectorStatus {
    const error = this.#failure ?? this.#problems.fatal;
    this.#invalidation.walk();
    const uncertain = this.#states.count('uncertain');
    const { otherTools } = this.#states;
    const engine = otherTools.length > 0 ? otherTools.join(', ') : this.#currentPlan?.engine;
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
      ...(isSettled(this.#state) && uncertain > 0 ? { stale: uncertain } : {}),
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
    this.#states.invalidateUnanswered(this.#host.journal.revision);
    this.#pump();
  }

  /**
   * Files changed on disk or in the editor.
   * @param revision of the changes
   */
  filesChanged(changes: readonly FileChange[], revision: Revision): void {
    const classes = changes.map(({ file }) => this.#classify(file));
    const concerned = changes.filter((_, index) => classes[index] !== 'none');
    if (concerned.length === 0) return;
    const environment = classes.includes('environment');
    if (environment || classes.includes('configuration')) this.#everythingChanged();
    else this.#contentChanged(concerned, revision);
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
    const record = this.#states.get(file);
    if (record?.unit.kind === 'file') return record.isUpToDate;
    return this.#triggers.invalidates === 'all' || !(this.#planStale || this.#planning);
  }

  /** What was done since this was asked last. */
  takeWork(): DetectorWork {
    return { detector: this.name, ...this.#states.takeWork() };
  }

  /** Answers that the result cache has not been given yet; each is handed out once. */
  takeAnswers(): readonly Answer[] {
    const plan = this.#currentPlan;
    const isCached = manifestOf(this.name)?.cached !== false;
    if (!plan || !isCached || this.#state !== 'done' || this.#problems.ofChecks.length > 0) return [];
    const made = { detector: this.name, options: this.#host.options(), plan };
    return this.#states.takeUncached().map((result) => {
      return { ...made, ...result, files: this.#host.table.ofUnit(this.name, result.unit.id) };
    });
  }

  /** The present plan if it found nothing to do and the result cache has not been given it yet. */
  takeEmptyPlan(): EmptyPlan | undefined {
    const plan = this.#currentPlan;
    const made = this.#plannedAt;
    if (!plan || this.#state !== 'not-applicable' || made === undefined) return undefined;
    this.#plannedAt = undefined;
    return { detector: this.name, options: this.#host.options(), plan, made };
  }

  /** Stops what is in work. Stale units stay stale and are analysed with the next change or request. */
  cancel(): void {
    if (this.#planning) {
      this.#planning.abort();
      this.#planning = undefined;
      this.#planStale = true;
    }
    this.#interruptIdle();
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

  #classify(file: string): ChangeClass {
    return classifyChange(this.#triggers, file, this.#configFiles);
  }

  #everythingChanged(): void {
    this.#planStale = true;
    this.#checks.everythingChanged();
    this.#invalidation.reset();
    this.#states.invalidateAll(this.#host.journal.revision);
  }

  #contentChanged(changes: readonly FileChange[], revision: Revision): void {
    this.#invalidation.changed(changes, revision);
    if (this.#triggers.invalidates === 'all') {
      this.#states.invalidateAll(revision);
      return;
    }
    for (const { file, kind } of changes) {
      if (kind === 'created') this.#planStale = true;
      else if (kind === 'changed') this.#states.invalidate(file, revision);
    }
    const isGone = deletedBy(changes);
    if (isGone) this.#drop(this.#states.deleted(isGone));
  }

  /** Asks for whatever there is to ask for. */
  #pump(): void {
    if (this.#disposed) return;
    if (this.#planStale || this.#states.count('stale') > 0) {
      this.#interruptIdle();
      this.#progress.start();
    }
    if (this.#planStale) {
      void this.#plan();
      return;
    }
    this.#submitStale();
    // A file that no unit stands for may have made answers suspect all the same.
    if (this.#state === 'done' || this.#state === 'partial') this.#revalidate();
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
      await this.#host.notes.load(this.name);
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
    const { cache, clock, journal, pool, root } = this.#host;
    const options = this.#host.options();
    const cached = this.#recalled ? undefined : await cache?.plan(this.name, options).catch(() => undefined);
    this.#plannedAt = cached ? undefined : { revision: journal.revision, at: clock.date() };
    return cached ?? pool.plan({ detector: this.name, root, options }, signal);
  }

  /** Units that a plan with a fatal problem does not name may only be lost: their issues stay, as of an earlier run. */
  #takeUnits({ units, status, problems }: PlanResult): void {
    const isComplete = status !== 'failed' && !problems.some((problem) => problem.fatal);
    const analysed = units.filter((unit) => this.#host.analyses(unit));
    const isGone = (unit: Unit): boolean => isComplete || !this.#host.analyses(unit);
    // By the imports of the units that there were.
    this.#invalidation.walk();
    this.#drop(this.#states.planned(analysed, isGone, this.#host.journal.revision));
  }

  /** Units that are no more have no issues. */
  #drop(units: readonly string[]): void {
    this.#invalidation.unitsChanged();
    for (const id of units) this.#host.table.dropUnit(this.name, id);
  }

  #tellProblems(ofPlan: readonly DetectorProblem[]): void {
    this.#problems.planned(ofPlan);
    this.#host.statusChanged();
  }

  /** Once, at the start of a session: answers of the last one to units whose inputs are the same. */
  async #recall(plan: PlanResult, signal: AbortSignal): Promise<void> {
    const { cache, journal, table } = this.#host;
    if (this.#recalled || !cache || plan.status !== 'ready') return;
    this.#recalled = true;
    const revision = journal.mark();
    try {
      for (const file of await cache.changedOffline(this.name)) this.#invalidation.changedOffline(file);
      for await (const { unit, files, signature } of cache.units(this.name, this.#host.options(), plan)) {
        if (signal.aborted || this.#disposed) return;
        if (!this.#states.recalled(unit.id, revision, signature)) continue;
        for (const [file, issues] of files) {
          if (this.#host.included(file)) table.replace(this.name, unit.id, file, issues);
        }
      }
    } catch {
      // What could not be read is analysed.
    } finally {
      this.#invalidation.unitsChanged();
    }
  }

  #submitStale(): void {
    const units = this.#states.stale;
    if (units.length === 0) return;
    if (units.some(({ kind }) => kind !== 'file') || units.length === this.#states.size) this.#problems.forgetChecks();
    this.#progress.asked(units.length);
    const { journal } = this.#host;
    const recent = new Set(journal.since(this.#askedAt)?.keys());
    this.#askedAt = journal.revision;
    this.#checks.submit(units, recent);
    this.#setState('running');
  }

  #settleIfIdle(): void {
    if (this.#checks.inWork || this.#planning || this.#planStale || this.#states.count('stale') > 0) {
      this.#host.statusChanged();
      return;
    }
    if (this.#state === 'waiting' || isSettled(this.#state)) return;
    if (this.#revalidate()) return;
    const unanswered = this.#states.count('unanswered');
    if (unanswered === 0) this.#failure = undefined;
    const isIncomplete = this.#failure !== undefined || this.#problems.fatal !== undefined;
    const isFailed = unanswered > 0 && unanswered >= this.#states.size;
    this.#setState(!isIncomplete ? 'done' : isFailed ? 'failed' : 'partial');
    if (this.#offered) this.tryAgain();
  }

  /** Begins to ask again for uncertain answers: near ones at once, the others when idle. @returns false: there are none */
  #revalidate(): boolean {
    this.#invalidation.settle();
    if (!this.#invalidation.pending) return false;
    this.#setState('confirming');
    const open = new Set(this.#host.openFiles());
    const near = this.#invalidation.needsFresh
      ? []
      : this.#invalidation.suspects((unit, distance) => distance <= 1 || open.has(unit.file));
    if (near.length > 0) this.#checks.submit(near, new Set(near.map((unit) => unit.file)), true);
    else this.#cancelIdle ??= this.#host.clock.after(idleMs, () => void this.#revalidateRest());
    return true;
  }

  async #revalidateRest(): Promise<void> {
    if (this.#invalidation.needsFresh) {
      this.#invalidation.refreshed();
      await this.#host.pool.restart(this.name);
    }
    this.#cancelIdle = undefined;
    // Meanwhile something changed that somebody waits for.
    if (this.#disposed || this.#state !== 'confirming' || this.#checks.inWork) return;
    const provisional = [...this.#states.of('provisional')].map(({ unit }) => unit);
    const units = new Set([...this.#invalidation.suspects(), ...provisional]);
    this.#checks.submit([...units], new Set(), true);
    this.#settleIfIdle();
  }

  /** Somebody waits for something else. */
  #interruptIdle(): void {
    this.#cancelIdle?.();
    this.#cancelIdle = undefined;
    this.#checks.interruptIdle();
  }

  #setState(state: DetectorState): void {
    if (!isBusy(state)) this.#progress.stop();
    if (this.#state === state) return;
    this.#state = state;
    this.#host.statusChanged();
  }
}
