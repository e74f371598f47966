/** What an engine tells another process that would otherwise do the same analysis. Stateless. */
import type { DetectorProblem, Issue, PlanResult, Unit } from '../../workers/protocol/detector-protocol.ts';

/**
 * `pending`: it is in work, ask again after the next change of status; `soFar` is what is shown of it meanwhile, if
 * that is not about unsaved text. `refused`: there is no answer that holds for
 * another process (other options, unsaved text, a fault); whoever asked has to analyse for itself.
 */
export type Told<Value> =
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

/** One detector of an engine, as another process may question it. */
export interface Teller {
  tellPlan(): Told<PlanResult>;
  tellAnswer(unit: Unit): Told<UnitAnswer>;
}

export const pending = { state: 'pending' } as const;
export const refused = { state: 'refused' } as const;

export function ready<Value>(value: Value): Told<Value> {
  return { state: 'ready', value };
}
