/** The query `suppressions`, as data: the comments with which a person can suppress an issue, as edits. Editors ask it. */
import { graphSandbox, graphWorker } from '../../protocol/graph-manifest.ts';
import type { QueryManifest } from '../../protocol/manifest.ts';

export const manifest = {
  name: 'suppressions',
  title: 'Suppressions',
  kind: 'query',
  sandbox: graphSandbox,
  worker: graphWorker,
} as const satisfies QueryManifest;
