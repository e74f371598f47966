/** Reports what crosses the boundaries of the team, and the rules that Bulkhead does not enforce. */
import type { Module } from '../../graph/index.ts';
import { specifierRange } from '../../graph/record.ts';
import type { Finding } from '../../protocol/detector-protocol.ts';
import type { BoundarySet, Crossing, Violation } from './boundary.ts';
import { FIRST_LINE, type IsolationCheck } from './isolation-check.ts';

export class BoundaryCheck {
  readonly #check: IsolationCheck;
  readonly #sets: readonly BoundarySet[];
  readonly #overridesSeverity: boolean;

  /** @param overridesSeverity the user set the severity of the rule, so the severities of other tools do not count */
  constructor(check: IsolationCheck, sets: readonly BoundarySet[], overridesSeverity: boolean) {
    this.#check = check;
    this.#sets = sets;
    this.#overridesSeverity = overridesSeverity;
  }

  crossing(module: Module, crossing: Crossing): void {
    const { from, to, request } = crossing;
    for (const { boundaries } of this.#sets) {
      for (const boundary of boundaries) {
        const violation = boundary(crossing);
        if (!violation) continue;
        const message = `${from} must not import ${to ?? request.specifier} (${violation.name}).`;
        this.#report(from, violation, message, specifierRange(module.record, request));
      }
    }
  }

  /** Violations of whole files, and rules that are not enforced. */
  files(): void {
    for (const { fileViolations, unsupported = [], flaws = [] } of this.#sets) {
      for (const { file, message, range } of flaws)
        this.#check.report(file, 'invalid-configuration', { message, range });
      for (const violation of fileViolations?.() ?? []) {
        const { file, what, name } = violation;
        this.#report(file, violation, `${file} ${what} (${name}).`, FIRST_LINE);
      }
      for (const [file, rules] of Map.groupBy(unsupported, (rule) => rule.file)) {
        const message = `Bulkhead does not enforce these rules because it cannot read them: ${rules.map(({ what }) => what).join(', ')}.`;
        this.#check.report(file, 'boundary', { message, range: FIRST_LINE }, 'info');
      }
    }
  }

  #report(file: string, { message, severity }: Violation, text: string, range: Finding['range']): void {
    const finding = { message: message === undefined ? text : `${text} ${message}`, range };
    this.#check.report(file, 'boundary', finding, this.#overridesSeverity ? undefined : severity);
  }
}
