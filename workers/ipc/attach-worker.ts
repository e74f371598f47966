/** `attachWorker`: a client for a worker that lives already, detached by this process or another one. */
import type { WorkerClient } from './client.ts';
import type { DriverCapabilities, WorkerAddress } from './driver.ts';
import { DriverError } from './errors.ts';
import type { KeepAliveMode } from './keep-alive.ts';
import type { MessageDefinitions, NoMessages } from './messages.ts';
import { limitsOf } from './options.ts';
import type { ClientOptions, HostHandlersOption, Timeouts } from './options.ts';
import { RunningClient } from './running-client.ts';
import { startCancelled } from './starting.ts';

/** How to attach to a worker. Its vitals and its output stay with the process that started it. */
export type AttachOptions = Omit<ClientOptions, 'retry' | 'onVitals' | 'onNetwork' | 'timeouts'> & {
  /** For logs. Default `worker`. */
  readonly name?: string | undefined;
  /** Take the line up again when it breaks although the worker lives. Default `false`: the client is disconnected. */
  readonly reconnect?: boolean | undefined;
  /** When the client keeps this process alive. Default `in-work`. */
  readonly keepAlive?: KeepAliveMode | undefined;
  readonly timeouts?: Omit<Timeouts, 'startup' | 'unresponsive'> | undefined;
};

/** What the client of an attached worker can do: all that of one that was started. */
type Attached = DriverCapabilities & { readonly reconnect: true; readonly detach: true };

/**
 * Attaches to a worker of the driver `child-process` that another process (or this one) has detached; resolves when it
 * takes messages. A worker has one host at a time: whoever attaches last. The one before is disconnected, hears of it
 * (`disconnect`) and may take the worker back with `reconnect()`.
 * @param address what `detach()` returned, or the path of the worker's socket
 * @throws ClosedError when nobody listens there: the worker has ended
 * @throws ConnectTimeoutError when it listens but does not answer in time
 * @throws SpawnError when it is no worker, or uses another serializer
 * @throws DriverError for a path that cannot be one, CancelledError
 */
export function attachWorker<M extends MessageDefinitions>(
  address: WorkerAddress | string,
  options?: AttachOptions & HostHandlersOption<NoMessages>,
): Promise<WorkerClient<M, Attached>>;
export function attachWorker<M extends MessageDefinitions, H extends MessageDefinitions>(
  address: WorkerAddress | string,
  options: AttachOptions & HostHandlersOption<H>,
): Promise<WorkerClient<M, Attached>>;
export async function attachWorker<M extends MessageDefinitions>(
  address: WorkerAddress | string,
  options: AttachOptions & { readonly handlers?: object | undefined } = {},
): Promise<WorkerClient<M, Attached>> {
  const { attachDriver } = await import('./drivers/attached.ts');
  const driver = attachDriver(typeof address === 'string' ? { socketPath: address, pid: undefined } : address);
  const given: ClientOptions = options;
  if (given.timeouts?.unresponsive !== undefined) {
    throw new DriverError(
      "'attachWorker' has no use for the option 'timeouts.unresponsive': the signs of life of a worker go to the " +
        'process that started it.',
    );
  }
  if (options.signal?.aborted === true) throw startCancelled(options.signal);
  const client = new RunningClient(driver, options, limitsOf(options));
  await client.start();
  // Types of messages end at the wire.
  return client as WorkerClient<MessageDefinitions, Attached> as unknown as WorkerClient<M, Attached>;
}
