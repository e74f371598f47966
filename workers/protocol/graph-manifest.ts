/** What the manifests of detectors that use the module graph have in common. */
import {
  anyOf,
  compilerConfig,
  ignoreFile,
  lockfile,
  nothing,
  packageManifest,
  scriptOrJson,
  toolConfig,
} from './file-patterns.ts';
import type { ChangeTriggers, SandboxNeeds, WorkerNeeds } from './manifest.ts';

export const graphChanges = {
  sources: scriptOrJson,
  configuration: anyOf(compilerConfig, packageManifest, lockfile, ignoreFile, toolConfig),
  environment: nothing,
  planFiles: 'configuration',
  invalidates: 'all',
} as const satisfies ChangeTriggers;

/** Yarn's Plug'n'Play keeps packages as archives in a cache that all projects share. */
export const graphSandbox = {
  network: false,
  write: [],
  homeCaches: ['~/.yarn/berry'],
  processes: false,
} as const satisfies SandboxNeeds;

/** These detectors share one worker, so that the graph is built only once. */
export const graphWorker = {
  group: 'graph',
  title: 'Module graph worker',
  count: 'one',
  lanes: { light: { memoryFactor: 1, limits: { progressMs: 120_000 } } },
  // Most of what building a graph allocates is garbage at once: a larger nursery costs 40 MB and saves 5 % of the time.
  // By default V8 lets the heap grow to four times its live size before it collects; twice costs 2 % of the time.
  execArgv: ['--max-semi-space-size=2', '--heap-growing-percent=100'],
  // By default glibc gives every allocating thread an arena and never returns its memory.
  env: { MALLOC_ARENA_MAX: '1' },
} as const satisfies WorkerNeeds;

/** Files that these detectors do not check. */
export const ignoreOption = {
  type: 'array',
  items: { type: 'string' },
  description:
    'Globs of files that are not checked. By default, test data, snapshots, build outputs, and generated and vendored files, also those whose first comment says that they are generated.',
  default: [
    '**/{fixtures,__fixtures__,__testfixtures__,testdata,test-data,test_data,testData,__snapshots__}/**',
    '**/{generated,__generated__}/**',
    '**/*.{generated,gen,min,bundle,pb}.{js,cjs,mjs,jsx,ts,cts,mts,tsx}',
    '**/*_pb.{js,ts}',
    '**/{dist,coverage,storybook-static,.next,.nuxt,.output,.svelte-kit,.yarn}/**',
    '**/{vendor,vendors,vendored,third_party,third-party}/**',
  ],
} as const;
