/** The `package` detector: whether package.json says what the code uses, and what is installed. Without a network. */
import type { ModuleGraph } from '../../graph/index.ts';
import { Findings, graphDetector, severitiesOf, type RuleSeverities } from '../../graph/rules.ts';
import type { DetectorOptions, Finding } from '../../protocol.ts';
import { checkEntries, checkFields, checkLockfiles } from './fields.ts';
import { checkInstallation } from './installation.ts';
import { ManifestFile } from './manifest-file.ts';
import { checkUsage } from './unlisted.ts';
import { checkWorkspace } from './workspace.ts';

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
  | 'unused-catalog-entry';

export const PACKAGE_RULES: RuleSeverities<PackageRule> = {
  'invalid-json': 'error',
  'invalid-field': 'error',
  'invalid-range': 'error',
  'duplicate-dependency': 'warning',
  'version-mismatch': 'warning',
  'unlisted-dependency': 'error',
  'unused-dependency': 'info',
  'unused-dev-dependency': 'off',
  'misplaced-dependency': 'warning',
  'not-installed': 'warning',
  'installed-out-of-range': 'warning',
  'peer-conflict': 'warning',
  'lockfile-missing': 'warning',
  'multiple-lockfiles': 'warning',
  'engines-unsatisfied': 'warning',
  'missing-entry': 'warning',
  'unused-catalog-entry': 'info',
};

export const detector = graphDetector({
  name: 'package',
  version: '1',
  rules: PACKAGE_RULES,
  findings: packageFindings,
});

/** What the checks of this detector work on. */
export interface PackageCheck {
  readonly graph: ModuleGraph;
  readonly options: DetectorOptions;
  /** Readable manifests only. */
  readonly files: readonly ManifestFile[];
  report(
    file: string,
    rule: PackageRule,
    finding: Omit<Finding, 'rule' | 'severity' | 'url'>,
    weaker?: 'warning',
  ): void;
  isOn(rule: PackageRule): boolean;
}

export function packageFindings(graph: ModuleGraph, options: DetectorOptions): ReadonlyMap<string, readonly Finding[]> {
  const severities = severitiesOf(options, PACKAGE_RULES);
  const findings = new Findings();
  const all = [...graph.manifests.all.values()].map((manifest) => new ManifestFile(manifest));
  const check: PackageCheck = {
    graph,
    options,
    files: all.filter(({ manifest }) => manifest.isValid),
    isOn: (rule) => severities[rule] !== 'off',
    report: (file, rule, finding, weaker) => {
      const severity = severities[rule];
      findings.add(file, weaker && severity === 'error' ? weaker : severity, { rule, ...finding });
    },
  };
  for (const broken of all.filter(({ manifest }) => !manifest.isValid)) {
    check.report(broken.manifest.file, 'invalid-json', {
      message: 'This is not a JSON object, so no tool can read it. Correct it here.',
      range: broken.mistake,
    });
  }
  checkFields(check);
  checkEntries(check);
  checkLockfiles(check);
  checkWorkspace(check);
  checkInstallation(check);
  checkUsage(check);
  return findings.byFile;
}
