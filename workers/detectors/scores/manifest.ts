/** The query `scores`, as data: the scores of all functions of a file. Editors show them above each function. */
import type { QueryManifest } from '../../protocol/manifest.ts';
import { ruleSandbox, ruleWorker } from '../../protocol/rules-manifest.ts';

export const manifest = {
  name: 'scores',
  title: 'Complexity scores',
  kind: 'query',
  sandbox: ruleSandbox,
  worker: ruleWorker,
} as const satisfies QueryManifest;
