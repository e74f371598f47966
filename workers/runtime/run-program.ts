/**
 * Runs a program once, within limits of time and output, and ends it with everything that it started. Processes that it
 * leaves behind keep nobody waiting. Lives as long as the run.
 */
import { spawn } from 'node:child_process';
import { stripVTControlCharacters } from 'node:util';
import { endProcessTree } from './end-process-tree.ts';

export interface ProgramOptions {
  /** Absolute path of the program. */
  readonly command: string;
  readonly args: readonly string[];
  /** Absolute. */
  readonly cwd: string;
  /** Absent: the environment of this process. */
  readonly env?: NodeJS.ProcessEnv;
  /** Text for its standard input; absent: there is none. */
  readonly input?: string;
  /** Its standard input stays open while it runs, so that it sees the end of this process. */
  readonly keepsInputOpen?: boolean;
  /** Absent: it may take as long as it wants. */
  readonly timeoutMs?: number;
  readonly signal: AbortSignal;
  /** Called with what it prints, as it prints it. */
  readonly onOutput?: (text: string) => void;
}

export interface ProgramResult {
  readonly stdout: string;
  /** Its end; without control characters, like {@link stdout}. */
  readonly stderr: string;
  /** Undefined: a signal ended it. */
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
  /** Why it was ended; absent: it ended by itself. */
  readonly stopped?: 'time' | 'output';
}

/** UTF-16 code units of output that a program may print. A hundred thousand findings need a third of it. */
export const OUTPUT_LIMIT = 64 * 1024 * 1024;
/** A process that it started may keep its pipes open after it has ended. */
const PIPES_MS = 1000;

/** For programs that people read on a terminal: their colours and progress are nothing for a parser. */
export function plainEnvironment(more?: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  return { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0', CI: '1', TERM: 'dumb', ...more };
}

/**
 * @throws the reason of `signal` when aborted; the error of the system, such as `ENOENT`, when it cannot be started
 */
export async function runProgram(options: ProgramOptions): Promise<ProgramResult> {
  const { command, args, cwd, env, input, keepsInputOpen = false, timeoutMs, signal, onOutput } = options;
  signal.throwIfAborted();
  const child = spawn(command, [...args], {
    cwd,
    ...(env === undefined ? {} : { env }),
    stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    windowsHide: true,
  });
  let stopped: ProgramResult['stopped'];
  const end = (): void => {
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) endProcessTree(child.pid);
  };
  const stop = (why: NonNullable<ProgramResult['stopped']>): void => {
    if (stopped === undefined) end();
    stopped ??= why;
  };
  const read = (): { text: string } => ({ text: '' });
  const [stdout, stderr] = [read(), read()];
  for (const [stream, into] of [
    [child.stdout, stdout],
    [child.stderr, stderr],
  ] as const) {
    // Without file descriptors there are no streams; the error says so.
    stream?.setEncoding('utf8').on('data', (text: string) => {
      if (into.text.length + text.length > OUTPUT_LIMIT) stop('output');
      else into.text += text;
      onOutput?.(text);
    });
  }
  // It may end without reading everything.
  child.stdin?.on('error', () => {}).write(input);
  if (!keepsInputOpen) child.stdin?.end();
  const timer = timeoutMs === undefined ? undefined : setTimeout(() => stop('time'), timeoutMs);
  signal.addEventListener('abort', end, { once: true });
  try {
    const [exitCode, killer] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code, by) => {
        const closing = setTimeout(() => {
          child.stdout?.destroy();
          child.stderr?.destroy();
        }, PIPES_MS);
        child.once('close', () => {
          clearTimeout(closing);
          resolve([code, by]);
        });
      });
    });
    signal.throwIfAborted();
    return {
      stdout: stripVTControlCharacters(stdout.text),
      stderr: stripVTControlCharacters(stderr.text),
      exitCode: exitCode ?? undefined,
      signal: killer ?? undefined,
      ...(stopped === undefined ? {} : { stopped }),
    };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', end);
  }
}
