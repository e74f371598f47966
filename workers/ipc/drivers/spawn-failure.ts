/** Why a process could not be started, in words that name what is really missing. Stateless. */
import { realpathSync, statSync } from 'node:fs';
import type { DriverExit } from '../exit.ts';
import { toError } from '../realm.ts';

export function spawnFailure(error: unknown, command: string, cwd: string | undefined): DriverExit {
  const cause = toError(error);
  const reason = directoryProblem(cwd) ?? remedy((cause as NodeJS.ErrnoException).code, command);
  return {
    outOfMemory: false,
    stderrTail: [],
    error: reason === undefined ? cause : new Error(`${reason} (${cause.message})`, { cause }),
    errorKind: 'spawn-failed',
  };
}

/** The same for a thread, whose error names what the system said in its message only. */
export function threadFailure(error: Error): DriverExit {
  const code = /\b(?:EMFILE|ENFILE|EAGAIN|ENOMEM)\b/.exec(error.message)?.[0];
  return spawnFailure(Object.assign(new Error(error.message, { cause: error }), { code }), 'node', '.');
}

/** The system tells a missing directory as if the program were missing. Undefined when all is well. */
export function directoryProblem(cwd: string | undefined): string | undefined {
  if (cwd === undefined) {
    try {
      realpathSync.native('.');
      return undefined;
    } catch {
      return "The host's working directory does not exist any more. Pass the option 'cwd'.";
    }
  }
  try {
    return statSync(cwd).isDirectory() ? undefined : `The working directory '${cwd}' is not a directory.`;
  } catch (error) {
    const { code, message } = toError(error) as NodeJS.ErrnoException;
    return code === 'ENOENT'
      ? `The working directory '${cwd}' does not exist.`
      : `The working directory '${cwd}' cannot be used: ${message}.`;
  }
}

function remedy(code: string | undefined, command: string): string | undefined {
  switch (code) {
    case 'EMFILE':
      return 'This process has too many open files. Raise its limit (ulimit -n), or close workers.';
    case 'ENFILE':
      return 'The system has too many open files. Close other programs, or raise its limit.';
    case 'EAGAIN':
      return 'The system allows no more processes. Close workers, or raise the limit (ulimit -u).';
    case 'ENOMEM':
      return 'The system has no memory for another process.';
    case 'E2BIG':
      return "The options 'args', 'argv' and 'env' hold more than the system passes on. Send large data as messages.";
    case 'ENOENT':
      return `The program '${command}' does not exist.`;
    case 'EACCES':
      return `The program '${command}' may not be executed.`;
    default:
      return undefined;
  }
}
