/**
 * The driver for child processes: a Node process in a group of its own, reached over a Unix domain socket in a private
 * directory (a named pipe on Windows), with a guard thread that ends it when the host dies.
 */
import net from 'node:net';
import path from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { StreamChannel } from '../channel.ts';
import type { Channel } from '../channel.ts';
import { defineBuiltInDriver } from '../driver.ts';
import type { LaunchContext, LaunchOptions, WorkerAddress, WorkerHandle } from '../driver.ts';
import { ConnectTimeoutError, SpawnError } from '../errors.ts';
import type { DriverExit } from '../exit.ts';
import { backoffDelay } from '../backoff.ts';
import { textOf } from '../realm.ts';
import { now, startTimer, wait, within } from '../timers.ts';
import { handshakeProblem } from '../wire.ts';
import { Child } from './child.ts';
import { serveSocket } from './child-process-worker.ts';
import { DATA_FD } from './file-descriptors.ts';
import { IDLE, LISTENING, LISTENS, RELEASE, takeReport, WATCH } from './guard.ts';
import { onLines } from './lines.ts';
import { nodeEnvironment, nodeProgram } from './node-process.ts';
import { scriptPath } from './script-path.ts';
import { claimSocketPath } from './socket-path.ts';
import type { SocketPlace } from './socket-path.ts';
import { removeStaleSockets } from './stale-sockets.ts';
import { refuseOptions } from './unsupported.ts';
import { packWorkerData, sendWorkerData } from './worker-data.ts';

export const childProcessDriver = defineBuiltInDriver('child-process', {
  capabilities: { reconnect: true, detach: true, transfer: false, isolation: 'process' },
  launch: (options, context) => new SocketWorker(options, context),
  serve: serveSocket,
});

export type ChildProcessDriver = typeof childProcessDriver;

let tidied = false;

/** Once per process: what hosts before us had no time to remove. */
function tidyUp(socketPath: string, ownsDirectory: boolean): void {
  if (tidied || !ownsDirectory) return;
  tidied = true;
  void removeStaleSockets(path.dirname(path.dirname(socketPath)));
}

class SocketWorker implements WorkerHandle {
  readonly ready: Promise<Channel>;
  readonly exited: Promise<DriverExit>;
  readonly #child: Child;
  readonly #context: LaunchContext;
  readonly #place: SocketPlace;
  readonly #listening = Promise.withResolvers<void>();
  readonly #end = new AbortController();
  /** Aborted once the worker has ended. */
  readonly #gone = this.#end.signal;
  /** Settles with the last channel's end: what a dying worker still sent is delivered before its exit. */
  #channelEnded: Promise<void> = Promise.resolve();

  constructor(options: LaunchOptions, context: LaunchContext) {
    refuseOptions('child-process', options, [
      'resourceLimits',
      'transferList',
      'command',
      'args',
      'handshake',
    ]);
    this.#context = context;
    const script = scriptPath(options.script);
    const program = nodeProgram(script, options);
    const data = packWorkerData(options.workerData);
    this.#place = claimSocketPath(options.socketPath);
    const { path: socketPath, ownsDirectory } = this.#place;
    const output = options.stdio ?? 'pipe';
    const startup = {
      driver: 'child-process',
      serializer: context.serializer.name,
      maxFrameBytes: context.maxFrameBytes,
      script,
      socketPath,
      ownsDirectory,
    };
    this.#child = new Child(
      {
        ...program,
        env: nodeEnvironment(options, startup, data.packed, {
          ...(ownsDirectory ? { socketPath, ownsDirectory } : { givenSocketPath: socketPath }),
          leadsGroup: process.platform !== 'win32',
          released: options.detached ?? false,
          pipedOutput: output === 'pipe',
        }),
        cwd: options.cwd,
        stdio: ['ignore', output, output, 'pipe', 'pipe', ...(data.bytes === undefined ? [] : ['pipe' as const])],
        stdoutIsLine: false,
      },
      context,
    );
    sendWorkerData(this.#stream(DATA_FD) as Writable | undefined, data.bytes);
    tidyUp(socketPath, ownsDirectory);
    const lifeline = this.#stream(3) as Writable | undefined;
    // The worker may be gone before it reads.
    lifeline?.on('error', () => undefined);
    const reports = this.#stream(4) as Readable | undefined;
    if (reports !== undefined) onLines(reports, (line) => this.#report(line));
    if (options.detached === true) this.#place.leave();
    this.exited = this.#watchEnd();
    this.ready = this.#connectFirst();
    this.ready.catch(() => undefined);
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  terminate(): void {
    this.#child.terminate();
  }

  kill(): void {
    this.#child.kill();
  }

  watch(on: boolean): void {
    this.#command(on ? WATCH : IDLE);
  }

  keepAlive(on: boolean): void {
    this.#child.keepAlive(on);
  }

  reconnect(): Promise<Channel> {
    return this.#connect();
  }

  detach(): WorkerAddress {
    this.#place.leave();
    this.#command(RELEASE);
    this.#child.keepAlive(false);
    return { socketPath: this.#place.path, pid: this.pid };
  }

  #stream(fd: number): unknown {
    return (this.#child.process?.stdio as readonly unknown[] | undefined)?.[fd] ?? undefined;
  }

  #command(command: string): void {
    const lifeline = this.#stream(3) as Writable | undefined;
    if (lifeline?.writable === true) lifeline.write(command);
  }

  #report(line: string): void {
    if (line === LISTENING) {
      this.#place.taken();
      this.#command(LISTENS);
      this.#listening.resolve();
    } else
      takeReport(line, {
        vitals: (vitals) => this.#context.onVitals(vitals),
        uncaught: (error) => this.#child.uncaught(error),
        refused: (error) => this.#listening.reject(error),
      });
  }

  async #watchEnd(): Promise<DriverExit> {
    const exit = await this.#child.exited;
    this.#end.abort();
    await within(this.#channelEnded, 500);
    this.#place.release();
    this.#listening.reject(new SpawnError('The worker ended before it was ready.'));
    return exit;
  }

  async #connectFirst(): Promise<Channel> {
    await this.#listening.promise;
    return this.#connect();
  }

  async #connect(): Promise<Channel> {
    const { connectRetry, connectTimeoutMs, logger } = this.#context;
    const deadline = now() + connectTimeoutMs;
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await this.#connectOnce(deadline - now());
      } catch (error) {
        if (error instanceof SpawnError || error instanceof ConnectTimeoutError) throw error;
        const delay = backoffDelay(connectRetry, attempt);
        if (attempt >= connectRetry.maxRetries || now() + delay >= deadline || this.#gone.aborted) {
          throw new ConnectTimeoutError(`The worker could not be connected to: ${textOf(error)}`, { cause: error });
        }
        logger.log('debug', `Connecting to the worker failed, next attempt in ${delay} ms: ${textOf(error)}`);
        await wait(delay, this.#gone);
      }
    }
  }

  #connectOnce(timeoutMs: number): Promise<Channel> {
    const { serializer, maxFrameBytes, connectTimeoutMs } = this.#context;
    const { promise, resolve, reject } = Promise.withResolvers<Channel>();
    const socket = new HostSocket();
    socket.connect(this.#place.path);
    // The process itself holds the host, where anything does.
    socket.unref();
    const channel = new StreamChannel(socket, socket, {
      serializer,
      maxFrameBytes,
      onHandshake: (handshake) => {
        const problem = handshakeProblem(handshake, serializer.name);
        if (problem === undefined) resolve(channel);
        else reject(new SpawnError(problem));
      },
    });
    const timer = startTimer(Math.max(0, timeoutMs), () =>
      reject(new ConnectTimeoutError(`No connection to the worker within ${connectTimeoutMs} ms.`)),
    );
    socket.once('error', reject);
    socket.once('close', () => reject(new SpawnError('The worker closed the connection before it was ready.')));
    this.#channelEnded = new Promise((ended) => void socket.once('close', () => ended()));
    promise
      .catch(() => socket.destroy())
      .finally(() => timer.cancel())
      .catch(() => undefined);
    return promise;
  }
}

type Done = (error?: Error | null) => void;

/**
 * Failed writes do not destroy it, as they would another socket: when a worker dies, what it sent before is still to be
 * read. The end of the input tells that nobody takes what is written.
 */
class HostSocket extends net.Socket {
  override _write(chunk: unknown, encoding: BufferEncoding, done: Done): void {
    super._write(chunk, encoding, () => done());
  }

  override _writev(chunks: { chunk: unknown; encoding: BufferEncoding }[], done: Done): void {
    super._writev?.(chunks, () => done());
  }
}
