/** What a driver cannot honour is an error that says where it can be, never silently ignored. */
import type { LaunchOptions } from '../driver.ts';
import { DriverError } from '../errors.ts';

const HOME: Readonly<Partial<Record<keyof LaunchOptions, string>>> = {
  cwd: 'child-process',
  execPath: 'child-process',
  execArgv: 'child-process or worker-threads',
  env: 'child-process or worker-threads',
  argv: 'child-process or worker-threads',
  detached: 'child-process',
  endStrays: 'child-process',
  sandbox: 'child-process or container',
  stdio: 'child-process',
  socketPath: 'child-process',
  reconnect: 'child-process',
  spawnOptions: 'child-process or stdio',
  eval: 'worker-threads',
  resourceLimits: 'worker-threads',
  transferList: 'worker-threads or inline',
  script: 'stdio without a command',
  workerData: 'workers with a script',
  command: 'stdio',
  args: 'stdio',
  handshake: 'stdio',
};

/** @throws DriverError for the first of `names` that was given */
export function refuseOptions(driver: string, options: LaunchOptions, names: readonly (keyof LaunchOptions)[]): void {
  for (const name of names) {
    if (options[name] === undefined) continue;
    throw new DriverError(
      `The driver '${driver}' has no use for the option '${name}': it belongs to ${HOME[name] ?? 'another driver'}.`,
    );
  }
}

export function noSuchDriver(name: string, known: readonly string[]): DriverError {
  return new DriverError(
    `There is no driver '${name}'. Built in are ${known.join(', ')}; ` +
      'a driver of your own is passed as an object, to createWorker and to startWorkerServer.',
  );
}
