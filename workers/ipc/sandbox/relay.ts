/**
 * The inner end of the way out of a sandbox: a thread of the worker listens on a port of the sandbox's own loopback, and
 * passes bytes on to the socket of the host's proxy. Programs find it by their environment. It decides nothing: code that
 * gets round it finds the same proxy. Stateless.
 */
import { randomInt } from 'node:crypto';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { DriverError } from '../errors.ts';
import { clearInterval, setInterval } from '../timers.ts';

/** Where the relay listens, and where it leads. */
export interface RelayPlace {
  readonly port: number;
  readonly socketPath: string;
}

/**
 * Chosen before the sandbox is made, which on macOS has to name it. There the port is one of the whole machine: a worker
 * whose port is taken does not start.
 */
export function newRelayPlace(directory: string): RelayPlace {
  return { port: randomInt(20_000, 32_000), socketPath: path.join(directory, 'p') };
}

/** The variables by which programs find it. */
export function relayEnvironment({ port }: RelayPlace): Readonly<Record<string, string>> {
  const proxy = `http://127.0.0.1:${port}`;
  // Node asks for the last one; curl wants small letters for the first.
  return { HTTP_PROXY: proxy, http_proxy: proxy, HTTPS_PROXY: proxy, https_proxy: proxy, NODE_USE_ENV_PROXY: '1' };
}

/** Resolves once it listens. Does not keep the worker alive. @throws DriverError when it cannot listen */
export async function startRelay(place: RelayPlace): Promise<void> {
  const thread = new Worker(`(${relay.toString()})(${JSON.stringify(place)})`, { eval: true, execArgv: [], env: {} });
  thread.unref();
  const started = Promise.withResolvers<string>();
  thread.once('message', started.resolve);
  thread.once('error', (error: Error) => started.resolve(error.message));
  // Unreferenced, it would not keep a worker alive that waits for nothing else.
  const alive = setInterval(() => undefined, 60_000);
  const problem = await started.promise;
  clearInterval(alive);
  // Whoever connects then finds nobody, and nothing else ends.
  thread.on('error', () => undefined);
  if (problem !== '')
    throw new DriverError(`The way to allowed hosts could not be opened at port ${place.port}: ${problem}`);
}

/** Runs in the thread, as source text, so it uses nothing from around it. Says an empty text once it listens. */
function relay({ port, socketPath }: RelayPlace): void {
  const net = process.getBuiltinModule('node:net');
  const { parentPort } = process.getBuiltinModule('node:worker_threads');
  const server = net.createServer({ allowHalfOpen: true }, (client) => {
    const host = net.connect({ path: socketPath, allowHalfOpen: true });
    for (const [from, to] of [
      [client, host],
      [host, client],
    ] as const) {
      from.pipe(to);
      from.on('error', () => to.destroy());
      from.on('close', () => {
        // One that came to its end has left bytes that the other has yet to take.
        if (!from.readableEnded) to.destroy();
        else to.setTimeout(10_000, () => to.destroy()).resume();
      });
    }
  });
  server.on('error', (error) => parentPort?.postMessage(error.message));
  server.listen(port, '127.0.0.1', () => parentPort?.postMessage(''));
}
