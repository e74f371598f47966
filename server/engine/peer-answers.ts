/**
 * What an engine answers another process that would otherwise do the same analysis: the plan of one detector, and what
 * is true of its units on disk. Made for one question; it only looks at what the detector's scheduler knows.
 */
import type { DetectorProblem, Issue, PlanResult, Unit } from '../../workers/protocol/detector-protocol.ts';
import type { Checks } from './checks.ts';
import type { Invalidation } from './invalidation.ts';
import type { IssueTable } from './issue-table.ts';
import type { Problems } from './problems.ts';
import { isSettled, type DetectorState } from './status.ts';
import type { UnitStates } from './unit-states.ts';

/**
 * `pending`: it is in work, ask again after the next change of status; `soFar` is what is shown meanwhile, if that is
 * not about unsaved text. `refused`: no answer here holds for another process (other options, unsaved text, a fault);
 * whoever asked has to analyse by itself.
 */
export type PeerAnswer<Value> =
  | { readonly state: 'ready'; readonly value: Value }
  | { readonly state: 'pending'; readonly soFar?: ReadonlyMap<string, readonly Issue[]> | undefined }
  | { readonly state: 'refused' };

/** Of one unit, as of now and of what is on disk. */
export interface UnitAnswer {
  /** In quarantine, or not finished for another reason; the issues are those from before. */
  readonly unanswered: boolean;
  /** Complete: files that are not named have no issues. */
  readonly files: ReadonlyMap<string, readonly Issue[]>;
  readonly problems: readonly DetectorProblem[];
}

/** What a detector's scheduler knows. */
export interface DetectorKnowledge {
  readonly name: string;
  readonly state: DetectorState;
  /** Undefined: there is none, or a new one is to be made. */
  readonly plan: PlanResult | undefined;
  readonly states: UnitStates;
  readonly invalidation: Invalidation;
  readonly problems: Problems;
  readonly checks: Checks;
  readonly table: IssueTable;
}

const refused = { state: 'refused' } as const;

export class PeerAnswers {
  readonly #known: DetectorKnowledge;

  constructor(known: DetectorKnowledge) {
    this.#known = known;
  }

  /** The present plan, for a process that would make the same. */
  plan(): PeerAnswer<PlanResult> {
    const { plan, state } = this.#known;
    if (plan) return { state: 'ready', value: plan };
    return state === 'failed' || state === 'cancelled' ? refused : { state: 'pending' };
  }

  /** What is true of a unit, for a process that would ask its own workers. */
  answerFor({ id, group, kind }: Unit): PeerAnswer<UnitAnswer> {
    const { name, state, states, invalidation, problems, checks, table } = this.#known;
    const plan = this.plan();
    if (plan.state !== 'ready') return plan;
    const record = states.get(id);
    if (record?.unit.group !== group || problems.fatalOfChecks !== undefined) return refused;
    const { unanswered } = record;
    const isOfDisk = record.answer?.ofDisk !== false;
    const files = table.ofUnit(name, id);
    if (unanswered || (record.isUpToDate && !invalidation.isUncertain(record))) {
      return isOfDisk ? { state: 'ready', value: { unanswered, files, problems: problems.ofChecks } } : refused;
    }
    if (isSettled(state)) return refused;
    const isTellable = kind !== 'file' && isOfDisk && !checks.hasUnsaved && record.answeredBy === undefined;
    return { state: 'pending', soFar: isTellable ? files : undefined };
  }
}
