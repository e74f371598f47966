/** What the checks of the `import` detector work on and report. */
import type { Toolchain } from '../../graph/toolchain.ts';
import type { IgnoredPaths } from '../../graph/ignored.ts';
import type { Module, ModuleGraph } from '../../graph/index.ts';
import type { ModuleRequest } from '../../graph/record.ts';
import type { Finding } from '../../protocol/detector-protocol.ts';

export type ImportRule =
  | 'unresolved'
  | 'unresolved-package'
  | 'missing-export'
  | 'case-mismatch'
  | 'exports-blocked'
  | 'missing-extension-esm'
  | 'duplicate-import'
  | 'absolute-path'
  | 'deprecated-builtin'
  | 'commonjs-in-esm';

export interface ImportCheck {
  readonly graph: ModuleGraph;
  readonly toolchain: Toolchain;
  /** What git ignores. */
  readonly gitIgnored: IgnoredPaths;
  /** Files that are made to be wrong. */
  isIgnored(file: string): boolean;
  /** The user, or a `declare module`, vouches for what has this name. */
  isKnown(specifier: string): boolean;
  /** TypeScript speaks for itself in this module. */
  isCheckedByTypescript(module: Module): boolean;
  /** TypeScript says what is wrong with the name that is asked for. */
  isReportedByTypescript(asked: ImportSite): boolean;
  isOn(rule: ImportRule): boolean;
  report(module: Module, rule: ImportRule, finding: Omit<Finding, 'rule' | 'severity' | 'url'>): void;
  /** Something was not judged because nothing is installed where it would be. */
  noteUnchecked(): void;
}

/** What a module asks for in one place. */
export interface ImportSite {
  readonly module: Module;
  readonly request: ModuleRequest;
  /** Of the request among those of its module. */
  readonly index: number;
}
