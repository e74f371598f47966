/** The query `installation`, as data: which declared packages are not installed. `bulkhead doctor` asks it. */
import { graphWorker } from '../../protocol/graph-manifest.ts';
import type { QueryManifest } from '../../protocol/manifest.ts';

export const manifest = {
  name: 'installation',
  title: 'Installation',
  kind: 'query',
  worker: graphWorker,
} as const satisfies QueryManifest;
