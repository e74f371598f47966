/**
 * The guard: a small thread in every child process, there before the worker's own code runs. It holds one end of a pipe
 * (the lifeline) whose other end only the host has: when the host dies, however it dies, the pipe ends and the guard
 * kills its process group, even if the main thread loops forever. While the host asks for it, it reports once a second
 * how the process is.
 *
 * Both functions are sent to the child as source text, so they use nothing from around them; and their own functions
 * are methods, because bundlers that keep names would wrap others in a helper that is not there.
 */
import type { Vitals } from '../driver.ts';
import { DriverError } from '../errors.ts';
import { now } from '../timers.ts';
import type { Mark } from './strays.ts';
import { fromWireError } from '../wire-errors.ts';

export const GUARD_VARIABLE = 'ISOLATED_WORKER_GUARD';

export interface GuardSettings {
  /** Removed when the host dies, with the directory it is in if `ownsDirectory` says so. */
  readonly socketPath?: string;
  readonly ownsDirectory?: boolean;
  /** A path of the caller's: removed when the host dies, once the worker listens there. */
  readonly givenSocketPath?: string;
  /** The process leads a group of its own. */
  readonly leadsGroup: boolean;
  /** The worker may outlive the host. */
  readonly released: boolean;
  /** Whoever sees the process end takes exit codes over 128 for signals, as a shell does. */
  readonly tellsExitCode?: boolean;
  /** Stdout and stderr are pipes to the host: nothing of them may be held back in the process. */
  readonly pipedOutput: boolean;
  /** Processes with it end with this one. */
  readonly mark?: Mark | undefined;
}

/** What the guard's thread is told besides. */
interface ThreadSettings extends GuardSettings {
  /** Device and number of stderr and the pipes, by descriptor. */
  readonly pipes: readonly (string | undefined)[];
}

/** What the host writes to the lifeline, a character each. */
export const WATCH = 'w';
export const IDLE = 'i';
export const RELEASE = 'd';
/** The worker listens: the socket is its own. */
export const LISTENS = 'l';

/**
 * What may come over the report pipe, one line of JSON each: from the guard, how the process is; from the main thread,
 * the exception or the exit code that ends the process, or why it will not become a worker. Code of the worker can write there too.
 */
interface Report {
  readonly rss?: unknown;
  readonly cpuMs?: unknown;
  readonly blockedMs?: unknown;
  readonly heapUsed?: unknown;
  readonly utilization?: unknown;
  readonly inspected?: unknown;
  /** A `WireError`. */
  readonly uncaught?: unknown;
  readonly refused?: unknown;
  /** The exit code that the process chose. */
  readonly exits?: unknown;
}

export interface ReportListener {
  /** Only from processes that tell their exit code. */
  exits?(code: number): void;
  vitals(vitals: Vitals): void;
  uncaught(error: Error): void;
  refused(error: DriverError): void;
}

/** Takes one line of the report pipe. Lines that are no reports come from the worker's own code, and are ignored. */
export function takeReport(line: string, take: ReportListener): void {
  const report = reportIn(line);
  if (report === undefined) return;
  if (typeof report.refused === 'string') return take.refused(new DriverError(report.refused));
  if (typeof report.exits === 'number') return take.exits?.(report.exits);
  if ('uncaught' in report) return take.uncaught(fromWireError(report.uncaught));
  const { rss, cpuMs, blockedMs, heapUsed, utilization, inspected } = report;
  if (!isAmount(rss) || !isAmount(cpuMs) || !isAmount(blockedMs)) return;
  take.vitals({
    heartbeatAt: now(),
    rssBytes: rss,
    heapUsedBytes: isAmount(heapUsed) ? heapUsed : undefined,
    utilization: isAmount(utilization) ? utilization : undefined,
    cpuMs,
    blockedMs,
    inspected: typeof inspected === 'boolean' ? inspected : undefined,
  });
}

function reportIn(line: string): Report | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

function isAmount(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

/** What the worker writes there once its socket can be connected to. */
export const LISTENING = 'listening';

/** The argument to Node that puts the guard in place. A `data:` URL, so that no bundler loses the file. */
export function guardArgument(): string {
  argument ??= `${DATA_IMPORT}${encodeURIComponent(sourceOf(install, sourceOf(guard)))}`;
  return argument;
}

const DATA_IMPORT = '--import=data:text/javascript,';

/** A call of the function, as text. */
function sourceOf(run: ((text: string) => void) | (() => void), text?: string): string {
  return `(${run.toString()})(${text === undefined ? '' : JSON.stringify(text)})`;
}

let argument: string | undefined;

/** Runs on the child's main thread, before its script. */
function install(guardSource: string): void {
  const { Worker, isMainThread } = process.getBuiltinModule('node:worker_threads');
  const variable = 'ISOLATED_WORKER_GUARD';
  const settings = process.env[variable];
  // Processes and threads that the worker starts inherit Node's arguments; they are not ours to guard.
  if (!isMainThread || settings === undefined) return;
  delete process.env[variable];
  const guarding = process.execArgv.findIndex((option) => option.startsWith('--import=data:text/javascript,'));
  process.execArgv.splice(guarding, guarding < 0 ? 0 : 1);
  const options = JSON.parse(settings) as GuardSettings;
  if (options.pipedOutput) {
    // Node writes to pipes as far as they take it and keeps the rest, which process.exit() drops.
    type Handle = { _handle?: { setBlocking?(blocking: boolean): unknown } | null };
    (process.stdout as unknown as Handle)._handle?.setBlocking?.(true);
    (process.stderr as unknown as Handle)._handle?.setBlocking?.(true);
  }
  const own = {
    /** A detached worker may print although nobody reads it any more. */
    outputFailed(error: NodeJS.ErrnoException): void {
      if (error.code !== 'EPIPE') throw error;
    },

    /** Whether it may be stopped by a debugger. */
    inspected(): boolean {
      try {
        return process.getBuiltinModule('node:inspector').url() !== undefined;
      } catch {
        return false;
      }
    },

    /** As WireError. */
    describe(thrown: unknown, depth: number): object {
      // `instanceof` does not know errors of other realms.
      // eslint-disable-next-line @typescript-eslint/no-deprecated -- Error.isError does not exist in Node 22
      if (!process.getBuiltinModule('node:util').types.isNativeError(thrown))
        return { name: 'Error', message: String(thrown) };
      const { name, message, stack, cause } = thrown;
      const code: unknown = 'code' in thrown ? thrown.code : undefined;
      const told = { name, message, stack, code };
      return cause === undefined || depth > 8 ? told : { ...told, cause: own.describe(cause, depth + 1) };
    },

    /** Code of the worker may close a descriptor, and open a file that gets its number. */
    pipeAt(fd: number): string | undefined {
      try {
        const { dev, ino } = process.getBuiltinModule('node:fs').fstatSync(fd);
        return `${String(dev)}:${String(ino)}`;
      } catch {
        return undefined;
      }
    },

    report(error: unknown): void {
      // Somebody else takes care of it.
      if (process.listenerCount('uncaughtException') > 0 || process.hasUncaughtExceptionCaptureCallback()) return;
      own.tell(() => ({ uncaught: own.describe(error, 0) }));
    },

    tell(what: () => object): void {
      if (own.pipeAt(4) !== pipes[4]) return;
      try {
        process.getBuiltinModule('node:fs').writeSync(4, `${JSON.stringify(what())}\n`);
      } catch {
        // The host is gone, or the error cannot be read; stderr has what Node says of it.
      }
    },
  };
  const pipes = [0, 1, 2, 3, 4].map(own.pipeAt);
  if (options.pipedOutput) {
    process.stdout.on('error', own.outputFailed);
    process.stderr.on('error', own.outputFailed);
  }
  process.on('uncaughtExceptionMonitor', own.report);
  if (options.tellsExitCode === true)
    process.on('exit', (code) => {
      if (code > 128) own.tell(() => ({ exits: code }));
    });
  const thread = new Worker(guardSource, {
    eval: true,
    name: 'guard',
    workerData: { ...options, pipes } satisfies ThreadSettings,
    execArgv: [],
    env: {},
    resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 1, codeRangeSizeMb: 0, stackSizeMb: 1 },
  });
  let before = performance.eventLoopUtilization();
  thread.on('message', () => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, before);
    before = now;
    thread.postMessage({ heapUsed: process.memoryUsage().heapUsed, utilization, inspected: own.inspected() });
  });
  // It may stand at a breakpoint before it is asked.
  if (own.inspected()) thread.postMessage({ inspected: true });
  thread.on('error', (error) => {
    process.stderr.write(`The guard of this worker ended, the worker may outlive its host: ${String(error)}\n`);
  });
  thread.unref();
}

/** Runs on the guard's own thread. */
function guard(): void {
  const threads = process.getBuiltinModule('node:worker_threads');
  const { parentPort } = threads;
  const workerData: unknown = threads.workerData;
  const fs = process.getBuiltinModule('node:fs');
  const net = process.getBuiltinModule('node:net');
  const settings = workerData as ThreadSettings;
  const own = {
    released: settings.released,
    socketPath: settings.socketPath,
    beat: undefined as NodeJS.Timeout | undefined,
    /** When the main thread was asked for a sign of life that has not come. */
    askedAt: undefined as number | undefined,
    answer: {},

    endWithHost(): void {
      if (own.released) return;
      if (own.socketPath !== undefined && process.platform !== 'win32') {
        try {
          fs.rmSync(own.socketPath, { force: true });
          const { dirname } = process.getBuiltinModule('node:path');
          if (settings.ownsDirectory === true) fs.rmdirSync(dirname(own.socketPath));
        } catch {
          // Gone already.
        }
      }
      if (settings.mark !== undefined) own.endStrays(settings.mark.id);
      if (process.platform === 'win32') {
        process.getBuiltinModule('node:child_process').spawnSync('taskkill', ['/pid', String(process.pid), '/T', '/F']);
      }
      process.kill(settings.leadsGroup ? -process.pid : process.pid, 'SIGKILL');
    },

    /** Otherwise it is closed, or somebody's file by now. */
    isIntact(fd: number): boolean {
      if (settings.pipes[fd] === undefined) return true;
      try {
        const { dev, ino } = fs.fstatSync(fd);
        return `${String(dev)}:${String(ino)}` === settings.pipes[fd];
      } catch {
        return false;
      }
    },

    /** Without its pipes nobody could tell how the worker is, and it might outlive its host. That is its own fault. */
    endWithoutPipes(): void {
      if (own.isIntact(2)) fs.writeSync(2, 'Code of this worker closed descriptors that are not its own.\n');
      process.kill(process.pid, 'SIGABRT');
    },

    /** @returns false: the process ends. Node closes the lifeline of a released worker by itself. */
    look(): boolean {
      if (own.released || (own.isIntact(3) && own.isIntact(4))) return true;
      own.endWithoutPipes();
      return false;
    },

    /** As `endStrays` does, without waiting for anything. */
    endStrays(id: string): void {
      for (const name of fs.readdirSync('/proc')) {
        const pid = Number(name);
        if (!Number.isInteger(pid) || pid === process.pid) continue;
        try {
          if (fs.readFileSync(`/proc/${name}/environ`, 'latin1').includes(id)) process.kill(pid, 'SIGKILL');
        } catch {
          // It has ended, or is another user's.
        }
      }
    },

    report(): void {
      const now = performance.now();
      const blockedMs = own.askedAt === undefined ? 0 : Math.round(now - own.askedAt);
      const { user, system } = process.cpuUsage();
      const cpuMs = Math.round((user + system) / 1000);
      const line = JSON.stringify({ rss: process.memoryUsage.rss(), cpuMs, blockedMs, ...own.answer });
      if (own.askedAt === undefined) {
        own.askedAt = now;
        parentPort?.postMessage(0);
      }
      if (!own.look()) return;
      try {
        fs.writeSync(4, `${line}\n`);
      } catch {
        // The host is gone, or has let go of us: the lifeline tells which.
        clearInterval(own.beat);
      }
    },

    obey(command: string): void {
      if (command === 'l') {
        own.socketPath = settings.socketPath ?? settings.givenSocketPath;
        return;
      }
      clearInterval(own.beat);
      if (command === 'd') own.released = true;
      if (command !== 'w') return;
      own.askedAt = undefined;
      own.report();
      own.beat = setInterval(own.report, 1000);
    },
  };

  parentPort?.on('message', (message: object) => {
    own.askedAt = undefined;
    own.answer = message;
  });
  // Without its lifeline the guard hears no command either, so it looks unasked too: seldom, because idle costs nothing.
  setInterval(own.look, 10_000);
  // Code of the worker may have been faster than this thread, and a file cannot be read as a lifeline.
  own.look();
  const lifeline = new net.Socket({ fd: 3, readable: true, writable: false });
  lifeline.on('data', (bytes: Buffer) => bytes.toString('latin1').split('').forEach(own.obey));
  lifeline.on('error', own.endWithHost);
  lifeline.on('close', own.endWithHost);
}
