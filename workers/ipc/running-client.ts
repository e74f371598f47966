/** One worker as the host sees it: its state from the start to the end, and the line to it while there is one. */
import type { Transferable } from 'node:worker_threads';
import type { Channel } from './channel.ts';
import { callAll, safeLogger } from './callbacks.ts';
import { addCaller } from './caller.ts';
import type { SendOptions, StreamOptions, WorkerState } from './client.ts';
import type { DriverCapabilities, LogEntry, Vitals, WorkerAddress, WorkerDriver, WorkerHandle } from './driver.ts';
import {
  CancelledError,
  ClosedError,
  CrashedError,
  DriverError,
  SpawnError,
  StartupTimeoutError,
  WorkerError,
} from './errors.ts';
import { HostHandlers } from './host-handlers.ts';
import { eventStream } from './event-stream.ts';
import type { EventStream } from './event-stream.ts';
import { KeepAlive } from './keep-alive.ts';
import type { InputSource } from './input.ts';
import { describeExit } from './exit.ts';
import type { Verdict, WorkerExit } from './exit.ts';
import { UnfinishedFrameError } from './framing.ts';
import { silentLogger } from './logger.ts';
import type { Logger } from './logger.ts';
import type { LogLevel, TransactionId } from './messages.ts';
import { Line } from './middleware.ts';
import { closeLimits } from './options.ts';
import type { AnyHostOptions, CloseOptions, Limits } from './options.ts';
import { stackOf, textOf } from './realm.ts';
import { Requests } from './requests.ts';
import { jsonSerializer } from './serializer.ts';
import { Session } from './session.ts';
import { duration, now, startDeadline, timeLimit, within } from './timers.ts';
import { Watch } from './watch.ts';
import { isCall, isTransactionId, isUncheckedMessage, refuseOwnType } from './wire.ts';

/** A worker whose connection ended is given so long to exit: how it exits tells what happened. */
const EXIT_AFTER_LINE_MS = 3_000;

/** With so many requests in work, the worker is behind. */
const MOST_IN_WORK = 1_000;

/** What was sent before a disconnect is given so long to leave. */
const END_OF_LINE_MS = 1_000;

export class RunningClient {
  readonly capabilities: DriverCapabilities;
  readonly exited: Promise<WorkerExit>;
  state: WorkerState = 'starting';
  startedInMs = 0;
  vitals: Vitals | undefined;
  readonly #options: AnyHostOptions;
  readonly #handle: WorkerHandle;
  readonly #limits: Limits;
  readonly #logger: Logger;
  readonly #startedAt = now();
  readonly #logListeners = new Set<(entry: LogEntry) => void>();
  readonly #vitalsListeners = new Set<(vitals: Vitals) => void>();
  #line: Line | undefined;
  #requests: Requests | undefined;
  #exit: WorkerExit | undefined;
  #verdict: Verdict | undefined;
  #verdictDetail: string | undefined;
  #closing: Promise<WorkerExit> | undefined;
  #lastId = 0;
  readonly #watch: Watch;
  readonly #keepAlive: KeepAlive;
  #lessWork: PromiseWithResolvers<void> | undefined;
  /** Called when requests are opened, settled, or acknowledged by the worker. One listener: the pool. */
  onWork: () => void = () => undefined;

  constructor(driver: WorkerDriver, options: AnyHostOptions, limits: Limits) {
    this.#options = options;
    this.#limits = limits;
    this.#logger = safeLogger(options.logger ?? silentLogger);
    this.capabilities = driver.capabilities;
    if (options.onLog !== undefined) this.#logListeners.add(options.onLog);
    if (options.onVitals !== undefined) this.#vitalsListeners.add(options.onVitals);
    this.#handle = driver.launch(options, {
      serializer: options.serializer ?? jsonSerializer,
      serializerGiven: options.serializer !== undefined,
      maxFrameBytes: limits.maxFrameBytes,
      connectTimeoutMs: limits.connect,
      connectRetry: limits.connectRetry,
      logger: this.#logger,
      onLog: (entry) => this.#onLogEntry(entry),
      onVitals: (vitals) => this.#onVitalsReport(vitals),
    });
    this.#watch = new Watch({
      inWork: () => this.inWork,
      turn: (on) => this.#handle.watch(on),
      unresponsiveMs: limits.unresponsive,
      unresponsive: (detail) => this.#killFor('unresponsive', detail),
    });
    this.#keepAlive = new KeepAlive(options.keepAlive ?? 'in-work', {
      hold: (on) => this.#handle.keepAlive?.(on),
      inWork: () => this.inWork > 0,
      close: () => void this.close(),
    });
    this.exited = this.#end();
  }

  get pid(): number | undefined {
    return this.#handle.pid;
  }

  get inWork(): number {
    return this.#requests?.inWork ?? 0;
  }

  /** Throws why it could not be started, once nothing is left of it. */
  async start(): Promise<void> {
    const { signal } = this.#options;
    const limit = startsInspected(this.#options) ? Infinity : this.#limits.startup;
    const giveUp = Promise.withResolvers<never>();
    const onAbort = (): void => giveUp.reject(startCancelled(signal));
    const timer = startDeadline(limit, () =>
      giveUp.reject(new StartupTimeoutError(`The worker was not ready within ${limit} ms.`)),
    );
    signal?.addEventListener('abort', onAbort, { once: true });
    const ended = this.exited.then((exit) => {
      throw new SpawnError(`The worker was not ready when it ended. ${exit.reason}${tail(exit)}`, {
        exit,
        cause: exit.error,
      });
    });
    try {
      this.#connected(await Promise.race([this.#handle.ready, ended, giveUp.promise]));
      this.startedInMs = now() - this.#startedAt;
      this.log('debug', `Ready after ${Math.round(this.startedInMs)} ms.`);
    } catch (error) {
      throw await this.#failedStart(error);
    } finally {
      timer.cancel();
      signal?.removeEventListener('abort', onAbort);
    }
  }

  async send(type: string, payload?: unknown, options?: SendOptions<unknown, unknown>): Promise<unknown> {
    try {
      return await this.request(type, payload, options);
    } catch (error) {
      addCaller(error);
      throw error;
    }
  }

  /** The same for a caller that adds its own callers to an error. @throws ClosedError and others, at once */
  request(type: string, payload: unknown, options: SendOptions<unknown, unknown> = {}): Promise<unknown> {
    const requests = this.#requests;
    if (this.state !== 'ready' || requests === undefined) throw this.#closedError();
    refuseOwnType(type);
    const { signal, cancel, onEvent, timeout, transfer, killAfter } = options;
    const { message, messages } = this.#limits;
    const timeoutMs =
      timeout === undefined
        ? messages.size === 0
          ? message
          : (messages.get(type) ?? message)
        : timeLimit(timeout, 'timeout');
    const killAfterMs = killAfter === undefined ? this.#limits.killAfter : duration(killAfter, 'killAfter');
    const input = checkedInput(options.input);
    return requests.send(this.#nextId(), type, payload, {
      signal,
      cancel,
      timeoutMs,
      killAfterMs,
      input,
      onEvent,
      transfer,
    });
  }

  get writable(): boolean {
    return this.state === 'ready' && this.#line?.writable === true && this.inWork < MOST_IN_WORK;
  }

  async drained(): Promise<void> {
    while (this.state === 'ready' && this.#line !== undefined && !this.writable) {
      const { promise } = (this.#lessWork ??= Promise.withResolvers());
      await (this.#line.writable ? promise : this.#line.drained());
    }
  }

  ref(): void {
    this.#keepAlive.mode = 'always';
  }

  unref(): void {
    this.#keepAlive.mode = 'never';
  }

  stream(type: string, payload?: unknown, options: StreamOptions<unknown> = {}): EventStream<unknown, unknown> {
    const left = new AbortController();
    const signal = options.signal === undefined ? left.signal : AbortSignal.any([left.signal, options.signal]);
    return eventStream(
      (onEvent) => this.send(type, payload, { ...options, signal, onEvent: onEvent }),
      () => left.abort(),
    );
  }

  notify(type: string, payload?: unknown, options: { transfer?: readonly Transferable[] } = {}): void {
    if (this.state !== 'ready' || this.#line === undefined) throw this.#closedError();
    refuseOwnType(type);
    this.#line.send({ type, payload }, options.transfer);
  }

  async close(options: CloseOptions = {}): Promise<WorkerExit> {
    const limits = closeLimits(options);
    this.#closing ??= this.#close(limits);
    return this.#closing;
  }

  kill(): Promise<WorkerExit> {
    this.#killFor('killed');
    return this.exited;
  }

  async disconnect(): Promise<void> {
    if (!this.capabilities.reconnect)
      throw new DriverError('This driver cannot disconnect and reconnect: use child-process.');
    if (this.state !== 'ready') throw this.#closedError();
    this.state = 'disconnected';
    const line = this.#line;
    this.#requests?.cancelAll(() => new ClosedError('The client was disconnected.'));
    this.#line = undefined;
    this.#requests = undefined;
    this.#watch.update();
    // A middleware that hangs does not keep the line.
    if (line !== undefined) await within(line.end(), END_OF_LINE_MS);
    line?.destroy();
  }

  async reconnect(): Promise<void> {
    if (this.#handle.reconnect === undefined)
      throw new DriverError('This driver cannot disconnect and reconnect: use child-process.');
    if (this.state !== 'disconnected')
      throw this.state === 'ready' ? new ClosedError('The client is connected.') : this.#closedError();
    const ended = this.exited.then(() => {
      throw this.#closedError();
    });
    const reconnected = this.#handle.reconnect();
    const channel = await Promise.race([reconnected, ended]).catch((error: unknown) => {
      throw this.state === 'disconnected' ? error : this.#closedError();
    });
    if (this.state !== 'disconnected') {
      channel.destroy();
      throw this.#closedError();
    }
    this.#connected(channel);
  }

  async detach(): Promise<WorkerAddress> {
    if (this.#handle.detach === undefined)
      throw new DriverError('This driver cannot detach its worker: use child-process.');
    if (this.state !== 'ready' && this.state !== 'disconnected') throw this.#closedError();
    if (this.state === 'ready') await this.disconnect();
    this.state = 'closed';
    this.#verdict ??= 'detached';
    this.#keepAlive.ended();
    return this.#handle.detach();
  }

  onLog(listener: (entry: LogEntry) => void): () => void {
    this.#logListeners.add(listener);
    return () => void this.#logListeners.delete(listener);
  }

  onVitals(listener: (vitals: Vitals) => void): () => void {
    this.#vitalsListeners.add(listener);
    return () => void this.#vitalsListeners.delete(listener);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  log(level: LogLevel, message: string): void {
    this.#logger.log(level, `${this.#options.name ?? 'worker'} (${this.pid ?? 'no process'}): ${message}`);
  }

  #nextId(): TransactionId {
    const { transactionId } = this.#options;
    if (transactionId !== undefined) {
      const id: unknown = transactionId();
      if (isTransactionId(id) && !isCall(id)) return id;
      throw new DriverError(
        `The option 'transactionId' must return a text (without a $ in front) or a finite number, not ${textOf(id)}.`,
      );
    }
    this.#lastId += 1;
    return this.#lastId;
  }

  #connected(channel: Channel): void {
    const line = new Line(channel, this.#options.middleware);
    const requests = new Requests(line, {
      keepsContext: this.#options.handlers !== undefined,
      changed: () => this.#workChanged(),
      overdue: (detail) => this.#killFor('unresponsive', detail),
    });
    const calls = new Session(line, new HostHandlers(this.#options.handlers, requests.inputs), {
      logger: this.#logger,
      onClose: () => undefined,
    });
    this.#line = line;
    this.#requests = requests;
    this.state = 'ready';
    this.#workChanged();
    line.listen({
      message: (message) => {
        if (isUncheckedMessage(message) && isCall(message.tx)) {
          requests.inContextOf(message.for, () => calls.message(message));
        } else this.#receive(requests, message);
      },
      failed: (error, message, direction) => {
        const tx = isUncheckedMessage(message) ? message.tx : undefined;
        if (isCall(tx)) calls.failed(error, message, direction);
        else if (isTransactionId(tx)) requests.fail(tx, error, direction === 'incoming');
        else this.log('error', error.message);
      },
      ended: (error) => {
        calls.ended(undefined);
        void this.#lineEnded(line, error);
      },
    });
  }

  #workChanged(): void {
    this.#watch.update();
    this.#keepAlive.workChanged();
    if (this.inWork < MOST_IN_WORK) this.#roomAgain();
    this.onWork();
  }

  #roomAgain(): void {
    this.#lessWork?.resolve();
    this.#lessWork = undefined;
  }

  #receive(requests: Requests, message: unknown): void {
    try {
      if (!isUncheckedMessage(message)) throw new TypeError('Something came that is no message.');
      if (message.type !== '$log') return requests.receive(message);
      const { level, message: text, tx } = message;
      this.#onLogEntry({
        source: 'worker',
        level: isLogLevel(level) ? level : 'info',
        message: textOf(text),
        ...(isTransactionId(tx) ? { tx } : {}),
      });
    } catch (error) {
      this.#killFor('protocol', (error as Error).message);
    }
  }

  async #lineEnded(line: Line, error: Error | undefined): Promise<void> {
    if (line !== this.#line || this.#exit !== undefined) return;
    if (isBreachOfProtocol(error)) return this.#killFor('protocol', error.message);
    // Whatever else ends a connection may be the end of the process.
    await within(this.exited, EXIT_AFTER_LINE_MS);
    if (this.#exit === undefined && line === this.#line)
      this.#killFor('protocol', error?.message ?? 'It closed the connection but did not end.');
  }

  /** Ends it with `verdict` as the reason, unless there is one already. */
  #killFor(verdict: Verdict, detail?: string): void {
    if (this.#exit !== undefined) return;
    if (this.#verdict === undefined || (this.#verdict === 'closed' && verdict === 'killed')) {
      this.#verdict = verdict;
      this.#verdictDetail = detail;
    }
    if (this.state !== 'closed') this.state = 'closing';
    this.#keepAlive.closing();
    this.#roomAgain();
    this.#handle.kill();
  }

  async #failedStart(error: unknown): Promise<unknown> {
    if (error instanceof StartupTimeoutError) this.#killFor('startup-timeout');
    else this.#killFor('killed');
    const exit = await this.exited;
    if (error instanceof StartupTimeoutError) return new StartupTimeoutError(error.message + tail(exit), { exit });
    // The worker's own end says more than the connection that it took along.
    if (error instanceof SpawnError && error.exit === undefined && !exit.expected) {
      return new SpawnError(`The worker was not ready when it ended. ${exit.reason}${tail(exit)}`, {
        exit,
        cause: exit.error,
      });
    }
    return error;
  }

  async #close({ drainMs, graceMs, terminateMs }: Required<Record<keyof CloseOptions, number>>): Promise<WorkerExit> {
    if (this.#exit !== undefined || this.state === 'closed') return this.exited;
    const wasDisconnected = this.state === 'disconnected';
    this.state = 'closing';
    this.#keepAlive.closing();
    this.#roomAgain();
    const requests = this.#requests;
    if (requests !== undefined) {
      await within(Promise.race([requests.idle(), this.exited]), drainMs);
      requests.cancelAll(() => new ClosedError('The worker was closed before it answered.'));
    }
    if (this.#exit !== undefined) return this.#exit;
    this.#verdict ??= 'closed';
    if (!wasDisconnected) {
      if (this.#line !== undefined) await within(this.#line.settled(), graceMs);
      this.#line?.sendDirectly({ type: '$close' });
      await within(this.exited, graceMs);
    }
    if (this.#exit === undefined) {
      this.#handle.terminate();
      await within(this.exited, terminateMs);
    }
    if (this.#exit === undefined) this.#killFor('killed');
    return this.exited;
  }

  async #end(): Promise<WorkerExit> {
    const exit = describeExit(await this.#handle.exited, this.#verdict, this.#verdictDetail);
    this.#exit = exit;
    this.state = 'closed';
    this.#keepAlive.ended();
    this.#roomAgain();
    this.log(exit.expected ? 'debug' : 'error', exit.reason);
    this.#requests?.end(() =>
      exit.expected ? new ClosedError(exit.reason, exit) : new CrashedError(`${exit.reason}${tail(exit)}`, exit),
    );
    this.#line?.destroy();
    this.#watch.stop();
    return exit;
  }

  #closedError(): ClosedError {
    const exit = this.#exit;
    if (exit !== undefined) return new ClosedError(`The worker is gone. ${exit.reason}`, exit);
    return new ClosedError(`The worker takes no messages: it is ${this.state}.`);
  }

  #onVitalsReport(vitals: Vitals): void {
    this.vitals = vitals;
    this.#watch.beat(vitals);
    callAll(this.#vitalsListeners, vitals, (error) => this.#listenerFailed(error));
  }

  #onLogEntry(entry: LogEntry): void {
    this.log(entry.level === 'error' ? 'error' : 'debug', `${entry.source}: ${entry.message}`);
    callAll(this.#logListeners, entry, (error) => this.#listenerFailed(error));
  }

  #listenerFailed(error: unknown): void {
    this.log('error', `A listener failed: ${stackOf(error)}`);
  }
}

/** @throws DriverError for what cannot be iterated */
function checkedInput(input: unknown): InputSource | undefined {
  if (input === undefined) return undefined;
  if (typeof input === 'object' && input !== null && (Symbol.asyncIterator in input || Symbol.iterator in input)) {
    return input as InputSource;
  }
  throw new DriverError(`The option 'input' must be an iterable or an async iterable, not ${textOf(input)}.`);
}

/** Such a worker may wait for a debugger before it runs. */
function startsInspected({ execArgv = [], env }: AnyHostOptions): boolean {
  const options = env !== undefined && 'NODE_OPTIONS' in env ? env['NODE_OPTIONS'] : process.env['NODE_OPTIONS'];
  return [...execArgv, ...(options ?? '').split(' ')].some((option) => /^--inspect-(brk|wait)\b/.test(option));
}

export function startCancelled(signal: AbortSignal | undefined): CancelledError {
  return new CancelledError('The start was cancelled.', { cause: signal?.reason });
}

/** The worker sent what it must not send; half a frame is no breach but what a dying process leaves. */
function isBreachOfProtocol(error: Error | undefined): error is WorkerError {
  return error instanceof WorkerError && !(error instanceof UnfinishedFrameError);
}

function tail(exit: WorkerExit): string {
  return exit.stderrTail.length === 0 ? '' : `\nIts last words:\n${exit.stderrTail.join('\n')}`;
}

function isLogLevel(value: unknown): value is LogLevel {
  return value === 'error' || value === 'warn' || value === 'info' || value === 'debug';
}
