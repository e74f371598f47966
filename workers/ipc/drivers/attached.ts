/**
 * A worker that another process started and detached, reached at its socket. It is nobody's child here: that it is gone
 * shows in that nobody listens at its path any more, and how it ended cannot be known. Lives as long as the client.
 */
import type { Channel } from '../channel.ts';
import type {
  DriverCapabilities,
  LaunchContext,
  LaunchOptions,
  WorkerAddress,
  WorkerDriver,
  WorkerHandle,
} from '../driver.ts';
import { ClosedError, DriverError } from '../errors.ts';
import type { DriverExit } from '../exit.ts';
import { messageOf, toError } from '../realm.ts';
import { setTimeout } from '../timers.ts';
import { serveSocket } from './child-process-worker.ts';
import { dial } from './dial.ts';
import type { Dialled } from './dial.ts';
import { killGroup } from './process-group.ts';
import { isListening } from './socket-adapter.ts';
import { checkSocketPath } from './socket-path.ts';
import { refuseOptions } from './unsupported.ts';

const capabilities = {
  reconnect: true,
  detach: true,
  transfer: false,
  sharedMemory: false,
  isolation: 'process',
} as const satisfies DriverCapabilities;

/** @throws DriverError when the path cannot be one of a socket */
export function attachDriver({ socketPath }: WorkerAddress): WorkerDriver {
  checkSocketPath(socketPath);
  return {
    name: 'child-process',
    capabilities,
    launch: (options, context) => {
      refuseOptions('child-process, attached', options, OF_A_START);
      return new AttachedWorker(socketPath, context);
    },
    serve: serveSocket,
  };
}

/** It has been started. */
const OF_A_START: readonly (keyof LaunchOptions)[] = [
  'script',
  'env',
  'argv',
  'execArgv',
  'cwd',
  'execPath',
  'detached',
  'endStrays',
  'sandbox',
  'stdio',
  'socketPath',
  'spawnOptions',
  'eval',
  'resourceLimits',
  'workerData',
  'transferList',
  'command',
  'args',
  'handshake',
];

/** While nobody is connected, it is looked for so often at first and at last. Milliseconds. */
const FIRST_LOOK_MS = 10;
const LAST_LOOK_MS = 1_000;

class AttachedWorker implements WorkerHandle {
  readonly isAttached = true;
  readonly ready: Promise<Channel>;
  readonly exited: Promise<DriverExit>;
  readonly socketPath: string;
  readonly #context: LaunchContext;
  readonly #exit = Promise.withResolvers<DriverExit>();
  readonly #end = new AbortController();
  /** Only a worker that has been spoken to is one, and may be killed. */
  #line: Dialled | undefined;
  #isOver = false;
  #keepsAlive = true;

  constructor(socketPath: string, context: LaunchContext) {
    this.socketPath = socketPath;
    this.#context = context;
    this.exited = this.#exit.promise;
    this.ready = this.reconnect();
    this.ready.catch(() => undefined);
  }

  get pid(): number | undefined {
    return this.#line?.pid;
  }

  terminate(): void {
    this.#signal((pid) => process.kill(pid, 'SIGTERM'));
  }

  kill(): void {
    this.#signal(killGroup);
  }

  keepAlive(on: boolean): void {
    this.#keepsAlive = on;
    if (on) this.#line?.socket.ref();
    else this.#line?.socket.unref();
  }

  watch(): void {
    // The guard reports to the process that started the worker.
  }

  async reconnect(): Promise<Channel> {
    let line: Dialled;
    try {
      line = await dial(this.socketPath, this.#context, this.#end.signal);
    } catch (error) {
      // One that is just ending may still have answered the call.
      if (await isListening(this.socketPath)) throw error;
      // A first failure is that of the start.
      if (this.#line !== undefined) this.#over();
      const why = messageOf((error as Error).cause ?? error);
      throw new ClosedError(`There is no worker at '${this.socketPath}': it has ended, or never was there (${why}).`);
    }
    if (this.#isOver) {
      line.channel.destroy();
      throw new ClosedError('The worker is not attached any more.');
    }
    this.#line = line;
    this.keepAlive(this.#keepsAlive);
    void line.closed.then(() => this.#lookFor(line));
    return line.channel;
  }

  detach(): WorkerAddress {
    const { socketPath, pid } = this;
    this.#isOver = true;
    this.#end.abort();
    return { socketPath, pid };
  }

  /** It closes its connection before it is gone itself, and it may live on. Keeps no process alive. */
  async #lookFor(line: Dialled): Promise<void> {
    for (let pause = FIRST_LOOK_MS; line === this.#line && !this.#isOver; pause = Math.min(pause * 2, LAST_LOOK_MS)) {
      if (!(await isListening(this.socketPath))) return this.#over();
      await new Promise<void>((resolve) => void setTimeout(resolve, pause).unref());
    }
  }

  #signal(send: (pid: number) => void): void {
    const { pid } = this;
    if (this.#isOver) return;
    // Without a handshake it is not known who listens there.
    if (this.#line === undefined) return this.#over();
    if (pid === undefined || !Number.isSafeInteger(pid) || pid <= 1 || pid === process.pid) {
      return this.#over(new DriverError(`The worker did not say which process it is (${String(pid)}).`));
    }
    const isConnected = !this.#line.socket.destroyed;
    void (async () => {
      // Its number may be another's by now.
      if (!isConnected && !(await isListening(this.socketPath))) return this.#over();
      try {
        send(pid);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ESRCH') this.#over(toError(error));
      }
    })();
  }

  #over(error?: Error): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#end.abort();
    this.#line?.channel.destroy();
    this.#exit.resolve({
      outOfMemory: false,
      stderrTail: [],
      errorKind: 'lost',
      ...(error === undefined ? {} : { error }),
    });
  }
}
