/** The worker's side of the drivers that use a MessagePort. */
import { isMainThread } from 'node:worker_threads';
import { PortChannel } from '../port-channel.ts';
import type { ServeContext, WorkerEnd } from '../driver.ts';
import { DriverError } from '../errors.ts';
import type { StartupData } from '../startup.ts';

/** How an inline worker ends, which has no thread to exit from. */
export interface InlineExit {
  exit(code: number): void;
}

export function servePort(startup: StartupData, context: ServeContext): WorkerEnd {
  const { port, pulse, bell } = startup;
  if (port === undefined) throw new DriverError('The startup data has no port.');
  const channel = new PortChannel(port, {
    keepsContext: startup.driver === 'inline',
    ...(bell === undefined ? {} : { bell }),
  });
  pulse?.on('message', () => pulse.postMessage(0));
  pulse?.unref();
  return {
    accept: (listener) => {
      channel.sendHandshake({ serializer: context.serializer.name });
      listener(channel);
      return Promise.resolve();
    },
    refuse: (reason) => {
      channel.sendHandshake({ refused: reason });
      return Promise.resolve();
    },
    stop: () => port.close(),
    exit: (code) => {
      if (startup.driver === 'inline') (startup.driverData as InlineExit).exit(code);
      else if (!isMainThread) process.exit(code);
    },
  };
}
