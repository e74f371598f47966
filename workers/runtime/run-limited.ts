/**
 * Runs a program once, within limits of time and output, and ends it with everything that it started. Lives as long as
 * the run.
 */
import { spawn } from 'node:child_process';
import { stripVTControlCharacters } from 'node:util';
import { endProcessTree } from './end-process-tree.ts';

export interface LimitedOptions {
  /** Absolute path of the program. */
  readonly command: string;
  readonly args: readonly string[];
  /** Absolute. */
  readonly cwd: string;
  /** Added to the environment of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /** Text for its standard input; absent: there is none. */
  readonly input?: string;
  readonly timeoutMs: number;
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

/**
 * @throws the reason of `signal` when aborted; the error of the system, such as `ENOENT`, when it cannot be started
 */
export async function runLimited(options: LimitedOptions): Promise<ProgramResult> {
  const { command, args, cwd, env, input, timeoutMs, signal, onOutput } = options;
  signal.throwIfAborted();
  const child = spawn(command, [...args], {
    cwd,
    // What people read on a terminal, such as colours and progress, is nothing for a parser.
    env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0', CI: '1', TERM: 'dumb', ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
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
    stream.setEncoding('utf8').on('data', (text: string) => {
      if (into.text.length + text.length > OUTPUT_LIMIT) stop('output');
      else into.text += text;
      onOutput?.(text);
    });
  }
  // It may end without reading everything.
  child.stdin.on('error', () => {});
  child.stdin.end(input ?? '');
  const timer = setTimeout(() => stop('time'), timeoutMs);
  signal.addEventListener('abort', end, { once: true });
  try {
    const [exitCode, killer] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code, by) => {
        const closing = setTimeout(() => {
          child.stdout.destroy();
          child.stderr.destroy();
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
