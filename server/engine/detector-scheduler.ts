/**
 * Schedules one detector in one folder: decides what is checked, and when. The unit states record what is known of each
 * unit; the checks run the batches. Lives as long as its engine, or until the detector is turned off.
 *
 * Invariant: it becomes `done` only when nothing is running, stale, suspect or provisional.
 */
import type { DetectorProblem, PlanResult, Unit } from '../../workers/protocol/detector-protocol.ts';
import { isCachedTool, toolIn } from '../../workers/protocol/declared-tools.ts';
import { manifestOf } from '../../workers/detectors/manifests.ts';
import type { ChangeTriggers } from '../../workers/protocol/manifest.ts';
import type { FileChange, Revision } from '../journal.ts';
import { Checks } from './checks.ts';
import { deletedBy } from './deleted-paths.ts';
import { DetectorPlan } from './detector-plan.ts';
import { changeTriggersOf, classifyChange, isInUnreadFolder, type ChangeClass } from './change-triggers.ts';
import { Invalidation } from './invalidation.ts';
import { PeerAnswers } from './peer-answers.ts';
import { Problems, problemsOfFailure } from './problems.ts';
import { Progress } from './progress.ts';
import { listsAnew, type PresentPlan } from './plan-cache.ts';
import type { CacheableResult } from './result-cache.ts';
import { ReturnedFiles } from './returned-files.ts';
import type { SchedulerHost } from './scheduler-host.ts';
import { isBusy, isSettled, type DetectorState, type DetectorStatus, type DetectorWork } from './status.ts';
import { UnitStates } from './unit-states.ts';

/** Time without a change before results are revalidated: the user may go on typing. */
const idleMs = 1000;

export class DetectorScheduler {
  readonly name: string;
  readonly #host: SchedulerHost;
  readonly #states = new UnitStates();
  readonly #invalidation = new Invalidation(this.#states);
  readonly #returned = new ReturnedFiles();
  readonly #problems: Problems;
  readonly #checks: Checks;
  readonly #progress: Progress;
  readonly #plan: DetectorPlan;
  #planStale = true;
  #planning: AbortController | undefined;
  /** Files that an earlier plan had and the present one lacks, although nobody told that they are gone. */
  readonly #lost = new Set<string>();
  /** The plan lacks files that are there: nobody but this process may answer. */
  #isPlanDoubted = false;
  /** When stale units were submitted last. */
  #submittedAt: Revision = 0;
  #cancelIdle: (() => void) | undefined;
  #failure: string | undefined;
  /** The pool became available again for failed units while others were running. */
  #retryOffered = false;
  #state: DetectorState = 'waiting';
  #disposed = false;

  constructor(name: string, host: SchedulerHost) {
    this.name = name;
    this.#host = host;
    this.#problems = new Problems(name, host.table);
    this.#progress = new Progress(host.clock);
    this.#plan = new DetectorPlan(name, host);
    const known = {
      states: this.#states,
      invalidation: this.#invalidation,
      problems: this.#problems,
      isAffectedBy: (file: string) => this.#classify(file) !== 'none',
      configFiles: () => this.#plan.current?.configFiles ?? [],
    };
    this.#checks = new Checks(name, host, known, ({ units }, failure) => {
      this.#failure = failure ?? this.#failure;
      this.#progress.completed(units.length);
      this.#settleIfIdle();
    });
  }

  /** Those of a declared tool change with its declaration. */
  get #triggers(): ChangeTriggers {
    return changeTriggersOf(this.name, this.#host.options());
  }

  get state(): DetectorState {
    return this.#state;
  }

  get extensions(): readonly string[] {
    return this.#plan.current?.extensions ?? [];
  }

  /** For another process that has the same folder open. */
  get peerAnswers(): PeerAnswers {
    return new PeerAnswers({
      name: this.name,
      state: this.#state,
      plan: this.#planStale || this.#planning ? undefined : this.#plan.current,
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
    const engine = otherTools.length > 0 ? otherTools.join(', ') : this.#plan.current?.engine;
    const note = this.#plan.current?.note;
    const { timings } = this.#checks;
    return {
      name: this.name,
      state: this.#state,
      ...(engine === undefined ? {} : { engine }),
      ...(note === undefined ? {} : { note }),
      ...(error === undefined ? {} : { error }),
      problems: this.#problems.all,
      durationMs: this.#progress.durationMs,
      checked: this.#progress.checked,
      fraction: isBusy(this.#state) ? this.#progress.fraction(this.#checks.progress) : 1,
      ...(isSettled(this.#state) && uncertain > 0 ? { stale: uncertain } : {}),
      ...(timings.size === 0 ? {} : { timings: Object.fromEntries(timings) }),
    };
  }

  /** Makes the plan again and checks every unit again. */
  analyzeAll(): void {
    this.#checks.clearTimings();
    this.#failure = undefined;
    this.#everythingChanged();
    this.#pump();
  }

  /** The pool accepts work again that it had refused or given up: checks the units without a result again. */
  retryIncomplete(): void {
    // Units that are still running may also end without a result.
    this.#retryOffered = !isSettled(this.#state);
    if (this.#state !== 'failed' && this.#state !== 'partial') return;
    this.#states.invalidateIncomplete(this.#host.journal.revision);
    this.#pump();
  }

  /**
   * Files changed on disk or in the editor.
   * @param revision of the changes
   */
  filesChanged(changes: readonly FileChange[], revision: Revision): void {
    const classes = changes.map(({ file }) => this.#classify(file));
    for (const { file } of changes) this.#lost.delete(file);
    const known = changes.map((change): FileChange => {
      const isBack = this.#returned.changed(change, this.#states.get(change.file) !== undefined);
      return isBack ? { file: change.file, kind: 'created' } : change;
    });
    const concerned = known.filter((_, index) => classes[index] !== 'none');
    if (concerned.length === 0) return;
    const environment = classes.includes('environment');
    if (environment || classes.includes('configuration')) this.#everythingChanged();
    else this.#contentChanged(concerned, revision);
    if (!environment) {
      this.#pump();
      return;
    }
    // From here on, new processes do the work.
    this.#progress.start();
    this.#setState('waiting');
    void this.#host.pool.restart(this.name).finally(() => this.#pump());
  }

  /**
   * The folder was compared with the disk: plans once more if the plan lost files that are there.
   * @param exists whether a file was there when the comparison began, or since
   */
  compared(exists: (file: string) => boolean): void {
    const isDoubted = [...this.#lost].some(exists);
    this.#lost.clear();
    if (!isDoubted) return;
    this.#isPlanDoubted = true;
    this.#planStale = true;
    this.#pump();
  }

  /** Whether the file's own results are complete: nothing that is running may add any. */
  isUpToDate(file: string): boolean {
    if (isSettled(this.#state)) return true;
    const record = this.#states.get(file);
    if (record?.unit.kind === 'file') return record.isUpToDate;
    return this.#triggers.invalidates === 'all' || !(this.#planStale || this.#planning);
  }

  /** Whether a change of the file's content may change results. */
  concerns(file: string): boolean {
    const meaning = this.#classify(file);
    if (meaning !== 'content' || this.#triggers.invalidates === 'all') return meaning !== 'none';
    return this.#states.get(file) !== undefined;
  }

  /** Whether results name, or would name, problems of the file. */
  looksAt(file: string): boolean {
    if (!this.#host.included(file)) return false;
    if (this.#triggers.invalidates !== 'all') return this.#states.get(file) !== undefined;
    if (this.#plan.current?.status !== 'ready') return false;
    return [...this.#states.all].some(({ reads }) => (reads ? reads.includes(file) : this.#classify(file) !== 'none'));
  }

  /** Files outside of the root that results depend on, relative to it. */
  get outside(): readonly string[] {
    const named = [...this.#plan.configFiles, ...[...this.#states.all].flatMap(({ reads = [] }) => reads)];
    return named.filter((file) => file.startsWith('../') && !isInUnreadFolder(file));
  }

  /** What was done since the last call. */
  takeWork(): DetectorWork {
    return { detector: this.name, ...this.#states.takeWork() };
  }

  get #isCached(): boolean {
    const options = this.#host.options();
    const tool = toolIn(options);
    if (tool !== undefined) return isCachedTool(tool);
    const cached = manifestOf(this.name)?.cached ?? true;
    return typeof cached === 'boolean' ? cached : options[cached.unless] !== true;
  }

  /** Results that are certain and that the result cache does not have yet. Each is returned only once. */
  takeUncached(): readonly CacheableResult[] {
    const plan = this.#plan.current;
    const isUnderWay = this.#state === 'running' && !this.#planStale && !this.#planning;
    if (!plan || !this.#isCached || !(isUnderWay || this.#state === 'done') || this.#problems.ofChecks.length > 0)
      return [];
    // Changes that nobody has followed yet may concern any result.
    this.#invalidation.walk();
    const source = { detector: this.name, options: this.#host.options(), plan };
    return this.#states.takeUncached().map((result) => {
      return { ...source, ...result, files: this.#host.table.ofUnit(this.name, result.unit.id) };
    });
  }

  /** The plan, if it is up to date and may be found again. */
  get presentPlan(): PresentPlan | undefined {
    const { current, present } = this.#plan;
    if (this.#planStale || this.#planning || current?.status === 'failed') return undefined;
    return current?.status === 'not-applicable' || this.#isCached ? present : undefined;
  }

  /** Stops everything. Stale units stay stale and are checked with the next change or request. */
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

  /** After a pause: continues with what was cut short, and with what changed meanwhile. */
  resume(): void {
    if (this.#state === 'cancelled') this.#setState('running');
    this.#pump();
  }

  dispose(): void {
    this.#disposed = true;
    this.cancel();
    this.#checks.dispose();
    this.#host.table.dropDetector(this.name);
    this.#problems.dispose();
  }

  #classify(file: string): ChangeClass {
    return classifyChange(this.#triggers, file, this.#plan.configFiles);
  }

  #everythingChanged(): void {
    this.#planStale = true;
    this.#checks.everythingChanged();
    this.#invalidation.reset();
    this.#states.invalidateAll(this.#host.journal.revision);
  }

  #contentChanged(changes: readonly FileChange[], revision: Revision): void {
    this.#invalidation.changed(changes, revision);
    const triggers = this.#triggers;
    if (changes.some((change) => listsAnew(change, triggers))) this.#planStale = true;
    if (triggers.invalidates === 'all') {
      this.#states.invalidateReaders(changes, revision);
      return;
    }
    // A plan may have had a new file before it was reported, and its text may be another by now.
    for (const { file, kind } of changes) if (kind !== 'deleted') this.#states.invalidate(file, revision);
    const isGone = deletedBy(changes);
    if (!isGone) return;
    const gone = this.#states.deleted(isGone);
    this.#drop(gone);
    this.#plan.drop(gone);
  }

  /** Starts whatever work there is: planning, stale units, revalidation. */
  #pump(): void {
    if (this.#disposed || this.#host.paused()) return;
    if (this.#planStale || this.#states.count('stale') > 0) {
      this.#interruptIdle();
      this.#progress.start();
    }
    if (this.#planStale) {
      void this.#makePlan();
      return;
    }
    this.#submitStale();
    // A change of a file that is not a unit may have made results suspect.
    if (this.#state === 'done' || this.#state === 'partial') this.#revalidate();
    else this.#settleIfIdle();
  }

  async #makePlan(): Promise<void> {
    this.#planning?.abort();
    const abort = new AbortController();
    this.#planning = abort;
    this.#planStale = false;
    this.#setState('planning');
    const { revision } = this.#host.journal;
    try {
      const plan = await this.#plan.request(abort.signal, this.#isPlanDoubted);
      if (abort.signal.aborted || this.#disposed) return;
      this.#isPlanDoubted = false;
      this.#plan.accept(plan);
      this.#takeUnits(plan, revision);
      this.#failure = undefined;
      this.#publishProblems(plan.problems);
      await this.#host.notes.load(this.name);
      await this.#plan.recall(this.#states, this.#invalidation, abort.signal);
      if (abort.signal.aborted) return;
      if (plan.status !== 'ready' && !this.#planStale) {
        this.#setState(plan.status === 'failed' ? 'failed' : 'not-applicable');
        return;
      }
    } catch (error) {
      if (abort.signal.aborted || this.#disposed) return;
      this.#planStale = true;
      this.#failure = error instanceof Error ? error.message : String(error);
      this.#publishProblems(problemsOfFailure(error));
      this.#setState('failed');
      return;
    } finally {
      if (this.#planning === abort) this.#planning = undefined;
    }
    this.#pump();
  }

  /**
   * A plan with a fatal problem may have missed units: those keep their issues, which may be out of date.
   * @param revision when it was requested
   */
  #takeUnits({ units, status, problems }: PlanResult, revision: Revision): void {
    const isComplete = status !== 'failed' && !problems.some((problem) => problem.fatal);
    const analysed = units.filter((unit) => this.#host.analyses(unit));
    const isGone = (unit: Unit): boolean => isComplete || !this.#host.analyses(unit);
    // Follows the imports of the previous units.
    this.#invalidation.walk();
    const gone = this.#states.planned(analysed, isGone, this.#host.journal.revision);
    this.#drop(gone);
    this.#missing(gone, revision);
  }

  /** The plan lacks files that an earlier one had: they may have been away for a moment, of which nobody tells. */
  #missing(files: readonly string[], plannedAt: Revision): void {
    for (const file of files) {
      this.#returned.changed({ file, kind: 'deleted' }, false);
      if (this.#host.included(file)) this.#lost.add(file);
    }
    const since = this.#host.journal.since(plannedAt);
    if (files.some((file) => since === undefined || (since.get(file)?.kind ?? 'deleted') !== 'deleted'))
      this.#planStale = true;
  }

  /** Removes the issues of units that no longer exist. */
  #drop(units: readonly string[]): void {
    this.#invalidation.unitsChanged();
    for (const id of units) this.#host.table.dropUnit(this.name, id);
  }

  #publishProblems(ofPlan: readonly DetectorProblem[]): void {
    this.#problems.setPlanProblems(ofPlan);
    this.#host.statusChanged();
  }

  #submitStale(): void {
    const units = this.#states.stale;
    if (units.length === 0) return;
    if (units.some(({ kind }) => kind !== 'file') || units.length === this.#states.size) this.#problems.clearChecks();
    this.#progress.submitted(units.length);
    const { journal } = this.#host;
    const recent = new Set(journal.since(this.#submittedAt)?.keys());
    this.#submittedAt = journal.revision;
    this.#checks.submit(units, recent);
    this.#setState('running');
  }

  #settleIfIdle(): void {
    if (this.#checks.isRunning || this.#planning || this.#planStale || this.#states.count('stale') > 0) {
      this.#host.statusChanged();
      return;
    }
    if (this.#state === 'waiting' || isSettled(this.#state)) return;
    if (this.#revalidate()) return;
    const incomplete = this.#states.count('incomplete');
    if (incomplete === 0) this.#failure = undefined;
    const isIncomplete = this.#failure !== undefined || this.#problems.fatal !== undefined;
    const isFailed = incomplete > 0 && incomplete >= this.#states.size;
    this.#setState(!isIncomplete ? 'done' : isFailed ? 'failed' : 'partial');
    if (this.#retryOffered) this.retryIncomplete();
  }

  /** Revalidates uncertain results: those near the change at once, the others when idle. @returns false: there are none */
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
    // Something changed meanwhile, and the user waits for its results.
    if (this.#disposed || this.#state !== 'confirming' || this.#checks.isRunning) return;
    const provisional = [...this.#states.of('provisional')].map(({ unit }) => unit);
    const units = new Set([...this.#invalidation.suspects(), ...provisional]);
    this.#checks.submit([...units], new Set(), true);
    this.#settleIfIdle();
  }

  /** Cancels revalidation, because the user waits for something else. */
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
