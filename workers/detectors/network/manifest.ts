/** The `network` detector, as data. */
import { ignoreOption } from '../../protocol/graph-manifest.ts';
import { rulesOption, type DetectorManifest } from '../../protocol/manifest.ts';
import { ruleChanges, ruleSandbox, ruleWorker } from '../../protocol/rules-manifest.ts';
import { ruleOptions, ruleTable } from '../../protocol/rule-tables/network.ts';

export const manifest = {
  name: 'network',
  title: 'Network',
  kind: 'file',
  reports: 'requests without encryption, without a limit of time, and without a look at their outcome',
  source: "calls of `fetch`, axios, got, undici and Node.js's own clients",
  documentation: 'workers/detectors/network/README.md',
  changes: ruleChanges,
  untrusted: {},
  without: {},
  sandbox: ruleSandbox,
  worker: ruleWorker,
  cached: true,
  options: { ignore: ignoreOption, rules: rulesOption(ruleTable), ...ruleOptions },
} as const satisfies DetectorManifest;
