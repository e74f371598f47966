/** The worker's side: takes requests off the line, runs their handlers, answers. One per worker, until it ends. */
import { safeLogger } from './callbacks.ts';
import { loadServe } from './driver-ends.ts';
import type { ServeContext, ServerDriver, WorkerEnd } from './driver.ts';
import { Calls } from './calls.ts';
import { ClosedError, DriverError, ProtocolError } from './errors.ts';
import { HandlerTable } from './handler-table.ts';
import { silentLogger } from './logger.ts';
import type { Logger } from './logger.ts';
import type { Call, CallOptions, Handlers, MaybePromise, MessageDefinitions, NoMessages } from './messages.ts';
import { Line } from './middleware.ts';
import type { Middleware } from './middleware.ts';
import { stackOf } from './realm.ts';
import { builtInSerializers } from './serializer.ts';
import type { Serializer } from './serializer.ts';
import { Session } from './session.ts';
import { getStartupData, markServing } from './startup.ts';
import type { StartupData } from './startup.ts';
import { within } from './timers.ts';

/** How a worker serves its host. */
export interface ServerOptions {
  /** Needed only for a driver that is not the library's own; must be the host's. */
  readonly driver?: ServerDriver | undefined;
  /** Needed only for a serializer that is not the library's own; must be the host's. */
  readonly serializer?: Serializer | undefined;
  readonly middleware?: readonly Middleware[] | undefined;
  readonly logger?: Logger | undefined;
  /** Awaited before the worker ends on the host's request; the host gives it `graceMs`. */
  readonly onClose?: (() => MaybePromise<void>) | undefined;
}

/** A worker that serves its host. */
export interface WorkerServer<H extends MessageDefinitions = NoMessages> {
  /** Calls the host for no request in particular; in a handler, use that of its context. */
  readonly call: Call<H>;
  /** Ends all work, the line and the worker, as the host's `close()` does. */
  stop(): Promise<void>;
}

/**
 * Makes this process or thread a worker; resolves when the host can reach it.
 * @throws DriverError when it was not started by `createWorker`, or its driver is not known
 * @throws ProtocolError when host and worker do not use the same serializer
 */
export async function startWorkerServer<M extends MessageDefinitions, H extends MessageDefinitions = NoMessages>(
  handlers: Handlers<M, H>,
  options: ServerOptions = {},
): Promise<WorkerServer<H>> {
  const startup = getStartupData();
  if (startup === undefined) {
    throw new DriverError('This is not a worker: start the script with createWorker({ script }) instead of directly.');
  }
  markServing(startup);
  const { driver } = options;
  if (driver !== undefined && driver.name !== startup.driver) {
    throw new DriverError(
      `The worker uses the driver '${driver.name}', but the host started it with '${startup.driver}'. Use the same.`,
    );
  }
  const { serializer, mismatch } = chooseSerializer(startup, options.serializer);
  const logger = safeLogger(options.logger ?? silentLogger);
  const context: ServeContext = {
    serializer,
    maxFrameBytes: startup.maxFrameBytes,
    logger,
  };
  const serve = driver?.serve ?? (await loadServe(startup.driver));
  const end = serve(startup, context);
  if (mismatch !== undefined) {
    await end.refuse(mismatch);
    throw new ProtocolError(mismatch);
  }
  const server = new Server(new HandlerTable(handlers), end, { ...options, logger });
  await server.start();
  // Types of messages end at the wire.
  return server as WorkerServer<MessageDefinitions> as unknown as WorkerServer<H>;
}

function chooseSerializer(
  startup: StartupData,
  own: Serializer | undefined,
): { serializer: Serializer; mismatch?: string } {
  const named = builtInSerializers.get(startup.serializer);
  const serializer = own ?? named ?? builtInSerializers.values().next().value;
  if (serializer?.name === startup.serializer) return { serializer };
  const told = own === undefined ? 'was given none of that name' : `uses '${own.name}'`;
  return {
    serializer: serializer as Serializer,
    mismatch:
      `The host uses the serializer '${startup.serializer}', the worker ${told}. ` +
      'Pass the same serializer to createWorker and to startWorkerServer.',
  };
}

/** For messages that a middleware holds when the worker is to end: well within the time that the host gives it. */
const LAST_MESSAGES_MS = 300;

class Server implements WorkerServer<MessageDefinitions> {
  readonly #handlers: HandlerTable;
  readonly #end: WorkerEnd;
  readonly #options: ServerOptions & { readonly logger: Logger };
  #line: Line | undefined;
  #session: Session | undefined;
  #stopping: Promise<void> | undefined;
  readonly #flush = (): void => void this.#session?.flush();

  constructor(handlers: HandlerTable, end: WorkerEnd, options: ServerOptions & { readonly logger: Logger }) {
    this.#handlers = handlers;
    this.#end = end;
    this.#options = options;
  }

  start(): Promise<void> {
    // Also the way out after an uncaught exception: what was found until then is not lost.
    process.on('exit', this.#flush);
    return this.#end.accept((channel) => {
      // One host at a time: whoever connects last is it.
      this.#session?.destroy();
      const line = new Line(channel, this.#options.middleware);
      this.#line = line;
      this.#session = new Session(line, this.#handlers, {
        logger: this.#options.logger,
        onClose: () => void this.stop(),
        calls: new Calls(line),
      });
      line.listen(this.#session);
    });
  }

  readonly call = (type: string, payload?: unknown, options?: CallOptions<unknown>): Promise<unknown> => {
    const session = this.#session;
    if (session !== undefined) return session.call(type, payload, options);
    return Promise.reject(new ClosedError('No host has connected yet.'));
  };

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    let code = 0;
    // What the host sent before may still wait for a middleware.
    if (this.#line !== undefined) await within(this.#line.settled(), LAST_MESSAGES_MS);
    await this.#session?.settle();
    try {
      await this.#options.onClose?.();
    } catch (error) {
      code = 1;
      this.#session?.log('error', `onClose failed: ${stackOf(error)}`);
    }
    await this.#session?.end();
    process.off('exit', this.#flush);
    this.#end.stop();
    this.#end.exit(code);
  }
}
