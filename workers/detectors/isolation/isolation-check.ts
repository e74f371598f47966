/** The context of the checks of the `isolation` detector. */
import type { ModuleGraph } from '../../graph/index.ts';
import type { Finding, Severity } from '../../protocol/detector-protocol.ts';

export type IsolationRule =
  | 'cross-package-relative-import'
  | 'deep-import'
  | 'private-folder'
  | 'prod-imports-test'
  | 'app-imports-app'
  | 'boundary'
  | 'unstable-dependency'
  | 'hub-module'
  | 'god-module'
  | 'mutable-export'
  | 'effect-on-load';

export interface IsolationCheck {
  readonly graph: ModuleGraph;
  isOn(rule: IsolationRule): boolean;
  /** @param severity replaces that of the rule; the rule stays off if it is off */
  report(file: string, rule: IsolationRule, finding: Omit<Finding, 'rule' | 'severity'>, severity?: Severity): void;
}

export const FIRST_LINE: Finding['range'] = { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } };
