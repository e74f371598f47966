/** What the checks of the `package` detector work on and report. */
import type { ModuleGraph } from '../../graph/index.ts';
import type { Manifest } from '../../graph/manifests.ts';
import type { DetectorOptions, Finding } from '../../protocol/detector-protocol.ts';
import type { Lockfiles } from './lockfiles.ts';
import type { ManifestFile } from './manifest-file.ts';

export type PackageRule =
  | 'invalid-json'
  | 'invalid-field'
  | 'invalid-range'
  | 'duplicate-dependency'
  | 'version-mismatch'
  | 'unlisted-dependency'
  | 'unused-dependency'
  | 'unused-dev-dependency'
  | 'misplaced-dependency'
  | 'not-installed'
  | 'installed-out-of-range'
  | 'peer-conflict'
  | 'lockfile-missing'
  | 'multiple-lockfiles'
  | 'engines-unsatisfied'
  | 'missing-entry'
  | 'unused-catalog-entry'
  | 'unlisted-binary';

export interface PackageCheck {
  readonly graph: ModuleGraph;
  readonly options: DetectorOptions;
  /** Readable manifests that are not to be ignored. */
  readonly files: readonly ManifestFile[];
  readonly lockfiles: Lockfiles;
  isIgnored(file: string): boolean;
  /** The workspace's own knip answers for what this package does not use. */
  isDelegatedToKnip(manifest: Manifest): boolean;
  /** The same for entries of catalogs. */
  readonly isCatalogDelegatedToKnip: boolean;
  report(
    file: string,
    rule: PackageRule,
    finding: Omit<Finding, 'rule' | 'severity' | 'url'>,
    weaker?: 'warning',
  ): void;
  isOn(rule: PackageRule): boolean;
  /** What is reported while this works, instead of where it would be reported. */
  collect(work: () => void): ReadonlyMap<string, readonly Finding[]>;
}
