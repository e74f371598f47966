/** One worker as the host sees it: its state from the start to the end, and the line to it while there is one. */
import type { Transferable } from 'node:worker_threads';
import type { Channel } from './channel.ts';
import { addCaller } from './caller.ts';
import type { SendOptions, StreamOptions, WorkerState } from './client.ts';
import type { DriverCapabilities, LogEntry, Vitals, WorkerAddress, WorkerDriver, WorkerHandle } from './driver.ts';
import { ClosedError, CrashedError, DriverError, ProtocolError, StartupTimeoutError, WorkerError } from './errors.ts';
import { HostHandlers } from './host-handlers.ts';
import { eventStream } from './event-stream.ts';
import type { EventStream } from './event-stream.ts';
import { KeepAlive } from './keep-alive.ts';
import type { InputSource } from './input.ts';
import { describeExit, lastWords } from './exit.ts';
import type { DriverExit, Verdict, WorkerExit } from './exit.ts';
import { UnfinishedFrameError } from './framing.ts';
import type { LifecycleEvents, LifecycleListener } from './lifecycle.ts';
import { levelOf } from './logger.ts';
import type { LogLevel, TransactionId } from './messages.ts';
import { Line } from './middleware.ts';
import { closeLimits, startsInspected } from './options.ts';
import type { AnyHostOptions, CloseOptions, Limits } from './options.ts';
import { messageOf, textOf, toError } from './realm.ts';
import { Reports } from './reports.ts';
import { Requests } from './requests.ts';
import { jsonSerializer } from './serializer.ts';
import { Session } from './session.ts';
import { failedStart, firstLine } from './starting.ts';
import { duration, now, timeLimit, within } from './timers.ts';
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
  readonly #startedAt = now();
  readonly #reports: Reports;
  /** Settles when the worker is detached: it lives on, but not for this client. */
  readonly #letGo = Promise.withResolvers<DriverExit>();
  #line: Line | undefined;
  #requests: Requests | undefined;
  #exit: WorkerExit | undefined;
  #verdict: Verdict | undefined;
  #verdictDetail: string | undefined;
  #closing: Promise<WorkerExit> | undefined;
  #reconnecting: Promise<void> | undefined;
  #wasReady = false;
  #lastId = 0;
  readonly #watch: Watch;
  readonly #keepAlive: KeepAlive;
  #lessWork: PromiseWithResolvers<void> | undefined;
  /** The line has ended, by which the worker probably has too. */
  #lineOver = false;
  /** Called when requests are opened, settled, or acknowledged by the worker. One listener: the pool. */
  onWork: () => void = () => undefined;

  constructor(driver: WorkerDriver, options: AnyHostOptions, limits: Limits) {
    this.#options = options;
    this.#limits = limits;
    this.#reports = new Reports(options, () => this.pid);
    this.capabilities = driver.capabilities;
    this.#handle = driver.launch(options, {
      serializer: options.serializer ?? jsonSerializer,
      serializerGiven: options.serializer !== undefined,
      maxFrameBytes: limits.maxFrameBytes,
      connectTimeoutMs: limits.connect,
      connectRetry: limits.connectRetry,
      logger: this.#reports.logger,
      onLog: (entry) => this.#reports.entry(entry),
      onVitals: (vitals) => this.#onVitalsReport(vitals),
      onNetwork: (attempt) => this.#reports.emit('network', attempt),
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
      // One that may outlive its host does so.
      close: () => void (options.detached === true || this.#handle.isAttached === true || this.close()),
    });
    this.exited = this.#end();
  }

  get pid(): number | undefined {
    return this.#handle.pid;
  }

  get socketPath(): string | undefined {
    return this.#handle.socketPath;
  }

  get inWork(): number {
    return this.#requests?.inWork ?? 0;
  }

  /** Throws why it could not be started, once nothing is left of it. */
  async start(): Promise<void> {
    const { signal } = this.#options;
    const limitMs = startsInspected(this.#options) ? Infinity : this.#limits.startup;
    try {
      this.#connected(await firstLine({ ready: this.#handle.ready, exited: this.exited, limitMs, signal }));
      this.startedInMs = now() - this.#startedAt;
      this.log('debug', `Ready after ${Math.round(this.startedInMs)} ms.`);
    } catch (error) {
      if (this.#handle.isAttached === true) {
        this.#handle.detach?.();
        await this.#leave();
        throw error;
      }
      this.#killFor(error instanceof StartupTimeoutError ? 'startup-timeout' : 'killed');
      throw failedStart(error, await this.exited);
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

  /** What is sent reaches the worker, as far as is known. */
  get reachable(): boolean {
    return this.state === 'ready' && !this.#lineOver;
  }

  get writable(): boolean {
    return this.state === 'ready' && this.#line?.writable === true && this.inWork < MOST_IN_WORK;
  }

  async drained(): Promise<void> {
    while (this.state === 'ready' && this.#line !== undefined && !this.writable) {
      const { promise } = (this.#lessWork ??= Promise.withResolvers());
      if (!this.#line.writable) await this.#line.drained();
      // A line that has ended has room for nothing; the end of the worker is near.
      if (!this.writable) await promise;
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
    await this.#dropLine('The client was disconnected.', undefined);
  }

  reconnect(): Promise<void> {
    if (this.#handle.reconnect === undefined)
      return Promise.reject(new DriverError('This driver cannot disconnect and reconnect: use child-process.'));
    if (this.state === 'ready') return Promise.reject(new ClosedError('The client is connected.'));
    if (this.state !== 'disconnected') return Promise.reject(this.#closedError());
    this.#reconnecting ??= this.#takeLineUp(this.#handle.reconnect()).finally(() => (this.#reconnecting = undefined));
    return this.#reconnecting;
  }

  async detach(): Promise<WorkerAddress> {
    if (this.#handle.detach === undefined)
      throw new DriverError('This driver cannot detach its worker: use child-process.');
    if (this.state !== 'ready' && this.state !== 'disconnected') throw this.#closedError();
    if (this.state === 'ready') await this.disconnect();
    if (this.#exit !== undefined) throw this.#closedError();
    const address = this.#handle.detach();
    await this.#leave();
    return address;
  }

  onLog(listener: (entry: LogEntry) => void): () => void {
    return this.#reports.on('log', listener);
  }

  onVitals(listener: (vitals: Vitals) => void): () => void {
    return this.#reports.on('vitals', listener);
  }

  on<E extends keyof LifecycleEvents>(event: E, listener: LifecycleListener<E>): () => void {
    return this.#reports.on<E>(event, listener);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  log(level: LogLevel, message: string): void {
    this.#reports.log(level, message);
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
      logger: this.#reports.logger,
      onClose: () => undefined,
    });
    this.#line = line;
    this.#lineOver = false;
    this.#requests = requests;
    this.state = 'ready';
    this.#wasReady = true;
    this.#workChanged();
    this.#reports.emit('connect', undefined);
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
        if (line === this.#line) this.#lineOver = true;
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
      if (message.type === '$replaced') return this.#replaced(requests);
      if (message.type !== '$log') return requests.receive(message);
      const { level, message: text, tx } = message;
      this.#reports.entry({
        source: 'worker',
        level: levelOf(level),
        message: textOf(text),
        ...(isTransactionId(tx) ? { tx } : {}),
      });
    } catch (error) {
      this.#breach((error as Error).message);
    }
  }

  /** The worker has another host now, and lives on. */
  #replaced(requests: Requests): void {
    if (requests !== this.#requests || this.state !== 'ready') return;
    void this.#dropLine(REPLACED, new ClosedError(REPLACED));
  }

  /** Settles what is in flight and lets the line go. `error`: why, unless that was asked for. */
  async #dropLine(reason: string, error: Error | undefined): Promise<void> {
    this.state = 'disconnected';
    const line = this.#line;
    this.#requests?.cancelAll(() => new ClosedError(reason));
    this.#line = undefined;
    this.#requests = undefined;
    this.#watch.update();
    this.#keepAlive.workChanged();
    this.#roomAgain();
    this.#reports.emit('disconnect', error);
    // A middleware that hangs does not keep the line.
    if (line !== undefined && error === undefined) await within(line.end(), END_OF_LINE_MS);
    line?.destroy();
  }

  async #takeLineUp(connection: Promise<Channel>): Promise<void> {
    const ended = this.exited.then(() => {
      throw this.#closedError();
    });
    const channel = await Promise.race([connection, ended]).catch((error: unknown) => {
      // Whoever comes too late must not keep the worker from another host.
      connection.then(
        (late) => late.destroy(),
        () => undefined,
      );
      throw this.state === 'disconnected' ? error : this.#closedError();
    });
    if (this.state !== 'disconnected') {
      channel.destroy();
      throw this.#closedError();
    }
    // Of a line that broke; until now they might have been answered by the truth about the worker's end.
    this.#requests?.cancelAll(() => new ClosedError(LOST));
    this.#connected(channel);
  }

  async #lineEnded(line: Line, error: Error | undefined): Promise<void> {
    if (line !== this.#line || this.#exit !== undefined) return;
    if (isBreachOfProtocol(error)) return this.#breach(error.message);
    if (this.state === 'ready' && this.#options.reconnect === true) return this.#lineLost(error);
    // Whatever else ends a connection may be the end of the process.
    await within(this.exited, EXIT_AFTER_LINE_MS);
    if (this.#exit === undefined && line === this.#line)
      this.#breach(error?.message ?? 'It closed the connection but did not end.');
  }

  /** The worker cannot be spoken to any more. One that is somebody else's is left alone. */
  #breach(detail: string): void {
    if (this.#handle.isAttached !== true) return this.#killFor('protocol', detail);
    if (this.state !== 'ready') return;
    const error = new ProtocolError(`The line to the worker broke: ${detail}`);
    void this.#dropLine(error.message, error);
    this.#reports.emit('error', error);
  }

  /** What is in flight waits until it is known whether the worker lives. */
  async #lineLost(cause: Error | undefined): Promise<void> {
    const error = cause ?? new ClosedError(LOST);
    this.state = 'disconnected';
    this.log('warn', `The connection to the worker was lost and is taken up again: ${error.message}`);
    this.#line = undefined;
    this.#reports.emit('disconnect', error);
    this.#reports.emit('error', error);
    try {
      await this.reconnect();
    } catch (failure) {
      await within(this.exited, EXIT_AFTER_LINE_MS);
      if (this.#exit !== undefined || this.state !== 'disconnected') return;
      this.#reports.emit('error', toError(failure));
      if (this.#handle.isAttached === true) this.#requests?.cancelAll(() => new ClosedError(LOST));
      else this.#killFor('protocol', `The connection was lost and cannot be taken up again. ${messageOf(failure)}`);
    }
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

  async #close({ drainMs, graceMs, terminateMs }: Required<Record<keyof CloseOptions, number>>): Promise<WorkerExit> {
    if (this.#exit !== undefined || this.state === 'closed') return this.exited;
    const wasDisconnected = this.state === 'disconnected';
    // Without a line it is not ours to end: another host may have it.
    if (wasDisconnected && this.#handle.isAttached === true) {
      this.#handle.detach?.();
      return this.#leave();
    }
    this.state = 'closing';
    this.#keepAlive.closing();
    this.#roomAgain();
    const requests = this.#requests;
    if (requests !== undefined) {
      if (!wasDisconnected) await within(Promise.race([requests.idle(), this.exited]), drainMs);
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
    const ended = await Promise.race([this.#handle.exited, this.#letGo.promise]);
    const exit = describeExit(ended, this.#verdict, this.#verdictDetail);
    this.#exit = exit;
    this.state = 'closed';
    this.#keepAlive.ended();
    this.#roomAgain();
    this.log(exit.expected ? 'debug' : 'error', exit.reason);
    const failure = (): ClosedError | CrashedError =>
      exit.expected ? new ClosedError(exit.reason, exit) : new CrashedError(`${exit.reason}${lastWords(exit)}`, exit);
    const crash = exit.expected ? undefined : failure();
    this.#requests?.end(failure);
    const line = this.#line;
    this.#line = undefined;
    line?.destroy();
    this.#watch.stop();
    if (line !== undefined) this.#reports.emit('disconnect', crash);
    // A start that fails rejects.
    if (crash !== undefined && this.#wasReady) this.#reports.emit('error', crash);
    this.#reports.emit('exit', exit);
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
    this.#reports.emit('vitals', vitals);
  }

  /** The worker lives on, but this client is over. */
  #leave(): Promise<WorkerExit> {
    this.#verdict ??= 'detached';
    this.#letGo.resolve({ outOfMemory: false, stderrTail: [] });
    return this.exited;
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

const REPLACED = 'Another host has connected to the worker.';
const LOST = 'The connection to the worker was lost before it answered.';

/** The worker sent what it must not send; half a frame is no breach but what a dying process leaves. */
function isBreachOfProtocol(error: Error | undefined): error is WorkerError {
  return error instanceof WorkerError && !(error instanceof UnfinishedFrameError);
}
