/** The worker's side of the stdio driver. Stdout belongs to the line; what the worker's code prints goes to stderr. */
import { StreamChannel } from '../stream-channel.ts';
import type { ServeContext, WorkerEnd } from '../driver.ts';
import type { StartupData } from '../startup.ts';
import { Writable } from 'node:stream';

export function serveStdio(_startup: StartupData, context: ServeContext): WorkerEnd {
  const { stdin, stdout } = process;
  const write = stdout.write.bind(stdout);
  // Text without a line feed would run into the next message and spoil it.
  stdout.write = process.stderr.write.bind(process.stderr);
  const line = new Writable({
    decodeStrings: false,
    // Without waiting: what is written before the process ends must not be held here.
    write: (chunk: string | Buffer, encoding, done) => {
      write(chunk, encoding);
      done();
    },
    final: (done) => void write('', 'utf8', () => done()),
  });
  const channel = new StreamChannel(stdin, line, context);
  return {
    accept: (listener) => {
      channel.sendHandshake({ serializer: context.serializer.name });
      listener(channel);
      stdin.once('close', () => process.exit(0));
      return Promise.resolve();
    },
    refuse: async (reason) => {
      channel.sendHandshake({ refused: reason });
      await channel.end();
      stdin.destroy();
    },
    stop: () => stdin.destroy(),
    exit: (code) => process.exit(code),
  };
}
