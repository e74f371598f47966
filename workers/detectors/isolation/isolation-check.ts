/** The context of the checks of the `isolation` detector. */
import type { ModuleGraph } from '../../graph/index.ts';
import type { Finding, Severity } from '../../protocol/detector-protocol.ts';
import type { RuleOf } from '../../protocol/manifest.ts';
import type { manifest } from './manifest.ts';

export type IsolationRule = RuleOf<typeof manifest>;

export interface IsolationCheck {
  readonly graph: ModuleGraph;
  isOn(rule: IsolationRule): boolean;
  /** @param severity replaces that of the rule; the rule stays off if it is off */
  report(file: string, rule: IsolationRule, finding: Omit<Finding, 'rule' | 'severity'>, severity?: Severity): void;
}

export const FIRST_LINE: Finding['range'] = { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } };
