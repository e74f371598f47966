/** How the worker is started by the relay: its arguments, its environment and its data. Stateless. */
import type { LaunchContext, LaunchOptions } from '../driver.ts';
import { GUARD_VARIABLE, guardArgument } from '../drivers/guard.ts';
import type { GuardSettings } from '../drivers/guard.ts';
import { packWorkerData } from '../drivers/worker-data.ts';
import { DEPTH_VARIABLE, nextDepth } from '../nesting.ts';
import { keptEnvironment } from '../sandbox/policy.ts';
import { STARTUP_VARIABLE, startupVariable } from '../startup.ts';
import type { RelayStart } from './relay.ts';
import { isOfTheSystem } from './policy.ts';
import type { ContainerLimits, ContainerPolicy } from './policy.ts';

export interface WorkerStart {
  readonly relay: RelayStart;
  /** For a pipe of the worker's. */
  readonly data: Buffer | undefined;
}

/** @throws SerializationError for `workerData` that cannot be cloned */
export function startOfWorker(
  script: string,
  policy: ContainerPolicy,
  limits: ContainerLimits,
  options: LaunchOptions,
  context: LaunchContext,
): WorkerStart {
  const { execArgv = [], argv = [], env = {} } = options;
  const data = packWorkerData(options.workerData);
  const { serializer, maxFrameBytes } = context;
  const depth = nextDepth();
  const startup = { driver: 'container', serializer: serializer.name, maxFrameBytes, script, depth };
  // The container ends with the relay, and all that is in it.
  const guard: GuardSettings = { leadsGroup: false, released: false, pipedOutput: true };
  const kept = Object.entries(keptEnvironment(policy.env)).filter(([name]) => !isOfTheSystem(name));
  const given = Object.entries(env).map(([name, value]) => [name, value ?? null] as const);
  return {
    relay: {
      // Not the options of the host's Node: what they load may not be there.
      args: [guardArgument(), ...execArgv, script, ...argv],
      env: {
        ...(Object.fromEntries(kept) as Record<string, string>),
        ...Object.fromEntries(given),
        [DEPTH_VARIABLE]: String(depth),
        [STARTUP_VARIABLE]: startupVariable(startup, data.packed),
        [GUARD_VARIABLE]: JSON.stringify(guard),
      },
      hasData: data.bytes !== undefined,
      memory: limits.memory,
    },
    data: data.bytes,
  };
}
