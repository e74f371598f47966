/** The `typescript` detector, as data. */
import {
  anyOf,
  compilerConfig,
  ignoreFile,
  lockfile,
  packageManifest,
  scriptOrJson,
} from '../../protocol/file-patterns.ts';
import type { DetectorManifest } from '../../protocol/manifest.ts';

export const manifest = {
  name: 'typescript',
  title: 'TypeScript',
  kind: 'project',
  reports: 'the errors that TypeScript finds in every `tsconfig.json` project of the workspace',
  source:
    "the workspace's own TypeScript (5, 6 or 7) or `vue-tsc`, `svelte-check`, `astro check`; otherwise the bundled TypeScript 7",
  documentation: 'workers/detectors/typescript/README.md',
  changes: {
    sources: scriptOrJson,
    configuration: anyOf(compilerConfig, packageManifest, ignoreFile),
    environment: lockfile,
    planFiles: 'configuration',
    invalidates: 'all',
  },
  // The bundled native compiler knows no plugins; the workspace's own compiler is code of the workspace.
  untrusted: { engine: 'native' },
  without: {},
  sandbox: { network: false, write: [], homeCaches: ['~/.yarn/berry'], processes: true },
  worker: {
    group: 'typescript',
    // One warm program for each folder; the native compiler is parallel by itself.
    count: 'one',
    lanes: {
      light: {
        // A whole program is in memory, and the native compiler's process counts too.
        memoryFactor: 4,
        memoryFactorIfFree: 16,
        // Building the first program of a big project takes minutes without an event. It is expensive, so it is kept.
        limits: { progressMs: 300_000, idleMs: Number.POSITIVE_INFINITY, cancelMs: 30_000 },
      },
    },
  },
  cached: true,
  options: {
    engine: {
      type: 'string',
      enum: ['auto', 'workspace', 'native'],
      markdownEnumDescriptions: [
        "The workspace's own TypeScript, or the bundled one if there is none. The bundled native TypeScript 7 may answer first where it has given the same results for this project and configuration; the workspace's own then confirms.",
        "Only the workspace's own TypeScript. Projects without one are reported instead of checked.",
        'Always the bundled native TypeScript 7.',
      ],
      default: 'auto',
      description: 'Which TypeScript checks the workspace.',
    },
    projects: {
      type: 'array',
      items: { type: 'string' },
      default: [],
      description: 'Check only these `tsconfig.json` files. Globs are allowed. Empty: all.',
    },
  },
} as const satisfies DetectorManifest;
