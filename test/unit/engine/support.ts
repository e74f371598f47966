/** A pool that does what the test says, step by step, and issues to feed it with. */
import type {
  CheckEvent,
  InterfaceSignature,
  Issue,
  PlanRequest,
  PlanResult,
  Unit,
} from '../../../workers/protocol/detector-protocol.ts';
import type { CheckOutcome, CheckTask, Pool } from '../../../server/pool/types.ts';

export function issue(detector: string, file: string, line: number, rule = 'rule', message = 'message'): Issue {
  const range = { start: { line, character: 0 }, end: { line, character: 1 } };
  return { detector, file, rule, message, severity: 'error', range, fixable: false, fingerprint: `${file}:${line}` };
}

export function fileUnit(file: string): Unit {
  return { id: file, kind: 'file', group: 'g', file };
}

export function projectUnit(id: string): Unit {
  return { id, kind: 'project', group: 'g', file: id };
}

export function planOf(units: readonly Unit[], more: Partial<PlanResult> = {}): PlanResult {
  return { status: 'ready', units, problems: [], configFiles: [], ...more };
}

/** A check in hand: the test answers for it. */
export class HeldCheck {
  readonly task: CheckTask;
  /** What a worker is told that has done every check of the detector so far; undefined: anything may have changed. */
  readonly changed: readonly string[] | undefined;
  settled = false;
  readonly #resolve: (outcome: CheckOutcome) => void;

  /** @param heard revision of the check before */
  constructor(task: CheckTask, heard: number | undefined, resolve: (outcome: CheckOutcome) => void) {
    this.task = task;
    this.changed = heard === undefined ? undefined : task.changedSince?.(heard);
    this.#resolve = resolve;
    task.signal.addEventListener('abort', () => resolve({ kind: 'cancelled' }));
  }

  get files(): readonly string[] {
    return this.task.request.units.map((unit) => unit.file);
  }

  /** All issues of a file of a unit, and its end. */
  async answer(unit: string, file: string, issues: readonly Issue[], signature?: InterfaceSignature): Promise<void> {
    const events: CheckEvent[] = [
      { kind: 'begin', unit, file },
      { kind: 'issues', unit, file, issues },
      { kind: 'done', unit, file, ...(signature ? { signature } : {}) },
    ];
    for (const event of events) await this.task.onEvent(event);
  }

  async finish(outcome?: CheckOutcome): Promise<void> {
    this.settled = true;
    this.#resolve(outcome ?? { kind: 'done', result: { durationMs: 1, files: 1, issues: 1 }, quarantined: [] });
    await settle();
  }
}

export class ScriptedPool implements Pool {
  readonly plans: PlanRequest[] = [];
  /** Of each plan, whether no earlier one counts. */
  readonly doubted: boolean[] = [];
  readonly checks: HeldCheck[] = [];
  readonly restarted: (string | undefined)[] = [];
  /** Says that a detector's work may be asked for again. */
  available: (detector: string) => void = () => {};
  plannedBy: (request: PlanRequest) => Promise<PlanResult>;

  constructor(plannedBy: (request: PlanRequest) => Promise<PlanResult>) {
    this.plannedBy = plannedBy;
  }

  plan(request: PlanRequest, _signal?: AbortSignal, isDoubted = false): Promise<PlanResult> {
    this.plans.push(request);
    this.doubted.push(isDoubted);
    return this.plannedBy(request);
  }

  check(task: CheckTask): Promise<CheckOutcome> {
    const { detector, revision } = task.request;
    const known = this.checks.filter(({ task: { request } }) => request.detector === detector);
    const heard = known.findLast(({ task: { request } }) => request.revision < revision);
    return new Promise((resolve) => this.checks.push(new HeldCheck(task, heard?.task.request.revision, resolve)));
  }

  /** The newest check. */
  get last(): HeldCheck {
    const check = this.checks.at(-1);
    if (!check) throw new Error('No check was asked for.');
    return check;
  }

  health(): [] {
    return [];
  }

  onAvailable(listener: (detector: string) => void): () => void {
    this.available = listener;
    return () => {
      this.available = () => {};
    };
  }

  onHealth(): () => void {
    return () => {};
  }

  restart(detector?: string): Promise<void> {
    this.restarted.push(detector);
    return Promise.resolve();
  }

  dispose(): Promise<void> {
    return Promise.resolve();
  }
}

/** Lets promises and the engine's announcements run. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 4; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve));
}
