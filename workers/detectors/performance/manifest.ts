/** The `performance` detector, as data. */
import { ignoreOption } from '../../protocol/graph-manifest.ts';
import { rulesOption, type DetectorManifest } from '../../protocol/manifest.ts';
import { ruleChanges, ruleSandbox, ruleWorker } from '../../protocol/rules-manifest.ts';
import { ruleOptions, ruleTable } from '../../protocol/rule-tables/performance.ts';

export const manifest = {
  name: 'performance',
  title: 'Performance',
  kind: 'file',
  reports: 'queries in loops, blocked servers, and work that grows with the square of its input',
  source: 'loops and handlers of requests',
  documentation: 'workers/detectors/performance/README.md',
  changes: ruleChanges,
  untrusted: {},
  without: {},
  sandbox: ruleSandbox,
  worker: ruleWorker,
  cached: true,
  options: { ignore: ignoreOption, rules: rulesOption(ruleTable), ...ruleOptions },
} as const satisfies DetectorManifest;
