/**
 * The worker's side of the container driver: a socket that the relay has opened for it. Stdin and stdout are the worker's
 * own, so that nothing that it reads or prints there can spoil a message.
 */
import net from 'node:net';
import { StreamChannel } from '../stream-channel.ts';
import type { ServeContext, WorkerEnd } from '../driver.ts';
import type { StartupData } from '../startup.ts';
import { endWithoutLine, sameDescriptor, setBlocking } from './blocking.ts';
import { LINE_FD } from './file-descriptors.ts';

export function serveLine(_startup: StartupData, context: ServeContext): WorkerEnd {
  const socket = new net.Socket({ fd: LINE_FD, readable: true, writable: true });
  const isSame = sameDescriptor(socket);
  const channel = new StreamChannel(socket, socket, {
    ...context,
    setBlocking: (blocking) => {
      if (blocking && !isSame()) endWithoutLine();
      setBlocking(socket, blocking);
    },
  });
  return {
    accept: (listener) => {
      channel.sendHandshake({ serializer: context.serializer.name });
      listener(channel);
      socket.once('close', () => process.exit(0));
      return Promise.resolve();
    },
    refuse: async (reason) => {
      channel.sendHandshake({ refused: reason });
      await channel.end();
      socket.destroy();
    },
    stop: () => socket.destroy(),
    exit: (code) => process.exit(code),
  };
}
