/**
 * How much of an analysis is done. The detectors that take part count by the time that each is expected to take. Lives as
 * long as the connection; an analysis lasts while the user waits for any detector.
 */
import { isBusy, type DetectorStatus } from '../engine/status.ts';

/** Assumed of a detector that cannot tell how far it is: one that checks everything at once. */
const unknownFraction = 0.1;

export class AnalysisPercent {
  /** Positions in the list of statuses of the detectors that took part. */
  readonly #parts = new Set<number>();
  #highest = 0;

  /**
   * @param statuses of all detectors of all folders, always in the same order
   * @returns 0 to 99, never less than before; undefined: the user waits for nothing
   */
  of(statuses: readonly DetectorStatus[]): number | undefined {
    if (!statuses.some(({ state }) => isBusy(state))) {
      this.#parts.clear();
      this.#highest = 0;
      return undefined;
    }
    for (const [index, { state }] of statuses.entries()) if (isBusy(state)) this.#parts.add(index);
    let [done, expected] = [0, 0];
    for (const [index, { fraction, durationMs, state }] of statuses.entries()) {
      if (!this.#parts.has(index)) continue;
      done += isBusy(state) && fraction === 0 ? 0 : durationMs;
      expected += isBusy(state) ? durationMs / (fraction || unknownFraction) : durationMs;
    }
    const percent = expected === 0 ? 0 : Math.floor((100 * done) / expected);
    this.#highest = Math.min(99, Math.max(this.#highest, percent));
    return this.#highest;
  }
}
