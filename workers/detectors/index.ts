/** Bulkhead's own detectors by name. Each is loaded when it is first asked for, so a worker pays only for its own. */
import type { Detector } from '../protocol/detector.ts';

type LoadDetector = () => Promise<{ readonly detector: Detector }>;

export const detectorModules: Readonly<Record<string, LoadDetector>> = {
  typescript: () => import('./typescript/index.ts'),
  eslint: () => import('./eslint/index.ts'),
  circular: () => import('./circular/index.ts'),
  import: () => import('./import/index.ts'),
  isolation: () => import('./isolation/index.ts'),
  package: () => import('./package/index.ts'),
  knip: () => import('./knip/index.ts'),
  dependents: () => import('./dependents/index.ts'),
};
