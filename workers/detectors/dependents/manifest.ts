/** The query `dependents`, as data: which files depend on others. The command line asks it for `--changed`. */
import { graphSandbox, graphWorker } from '../../protocol/graph-manifest.ts';
import type { QueryManifest } from '../../protocol/manifest.ts';

export const manifest = {
  name: 'dependents',
  title: 'Dependents',
  kind: 'query',
  sandbox: graphSandbox,
  worker: graphWorker,
} as const satisfies QueryManifest;
