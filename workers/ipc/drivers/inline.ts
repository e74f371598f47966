/**
 * The driver without isolation: the worker's script is imported into this thread and spoken to over a MessagePort, by
 * the same contract as the others. For tests and tiny jobs; nothing protects the host from it.
 */
import { createRequire } from 'node:module';
import { MessageChannel } from 'node:worker_threads';
import { pathToFileURL } from 'node:url';
import { PortChannel } from '../port-channel.ts';
import type { Channel } from '../channel.ts';
import type { BuiltInDriver, LaunchContext, LaunchOptions, ServerDriver, WorkerHandle } from '../driver.ts';
import { DriverError, SpawnError } from '../errors.ts';
import type { DriverExit } from '../exit.ts';
import { nextDepth } from '../nesting.ts';
import { toError } from '../realm.ts';
import { inlineStartup } from '../startup.ts';
import type { InlineSlot } from '../startup.ts';
import { handshakeProblem } from '../wire.ts';
import { servePort } from './port-worker.ts';
import type { InlineExit } from './port-worker.ts';
import { scriptPath } from './script-path.ts';
import { refuseOptions } from './unsupported.ts';

const capabilities = {
  reconnect: false,
  detach: false,
  transfer: true,
  sharedMemory: true,
  isolation: 'none',
} as const;

/** The driver without isolation, as an object for `createWorker`. One serves any number of workers. */
export class InlineDriver implements BuiltInDriver<'inline', typeof capabilities> {
  readonly name = 'inline';
  readonly builtIn = 'inline';
  readonly capabilities = capabilities;
  readonly launch = (options: LaunchOptions, context: LaunchContext): WorkerHandle =>
    new InlineWorker(options, context);
  readonly serve = servePort;
}

/** A driver without isolation. */
export const inlineDriver: InlineDriver = new InlineDriver();

/** The worker's side of it, for `startWorkerServer`; a worker finds it by itself. */
export class InlineServer implements ServerDriver {
  readonly name = 'inline';
  readonly serve = servePort;
}

let imports = 0;

const firstLoads = new Map<string, Promise<unknown>>();

/** Evaluates the module for this worker alone. */
async function loadModule(file: string): Promise<void> {
  if (/\.m[jt]s$/.test(file)) return importModule(file);
  const require = createRequire(file);
  if (!/\.c[jt]s$/.test(file)) {
    // Whether it is CommonJS is known once it has been loaded.
    const first = firstLoads.get(file);
    if (first === undefined) {
      const loading = importModule(file);
      firstLoads.set(file, Promise.allSettled([loading]));
      return loading;
    }
    await first;
    if (require.cache[file] === undefined) return importModule(file);
  }
  delete require.cache[file];
  require(file);
}

/** Another query makes it another instance, unless it is CommonJS. */
async function importModule(file: string): Promise<void> {
  const url = pathToFileURL(file);
  imports += 1;
  url.searchParams.set('worker', String(imports));
  await import(url.href);
}

class InlineWorker implements WorkerHandle {
  readonly pid = undefined;
  readonly ready: Promise<Channel>;
  readonly exited: Promise<DriverExit>;
  readonly #exited = Promise.withResolvers<DriverExit>();
  readonly #line: MessageChannel;

  constructor(options: LaunchOptions, context: LaunchContext) {
    refuseOptions('inline', options, [
      'cwd',
      'execPath',
      'execArgv',
      'env',
      'argv',
      'detached',
      'endStrays',
      'sandbox',
      'stdio',
      'socketPath',
      'spawnOptions',
      'reconnect',
      'eval',
      'resourceLimits',
      'command',
      'args',
      'handshake',
    ]);
    if (context.serializerGiven) {
      throw new DriverError("The driver 'inline' clones messages and has no use for the option 'serializer'.");
    }
    const file = scriptPath(options.script);
    const depth = nextDepth();
    // As a thread gets it: a copy.
    const workerData: unknown = structuredClone(options.workerData, {
      transfer: [...(options.transferList ?? [])] as ArrayBuffer[],
    });
    // Nothing from here on may throw: a port that somebody listens to keeps the process alive.
    this.#line = new MessageChannel();
    const { port1, port2 } = this.#line;
    this.exited = this.#exited.promise;
    const ready = Promise.withResolvers<Channel>();
    this.ready = ready.promise;
    ready.promise.catch(() => undefined);
    const channel = new PortChannel(port1, {
      onHandshake: (handshake) => {
        const problem = handshakeProblem(handshake, context.serializer.name);
        if (problem === undefined) ready.resolve(channel);
        else ready.reject(new SpawnError(problem));
      },
    });
    const onExit: InlineExit = { exit: (exitCode) => this.#end({ exitCode, outOfMemory: false, stderrTail: [] }) };
    const slot: InlineSlot = {
      startup: {
        driver: 'inline',
        script: file,
        depth,
        serializer: context.serializer.name,
        maxFrameBytes: context.maxFrameBytes,
        port: port2,
        workerData,
        driverData: onExit,
      },
    };
    inlineStartup
      .run(slot, () => loadModule(file))
      .catch((error: unknown) => {
        const cause = toError(error);
        this.#end({ exitCode: 1, outOfMemory: false, stderrTail: [], error: cause, errorKind: 'uncaught' });
      });
  }

  terminate(): void {
    this.kill();
  }

  kill(): void {
    this.#end({ outOfMemory: false, stderrTail: [] });
  }

  keepAlive(on: boolean): void {
    const { port1, port2 } = this.#line;
    // The worker's end is in this process too.
    port2.unref();
    if (on) port1.ref();
    else port1.unref();
  }

  watch(): void {
    // Nothing but the working thread could tell.
  }

  #end(exit: DriverExit): void {
    const { port1, port2 } = this.#line;
    port1.once('close', () => this.#exited.resolve(exit));
    port1.close();
    port2.close();
  }
}
