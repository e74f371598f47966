/**
 * Runs a program once, to its end: what a detector starts for one check. It ends with the check, it may not print without
 * end, and processes that it leaves behind do not keep anybody waiting. Stateless.
 */
import { spawn } from 'node:child_process';
import { isFromOutside, KilledChild } from '../protocol/killed-child.ts';

export interface ProgramOptions {
  /** For messages, with its version: `knip 6.26.0`. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Absolute path of the folder that it runs in. */
  readonly cwd: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Written to its standard input, which stays open while it runs. Absent: it has none. */
  readonly input?: string;
  readonly signal: AbortSignal;
}

export interface ProgramEnd {
  /** How it failed, such as `exit code 2` or `SIGSEGV`; undefined: it did not (exit code 0). */
  readonly failure: string | undefined;
  readonly exitCode: number | null;
  readonly output: string;
  /** The end of its error output. */
  readonly errors: string;
}

/** It printed more than any answer has; the message says so. */
export class TooMuchOutput extends Error {
  override readonly name = 'TooMuchOutput';
}

/** Larger than any report: a hundred thousand findings need a third of it. */
const OUTPUT_LIMIT = 64 * 1024 * 1024;
const ERRORS_LIMIT = 64 * 1024;
/** What it started may keep its pipes open after it has ended. */
const LAST_WORDS_MS = 1000;

/**
 * @throws {KilledChild} another process killed it
 * @throws {TooMuchOutput}
 * @throws the reason of `signal` when aborted; the system's error when it cannot be started
 */
export async function runProgram(options: ProgramOptions): Promise<ProgramEnd> {
  const { name, command, args, cwd, env, input, signal } = options;
  signal.throwIfAborted();
  const limit = new AbortController();
  const child = spawn(command, args, {
    cwd,
    ...(env === undefined ? {} : { env }),
    stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    windowsHide: true,
    signal: AbortSignal.any([signal, limit.signal]),
    killSignal: 'SIGKILL',
  });
  const output: Buffer[] = [];
  let size = 0;
  let errors = '';
  // Without file descriptors there are no streams; the error says so.
  child.stdin?.on('error', () => {}).write(input);
  child.stdout?.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size <= OUTPUT_LIMIT) output.push(chunk);
    else limit.abort();
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (errors = (errors + text).slice(-ERRORS_LIMIT)));
  try {
    const [exitCode, killer] = await new Promise<readonly [number | null, NodeJS.Signals | null]>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (...how) => {
        const timer = setTimeout(() => {
          child.stdout?.destroy();
          child.stderr?.destroy();
        }, LAST_WORDS_MS);
        child.once('close', () => {
          clearTimeout(timer);
          resolve(how);
        });
      });
    });
    signal.throwIfAborted();
    limit.signal.throwIfAborted();
    if (isFromOutside(killer)) throw new KilledChild(name, killer);
    const failure = exitCode === 0 ? undefined : (killer ?? `exit code ${String(exitCode)}`);
    return { failure, exitCode, output: Buffer.concat(output).toString('utf8'), errors };
  } catch (error) {
    signal.throwIfAborted();
    if (limit.signal.aborted) {
      throw new TooMuchOutput(`${name} printed more than ${OUTPUT_LIMIT / 1024 / 1024} MB and was stopped.`);
    }
    throw error;
  }
}
