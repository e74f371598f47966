/**
 * One child process: started in a group of its own, so that what it starts dies with it; its last words kept; its end
 * told once, with the truest reason that can be found. Lives as long as the process.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess, StdioOptions } from 'node:child_process';
import type { Socket } from 'node:net';
import type { LaunchContext, ProcessSpawnOptions } from '../driver.ts';
import type { DriverExit } from '../exit.ts';
import { within } from '../timers.ts';
import { FLOOD_LINES, onLines, Tail } from './lines.ts';
import { isV8OutOfMemory } from '../exit.ts';
import { outOfMemoryKills } from './oom-kills.ts';
import { killGroup } from './process-group.ts';
import { directoryProblem, spawnFailure } from './spawn-failure.ts';
import { HeapWitness } from './heap-witness.ts';
import { insideOutcome, terminateInside } from '../sandbox/inside.ts';
import { endStrays, type Mark } from './strays.ts';

export interface ChildOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string | undefined;
  readonly spawnOptions: ProcessSpawnOptions;
  readonly stdio: StdioOptions;
  /** Stdout is not lines for people. */
  readonly stdoutIsLine: boolean;
  /** The process only starts another one, which has this id in its own namespace. */
  readonly insidePid?: number | undefined;
  /** The process only speaks for another one, which is no child of it. */
  readonly remote?: RemoteProcess | undefined;
  /** Processes with it end with this one. */
  readonly mark?: Mark | undefined;
}

/** A process that somebody else runs, elsewhere perhaps, and that the child process here stands for. */
export interface RemoteProcess {
  /** Its id where it is. */
  readonly pid: number | undefined;
  /** How it ended, by what is known when the child process here has ended. */
  outcome(ofChild: ExitOutcome): RemoteOutcome;
  terminate(): void;
  /** Ends the child process here as well. */
  kill(): void;
}

export interface RemoteOutcome extends ExitOutcome {
  /** Whether the kernel ended something there because memory ran out; undefined: not known. */
  readonly memoryRanOut: boolean | undefined;
}

/** As Node tells the end of a process. */
export interface ExitOutcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** What a dead process wrote is waited for so long: something it started may hold its pipes. */
const LAST_WORDS_MS = 500;

export class Child {
  readonly process: ChildProcess | undefined;
  readonly exited: Promise<DriverExit>;
  readonly #tail = new Tail();
  readonly #insidePid: number | undefined;
  readonly #remote: RemoteProcess | undefined;
  #killed = false;
  readonly #heap = new HeapWitness();
  #uncaught: Error | undefined;
  #chosenCode: number | undefined;
  #gone = false;

  constructor(options: ChildOptions, context: LaunchContext) {
    const { command, cwd } = options;
    this.#insidePid = options.insidePid;
    this.#remote = options.remote;
    const killsBefore = outOfMemoryKills();
    let child: ChildProcess;
    try {
      if (cwd === undefined && directoryProblem(cwd) !== undefined) throw new Error('spawn ENOENT');
      child = spawn(command, options.args, {
        cwd,
        env: options.env,
        stdio: options.stdio,
        detached: process.platform !== 'win32',
        windowsHide: true,
        ...options.spawnOptions,
      });
    } catch (error) {
      this.exited = Promise.resolve(spawnFailure(error, command, cwd));
      return;
    }
    this.process = child;
    // The process itself holds the host, where anything does. Without file descriptors there are no streams.
    for (const stream of (child.stdio as readonly unknown[] | undefined) ?? [])
      (stream as Socket | null | undefined)?.unref();
    this.exited = this.#watch(child, killsBefore, options.mark, (error) => spawnFailure(error, command, cwd));
    // Null without a pipe; undefined when there were no file descriptors left for one.
    if (child.stderr) {
      onLines(
        child.stderr,
        (line) => {
          this.#tail.add(line);
          this.#heap.read(line);
          context.onLog({ source: 'stderr', level: 'info', message: line });
        },
        { leftOut: leftOut('stderr', context), matters: isV8OutOfMemory },
      );
    }
    if (child.stdout && !options.stdoutIsLine) {
      onLines(child.stdout, (message) => context.onLog({ source: 'stdout', level: 'info', message }), {
        leftOut: leftOut('stdout', context),
      });
    }
  }

  get pid(): number | undefined {
    return this.process?.pid;
  }

  /** The exception that ends it, told before it is gone. */
  uncaught(error: Error): void {
    this.#uncaught = error;
  }

  /** The exit code that it chose, told before it is gone. */
  exits(code: number): void {
    this.#chosenCode = code;
  }

  /** Whether the process keeps the host alive. */
  keepAlive(on: boolean): void {
    if (on) this.process?.ref();
    else this.process?.unref();
  }

  terminate(): void {
    if (this.#gone || this.pid === undefined) return;
    if (this.#remote !== undefined) this.#remote.terminate();
    else if (this.#insidePid === undefined) this.process?.kill('SIGTERM');
    else terminateInside(this.pid);
  }

  kill(): void {
    this.#killed = true;
    if (this.#gone) return;
    if (this.#remote === undefined) this.#killGroup();
    else this.#remote.kill();
  }

  /** Ends the process here, whatever becomes of the one that it speaks for. */
  abandon(): void {
    if (!this.#gone) this.#killGroup();
  }

  async #watch(
    child: ChildProcess,
    killsBefore: Promise<number | undefined>,
    mark: Mark | undefined,
    failure: (error: unknown) => DriverExit,
  ): Promise<DriverExit> {
    const closed = new Promise<void>((resolve) => void child.once('close', () => resolve()));
    const outcome = await new Promise<DriverExit | ExitOutcome>((resolve) => {
      child.once('exit', (code, signal) => resolve({ code, signal }));
      child.on('error', (error) => {
        // Also raised when a signal cannot be sent; only a process that never was is over by it.
        if (child.pid === undefined) resolve(failure(error));
      });
    });
    if (!('code' in outcome)) return outcome;
    // What it started and left behind is in its group; the group's number is not given out anew while it has members.
    this.#killGroup();
    this.#gone = true;
    if (mark !== undefined) await endStrays(mark);
    await within(closed, LAST_WORDS_MS);
    for (const stream of child.stdio) stream?.destroy();
    if (this.#remote !== undefined) {
      const { code, signal, memoryRanOut } = this.#remote.outcome(outcome);
      return this.#classify(code, signal, await killsBefore, memoryRanOut);
    }
    const { code, signal } = this.#insidePid === undefined ? outcome : insideOutcome(outcome, this.#chosenCode);
    return this.#classify(code, signal, await killsBefore);
  }

  /** @param memoryRanOut where the process was; undefined: not known */
  async #classify(
    code: number | null,
    signal: string | null,
    killsBefore: number | undefined,
    memoryRanOut?: boolean,
  ): Promise<DriverExit> {
    const stderrTail = this.#tail.lines();
    let outOfMemory: DriverExit['outOfMemory'] = false;
    const whose = code === 0 || this.#killed ? undefined : this.#heap.whose(this.#ownPid, code, signal);
    if (whose === 'own') {
      outOfMemory = 'heap';
    } else if (signal === 'SIGKILL' && !this.#killed) {
      const kills = memoryRanOut === undefined ? await outOfMemoryKills() : undefined;
      const isCounted = kills !== undefined && killsBefore !== undefined && kills > killsBefore;
      if (memoryRanOut ?? isCounted) outOfMemory = 'kernel';
    }
    const isOfChild = whose === 'child' || (memoryRanOut === true && outOfMemory === false && !this.#killed);
    const error = this.#uncaught;
    return {
      exitCode: code ?? undefined,
      signal: signal ?? undefined,
      outOfMemory,
      stderrTail,
      ...(isOfChild ? { childOutOfMemory: true } : {}),
      ...(error === undefined ? {} : { error }),
    };
  }

  /** As it names itself. */
  get #ownPid(): number | undefined {
    return this.#remote === undefined ? (this.#insidePid ?? this.pid) : this.#remote.pid;
  }

  #killGroup(): void {
    const pid = this.pid;
    // The group of a process that is gone is another matter on Windows: there is none.
    if (pid === undefined || (process.platform === 'win32' && (this.#gone || this.process?.exitCode !== null))) return;
    try {
      killGroup(pid);
    } catch {
      // ESRCH: nobody is left in it. EPERM (macOS): only zombies are.
    }
  }
}

/** Says in the log how much of a flood is not there. */
export function leftOut(source: 'stdout' | 'stderr', context: LaunchContext): (characters: number) => void {
  return (characters) => {
    const message = `${characters} characters more, in over ${FLOOD_LINES} lines within a second, were left out.`;
    context.onLog({ source, level: 'info', message });
  };
}
