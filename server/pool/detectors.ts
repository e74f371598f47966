/** The table of Bulkhead's own detectors: which worker runs each, and within which limits. Read once, when a pool is made. */
import os from 'node:os';
import { manifests, queries } from '../../workers/detectors/manifests.ts';
import type { DetectorManifest, QueryManifest } from '../../workers/protocol/manifest.ts';
import type { WorkerNumbers } from './types.ts';
import type { DetectorEntry, DetectorTable } from './worker-entry.ts';

export const detectorTable: DetectorTable = Object.fromEntries(
  [...manifests, ...queries].map((manifest) => [manifest.name, entryOf(manifest)]),
);

/** Where toolchains install themselves and the packages that they compile against. */
const toolchains = [
  ...['~/.cargo/bin', '~/.cargo/registry', '~/.cargo/git', '~/.rustup', '~/go', '~/sdk', '~/.pyenv', '~/.rbenv'],
  ...['~/.local/bin', '~/.local/lib', '~/.local/pipx', '~/.local/share/pipx', '~/.local/share/uv', '~/.deno/bin'],
  ...['~/.bun/bin', '~/.asdf', '~/.local/share/mise', '~/.volta', '~/.sdkman/candidates'],
];

/** A tool that a workspace declares has a worker of its own, so that it disturbs nobody. */
export function entryOfTool(name: string): DetectorEntry {
  return {
    title: name,
    group: name,
    single: true,
    // The process of the tool counts too.
    memoryFactor: 4,
    // Between two runs there is nothing to keep warm but a program that speaks the protocol.
    limits: { idleMs: 60_000 },
    sandbox: { network: false, write: [], homeCaches: toolchains, processes: true },
  };
}

function entryOf({ title, worker, sandbox }: DetectorManifest | QueryManifest): DetectorEntry {
  const { light, heavy } = worker.lanes;
  return {
    title,
    group: worker.group,
    ...(worker.title === undefined ? {} : { workerTitle: worker.title }),
    ...(worker.count === 'one' ? { single: true } : { maxWorkers: busyCores(), gradual: true }),
    memoryFactor: { light: light.memoryFactor, heavy: (heavy ?? light).memoryFactor },
    memoryFactorIfFree: {
      ...(light.memoryFactorIfFree === undefined ? {} : { light: light.memoryFactorIfFree }),
      ...(heavy?.memoryFactorIfFree === undefined ? {} : { heavy: heavy.memoryFactorIfFree }),
    },
    limits: light.limits,
    sandbox,
    ...(heavy === undefined ? {} : { heavyLimits: heavy.limits }),
    ...(worker.execArgv === undefined ? {} : { execArgv: worker.execArgv }),
    ...(worker.env === undefined ? {} : { env: worker.env }),
  };
}

/** Cores that background work may keep busy. A large machine has others left for the user. */
function busyCores(): number {
  return Math.min(os.availableParallelism(), 4);
}

/**
 * @param setting how many workers the user allows; 0: as many as suit the machine. Then one process for each core works on
 *   what can be divided, and two more may, for the compiler and the module graph. More of them may wait for their next
 *   job: a detector plans first and checks later, and to start its worker twice would cost more than the memory of one
 *   that waits. The memory of the machine limits them, too.
 */
export function workerNumbers(setting: number): WorkerNumbers {
  if (setting > 0) return { working: setting, processes: setting };
  const working = busyCores() + 2;
  return { working, processes: 2 * working };
}
