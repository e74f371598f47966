/**
 * The library's own drivers by name, for the worker: only what runs there. A worker starts faster for not loading what
 * starts workers, so nothing here may import a driver's host side.
 */
import type { WorkerDriver } from './driver.ts';
import type { DriverName } from './driver-names.ts';
import { noSuchDriver } from './drivers/unsupported.ts';

type Serve = WorkerDriver['serve'];

const loaders: Readonly<Record<DriverName, () => Promise<Serve>>> = {
  'child-process': async () => (await import('./drivers/child-process-worker.ts')).serveSocket,
  stdio: async () => (await import('./drivers/stdio-worker.ts')).serveStdio,
  'worker-threads': async () => (await import('./drivers/port-worker.ts')).servePort,
  inline: async () => (await import('./drivers/port-worker.ts')).servePort,
};

/** @throws DriverError when there is none of that name */
export async function loadServe(name: string): Promise<Serve> {
  if (!Object.hasOwn(loaders, name)) throw noSuchDriver(name, Object.keys(loaders));
  return loaders[name as DriverName]();
}
