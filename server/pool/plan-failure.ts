import type { ExitReason } from './types.ts';

/** A detector's worker could not answer a plan; `reason` says how it ended, unless the detector itself threw. */
export class PlanFailure extends Error {
  override readonly name = 'PlanFailure';
  readonly reason: ExitReason | undefined;

  constructor(message: string, reason: ExitReason | undefined, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}
