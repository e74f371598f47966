/**
 * Answers another process that would otherwise do the same analysis: gives it the plan of one detector, and the issues
 * of its units on disk. Created for one request; reads what the detector's scheduler knows, and changes nothing.
 */
import type { DetectorProblem, Issue, PlanResult, Unit } from '../../workers/protocol/detector-protocol.ts';
import type { Checks } from './checks.ts';
import type { Invalidation } from './invalidation.ts';
import type { IssueTable } from './issue-table.ts';
import type { Problems } from './problems.ts';
import { isSettled, type DetectorState } from './status.ts';
import type { UnitStates } from './unit-states.ts';

/**
 * `pending`: still running; ask again after the next change of status. `soFar` has the issues until then, unless they
 * depend on unsaved text. `refused`: nothing here is valid for another process (other options, unsaved text, a fault), so
 * that process has to do the analysis itself.
 */
export type PeerAnswer<Value> =
  | { readonly state: 'ready'; readonly value: Value }
  | { readonly state: 'pending'; readonly soFar?: ReadonlyMap<string, readonly Issue[]> | undefined }
  | { readonly state: 'refused' };

/** The present results of one unit, for the files on disk. */
export interface UnitAnswer {
  /** It is in quarantine, or could not be finished: the issues are those of an earlier check. */
  readonly incomplete: boolean;
  /** All files with issues. */
  readonly files: ReadonlyMap<string, readonly Issue[]>;
  readonly problems: readonly DetectorProblem[];
}

/** What a detector's scheduler knows at one moment. */
export interface SchedulerSnapshot {
  readonly name: string;
  readonly state: DetectorState;
  /** Undefined: there is none, or it is out of date. */
  readonly plan: PlanResult | undefined;
  readonly states: UnitStates;
  readonly invalidation: Invalidation;
  readonly problems: Problems;
  readonly checks: Checks;
  readonly table: IssueTable;
}

const refused = { state: 'refused' } as const;

export class PeerAnswers {
  readonly #snapshot: SchedulerSnapshot;

  constructor(snapshot: SchedulerSnapshot) {
    this.#snapshot = snapshot;
  }

  /** The present plan. */
  plan(): PeerAnswer<PlanResult> {
    const { plan, state } = this.#snapshot;
    if (plan) return { state: 'ready', value: plan };
    return state === 'failed' || state === 'cancelled' ? refused : { state: 'pending' };
  }

  /** The present results of a unit. */
  answerFor({ id, group, kind }: Unit): PeerAnswer<UnitAnswer> {
    const { name, state, states, invalidation, problems, checks, table } = this.#snapshot;
    const plan = this.plan();
    if (plan.state !== 'ready') return plan;
    const record = states.get(id);
    if (record?.unit.group !== group || problems.fatalOfChecks !== undefined) return refused;
    const { incomplete } = record;
    const isOnDisk = record.result?.isOnDisk !== false;
    const files = table.ofUnit(name, id);
    if (incomplete || (record.isUpToDate && !invalidation.isUncertain(record))) {
      return isOnDisk ? { state: 'ready', value: { incomplete, files, problems: problems.ofChecks } } : refused;
    }
    if (isSettled(state)) return refused;
    const canShare = kind !== 'file' && isOnDisk && !checks.hasUnsaved && record.answeredBy === undefined;
    return { state: 'pending', soFar: canShare ? files : undefined };
  }
}
