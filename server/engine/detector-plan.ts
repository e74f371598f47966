/**
 * The plan of one detector, and the results of the last session that belong to it. Lives as long as the detector's
 * scheduler, which decides when a plan is requested.
 */
import path from 'node:path';
import type { PlanResult } from '../../workers/protocol/detector-protocol.ts';
import type { Invalidation } from './invalidation.ts';
import type { Moment } from './moment.ts';
import type { PresentPlan } from './plan-cache.ts';
import type { SchedulerHost } from './scheduler-host.ts';
import type { UnitStates } from './unit-states.ts';

export class DetectorPlan {
  readonly #detector: string;
  readonly #host: SchedulerHost;
  #current: PlanResult | undefined;
  #configFiles: ReadonlySet<string> = new Set();
  /** When the present plan was requested; undefined: the result cache had it. */
  #requestedAt: Moment | undefined;
  /** The same of the plan that is being made. */
  #nextAt: Moment | undefined;
  #isRecalled = false;

  constructor(detector: string, host: SchedulerHost) {
    this.#detector = detector;
    this.#host = host;
  }

  /** Undefined before the first plan. */
  get current(): PlanResult | undefined {
    return this.#current;
  }

  /** Relative paths of the files that the plan named as configuration. */
  get configFiles(): ReadonlySet<string> {
    return this.#configFiles;
  }

  /**
   * Returns the plan of the last session if it is still valid, because then no worker has to start.
   * @param isDoubted see {@link Pool.plan}
   * @throws what the pool throws when it cannot make a plan
   */
  async request(signal: AbortSignal, isDoubted: boolean): Promise<PlanResult> {
    const { cache, clock, journal, pool, root } = this.#host;
    const options = this.#host.options();
    const cached = this.#isRecalled ? undefined : await cache?.plan(this.#detector, options).catch(() => undefined);
    this.#nextAt = cached ? undefined : { revision: journal.revision, at: clock.date() };
    return cached ?? pool.plan({ detector: this.#detector, root, options }, signal, isDoubted);
  }

  accept(plan: PlanResult): void {
    this.#current = plan;
    this.#requestedAt = this.#nextAt;
    const { root } = this.#host;
    const relative = (file: string): string => path.relative(root, file).split(path.sep).join('/');
    this.#configFiles = new Set(plan.configFiles.map((file) => (path.isAbsolute(file) ? relative(file) : file)));
  }

  /** For the result cache. Undefined before the first plan. */
  get present(): PresentPlan | undefined {
    const plan = this.#current;
    if (!plan) return undefined;
    return { detector: this.#detector, options: this.#host.options(), plan, requestedAt: this.#requestedAt };
  }

  /** Leaves out units whose files were deleted, unless nothing would be left: then it is another plan. */
  drop(ids: readonly string[]): void {
    const plan = this.#current;
    if (!plan || ids.length === 0) return;
    const gone = new Set(ids);
    const units = plan.units.filter(({ id }) => !gone.has(id));
    if (units.length > 0) this.#current = { ...plan, units };
  }

  /** Takes results of the last session for units whose inputs have not changed. Only once, at the start of a session. */
  async recall(states: UnitStates, invalidation: Invalidation, signal: AbortSignal): Promise<void> {
    const { cache, journal, table } = this.#host;
    const plan = this.#current;
    if (this.#isRecalled || !cache || plan?.status !== 'ready') return;
    this.#isRecalled = true;
    const revision = journal.mark();
    try {
      for (const file of await cache.changedOffline(this.#detector)) invalidation.changedOffline(file);
      for await (const { unit, files, signature, reads, filesOfRoot } of cache.units(
        this.#detector,
        this.#host.options(),
        plan,
      )) {
        if (signal.aborted) return;
        if (!states.recalled(unit.id, revision, signature, reads)) continue;
        states.existed(filesOfRoot, revision);
        for (const [file, issues] of files) {
          if (this.#host.included(file)) table.replace(this.#detector, unit.id, file, issues);
        }
      }
    } catch {
      // Results that cannot be read are made again.
    } finally {
      invalidation.unitsChanged();
    }
  }
}
