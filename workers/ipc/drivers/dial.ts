/** Connecting to a worker that listens: tries again while it cannot be reached, and takes its handshake. Stateless. */
import type net from 'node:net';
import { backoffDelay } from '../backoff.ts';
import { StreamChannel } from '../stream-channel.ts';
import type { LaunchContext } from '../driver.ts';
import { ConnectTimeoutError, DriverError, SpawnError } from '../errors.ts';
import { textOf } from '../realm.ts';
import { now, startTimer, wait } from '../timers.ts';
import { handshakeProblem } from '../wire.ts';
import { getSocketAdapter } from './socket-adapter.ts';

export type DialContext = Pick<
  LaunchContext,
  'serializer' | 'maxFrameBytes' | 'connectTimeoutMs' | 'connectRetry' | 'logger'
>;

export interface Dialled {
  readonly channel: StreamChannel;
  readonly socket: net.Socket;
  /** Of the worker, as it says. */
  readonly pid: number | undefined;
  /** Settles when the connection is over and all that came has been delivered. */
  readonly closed: Promise<void>;
}

/**
 * @param gone aborted when it makes no sense any more to try
 * @throws ConnectTimeoutError, whose cause is the last failure; SpawnError for a worker that cannot be worked with
 */
export async function dial(socketPath: string, context: DialContext, gone?: AbortSignal): Promise<Dialled> {
  const { connectRetry, connectTimeoutMs, logger } = context;
  const deadline = now() + connectTimeoutMs;
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await dialOnce(socketPath, context, deadline - now());
    } catch (error) {
      if (error instanceof SpawnError || error instanceof ConnectTimeoutError || error instanceof DriverError)
        throw error;
      const delay = backoffDelay(connectRetry, attempt);
      if (attempt >= connectRetry.maxRetries || now() + delay >= deadline || gone?.aborted === true) {
        throw new ConnectTimeoutError(`The worker could not be connected to: ${textOf(error)}`, { cause: error });
      }
      logger.debug(`Connecting to the worker failed, next attempt in ${delay} ms: ${textOf(error)}`);
      await wait(delay, gone);
    }
  }
}

async function dialOnce(socketPath: string, context: DialContext, timeoutMs: number): Promise<Dialled> {
  const { serializer, maxFrameBytes, connectTimeoutMs } = context;
  const { promise, resolve, reject } = Promise.withResolvers<Dialled>();
  const socket = getSocketAdapter().createClient(socketPath);
  const closed = new Promise<void>((done) => void socket.once('close', () => done()));
  const channel = new StreamChannel(socket, socket, {
    serializer,
    maxFrameBytes,
    onHandshake: (handshake) => {
      const problem = handshakeProblem(handshake, serializer.name);
      if (problem === undefined) resolve({ channel, socket, pid: handshake.pid, closed });
      else reject(new SpawnError(problem));
    },
  });
  const timer = startTimer(Math.max(0, timeoutMs), () =>
    reject(new ConnectTimeoutError(`No connection to the worker within ${connectTimeoutMs} ms.`)),
  );
  socket.once('error', reject);
  socket.once('close', () => reject(new SpawnError('The worker closed the connection before it was ready.')));
  try {
    const dialled = await promise;
    channel.send({ type: '$connect' });
    return dialled;
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    timer.cancel();
  }
}
