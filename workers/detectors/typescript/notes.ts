/** What a check was given of earlier ones, and what it wants to leave to later ones. Lives as long as one check. */
import type { CheckRequest, CheckResult } from '../../protocol/detector-protocol.ts';
import type { Notes } from './session.ts';

export class CheckNotes implements Notes {
  readonly #remembered: ReadonlyMap<string, string>;
  readonly #new = new Map<string, string>();

  constructor(remembered: CheckRequest['notes'] = {}) {
    this.#remembered = new Map(Object.entries(remembered));
  }

  get(key: string): string | undefined {
    return this.#new.get(key) ?? this.#remembered.get(key);
  }

  set(key: string, text: string): void {
    if (this.get(key) !== text) this.#new.set(key, text);
  }

  get result(): Pick<CheckResult, 'notes'> {
    return this.#new.size === 0 ? {} : { notes: Object.fromEntries(this.#new) };
  }
}
