/** One container: the engine's command that runs it, the line to the relay in it, and its end. Lives as long as both. */
import type { LaunchContext } from '../driver.ts';
import { Child } from '../drivers/child.ts';
import type { ExitOutcome, RemoteOutcome, RemoteProcess } from '../drivers/child.ts';
import { ProtocolError } from '../errors.ts';
import type { DriverExit } from '../exit.ts';
import { insideOutcome } from '../sandbox/inside.ts';
import { now, wait, within } from '../timers.ts';
import { runArguments } from './arguments.ts';
import type { ContainerPlan } from './arguments.ts';
import { ask } from './engine.ts';
import type { Engine } from './engine.ts';
import { ContainerError, containerFailure } from './failures.ts';
import { containerName, thisOwner } from './orphans.ts';
import { RelayLine } from './relay-line.ts';
import { relaySource } from './relay.ts';
import type { RelayEnd } from './relay.ts';
import type { WorkerStart } from './start.ts';
import { userOf } from './user.ts';

export interface RunListener {
  /** What the worker writes on its stdout. */
  printed(bytes: Buffer): void;
  /** Of the guard's. */
  report(bytes: Buffer): void;
  memory(bytes: number): void;
  /** It will not become a worker. */
  failed(reason: string): void;
}

/** The relay ends the container within that, unless it is stopped or busy with what it was sent before. */
const RELAY_MS = 1_000;
/** The engine is asked so often, and for so long; then its command is ended, and the container removed. */
const AGAIN_MS = 250;
const ENGINE_MS = 10_000;

/** What exit code 127 means. */
const NO_PROGRAM = 'exec: "node": executable file not found';

const NO_FRAME = 'What the container sent is no message of the program that starts the worker there.';

export class ContainerRun {
  readonly line: RelayLine | undefined;
  /** Settles when the container is gone. Never rejects. */
  readonly exited: Promise<DriverExit>;
  readonly #engine: Engine;
  readonly #name = containerName(thisOwner());
  readonly #child: Child;
  /** The relay has spoken: from here on, what ends is no more the engine's start. */
  #hasRelay = false;
  /** The worker's, where it is. */
  #pid: number | undefined;
  #end: RelayEnd | undefined;
  /** What the engine's command ended with. */
  #code: number | null = null;
  #failed: string | undefined;
  #ending: Promise<void> | undefined;
  #isBroken = false;

  constructor(engine: Engine, plan: ContainerPlan, start: WorkerStart, context: LaunchContext, listener: RunListener) {
    this.#engine = engine;
    this.#child = new Child(
      {
        command: engine.command,
        args: runArguments(plan, engine, thisOwner(), this.#name, userOf(), relaySource()),
        // The engine's command is the user's own; what the worker gets of it, the relay is told.
        env: process.env,
        cwd: undefined,
        spawnOptions: {},
        stdio: ['pipe', 'pipe', 'pipe'],
        stdoutIsLine: true,
        remote: this.#remote(),
      },
      context,
    );
    const { stdin, stdout } = this.#child.process ?? {};
    // Null or undefined when the command could not be started.
    if (stdin && stdout) {
      const line = new RelayLine(stdin, stdout, {
        hello: () => {
          if (this.#hasRelay) return;
          this.#hasRelay = true;
          line.start(start.relay);
          if (start.data !== undefined) line.data(start.data);
        },
        started: ({ pid, failed }) => {
          this.#pid = pid;
          this.#failed = failed;
        },
        printed: (bytes) => listener.printed(bytes),
        report: (bytes) => listener.report(bytes),
        memory: (bytes) => listener.memory(bytes),
        ended: (end) => (this.#end ??= end),
        broken: () => {
          this.#isBroken = true;
          listener.failed(NO_FRAME);
          this.#child.kill();
        },
      });
      this.line = line;
    }
    this.exited = this.#watch();
  }

  /** That of the engine's command. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  keepAlive(on: boolean): void {
    this.#child.keepAlive(on);
  }

  uncaught(error: Error): void {
    this.#child.uncaught(error);
  }

  /** SIGTERM for the worker. */
  terminate(): void {
    this.#child.terminate();
  }

  /** Ends the container. */
  kill(): void {
    this.#child.kill();
  }

  #remote(): RemoteProcess {
    const pid = (): number | undefined => this.#pid;
    return {
      get pid() {
        return pid();
      },
      outcome: (ofCommand) => this.#outcome(ofCommand),
      terminate: () => this.line?.terminate(),
      kill: () => void (this.#ending ??= this.#endContainer()),
    };
  }

  #outcome(ofCommand: ExitOutcome): RemoteOutcome {
    this.#code = ofCommand.code;
    const end = this.#end;
    if (end === undefined) return { ...insideOutcome(ofCommand), memoryRanOut: undefined };
    return { code: end.code, signal: end.signal as NodeJS.Signals | null, memoryRanOut: end.memoryRanOut };
  }

  async #watch(): Promise<DriverExit> {
    const exit = await this.#child.exited;
    await this.#ending;
    if (this.#isBroken) return { ...exit, error: new ProtocolError(NO_FRAME), errorKind: 'protocol' };
    if (exit.errorKind === 'spawn-failed' || this.#ending !== undefined) return exit;
    const failed = this.#hasRelay ? this.#failed : undefined;
    if (failed !== undefined) return { ...exit, error: new Error(failed), errorKind: 'spawn-failed' };
    return this.#hasRelay ? exit : { ...exit, ...this.#failedStart(exit) };
  }

  /** The engine's own exit codes: 125 it failed, 126 and 127 the program in the container cannot be run. */
  #failedStart(exit: DriverExit): Pick<DriverExit, 'error' | 'errorKind'> {
    const isTooOld = exit.stderrTail.some((line) => line.includes('is too old for a worker'));
    if (!isTooOld && ![125, 126, 127].includes(this.#code ?? 0)) return {};
    const failure = containerFailure(exit.stderrTail);
    const isUnknown = failure.cause === 'engine-other' && this.#code === 127;
    const error = new ContainerError(isUnknown ? containerFailure([...exit.stderrTail, NO_PROGRAM]) : failure);
    return { error, errorKind: 'spawn-failed' };
  }

  /** Ends the container, and not only the command that runs it. */
  async #endContainer(): Promise<void> {
    const { command } = this.#engine;
    const gone = this.#child.exited;
    let isGone = false;
    void gone.then(() => (isGone = true));
    this.line?.kill();
    await within(gone, RELAY_MS);
    const end = now() + ENGINE_MS;
    // It may not be there yet.
    while (!isGone && now() < end) {
      await ask(command, ['kill', this.#name], ENGINE_MS).catch(() => undefined);
      await Promise.race([gone, wait(AGAIN_MS)]);
    }
    if (isGone) return;
    this.#child.abandon();
    await gone;
    await ask(command, ['rm', '--force', this.#name], ENGINE_MS).catch(() => undefined);
  }
}
