/** The query `installation`, as data: which declared packages are not installed. `bulkhead doctor` asks it. */
import { graphSandbox, graphWorker } from '../../protocol/graph-manifest.ts';
import type { QueryManifest } from '../../protocol/manifest.ts';

export const manifest = {
  name: 'installation',
  title: 'Installation',
  kind: 'query',
  sandbox: graphSandbox,
  worker: graphWorker,
} as const satisfies QueryManifest;
