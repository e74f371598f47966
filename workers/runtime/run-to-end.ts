/** Runs a program of a detector to its end: what a detector starts for one check. It ends with the check. Stateless. */
import { isFromOutside, KilledChild } from '../protocol/killed-child.ts';
import { OUTPUT_LIMIT, type ProgramOptions, runProgram } from './run-program.ts';

export interface CheckOptions extends Pick<ProgramOptions, 'command' | 'args' | 'cwd' | 'env' | 'input' | 'signal'> {
  /** For messages, with its version: `knip 6.26.0`. */
  readonly name: string;
}

export interface ProgramEnd {
  /** How it failed, such as `exit code 2` or `SIGSEGV`; undefined: it did not (exit code 0). */
  readonly failure: string | undefined;
  readonly exitCode: number | undefined;
  readonly output: string;
  /** The end of its error output. */
  readonly errors: string;
}

/** It printed more than any answer has; the message says so. */
export class TooMuchOutput extends Error {
  override readonly name = 'TooMuchOutput';
}

/** UTF-16 code units. */
const ERRORS_LIMIT = 64 * 1024;

/**
 * @throws {KilledChild} another process killed it
 * @throws {TooMuchOutput}
 * @throws the reason of `signal` when aborted; the system's error when it cannot be started
 */
export async function runToEnd({ name, ...options }: CheckOptions): Promise<ProgramEnd> {
  const { stdout, stderr, exitCode, signal, stopped } = await runProgram({ ...options, keepsInputOpen: true });
  if (stopped !== undefined) {
    throw new TooMuchOutput(`${name} printed more than ${OUTPUT_LIMIT / 1024 / 1024} MB and was stopped.`);
  }
  if (isFromOutside(signal)) throw new KilledChild(name, signal);
  const failure = exitCode === 0 ? undefined : (signal ?? `exit code ${String(exitCode)}`);
  return { failure, exitCode, output: stdout, errors: stderr.slice(-ERRORS_LIMIT) };
}
