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
  readonly environment: Toolchain;
  /** What git ignores. */
  readonly generated: IgnoredPaths;
  /** Files that are made to be wrong. */
  isIgnored(file: string): boolean;
  /** The user, or a `declare module`, vouches for what has this name. */
  isKnown(specifier: string): boolean;
  /** TypeScript speaks for itself in this module. */
  isCovered(module: Module): boolean;
  /** TypeScript says what is wrong with the name that is asked for. */
  isReported(asked: Asked): boolean;
  isOn(rule: ImportRule): boolean;
  report(module: Module, rule: ImportRule, finding: Omit<Finding, 'rule' | 'severity' | 'url'>): void;
  /** Something was not judged because nothing is installed where it would be. */
  leaveOut(): void;
}

/** What a module asks for in one place. */
export interface Asked {
  readonly module: Module;
  readonly request: ModuleRequest;
  /** Of the request among those of its module. */
  readonly index: number;
}
