/** `createWorker`: loads the driver, starts the worker, and tries again where that may help. */
import type { WorkerClient } from './client.ts';
import type { DriverCapabilities, WorkerDriver } from './driver.ts';
import { loadDriver } from './driver-names.ts';
import { CancelledError, DriverError } from './errors.ts';
import type { MessageDefinitions } from './messages.ts';
import { defaultRetry } from './options.ts';
import type { WorkerOptions } from './options.ts';
import { backoffDelay, wait } from './backoff.ts';
import { RunningClient } from './running-client.ts';

type Lasting = { readonly reconnect: true; readonly detach: true };
type Reconnecting = { readonly reconnect: true; readonly detach: false };
type Detaching = { readonly reconnect: false; readonly detach: true };

/**
 * Starts a worker; resolves when it has answered that it is ready.
 * @throws DriverError, SpawnError (with `exit`), StartupTimeoutError, ConnectTimeoutError, CancelledError; nothing is
 *   left running then
 */
export function createWorker<M extends MessageDefinitions>(
  options: WorkerOptions & {
    readonly driver?: 'child-process' | WorkerDriver<DriverCapabilities & Lasting> | undefined;
  },
): Promise<WorkerClient<M, DriverCapabilities & Lasting>>;
export function createWorker<M extends MessageDefinitions>(
  options: WorkerOptions & { readonly driver: WorkerDriver<DriverCapabilities & Reconnecting> },
): Promise<WorkerClient<M, DriverCapabilities & Reconnecting>>;
export function createWorker<M extends MessageDefinitions>(
  options: WorkerOptions & { readonly driver: WorkerDriver<DriverCapabilities & Detaching> },
): Promise<WorkerClient<M, DriverCapabilities & Detaching>>;
export function createWorker<M extends MessageDefinitions>(options: WorkerOptions): Promise<WorkerClient<M>>;
export async function createWorker<M extends MessageDefinitions>(options: WorkerOptions): Promise<WorkerClient<M>> {
  const { driver: named = 'child-process' } = options;
  const driver = typeof named === 'string' ? await loadDriver(named) : named;
  const backoff = { ...defaultRetry, ...options.retry };
  for (let attempt = 0; ; attempt += 1) {
    const client = new RunningClient(driver, options);
    try {
      await client.start();
      return client;
    } catch (error) {
      const isLasting = error instanceof DriverError || error instanceof CancelledError;
      if (isLasting || attempt >= backoff.maxRetries) throw error;
      const delay = backoffDelay(backoff, attempt);
      client.log('warn', `Starting the worker failed, next attempt in ${Math.round(delay)} ms: ${String(error)}`);
      await wait(delay);
    }
  }
}
