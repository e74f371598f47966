/** The worker's side of the child-process driver: listens on its socket, says so, and speaks to whoever connects. */
import { writeSync } from 'node:fs';
import type net from 'node:net';
import { StreamChannel } from '../stream-channel.ts';
import type { Channel } from '../channel.ts';
import type { ServeContext, WorkerEnd } from '../driver.ts';
import { DriverError } from '../errors.ts';
import { startRelay } from '../sandbox/relay.ts';
import type { StartupData } from '../startup.ts';
import { endWithoutLine, sameDescriptor, setBlocking } from './blocking.ts';
import { REPORT_FD } from './file-descriptors.ts';
import { LISTENING } from './guard.ts';
import { getSocketAdapter } from './socket-adapter.ts';
import { removeSocket } from './socket-path.ts';

export function serveSocket(startup: StartupData, context: ServeContext): WorkerEnd {
  const { socketPath } = startup;
  if (socketPath === undefined) throw new DriverError('The startup data has no socket path.');
  let server: net.Server | undefined;
  /** Tells the host that was connected before that it is not any more. */
  let takeLeave = (): void => undefined;

  async function listen(onConnection: (socket: net.Socket) => void): Promise<void> {
    if (startup.relay !== undefined) await startRelay(startup.relay);
    try {
      server = await listenAt(socketPath as string, onConnection);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
      // To ask whoever listens would take the worker from its host.
      throw new DriverError(
        `The socket '${socketPath}' is in use by another process, or left over from one that was killed. ` +
          'Choose another path, or remove the file if nobody listens there.',
        { cause: error },
      );
    }
    writeSync(REPORT_FD, `${LISTENING}\n`);
  }

  return {
    accept: (listener: (channel: Channel) => void) =>
      listen((socket) => {
        let waits = true;
        const isSame = sameDescriptor(socket);
        const channel = new StreamChannel(socket, socket, {
          ...context,
          setBlocking: (blocking) => {
            if (blocking && !isSame()) endWithoutLine();
            setBlocking(socket, blocking && waits);
          },
        });
        channel.sendHandshake({ serializer: context.serializer.name, pid: process.pid });
        // Whoever only looks whether anybody listens here says nothing, and is no host.
        socket.once('data', () => {
          takeLeave();
          takeLeave = () => {
            // A host that reads no more must not stop this worker.
            waits = false;
            tellReplaced(channel);
          };
          listener(channel);
        });
      }),
    refuse: async (reason) => {
      const told = Promise.withResolvers<void>();
      await listen((socket) => {
        socket.once('close', () => told.resolve());
        const channel = new StreamChannel(socket, socket, context);
        channel.sendHandshake({ refused: reason });
        void channel.end();
      });
      await told.promise;
      server?.close();
    },
    stop: () => {
      server?.close();
      removeSocket(socketPath, startup.ownsDirectory === true);
    },
    exit: (code) => process.exit(code),
  };
}

function tellReplaced(channel: StreamChannel): void {
  try {
    channel.send({ type: '$replaced' });
    channel.flush();
  } catch {
    // A serializer of the caller's; the end of the connection tells enough.
  }
}

async function listenAt(socketPath: string, onConnection: (socket: net.Socket) => void): Promise<net.Server> {
  const listening = Promise.withResolvers<void>();
  const server = getSocketAdapter().createServer(socketPath);
  server.on('connection', onConnection);
  server.once('error', listening.reject);
  server.once('listening', listening.resolve);
  await listening.promise;
  return server;
}
