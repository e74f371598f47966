/** How Node is started as a worker in a process of its own: what the drivers child-process and stdio have in common. */
import type { LaunchOptions } from '../driver.ts';
import { DEPTH_VARIABLE, nextDepth, nodeToRun } from '../nesting.ts';
import { STARTUP_VARIABLE, startupVariable } from '../startup.ts';
import type { StartupData } from '../startup.ts';
import { mergeEnvironment } from './environment.ts';
import { GUARD_VARIABLE, guardArgument } from './guard.ts';
import type { GuardSettings } from './guard.ts';
import { loaderOptions } from './loader-options.ts';
import { MARK_VARIABLE } from './strays.ts';
import type { PackedData } from './worker-data.ts';

export interface Program {
  readonly command: string;
  readonly args: readonly string[];
}

/** @throws DriverError where it is not known where Node is */
export function nodeProgram(script: string, options: LaunchOptions): Program {
  const { argv = [], cwd, execPath } = options;
  // Another Node may not know the options of this one.
  const inherited = execPath === undefined ? loaderOptions(process.execArgv, undefined, cwd) : [];
  return {
    command: nodeToRun(execPath),
    args: [guardArgument(), ...(options.execArgv ?? inherited), script, ...argv],
  };
}

export function nodeEnvironment(
  options: LaunchOptions,
  startup: Omit<StartupData, 'workerData' | 'depth'>,
  data: PackedData | undefined,
  guard: GuardSettings,
): NodeJS.ProcessEnv {
  const depth = nextDepth();
  return mergeEnvironment(process.env, {
    ...options.env,
    ...(process.versions['electron'] === undefined ? {} : { ELECTRON_RUN_AS_NODE: '1' }),
    [DEPTH_VARIABLE]: String(depth),
    [STARTUP_VARIABLE]: startupVariable({ ...startup, depth }, data),
    [GUARD_VARIABLE]: JSON.stringify(guard),
    ...(guard.mark === undefined ? {} : { [MARK_VARIABLE]: guard.mark.value }),
  });
}
