/** The pool the engine uses: tasks in, events and outcomes out. Everything below it lives and dies with it. */
import os from 'node:os';
import { systemClock, type Clock, type Random } from './clock.ts';
import { CheckRun } from './check-run.ts';
import { detectorTable, placeOf, type DetectorTable, type Lane, type Limits, type Place } from './detectors.ts';
import { Fleet } from './fleet.ts';
import type { Launch } from './link.ts';
import { PlanFailure } from './plan-failure.ts';
import { launchProcess } from './process-link.ts';
import { Strikes } from './strikes.ts';
import type {
  CheckOutcome,
  CheckTask,
  CompartmentHealth,
  ExitReason,
  Pool,
  PoolNotice,
  QuarantinedInput,
} from './types.ts';
import { PlanWork } from './work.ts';
import type { PlanRequest, PlanResult, Unit } from '../../workers/protocol.ts';

export { PlanFailure };

export type PoolLog = (level: 'error' | 'warn' | 'info' | 'debug', message: string) => void;

export interface PoolOptions {
  /** Processes at once. Default: the cores of this machine, at most 4. */
  readonly maxWorkers?: number;
  /** For every detector; what its entry in the table says wins. */
  readonly limits?: Partial<Limits>;
  /** Default: Bulkhead's own detectors. */
  readonly detectors?: DetectorTable;
  /** What the user should hear once: a detector degraded or disabled, the pool stopped. */
  readonly onNotice?: (notice: PoolNotice) => void;
  readonly log?: PoolLog;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly launch?: Launch;
}

export function createPool(options: PoolOptions = {}): Pool {
  return new CompartmentPool(options);
}

class CompartmentPool implements Pool {
  readonly #table: DetectorTable;
  readonly #limits: Partial<Limits>;
  readonly #clock: Clock;
  readonly #log: PoolLog;
  readonly #fleet: Fleet;
  readonly #strikes = new Strikes();
  readonly #runs = new Set<CheckRun>();
  readonly #listeners = new Set<() => void>();
  readonly #closing = new AbortController();

  constructor(options: PoolOptions) {
    this.#table = options.detectors ?? detectorTable;
    this.#limits = options.limits ?? {};
    this.#clock = options.clock ?? systemClock;
    this.#log = options.log ?? (() => {});
    this.#fleet = new Fleet(options.maxWorkers ?? Math.min(os.availableParallelism(), 4), {
      clock: this.#clock,
      random: options.random ?? Math.random,
      launch: options.launch ?? launchProcess,
      log: this.#log,
      onChange: () => this.#changed(),
      onNotice: options.onNotice ?? (() => {}),
      onFault: (compartment, death) => this.#log('warn', `${compartment.name}: ${death.reason.message}`),
      roomForMore: () => true,
    });
  }

  async plan(request: PlanRequest, signal: AbortSignal): Promise<PlanResult> {
    const place = this.#placeOf(request.detector, request.root, 'light');
    if (place === undefined) throw new PlanFailure(unknownDetector(request.detector), undefined);
    const work = new PlanWork(request, place, AbortSignal.any([signal, this.#closing.signal]), this.#fleet);
    if (!work.signal.aborted) this.#fleet.enqueue(work);
    return (await work.answer).plan;
  }

  async check(task: CheckTask): Promise<CheckOutcome> {
    const { detector, root, units, generation, changed } = task.request;
    const place = this.#placeOf(detector, root, laneOf(units));
    if (place === undefined) {
      return { kind: 'failed', message: unknownDetector(detector), unfinished: units, quarantined: [] };
    }
    const run = new CheckRun({
      task,
      place,
      dispatcher: this.#fleet,
      strikes: this.#strikes,
      alreadyQuarantined: [],
      quarantine: (unit, file, reason) => this.#quarantine(task, place, unit, file, reason),
      onProgress: () => this.#fleet.progressed(place),
      onFault: (error) => this.#log('error', `A listener of check events failed: ${String(error)}`),
    });
    this.#runs.add(run);
    this.#fleet.noteChanges(place, generation, changed);
    if (this.#closing.signal.aborted) run.cancel();
    else run.start(units);
    try {
      return await run.outcome;
    } finally {
      this.#runs.delete(run);
    }
  }

  health(): readonly CompartmentHealth[] {
    return this.#fleet.health();
  }

  onHealth(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  restart(detector?: string): Promise<void> {
    const entry = detector === undefined ? undefined : this.#table[detector];
    return this.#fleet.restart(entry?.compartment);
  }

  async dispose(): Promise<void> {
    this.#closing.abort();
    for (const run of this.#runs) run.cancel();
    await this.#fleet.dispose();
  }

  #placeOf(detector: string, root: string, lane: Lane): Place | undefined {
    return placeOf(this.#table, detector, root, lane, this.#limits);
  }

  #quarantine(task: CheckTask, place: Place, unit: Unit, file: string, reason: ExitReason): QuarantinedInput {
    const { detector, root } = task.request;
    return { detector, root, unit, file, reason, limitMb: place.limits.memoryMb, since: this.#clock.date() };
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }
}

function laneOf(units: readonly Unit[]): Lane {
  return units.some((unit) => unit.lane === 'heavy') ? 'heavy' : 'light';
}

function unknownDetector(name: string): string {
  return `There is no detector named ${name}.`;
}
