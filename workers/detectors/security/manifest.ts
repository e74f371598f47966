/** The `security` detector, as data. */
import { ignoreOption } from '../../protocol/graph-manifest.ts';
import { rulesOption, type DetectorManifest } from '../../protocol/manifest.ts';
import { ruleChanges, ruleSandbox, ruleWorker } from '../../protocol/rules-manifest.ts';
import { ruleOptions, ruleTable } from '../../protocol/rule-tables/security.ts';

export const manifest = {
  name: 'security',
  title: 'Security',
  kind: 'file',
  reports: 'flaws that let others do what they should not: injection, leaked secrets, weak cryptography',
  source: 'secrets, and data that is followed from where it enters to where it does harm',
  documentation: 'workers/detectors/security/README.md',
  changes: ruleChanges,
  untrusted: {},
  without: {},
  sandbox: ruleSandbox,
  worker: ruleWorker,
  cached: true,
  options: { ignore: ignoreOption, rules: rulesOption(ruleTable), ...ruleOptions },
} as const satisfies DetectorManifest;
