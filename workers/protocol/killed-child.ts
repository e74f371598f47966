/**
 * Children of a worker have its guarantees: if another process kills one, nobody is at fault and the work is repeated. A
 * worker ends with such a child, by the same signal, so that the pool does what it does for a worker that was killed.
 */
import { isMainThread } from 'node:worker_threads';

/** Signals that a program causes by a fault of its own. Another process sends all others. */
const OWN_FAULT: ReadonlySet<string> = new Set([
  'SIGSEGV',
  'SIGBUS',
  'SIGILL',
  'SIGABRT',
  'SIGFPE',
  'SIGTRAP',
  'SIGSYS',
  'SIGSTKFLT',
  'SIGXCPU',
]);

/** @param signal that ended a process; null or undefined: none did */
export function isFromOutside(signal: string | null | undefined): signal is string {
  return signal !== null && signal !== undefined && !OWN_FAULT.has(signal);
}

/** Another process killed a process that this one started. */
export class KilledChild extends Error {
  override readonly name = 'KilledChild';

  constructor(program: string, signal: string, options?: ErrorOptions) {
    super(`${program} was killed by another process (${signal})`, options);
  }
}

// As it was before anything was put in front of it: this signal is none that the worker's own code sent.
const kill = process.kill.bind(process);

/**
 * For the entry of a worker: passes on how the work ends, unless that is by a killed child. Then this process ends too. In
 * a thread, whose process is not its own, that is an error like any other.
 */
export async function sharingFate<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof KilledChild) || !isMainThread) throw error;
    process.stderr.write(`${error.message}. This worker ends with it, and its work is repeated.\n`);
    kill(process.pid, 'SIGKILL');
    // The signal may come a moment later.
    return new Promise(() => {});
  }
}
