/** The worker's side of the child-process driver: listens on its socket, says so, and speaks to whoever connects. */
import { chmodSync, lstatSync, writeSync } from 'node:fs';
import net from 'node:net';
import { StreamChannel } from '../channel.ts';
import type { Channel } from '../channel.ts';
import type { ServeContext, WorkerEnd } from '../driver.ts';
import { DriverError } from '../errors.ts';
import type { StartupData } from '../startup.ts';
import { setBlocking } from './blocking.ts';
import { REPORT_FD } from './file-descriptors.ts';
import { LISTENING } from './guard.ts';
import { removeSocket } from './socket-path.ts';

export function serveSocket(startup: StartupData, context: ServeContext): WorkerEnd {
  const { socketPath } = startup;
  if (socketPath === undefined) throw new DriverError('The startup data has no socket path.');
  let server: net.Server | undefined;

  async function listen(onConnection: (socket: net.Socket) => void): Promise<void> {
    try {
      server = await listenAt(socketPath as string, onConnection);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
      if (!(await isLeftOver(socketPath as string)))
        throw new DriverError(`The socket '${socketPath}' is in use by another process. Choose another.`, {
          cause: error,
        });
      removeSocket(socketPath as string, false);
      server = await listenAt(socketPath as string, onConnection);
    }
    if (process.platform !== 'win32') chmodSync(socketPath as string, 0o600);
    writeSync(REPORT_FD, `${LISTENING}\n`);
  }

  return {
    accept: (listener: (channel: Channel) => void) =>
      listen((socket) => {
        const channel = new StreamChannel(socket, socket, {
          ...context,
          setBlocking: (blocking) => setBlocking(socket, blocking),
        });
        channel.sendHandshake({ serializer: context.serializer.name });
        listener(channel);
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

async function listenAt(socketPath: string, onConnection: (socket: net.Socket) => void): Promise<net.Server> {
  const listening = Promise.withResolvers<void>();
  const server = net.createServer(onConnection);
  server.once('error', listening.reject);
  server.listen(socketPath, listening.resolve);
  await listening.promise;
  return server;
}

/** A socket at which nobody listens any more: the worker that did was killed. */
async function isLeftOver(socketPath: string): Promise<boolean> {
  if (!lstatSync(socketPath, { throwIfNoEntry: false })?.isSocket()) return false;
  const tried = Promise.withResolvers<boolean>();
  const socket = net.connect(socketPath);
  socket.once('connect', () => tried.resolve(false));
  socket.once('error', ({ code }: NodeJS.ErrnoException) => tried.resolve(code === 'ECONNREFUSED'));
  const isFree = await tried.promise;
  socket.destroy();
  return isFree;
}
