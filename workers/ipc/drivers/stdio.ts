/**
 * The driver for programs in any language: messages are lines of JSON on stdin and stdout. With `script` instead of
 * `command` it runs a Node worker the same way.
 */
import type { Readable, Writable } from 'node:stream';
import { StreamChannel } from '../stream-channel.ts';
import type { Channel } from '../channel.ts';
import type { BuiltInDriver, LaunchContext, LaunchOptions, ServerDriver, WorkerHandle } from '../driver.ts';
import { DriverError, SpawnError } from '../errors.ts';
import type { DriverExit } from '../exit.ts';
import { DEPTH_VARIABLE, nextDepth } from '../nesting.ts';
import { within } from '../timers.ts';
import { handshakeProblem } from '../wire.ts';
import { Child } from './child.ts';
import { mergeEnvironment } from './environment.ts';
import { DATA_FD } from './file-descriptors.ts';
import { IDLE, takeReport, WATCH } from './guard.ts';
import { IGNORED_FLOOD, onLines } from './lines.ts';
import { nodeEnvironment, nodeProgram } from './node-process.ts';
import type { Program } from './node-process.ts';
import { pipeCapabilities } from './pipe-capabilities.ts';
import { scriptPath } from './script-path.ts';
import { spawnOptionsOf } from './spawn-options.ts';
import { serveStdio } from './stdio-worker.ts';
import { refuseOptions } from './unsupported.ts';
import { packWorkerData, sendWorkerData } from './worker-data.ts';

/** The driver for programs that speak on stdin and stdout, as an object. One serves any number of workers. */
export class StdioDriver implements BuiltInDriver<'stdio', typeof pipeCapabilities> {
  readonly name = 'stdio';
  readonly builtIn = 'stdio';
  readonly capabilities = pipeCapabilities;
  readonly launch = (options: LaunchOptions, context: LaunchContext): WorkerHandle => new StdioWorker(options, context);
  readonly serve = serveStdio;
}

/** A driver for programs that speak on stdin and stdout. */
export const stdioDriver: StdioDriver = new StdioDriver();

/** The worker's side of it, for `startWorkerServer`; a worker finds it by itself. */
export class StdioServer implements ServerDriver {
  readonly name = 'stdio';
  readonly serve = serveStdio;
}

class StdioWorker implements WorkerHandle {
  readonly ready: Promise<Channel>;
  readonly exited: Promise<DriverExit>;
  readonly #child: Child;

  constructor(options: LaunchOptions, context: LaunchContext) {
    refuseOptions('stdio', options, [
      'resourceLimits',
      'transferList',
      'detached',
      'endStrays',
      'sandbox',
      'stdio',
      'socketPath',
      'reconnect',
      'eval',
    ]);
    this.#child = options.command === undefined ? startNode(options, context) : startForeign(options, context);
    const ready = Promise.withResolvers<Channel>();
    this.ready = ready.promise;
    ready.promise.catch(() => undefined);
    const child = this.#child.process;
    // Null or undefined when the process could not be started.
    if (child === undefined || !child.stdin || !child.stdout) {
      this.exited = this.#child.exited;
      return;
    }
    const { stdin, stdout } = child;
    const channelEnded = new Promise<void>((resolve) => void stdout.once('close', () => resolve()));
    this.exited = this.#child.exited.then(async (exit) => {
      await within(channelEnded, 500);
      return exit;
    });
    const reports = child.stdio[4] as Readable | null | undefined;
    if (reports !== null && reports !== undefined) {
      onLines(
        reports,
        (line) =>
          takeReport(line, {
            vitals: (vitals) => context.onVitals(vitals),
            uncaught: (error) => this.#child.uncaught(error),
            refused: (error) => ready.reject(error),
          }),
        IGNORED_FLOOD,
      );
    }
    (child.stdio[3] as Writable | null | undefined)?.on('error', () => undefined);
    const awaitsHandshake = options.handshake ?? true;
    const channel = new StreamChannel(stdout, stdin, {
      serializer: context.serializer,
      maxFrameBytes: context.maxFrameBytes,
      onStrayLine: (message) => context.onLog({ source: 'stdout', level: 'info', message }),
      onHandshake: awaitsHandshake
        ? (handshake) => {
            const problem = handshakeProblem(handshake, context.serializer.name);
            if (problem === undefined) ready.resolve(channel);
            else ready.reject(new SpawnError(problem));
          }
        : undefined,
    });
    if (!awaitsHandshake) child.once('spawn', () => ready.resolve(channel));
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

  keepAlive(on: boolean): void {
    this.#child.keepAlive(on);
  }

  /** Foreign programs have no guard and give no vitals. */
  watch(on: boolean): void {
    const lifeline = this.#child.process?.stdio[3] as Writable | null | undefined;
    if (lifeline?.writable === true) lifeline.write(on ? WATCH : IDLE);
  }
}

function startNode(options: LaunchOptions, context: LaunchContext): Child {
  const script = scriptPath(options.script);
  const data = packWorkerData(options.workerData);
  const startup = {
    driver: 'stdio',
    serializer: context.serializer.name,
    maxFrameBytes: context.maxFrameBytes,
    script,
  };
  const guard = { leadsGroup: process.platform !== 'win32', released: false, pipedOutput: true };
  const child = new Child(
    {
      ...nodeProgram(script, options),
      env: nodeEnvironment(options, startup, data.packed, guard),
      cwd: options.cwd,
      spawnOptions: spawnOptionsOf(options),
      stdio: ['pipe', 'pipe', 'pipe', 'pipe', 'pipe', ...(data.bytes === undefined ? [] : ['pipe' as const])],
      stdoutIsLine: true,
    },
    context,
  );
  sendWorkerData(
    (child.process?.stdio as readonly unknown[] | undefined)?.[DATA_FD] as Writable | undefined,
    data.bytes,
  );
  return child;
}

function startForeign(options: LaunchOptions, context: LaunchContext): Child {
  return new Child(
    {
      ...foreignProgram(options),
      env: foreignEnvironment(options),
      cwd: options.cwd,
      spawnOptions: spawnOptionsOf(options),
      stdio: ['pipe', 'pipe', 'pipe'],
      stdoutIsLine: true,
    },
    context,
  );
}

function foreignProgram(options: LaunchOptions): Program {
  refuseOptions('stdio with a command', options, ['script', 'execPath', 'execArgv', 'argv', 'workerData']);
  if (options.command === undefined || options.command === '') throw new DriverError("The option 'command' is empty.");
  return { command: options.command, args: options.args ?? [] };
}

function foreignEnvironment(options: LaunchOptions): NodeJS.ProcessEnv {
  return mergeEnvironment(process.env, { ...options.env, [DEPTH_VARIABLE]: String(nextDepth()) });
}
