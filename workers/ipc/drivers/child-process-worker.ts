/** The worker's side of the child-process driver: listens on its socket, says so, and speaks to whoever connects. */
import { chmodSync, writeSync } from 'node:fs';
import net from 'node:net';
import { StreamChannel } from '../channel.ts';
import type { Channel } from '../channel.ts';
import type { ServeContext, WorkerEnd } from '../driver.ts';
import { DriverError } from '../errors.ts';
import type { StartupData } from '../startup.ts';
import { setBlocking } from './blocking.ts';
import { LISTENING, REPORT_FD } from './guard.ts';
import { removeSocket } from './socket-path.ts';

export function serveSocket(startup: StartupData, context: ServeContext): WorkerEnd {
  const { socketPath } = startup;
  if (socketPath === undefined) throw new DriverError('The startup data has no socket path.');
  let server: net.Server | undefined;

  async function listen(onConnection: (socket: net.Socket) => void): Promise<void> {
    const listening = Promise.withResolvers<void>();
    server = net.createServer(onConnection);
    server.once('error', listening.reject);
    server.listen(socketPath, listening.resolve);
    await listening.promise;
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
