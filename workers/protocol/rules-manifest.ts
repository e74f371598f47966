/** What the manifests of detectors with rules of code have in common. */
import { ignoreFile, nothing, scriptLike } from './file-patterns.ts';
import type { ChangeTriggers, SandboxNeeds, WorkerNeeds } from './manifest.ts';

export const ruleChanges = {
  sources: scriptLike,
  configuration: ignoreFile,
  environment: nothing,
  planFiles: 'configuration',
  invalidates: 'unit',
} as const satisfies ChangeTriggers;

export const ruleSandbox = {
  network: false,
  write: [],
  homeCaches: [],
  processes: false,
} as const satisfies SandboxNeeds;

/** These detectors share one worker, so that each file is parsed only once. */
export const ruleWorker = {
  group: 'rules',
  title: 'Code rules worker',
  count: 'one',
  lanes: { light: { memoryFactor: 1, limits: {} } },
} as const satisfies WorkerNeeds;
