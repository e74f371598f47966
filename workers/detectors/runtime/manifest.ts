/** The `runtime` detector, as data. */
import { ignoreOption } from '../../protocol/graph-manifest.ts';
import { rulesOption, type DetectorManifest } from '../../protocol/manifest.ts';
import { ruleChanges, ruleSandbox, ruleWorker } from '../../protocol/rules-manifest.ts';
import { ruleOptions, ruleTable } from '../../protocol/rule-tables/runtime.ts';

export const manifest = {
  name: 'runtime',
  title: 'Runtime',
  kind: 'file',
  reports: 'resources that are never released, and errors that are lost',
  source: 'effects, resources and promises',
  documentation: 'workers/detectors/runtime/README.md',
  changes: ruleChanges,
  untrusted: {},
  without: {},
  sandbox: ruleSandbox,
  worker: ruleWorker,
  cached: true,
  options: { ignore: ignoreOption, rules: rulesOption(ruleTable), ...ruleOptions },
} as const satisfies DetectorManifest;
