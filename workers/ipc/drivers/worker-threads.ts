/**
 * The driver for worker threads: fast to start, and messages are cloned or moved instead of encoded. A thread is no
 * bulkhead: a native crash, and often a full heap too, takes the whole process with it.
 */
import inspector from 'node:inspector';
import { MessageChannel, Worker } from 'node:worker_threads';
import type { MessagePort, ResourceLimits } from 'node:worker_threads';
import { PortChannel } from '../port-channel.ts';
import type { Channel } from '../channel.ts';
import type { BuiltInDriver, LaunchContext, LaunchOptions, ServerDriver, WorkerHandle } from '../driver.ts';
import { DriverError, SpawnError } from '../errors.ts';
import type { DriverExit } from '../exit.ts';
import { nextDepth } from '../nesting.ts';
import { toError } from '../realm.ts';
import { STARTUP_KEY } from '../startup.ts';
import type { StartupData } from '../startup.ts';
import { clearInterval, now, numberWithin, setInterval, within } from '../timers.ts';
import { handshakeProblem } from '../wire.ts';
import { createBell } from '../bell.ts';
import { scriptPath } from './script-path.ts';
import { mergeEnvironment } from './environment.ts';
import { onLines, Tail } from './lines.ts';
import { threadFailure } from './spawn-failure.ts';
import { holdNothing } from './thread-output.ts';
import { refuseOptions } from './unsupported.ts';
import { servePort } from './port-worker.ts';

const capabilities = {
  reconnect: false,
  detach: false,
  transfer: true,
  sharedMemory: true,
  isolation: 'thread',
} as const;

/** The driver for worker threads, as an object for `createWorker`. One serves any number of workers. */
export class WorkerThreadsDriver implements BuiltInDriver<'worker-threads', typeof capabilities> {
  readonly name = 'worker-threads';
  readonly builtIn = 'worker-threads';
  readonly capabilities = capabilities;
  readonly launch = (options: LaunchOptions, context: LaunchContext): WorkerHandle =>
    new ThreadWorker(options, context);
  readonly serve = servePort;
}

/** A driver for worker threads. */
export const workerThreadsDriver: WorkerThreadsDriver = new WorkerThreadsDriver();

/** The worker's side of it, for `startWorkerServer`; a worker finds it by itself. */
export class WorkerThreadsServer implements ServerDriver {
  readonly name = 'worker-threads';
  readonly serve = servePort;
}

const BEAT_MS = 1000;

class ThreadWorker implements WorkerHandle {
  readonly pid = undefined;
  readonly ready: Promise<Channel>;
  readonly exited: Promise<DriverExit>;
  readonly #worker: Worker | undefined;
  readonly #context: LaunchContext;
  readonly #line: MessagePort;
  readonly #pulse: MessagePort;
  readonly #tail = new Tail();
  #beat: NodeJS.Timeout | undefined;
  #askedAt: number | undefined;

  constructor(options: LaunchOptions, context: LaunchContext) {
    refuseOptions('worker-threads', options, [
      'cwd',
      'execPath',
      'detached',
      'endStrays',
      'sandbox',
      'stdio',
      'socketPath',
      'spawnOptions',
      'reconnect',
      'command',
      'args',
      'handshake',
    ]);
    if (context.serializerGiven) {
      throw new DriverError("The driver 'worker-threads' clones messages and has no use for the option 'serializer'.");
    }
    const isCode = options.eval === true;
    const script = isCode ? codeOf(options.script) : scriptPath(options.script);
    const depth = nextDepth();
    // Nothing between here and the start of the thread may throw: a port that somebody listens to keeps the process alive.
    this.#context = context;
    const line = new MessageChannel();
    const pulse = new MessageChannel();
    this.#line = line.port1;
    this.#pulse = pulse.port1;
    const lineClosed = new Promise<void>((resolve) => void line.port1.once('close', () => resolve()));
    const ready = Promise.withResolvers<Channel>();
    this.ready = ready.promise;
    ready.promise.catch(() => undefined);
    const bell = createBell();
    const channel = new PortChannel(line.port1, {
      bell,
      onHandshake: (handshake) => {
        const problem = handshakeProblem(handshake, context.serializer.name);
        if (problem === undefined) ready.resolve(channel);
        else ready.reject(new SpawnError(problem));
      },
    });
    const startup: StartupData = {
      driver: 'worker-threads',
      ...(isCode ? {} : { script }),
      depth,
      serializer: context.serializer.name,
      maxFrameBytes: context.maxFrameBytes,
      port: line.port2,
      pulse: pulse.port2,
      bell,
      workerData: options.workerData,
    };
    try {
      this.#worker = new Worker(script, {
        eval: isCode,
        workerData: { [STARTUP_KEY]: startup },
        transferList: [line.port2, pulse.port2, ...(options.transferList ?? [])],
        stdout: true,
        stderr: true,
        name: options.name ?? 'worker',
        ...(options.argv === undefined ? {} : { argv: [...options.argv] }),
        ...(options.env === undefined ? {} : { env: mergeEnvironment(process.env, options.env) }),
        ...(options.execArgv === undefined ? {} : { execArgv: [...options.execArgv] }),
        ...(options.resourceLimits === undefined ? {} : { resourceLimits: checkedLimits(options.resourceLimits) }),
      });
    } catch (error) {
      line.port1.close();
      pulse.port1.close();
      if (error instanceof DriverError) throw error;
      this.exited = Promise.resolve({
        outOfMemory: false,
        stderrTail: [],
        error: toError(error),
        errorKind: 'spawn-failed',
      });
      return;
    }
    this.#pulse.on('message', () => (this.#askedAt = undefined));
    this.#pulse.unref();
    // The thread itself holds the host, where anything does.
    this.#line.unref();
    const holdsNothing = [this.#worker.stdout, this.#worker.stderr].every(holdNothing);
    this.exited = this.#watchEnd(this.#worker, lineClosed, holdsNothing || options.keepAlive === 'always');
  }

  terminate(): void {
    void this.#worker?.terminate();
  }

  kill(): void {
    void this.#worker?.terminate();
  }

  keepAlive(on: boolean): void {
    if (on) this.#worker?.ref();
    else this.#worker?.unref();
  }

  watch(on: boolean): void {
    clearInterval(this.#beat);
    this.#beat = undefined;
    this.#askedAt = undefined;
    const worker = this.#worker;
    if (!on || worker === undefined) return;
    let before = worker.performance.eventLoopUtilization();
    const beat = (): void => {
      const current = worker.performance.eventLoopUtilization();
      const { utilization } = worker.performance.eventLoopUtilization(current, before);
      before = current;
      void this.#sample(worker, utilization);
    };
    this.#beat = setInterval(beat, BEAT_MS);
    this.#beat.unref();
    beat();
  }

  async #sample(worker: Worker, utilization: number): Promise<void> {
    const askedNow = now();
    const blockedMs = this.#askedAt === undefined ? 0 : Math.round(askedNow - this.#askedAt);
    if (this.#askedAt === undefined) {
      this.#askedAt = askedNow;
      this.#pulse.postMessage(0);
    }
    try {
      const heap = await worker.getHeapStatistics();
      if (this.#beat === undefined) return;
      this.#context.onVitals({
        heartbeatAt: now(),
        rssBytes: heap.total_heap_size + heap.external_memory,
        heapUsedBytes: heap.used_heap_size,
        utilization,
        cpuMs: undefined,
        blockedMs,
        inspected: inspector.url() !== undefined,
      });
    } catch {
      // It ended meanwhile.
    }
  }

  async #watchEnd(worker: Worker, lineClosed: Promise<void>, readsOutput: boolean): Promise<DriverExit> {
    if (readsOutput) {
      onLines(worker.stderr, (line) => {
        this.#tail.add(line);
        this.#context.onLog({ source: 'stderr', level: 'info', message: line });
      });
      onLines(worker.stdout, (message) => this.#context.onLog({ source: 'stdout', level: 'info', message }));
    }
    let uncaught: Error | undefined;
    worker.on('error', (error: unknown) => {
      uncaught = toError(error);
    });
    const exitCode = await new Promise<number>((resolve) => void worker.once('exit', resolve));
    this.watch(false);
    this.#pulse.close();
    // What it sent before its end is still in the port; the port closes behind it.
    await within(lineClosed, 500);
    const code = (uncaught as NodeJS.ErrnoException | undefined)?.code;
    if (uncaught !== undefined && code === 'ERR_WORKER_INIT_FAILED') return threadFailure(uncaught);
    const outOfMemory = code === 'ERR_WORKER_OUT_OF_MEMORY' ? 'heap' : false;
    return {
      exitCode,
      outOfMemory,
      stderrTail: this.#tail.lines(),
      ...(uncaught === undefined ? {} : { error: uncaught, errorKind: 'uncaught' as const }),
    };
  }
}

/** @throws DriverError for what is no code */
function codeOf(script: string | URL | undefined): string {
  if (typeof script === 'string') return script;
  throw new DriverError("With the option 'eval' the option 'script' is the code itself, as text.");
}

/** `Infinity` leaves the limit to V8. @throws DriverError for what is no size */
function checkedLimits(limits: ResourceLimits): ResourceLimits {
  const given = Object.entries(limits).filter(([, value]) => value !== undefined && value !== Infinity);
  for (const [name, value] of given) numberWithin(value as number, `resourceLimits.${name}`, Number.MIN_VALUE);
  return Object.fromEntries(given);
}
