/** The context of the checks of the `package` detector. */
import type { PlaceFinding } from '../../graph/facts.ts';
import type { IgnoredPaths } from '../../graph/ignored.ts';
import type { ModuleGraph } from '../../graph/index.ts';
import type { Manifest } from '../../graph/manifests.ts';
import type { DetectorOptions, Finding } from '../../protocol/detector-protocol.ts';
import type { RuleOf } from '../../protocol/manifest.ts';
import type { Submodules } from '../../runtime/submodules.ts';
import type { Lockfiles } from './lockfiles.ts';
import type { ManifestFile } from './manifest-file.ts';
import type { manifest } from './manifest.ts';

export type PackageRule = RuleOf<typeof manifest>;

export interface PackageCheck {
  readonly graph: ModuleGraph;
  readonly options: DetectorOptions;
  /** Valid manifests that the options do not exclude. */
  readonly files: readonly ManifestFile[];
  readonly lockfiles: Lockfiles;
  /** Those that are not checked out may hold packages of the workspace. */
  readonly submodules: Submodules;
  readonly gitIgnored: IgnoredPaths;
  isIgnored(file: string): boolean;
  /** The workspace's own knip reports unused and unlisted dependencies of this package. */
  isDelegatedToKnip(manifest: Manifest): boolean;
  /** The workspace's own knip reports unused catalog entries. */
  readonly isCatalogDelegatedToKnip: boolean;
  report(
    file: string,
    rule: PackageRule,
    finding: Omit<PlaceFinding, 'rule' | 'severity' | 'url'>,
    weaker?: 'warning',
  ): void;
  isOn(rule: PackageRule): boolean;
  /** The option `import.known` lists the name. */
  isKnown(specifier: string): boolean;
  /** Runs `work` and returns what it reports, instead of adding it to the result. */
  collect(work: () => void): ReadonlyMap<string, readonly Finding[]>;
}
