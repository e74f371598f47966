/** The `complexity` detector, as data. */
import { ignoreOption } from '../../protocol/graph-manifest.ts';
import { rulesOption, type DetectorManifest } from '../../protocol/manifest.ts';
import { ruleChanges, ruleSandbox, ruleWorker } from '../../protocol/rules-manifest.ts';
import { ruleOptions, ruleTable } from '../../protocol/rule-tables/complexity.ts';

export const manifest = {
  name: 'complexity',
  title: 'Complexity',
  kind: 'file',
  reports: 'functions that are hard to follow or to test',
  source: "ESLint's cyclomatic and Campbell's cognitive complexity",
  documentation: 'workers/detectors/complexity/README.md',
  changes: ruleChanges,
  untrusted: {},
  without: {},
  sandbox: ruleSandbox,
  worker: ruleWorker,
  cached: true,
  options: { ignore: ignoreOption, rules: rulesOption(ruleTable), ...ruleOptions },
} as const satisfies DetectorManifest;
