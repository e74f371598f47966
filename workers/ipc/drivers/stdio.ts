/**
 * The driver for programs in any language: messages are lines of JSON on stdin and stdout. With `script` instead of
 * `command` it runs a Node worker the same way.
 */
import type { Readable, Writable } from 'node:stream';
import { StreamChannel } from '../channel.ts';
import type { Channel } from '../channel.ts';
import { defineWorkerDriver } from '../driver.ts';
import type { LaunchContext, LaunchOptions, WorkerHandle } from '../driver.ts';
import { DriverError, SpawnError } from '../errors.ts';
import type { DriverExit } from '../exit.ts';
import { STARTUP_VARIABLE } from '../startup.ts';
import type { StartupData } from '../startup.ts';
import { within } from '../timers.ts';
import { handshakeProblem } from '../wire.ts';
import { Child } from './child.ts';
import { mergeEnvironment } from './environment.ts';
import { GUARD_VARIABLE, guardArgument, IDLE, takeReport, WATCH } from './guard.ts';
import type { GuardSettings } from './guard.ts';
import { onLines } from './lines.ts';
import { scriptPath } from './script-path.ts';
import { serveStdio } from './stdio-worker.ts';
import { refuseOptions } from './unsupported.ts';

export const stdioDriver = defineWorkerDriver({
  name: 'stdio',
  capabilities: { reconnect: false, detach: false, transfer: false, isolation: 'process' },
  launch: (options, context) => new StdioWorker(options, context),
  serve: serveStdio,
});

export type StdioDriver = typeof stdioDriver;

class StdioWorker implements WorkerHandle {
  readonly ready: Promise<Channel>;
  readonly exited: Promise<DriverExit>;
  readonly #child: Child;

  constructor(options: LaunchOptions, context: LaunchContext) {
    refuseOptions('stdio', options, ['resourceLimits', 'keepAlive', 'transferList', 'detached', 'stdio', 'socketPath']);
    const program = options.command === undefined ? nodeProgram(options) : foreignProgram(options);
    this.#child = new Child(
      {
        ...program,
        env: environment(options, context),
        cwd: options.cwd,
        stdio: ['pipe', 'pipe', 'pipe', ...(options.command === undefined ? (['pipe', 'pipe'] as const) : [])],
        stdoutIsLine: true,
      },
      context,
    );
    const ready = Promise.withResolvers<Channel>();
    this.ready = ready.promise;
    ready.promise.catch(() => undefined);
    const child = this.#child.process;
    if (child?.stdin === null || child?.stdout === null || child === undefined) {
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
      onLines(reports, (line) =>
        takeReport(line, {
          vitals: (vitals) => context.onVitals(vitals),
          uncaught: (error) => this.#child.uncaught(error),
        }),
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

  /** Foreign programs have no guard and give no vitals. */
  watch(on: boolean): void {
    const lifeline = this.#child.process?.stdio[3] as Writable | null | undefined;
    if (lifeline?.writable === true) lifeline.write(on ? WATCH : IDLE);
  }
}

interface Program {
  readonly command: string;
  readonly args: readonly string[];
}

function nodeProgram(options: LaunchOptions): Program {
  const script = scriptPath(options.script);
  return {
    command: options.execPath ?? process.execPath,
    args: [guardArgument(), ...(options.execArgv ?? []), script, ...(options.argv ?? [])],
  };
}

function foreignProgram(options: LaunchOptions): Program {
  refuseOptions('stdio with a command', options, ['script', 'execPath', 'execArgv', 'argv']);
  if (options.command === undefined || options.command === '') throw new DriverError("The option 'command' is empty.");
  return { command: options.command, args: options.args ?? [] };
}

function environment(options: LaunchOptions, context: LaunchContext): NodeJS.ProcessEnv {
  if (options.command !== undefined) return mergeEnvironment(process.env, options.env ?? {});
  const startup: StartupData = {
    driver: 'stdio',
    serializer: context.serializer.name,
    maxFrameBytes: context.maxFrameBytes,
    workerData: options.workerData,
  };
  const guard: GuardSettings = { leadsGroup: process.platform !== 'win32', released: false, pipedOutput: true };
  return mergeEnvironment(process.env, {
    ...options.env,
    ...(process.versions['electron'] === undefined ? {} : { ELECTRON_RUN_AS_NODE: '1' }),
    [STARTUP_VARIABLE]: JSON.stringify(startup),
    [GUARD_VARIABLE]: JSON.stringify(guard),
  });
}
