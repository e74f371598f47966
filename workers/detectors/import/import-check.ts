/** The context of the checks of the `import` detector. */
import type { Toolchain } from '../../graph/toolchain.ts';
import type { IgnoredPaths } from '../../graph/ignored.ts';
import type { Module, ModuleGraph } from '../../graph/index.ts';
import type { ModuleRequest } from '../../graph/record.ts';
import type { Missing, Via } from '../../graph/resolution.ts';
import type { Finding } from '../../protocol/detector-protocol.ts';
import type { RuleOf } from '../../protocol/manifest.ts';
import type { Submodules } from '../../runtime/submodules.ts';
import type { manifest } from './manifest.ts';

export type ImportRule = RuleOf<typeof manifest>;

export interface ImportCheck {
  readonly graph: ModuleGraph;
  readonly toolchain: Toolchain;
  /** Paths that git ignores, which are usually generated. */
  readonly gitIgnored: IgnoredPaths;
  readonly submodules: Submodules;
  /** Files that the options exclude, such as broken test data. */
  isIgnored(file: string): boolean;
  /** The option `known` lists the name, or a `declare module` declares it. */
  isKnown(asked: ImportSite, via: Via): boolean;
  /** TypeScript checks this module. */
  isCheckedByTypescript(module: Module): boolean;
  /** TypeScript itself reports problems of this import. */
  isReportedByTypescript(asked: ImportSite): boolean;
  isOn(rule: ImportRule): boolean;
  report(module: Module, rule: ImportRule, finding: Omit<Finding, 'rule' | 'severity' | 'url'>): void;
  /** An import was not checked because no packages are installed. */
  noteUnchecked(): void;
  /** The name may be right: one hint tells of all imports of its kind. */
  noteUnclear(asked: ImportSite, missing: Missing): void;
}

/** One request of a module. */
export interface ImportSite {
  readonly module: Module;
  readonly request: ModuleRequest;
  /** The index of the request in its module. */
  readonly index: number;
}
