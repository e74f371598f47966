/**
 * A connection to a worker that listens, message by message: for who speaks the wire (docs/workers.md) himself. Clients
 * of `attachWorker` have requests, events and timeouts beside. Lives until it is closed.
 */
import type net from 'node:net';
import type { DialContext, Dialled } from './drivers/dial.ts';
import { ClosedError, ProtocolError } from './errors.ts';
import type { LifecycleEvents, LifecycleListener } from './lifecycle.ts';
import { Listeners } from './listeners.ts';
import { silentLogger } from './logger.ts';
import { safeLogger } from './callbacks.ts';
import { limitsOf } from './options.ts';
import type { ClientOptions, Timeouts } from './options.ts';
import { stackOf, textOf, toError } from './realm.ts';
import { jsonSerializer } from './serializer.ts';
import { startCancelled } from './starting.ts';
import { isUncheckedMessage } from './wire.ts';
import type { UncheckedMessage, WireMessage } from './wire.ts';

/** What to connect to, and how. */
export interface ConnectionOptions extends Pick<
  ClientOptions,
  'connectRetry' | 'serializer' | 'maxFrameBytes' | 'logger' | 'signal'
> {
  /** Of the worker: `worker.socketPath`, or what `detach()` returned. */
  readonly socketPath: string;
  /** Connect again when the connection breaks. Default `false`. */
  readonly reconnect?: boolean | undefined;
  readonly timeouts?: Pick<Timeouts, 'connect'> | undefined;
}

/** A line of messages to a worker. */
export interface Connection {
  /** The present one; another one after each time the connection was made anew. */
  readonly socket: net.Socket;
  readonly isConnected: boolean;
  /** Of the worker, as it says. */
  readonly pid: number | undefined;
  /**
   * Settles when the operating system has taken the message.
   * @throws SerializationError, FrameTooLargeError; ClosedError while there is no connection
   */
  send(message: WireMessage): Promise<void>;
  /** Messages wait for the first listener. Returns the function that stops listening. */
  onMessage(listener: (message: UncheckedMessage) => void): () => void;
  /** `connect` (again), `disconnect`, `error`. Returns the function that stops listening. */
  on<E extends 'connect' | 'disconnect' | 'error'>(event: E, listener: LifecycleListener<E>): () => void;
  /** Ends the connection, once what was sent has left. The worker lives on. */
  close(): Promise<void>;
}

/**
 * Connects to a worker that listens, as its host: one that was connected before is told so and loses its connection.
 * @throws ConnectTimeoutError when it cannot be reached in time, for as many tries as `connectRetry` says
 * @throws SpawnError when it uses another serializer, or is no worker; DriverError, CancelledError
 */
export async function createConnection(options: ConnectionOptions): Promise<Connection> {
  // Who connects to nothing does not load it.
  const { dial } = await import('./drivers/dial.ts');
  const { signal, serializer = jsonSerializer, logger = silentLogger, socketPath } = options;
  const { maxFrameBytes, connect: connectTimeoutMs, connectRetry } = limitsOf(options);
  const closed = new AbortController();
  const gone = signal === undefined ? closed.signal : AbortSignal.any([closed.signal, signal]);
  const context = { serializer, maxFrameBytes, connectTimeoutMs, connectRetry, logger: safeLogger(logger) };
  const connect = (): Promise<Dialled> => dial(socketPath, context, gone);
  const isCancelled = (): boolean => signal?.aborted === true;
  if (isCancelled()) throw startCancelled(signal);
  try {
    return new DialledConnection(await connect(), options.reconnect === true ? connect : undefined, context, closed);
  } catch (error) {
    throw isCancelled() ? startCancelled(signal) : error;
  }
}

interface Heard extends LifecycleEvents {
  readonly message: UncheckedMessage;
}

class DialledConnection implements Connection {
  #line: Dialled;
  readonly #connect: (() => Promise<Dialled>) | undefined;
  readonly #closed: AbortController;
  readonly #listeners: Listeners<Heard>;
  #isConnected = true;
  #early: UncheckedMessage[] | undefined = [];

  constructor(
    line: Dialled,
    connect: (() => Promise<Dialled>) | undefined,
    { logger }: DialContext,
    closed: AbortController,
  ) {
    this.#connect = connect;
    this.#closed = closed;
    this.#listeners = new Listeners((error) => logger.error(`A listener of a connection failed: ${stackOf(error)}`));
    this.#line = line;
    this.#listen(line);
  }

  get socket(): net.Socket {
    return this.#line.socket;
  }

  get isConnected(): boolean {
    return this.#isConnected;
  }

  get pid(): number | undefined {
    return this.#line.pid;
  }

  async send(message: WireMessage): Promise<void> {
    if (!this.#isConnected) throw new ClosedError('There is no connection to the worker.');
    const { channel, socket } = this.#line;
    channel.send(message);
    if (channel.flush()) return;
    const left = Promise.withResolvers<void>();
    socket.once('drain', left.resolve);
    socket.once('close', left.resolve);
    await left.promise;
    socket.off('drain', left.resolve);
    socket.off('close', left.resolve);
  }

  onMessage(listener: (message: UncheckedMessage) => void): () => void {
    const stop = this.#listeners.on('message', listener);
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const message of early) this.#listeners.emit('message', message);
    return stop;
  }

  on<E extends 'connect' | 'disconnect' | 'error'>(event: E, listener: LifecycleListener<E>): () => void {
    return this.#listeners.on<E>(event, listener);
  }

  async close(): Promise<void> {
    this.#closed.abort();
    this.#isConnected = false;
    const { channel, closed } = this.#line;
    await channel.end();
    channel.destroy();
    await closed;
  }

  #listen(line: Dialled): void {
    line.channel.listen({
      message: (message) => {
        if (line === this.#line) this.#receive(message);
      },
      ended: (error) => void this.#ended(line, error),
    });
  }

  #receive(message: unknown): void {
    if (!isUncheckedMessage(message)) {
      this.#listeners.emit('error', new ProtocolError(`The worker sent what is no message: ${textOf(message)}`));
    } else if (this.#early !== undefined) this.#early.push(message);
    else this.#listeners.emit('message', message);
  }

  async #ended(line: Dialled, error: Error | undefined): Promise<void> {
    if (line !== this.#line) return;
    this.#isConnected = false;
    const isWanted = this.#closed.signal.aborted;
    this.#listeners.emit('disconnect', isWanted ? undefined : (error ?? new ClosedError('The worker hung up.')));
    if (isWanted) return;
    if (error !== undefined) this.#listeners.emit('error', error);
    if (this.#connect === undefined) return;
    try {
      const next = await this.#connect();
      if (this.#closed.signal.aborted) return next.channel.destroy();
      this.#line = next;
      this.#isConnected = true;
      this.#listeners.emit('connect', undefined);
      this.#listen(next);
    } catch (failure) {
      if (!this.#closed.signal.aborted) this.#listeners.emit('error', toError(failure));
    }
  }
}
