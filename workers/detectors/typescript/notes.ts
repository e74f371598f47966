/** The notes of earlier checks, and new notes for later ones. Lives as long as one check. */
import type { CheckRequest, CheckResult } from '../../protocol/detector-protocol.ts';
import type { Notes } from './session.ts';

export class CheckNotes implements Notes {
  readonly #earlier: ReadonlyMap<string, string>;
  readonly #new = new Map<string, string>();

  constructor(remembered: CheckRequest['notes'] = {}) {
    this.#earlier = new Map(Object.entries(remembered));
  }

  get(key: string): string | undefined {
    return this.#new.get(key) ?? this.#earlier.get(key);
  }

  set(key: string, text: string): void {
    if (this.get(key) !== text) this.#new.set(key, text);
  }

  get result(): Pick<CheckResult, 'notes'> {
    return this.#new.size === 0 ? {} : { notes: Object.fromEntries(this.#new) };
  }
}
