/**
 * Which changes one process knows of, by detector, so that it is told each of them once. Lives as long as its worker;
 * `reset` begins anew with each process.
 */
import type { Revision } from '../journal.ts';
import type { Job } from './job.ts';

export class KnownRevisions {
  /** By detector: the process was told of all changes up to this revision. */
  readonly #told = new Map<string, Revision>();
  /** Of the first check of the process: whatever it has read, it read later. */
  #firstCheck: Revision | undefined;

  reset(): void {
    this.#told.clear();
    this.#firstCheck = undefined;
  }

  /**
   * Notes that a job is about to tell the process what changed.
   * @returns the revision up to which it knew all changes before; undefined: it knew of none
   */
  begin({ detector, revision }: Job): Revision | undefined {
    if (revision === undefined) return undefined;
    const known = this.#told.get(detector) ?? this.#firstCheck;
    this.#firstCheck ??= revision;
    this.#told.set(detector, Math.max(revision, known ?? revision));
    return known;
  }

  /**
   * Takes a job back that may have ended before the detector took in what changed.
   * @param known what `begin` returned
   */
  revert({ detector }: Job, known: Revision | undefined): void {
    if (known === undefined) this.#told.delete(detector);
    else this.#told.set(detector, known);
  }
}
