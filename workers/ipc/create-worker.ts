/** `createWorker`: loads the driver, starts the worker, and tries again where that may help. */
import type { WorkerClient } from './client.ts';
import type { DriverCapabilities } from './driver.ts';
import { scriptPath } from './drivers/script-path.ts';
import { loadDriver } from './driver-names.ts';
import { CancelledError, DriverError } from './errors.ts';
import type { WorkerExit } from './exit.ts';
import type { MessageDefinitions, NoMessages } from './messages.ts';
import { refuseEndlessStart } from './nesting.ts';
import { limitsOf } from './options.ts';
import type {
  AnyHostOptions,
  ChildProcessOptions,
  CloseOptions,
  HostHandlersOption,
  OwnDriverOptions,
  WorkerOptions,
} from './options.ts';
import { backoffDelay } from './backoff.ts';
import { RunningClient } from './running-client.ts';
import { startCancelled } from './starting.ts';
import { wait } from './timers.ts';

type Lasting = { readonly reconnect: true; readonly detach: true };
type Reconnecting = { readonly reconnect: true; readonly detach: false };
type Detaching = { readonly reconnect: false; readonly detach: true };

/**
 * Starts a worker; resolves when it has answered that it is ready.
 * @throws DriverError, SerializationError (`workerData`), SpawnError (with `exit`), StartupTimeoutError,
 *   ConnectTimeoutError, CancelledError; nothing is left running then
 */
export function createWorker<M extends MessageDefinitions, H extends MessageDefinitions = NoMessages>(
  options: (ChildProcessOptions | OwnDriverOptions<DriverCapabilities & Lasting>) & HostHandlersOption<H>,
): Promise<WorkerClient<M, DriverCapabilities & Lasting>>;
export function createWorker<M extends MessageDefinitions, H extends MessageDefinitions = NoMessages>(
  options: OwnDriverOptions<DriverCapabilities & Reconnecting> & HostHandlersOption<H>,
): Promise<WorkerClient<M, DriverCapabilities & Reconnecting>>;
export function createWorker<M extends MessageDefinitions, H extends MessageDefinitions = NoMessages>(
  options: OwnDriverOptions<DriverCapabilities & Detaching> & HostHandlersOption<H>,
): Promise<WorkerClient<M, DriverCapabilities & Detaching>>;
export function createWorker<M extends MessageDefinitions, H extends MessageDefinitions = NoMessages>(
  options: WorkerOptions & HostHandlersOption<H>,
): Promise<WorkerClient<M>>;
export async function createWorker<M extends MessageDefinitions>(options: WorkerOptions): Promise<WorkerClient<M>> {
  // Types of messages end at the wire.
  return (await startClient(options)) as WorkerClient<MessageDefinitions> as unknown as WorkerClient<M>;
}

/** The same without types. Throws like {@link createWorker}. */
export async function startClient(options: AnyHostOptions): Promise<RunningClient> {
  const { driver: named = 'child-process' } = options;
  const driver = typeof named === 'string' ? await loadDriver(named) : named;
  if (options.reconnect === true && !driver.capabilities.reconnect) {
    throw new DriverError(`The driver '${driver.name}' cannot reconnect, so it has no use for the option 'reconnect'.`);
  }
  const limits = limitsOf(options);
  const { signal } = options;
  for (let attempt = 0; ; attempt += 1) {
    if (signal?.aborted === true) throw startCancelled(signal);
    refuseEndlessStart(options.script === undefined || options.eval === true ? undefined : scriptPath(options.script));
    const client = new RunningClient(driver, options, limits);
    try {
      await client.start();
      return client;
    } catch (error) {
      const isLasting = error instanceof DriverError || error instanceof CancelledError;
      if (isLasting || attempt >= limits.retry.maxRetries) throw error;
      const delay = backoffDelay(limits.retry, attempt);
      client.log('warn', `Starting the worker failed, next attempt in ${Math.round(delay)} ms: ${String(error)}`);
      await wait(delay, signal);
    }
  }
}

/**
 * Ends a worker, as its `close()` does.
 * @returns how it ended
 * @throws DriverError for options that mean nothing
 */
export function shutdownWorker(
  worker: Pick<WorkerClient<never>, 'close'>,
  options?: CloseOptions,
): Promise<WorkerExit> {
  return worker.close(options);
}
