/**
 * The library's own drivers by name, for the worker: only what runs there. A worker starts faster for not loading what
 * starts workers, so nothing here may import a driver's host side.
 */
import type { WorkerDriver } from './driver.ts';
import type { DriverName } from './driver-names.ts';
import { noSuchDriver } from './drivers/unsupported.ts';

type Serve = WorkerDriver['serve'];

/** A driver that is made from settings has no name for the host, but one for its workers. */
type EndName = DriverName | 'container';

const loaders: Readonly<Record<EndName, () => Promise<Serve>>> = {
  'child-process': async () => (await import('./drivers/child-process-worker.ts')).serveSocket,
  stdio: async () => (await import('./drivers/stdio-worker.ts')).serveStdio,
  container: async () => (await import('./drivers/container-worker.ts')).serveLine,
  'worker-threads': async () => (await import('./drivers/port-worker.ts')).servePort,
  inline: async () => (await import('./drivers/port-worker.ts')).servePort,
};

/** @throws DriverError when there is none of that name */
export async function loadServe(name: string): Promise<Serve> {
  if (!Object.hasOwn(loaders, name)) throw noSuchDriver(name, Object.keys(loaders));
  return loaders[name as EndName]();
}
