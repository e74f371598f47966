/** The library's own drivers by name, for the host; each loaded when it is first asked for. */
import type { WorkerDriver } from './driver.ts';
import { noSuchDriver } from './drivers/unsupported.ts';
import { DriverError } from './errors.ts';

/** The library's own drivers, loaded when they are first used. */
export type DriverName = 'child-process' | 'stdio' | 'worker-threads' | 'inline';

const loaders: Readonly<Record<DriverName, () => Promise<WorkerDriver>>> = {
  'child-process': async () => (await import('./drivers/child-process.ts')).childProcessDriver,
  stdio: async () => (await import('./drivers/stdio.ts')).stdioDriver,
  'worker-threads': async () => (await import('./drivers/worker-threads.ts')).workerThreadsDriver,
  inline: async () => (await import('./drivers/inline.ts')).inlineDriver,
};

/** @throws DriverError when there is none of that name, or it cannot be loaded here */
export async function loadDriver(name: string): Promise<WorkerDriver> {
  if (!Object.hasOwn(loaders, name)) throw noSuchDriver(name, Object.keys(loaders));
  try {
    return await loaders[name as DriverName]();
  } catch (error) {
    throw new DriverError(
      `The driver '${name}' cannot be loaded here. Choose another with the option 'driver', for instance 'inline'.`,
      { cause: error },
    );
  }
}
